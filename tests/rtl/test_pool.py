# SPDX-License-Identifier: Apache-2.0
"""hg_pool: every entry equals the golden model's, in its cycle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from hlsgen.errors import ParameterError
from hlsgen.stages.pool import PoolSpec, cost, golden
from tests.rtl.scripted import hex_lines, run_script

pytestmark = pytest.mark.rtl

# act_bits, pixels, drain, wide_codes; one pair in the last
DESIGNS = {
    "zc706": (4, 10, 2, False),
    "w4_single": (4, 4, 1, False),
    "w4_planes": (4, 6, 2, True),
    "w8": (8, 16, 2, False),
    "w8_single": (8, 6, 1, False),
    "w4_pair": (4, 2, 2, False),
}
TAPS = (9, 1, 4, 25, 2, 15, 7, 1, 49)


def spec_of(name: str) -> PoolSpec:
    bits, pixels, drain, wide = DESIGNS[name]
    return PoolSpec(act_bits=bits, pixels_n=pixels, drain_n=drain, wide_codes=wide)


def random_tiles(
    rng: np.random.Generator, spec: PoolSpec, taps: int, planes: int
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Activations [tiles, taps, P, G] and mask of a few tiles; some pixels see nothing."""
    shape = (int(rng.integers(1, 4)), taps, spec.pixels_n, spec.group_lanes_n)
    acts = rng.integers(0, 1 << planes * spec.act_bits, shape, np.uint8)
    if planes > 1 and rng.random() < 0.5:  # the low plane decides
        acts = acts % 16 + acts[:, :1] // 16 * 16
    mask = rng.random(shape[:-1]) < rng.choice([0.1, 0.5, 0.9, 1.0])
    return acts, np.asarray(mask, np.bool_)


def bytes_value(values: NDArray[np.uint8]) -> int:
    """Bytes as a number, the first one lowest."""
    return int.from_bytes(values.astype(np.uint8).tobytes(), "little")


def step_lines(
    spec: PoolSpec, acts: NDArray[np.uint8], mask: NDArray[np.bool_], planes: int
) -> list[int]:
    """Steps as numbers: low plane, first, last, mask, activations."""
    acts_w = spec.pixels_n * 64
    lines = []
    for tile, tap, later in np.ndindex(*acts.shape[:2], planes):
        plane = planes - 1 - later
        flat = acts[tile, tap].reshape(-1) >> spec.act_bits * plane & (1 << spec.act_bits) - 1
        value = sum(int(v) << (spec.act_bits * n) for n, v in enumerate(flat))
        bits = sum(1 << j for j, on in enumerate(mask[tile, tap]) if on)
        first = tap == 0 and later == 0
        last = tap == acts.shape[1] - 1 and plane == 0
        flags = (plane == 0) << 2 | first << 1 | last
        lines.append((flags << spec.pixels_n | bits) << acts_w | value)
    return lines


@pytest.mark.parametrize("name", DESIGNS, ids=list(DESIGNS))
@pytest.mark.parametrize(("seed", "stall"), [(1, 0), (2, 40)])
def test_pool_entries_match_golden(name: str, seed: int, stall: int, tmp_path: Path) -> None:
    spec, rng = spec_of(name), np.random.default_rng(seed)
    steps: list[int] = []
    want: list[int] = []
    for taps in TAPS:
        planes = int(rng.integers(1, 3)) if spec.wide_codes else 1
        acts, mask = random_tiles(rng, spec, taps, planes)
        steps += step_lines(spec, acts, mask, planes)
        entries = golden(spec, acts, mask).reshape(-1, spec.drain_n, 64 // spec.act_bits)
        want += [bytes_value(entry) for entry in entries]
    (tmp_path / "steps.hex").write_text(hex_lines(steps))
    (tmp_path / "want.hex").write_text(hex_lines(want))
    bits, pixels, drain, wide = DESIGNS[name]
    params = {"ActBits": bits, "PixelsN": pixels, "DrainN": drain, "AddPlanesN": 1 + wide}
    counts = {"steps": len(steps), "entries": len(want)}
    run_script("pool", params, tmp_path, stall=stall, seed=seed, **counts)


def test_pool_golden_is_the_maximum_over_a_window() -> None:
    """A 3 x 3 window with pads over a small map, by plain loops."""
    spec, rng = PoolSpec(act_bits=8, pixels_n=4, drain_n=2), np.random.default_rng(3)
    image = rng.integers(0, 256, (4, 4, 8), np.uint8)
    acts = np.zeros((4, 9, 4, 8), np.uint8)
    mask = np.zeros((4, 9, 4), np.bool_)
    want = np.zeros((4, 4, 8), np.uint8)
    for y, x, ky, kx in np.ndindex(4, 4, 3, 3):
        iy, ix = y + ky - 1, x + kx - 1
        if 0 <= iy < 4 and 0 <= ix < 4:
            acts[y, 3 * ky + kx, x] = image[iy, ix]
            mask[y, 3 * ky + kx, x] = True
            want[y, x] = np.maximum(want[y, x], image[iy, ix])
        else:
            acts[y, 3 * ky + kx, x] = 255
    assert np.array_equal(golden(spec, acts, mask).reshape(4, 4, 8), want)


def test_pool_cycles_of_a_tile() -> None:
    spec = spec_of("zc706")
    assert cost(spec, 9).cycles == 9
    assert cost(spec, 1).cycles == 5
    assert cost(spec).cycles == 0


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("act_bits", 5, r"^Pool act_bits must be 4 or 8, not 5$"),
        ("pixels_n", 7, r"^Pool pixels_n must be even, in 2..16, not 7$"),
        ("drain_n", 3, r"^Pool drain_n must be 1 or 2, not 3$"),
        ("wide_codes", True, r"^Pool wide_codes must be false where act_bits is 8, not True$"),
    ],
)
def test_pool_refuses(field: str, value: int, sentence: str) -> None:
    good = {"act_bits": 8, "pixels_n": 4, "drain_n": 2}
    with pytest.raises(ParameterError, match=sentence):
        PoolSpec(**{**good, field: value})


def test_pool_refuses_activations_of_another_design() -> None:
    spec = spec_of("zc706")
    sentence = r"^Pool acts must have \(10, 16\) pixels, lanes, not \(10, 8\)$"
    with pytest.raises(ParameterError, match=sentence):
        golden(spec, np.zeros((1, 1, 10, 8), np.uint8), np.zeros((1, 1, 10), np.bool_))
