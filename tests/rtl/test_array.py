# SPDX-License-Identifier: Apache-2.0
"""hg_array: the accumulators of every tile equal the golden model's, at the cycle of its cost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hlsgen.stages.array import ArraySpec, ArraySteps, golden
from tests.rtl.scripted import hex_lines, run_script

pytestmark = pytest.mark.rtl

# act_bits, pot4, fixed4, fixed8, lanes, pixels, acc_w
DESIGNS = {
    "w4_mixed": (4, 3, 4, 9, 8, 6, 24),
    "w4_lanes16": (4, 5, 2, 1, 16, 2, 32),
    "w4_lane1": (4, 2, 4, 2, 1, 14, 20),
    "w4_pot4": (4, 8, 0, 0, 8, 8, 20),
    "w8_fixed8": (8, 0, 0, 8, 8, 6, 28),
    "w8_mixed": (8, 3, 4, 1, 4, 10, 24),
    "w8_fixed4": (8, 0, 8, 0, 2, 2, 18),
    "w4_ten_pixels": (4, 1, 4, 3, 8, 10, 26),
}
TILES = 60


def spec_of(name: str) -> ArraySpec:
    names = ("act_bits", "pot4_n", "fixed4_n", "fixed8_n", "lanes_n", "pixels_n", "acc_w")
    return ArraySpec(**dict(zip(names, DESIGNS[name], strict=True)))


def params_of(spec: ArraySpec) -> dict[str, int]:
    return {
        "ActBits": spec.act_bits,
        "Pot4N": spec.pot4_n,
        "Fixed4N": spec.fixed4_n,
        "Fixed8N": spec.fixed8_n,
        "LanesN": spec.lanes_n,
        "PixelsN": spec.pixels_n,
        "AccW": spec.acc_w,
    }


def random_steps(rng: np.random.Generator, spec: ArraySpec, tiles: int) -> ArraySteps:
    """Tiles of 1 to 12 steps; every fourth one at the extremes of acts and weights."""
    lengths = rng.integers(1, 13, tiles)
    steps = int(lengths.sum())
    ends = np.cumsum(lengths)
    first, last = np.zeros(steps, bool), np.zeros(steps, bool)
    last[ends - 1] = True
    first[np.r_[0, ends[:-1]]] = True
    tile = np.repeat(np.arange(tiles), lengths)
    acts = rng.integers(0, 1 << spec.act_bits, (steps, spec.pixels_n, spec.lanes_n))
    codes = rng.integers(0, 256, (steps, spec.lanes_n, spec.rows_n))
    slot = np.arange(spec.rows_n)
    fixed8 = slot >= spec.rows_n - spec.fixed8_n
    codes = np.where(fixed8, np.where(codes == 128, 129, codes), codes & 15)
    sp2 = np.repeat(rng.random((tiles, spec.rows_n)) < 0.5, lengths, axis=0)
    # Extremes: one value of the weights and one of the activations in a whole step
    acts_top = rng.choice([0, (1 << spec.act_bits) - 1], (steps, spec.pixels_n, 1))
    narrow = rng.choice([7, 8, 6, 14, 15], (steps, 1, spec.rows_n))
    codes_top = np.where(fixed8, rng.choice([127, 129], (steps, 1, spec.rows_n)), narrow)
    hard = (tile % 4 == 3)[:, None, None]
    shift = (
        ~first & (rng.random(steps) < 0.1) & (np.arange(steps) - (ends[tile] - lengths[tile]) < 4)
    )
    shift &= np.cumsum(shift) - np.maximum.accumulate(np.where(first, np.cumsum(shift), 0)) <= 1
    return ArraySteps(
        acts=np.where(hard, acts_top, acts).astype(np.uint8),
        codes=np.where(hard, codes_top, codes).astype(np.uint8),
        sp2=sp2,
        first=first,
        shift=shift,
        last=last,
    )


def packed(values: np.ndarray, widths: np.ndarray | int) -> int:
    """Concatenate values, the first lowest."""
    total, at = 0, 0
    for value, width in zip(values, np.broadcast_to(widths, values.shape), strict=True):
        total |= (int(value) & ((1 << int(width)) - 1)) << at
        at += int(width)
    return total


def write_files(
    folder: Path, spec: ArraySpec, steps: ArraySteps, rng: np.random.Generator, idle: float
) -> dict[str, int]:
    """Files of the bench; idle cycles carry garbage, the other buffer's flags are random."""
    widths = np.where(np.arange(spec.rows_n) < spec.pot4_n + spec.fixed4_n, 4, 8)
    word_w, acts_w = spec.lanes_n * int(widths.sum()), spec.pixels_n * spec.lanes_n * spec.act_bits
    lines = []
    for index in range(len(steps.first)):
        while rng.random() < idle:
            lines.append(int.from_bytes(rng.bytes((word_w + acts_w) // 8), "little"))
        blk = int(rng.integers(0, 2))
        other = rng.random(spec.rows_n) < 0.5
        flags = [steps.sp2[index], other] if blk == 0 else [other, steps.sp2[index]]
        line = 1 << 4 | int(steps.first[index]) << 3 | int(steps.shift[index]) << 2
        line |= int(steps.last[index]) << 1 | blk
        line = line << 2 * spec.rows_n | packed(np.concatenate(flags), 1)
        word = packed(steps.codes[index].reshape(-1), np.tile(widths, spec.lanes_n))
        acts = packed(steps.acts[index].reshape(-1), spec.act_bits)
        lines.append((line << word_w | word) << acts_w | acts)
    tiles = golden(spec, steps)
    (folder / "steps.hex").write_text(hex_lines(lines))
    (folder / "tiles.hex").write_text(hex_lines(packed(t.reshape(-1), spec.acc_w) for t in tiles))
    return {"steps": len(lines), "tiles": len(tiles)}


@pytest.fixture(autouse=True)
def compilers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """One bench is compiled by several compilers at once, as all are outside `make test`."""
    if "w4_lane1" in request.node.name:
        monkeypatch.setenv("HLSGEN_JOBS", "3")


@pytest.mark.parametrize("name", DESIGNS, ids=list(DESIGNS))
def test_array_tiles_match_golden(name: str, tmp_path: Path) -> None:
    spec = spec_of(name)
    for seed, idle in ((1, 0.0), (2, 0.3)):
        rng = np.random.default_rng(seed)
        steps = random_steps(rng, spec, TILES)
        counts = write_files(tmp_path, spec, steps, rng, idle)
        run_script("array", params_of(spec), tmp_path, **counts)
