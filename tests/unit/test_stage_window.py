# SPDX-License-Identifier: Apache-2.0
"""Golden models of window and writer against direct indexing of tensors; their error sentences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from hlsgen.engines.program import Compute, OutputKind, Tap
from hlsgen.errors import ParameterError
from hlsgen.stages.window import WindowSpec, golden
from hlsgen.stages.writer import WriterSpec
from hlsgen.stages.writer import golden as written
from tests.rtl.layouts import fill, kernel_taps, make_layout

pytestmark = pytest.mark.unit

SPEC = WindowSpec(
    act_bits=4,
    rows_n=32,
    lanes_n=8,
    pixels_n=6,
    drain_n=2,
    act_depth=2048,
    ring_depth=256,
    taps_n=121,
)


def compute(**changes: object) -> Compute:
    """A descriptor with the fields that do not matter here filled in."""
    fields: dict[str, object] = {
        "taps": (), "blocks": 1, "tiles": 1, "planes": 1, "wv": 1, "wo": 1, "ho": 1,
        "p_div_wv": 0, "p_mod_wv": 0, "out_base": 0, "out_cg_stride": 0, "out_pitch": 1,
        "out_off_step": 0, "out_groups": 1,
    }  # fmt: skip
    return Compute(**(fields | changes))  # type: ignore[arg-type]


def lanes_of(beats: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Codes [..., 16] of beats of 4-bit lanes."""
    return (beats[..., None] >> (4 * np.arange(16, dtype=np.uint64))) & np.uint64(15)


@pytest.mark.parametrize("s", [1, 2, 3, 4])
@pytest.mark.parametrize("kernel", [(1, 1), (3, 3), (5, 2), (11, 11)], ids=str)
def test_window_golden_reads_the_convolution_s_pixels(s: int, kernel: tuple[int, int]) -> None:
    rng = np.random.default_rng(7)
    h, w, pads = 9, 7, (kernel[0] // 2, kernel[1] - 1)
    ho = (h + 2 * pads[0] - kernel[0]) // s + 1
    wo = (w + 2 * pads[1] - kernel[1]) // s + 1
    wv = max(wo, -(-w // s)) + 1
    layout, _ = make_layout(SPEC.banks_n, (2, 2, h, w), s, wv, base=3)
    beats = rng.integers(0, 1 << 63, (2, 2, h, w), np.uint64)
    banks = np.zeros((SPEC.banks_n, SPEC.act_depth), np.uint64)
    fill(banks, layout, beats)
    taps = kernel_taps(layout, kernel=kernel, pads=pads, size=(h, w), out=(ho, wo), slices=4)
    tiles = -(-((ho - 1) * wv + wo) // SPEC.pixels_n)
    job = compute(taps=taps, k=4 * len(taps), tiles=tiles, planes=2, pad0=5, pad1=9, wv=wv)
    steps = golden(SPEC, banks, job)
    got = steps.acts.reshape(tiles, 2, len(taps), 4, SPEC.pixels_n, 8)
    codes = lanes_of(beats)
    pixels = [(o, *divmod(o, wv)) for o in range((ho - 1) * wv + wo) if o % wv < wo]
    for o, oy, ox in pixels:
        for tap, plane, c in np.ndindex(len(taps), 2, 4):
            y = s * oy + tap // kernel[1] - pads[0]
            x = s * ox + tap % kernel[1] - pads[1]
            inside = 0 <= y < h and 0 <= x < w
            want = codes[plane, c // 2, y, x, 8 * (c % 2) :][:8] if inside else (5, 9)[plane]
            # The high plane comes first
            found = got[o // SPEC.pixels_n, 1 - plane, tap, c, o % SPEC.pixels_n]
            assert np.array_equal(found, np.broadcast_to(want, 8))


def test_window_golden_gives_a_pool_whole_beats() -> None:
    layout, _ = make_layout(SPEC.banks_n, (1, 2, 4, 4), 1, 4, base=0)
    beats = np.arange(32, dtype=np.uint64).reshape(1, 2, 4, 4) * np.uint64(0x1_0000_0001)
    banks = np.zeros((SPEC.banks_n, SPEC.act_depth), np.uint64)
    fill(banks, layout, beats)
    taps = kernel_taps(layout, kernel=(2, 2), pads=(0, 0), size=(4, 4), out=(3, 3), slices=1)
    steps = golden(SPEC, banks, compute(pool=True, taps=taps, blocks=2, tiles=2, wv=4))
    assert steps.first.reshape(2, 2, 4)[..., 0].all()
    assert steps.last.reshape(2, 2, 4)[..., 3].all()
    got = steps.acts.reshape(2, 2, 4, 6, 16)
    want = lanes_of(beats)[0, 1, 1, 2]
    # Group 1, pixel (1, 1) = number 5, tap (0, 1)
    assert np.array_equal(got[1, 0, 1, 5], want)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("act_bits", 5, r"^Window act_bits must be 4 or 8, not 5$"),
        ("rows_n", 33, r"^Window rows_n must be times 16, not 33$"),
        ("lanes_n", 3, r"^Window lanes_n must be a divisor of G, not 3$"),
        ("pixels_n", 7, r"^Window pixels_n must be even, in 2\.\.16, not 7$"),
        ("drain_n", 3, r"^Window drain_n must be 1 or 2, not 3$"),
        ("act_depth", 1, r"^Window act_depth must be in 2\.\.65536, not 1$"),
        ("ring_depth", 1, r"^Window ring_depth must be in 2\.\.65536, not 1$"),
        ("taps_n", 257, r"^Window taps_n must be in 1\.\.256, not 257$"),
    ],
)
def test_window_rejects_bad_sizes(field: str, value: int, sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        replace(SPEC, **{field: value})  # type: ignore[arg-type]


WRITER = WriterSpec(act_bits=4, rows_n=32, pixels_n=6, drain_n=2, act_depth=1024)


@pytest.mark.parametrize("s", [1, 2, 3, 4])
@pytest.mark.parametrize("kind", list(OutputKind), ids=lambda k: k.name.lower())
def test_writer_golden_places_a_tensor(s: int, kind: OutputKind) -> None:
    rng = np.random.default_rng(3)
    ho, wo, wv, groups = 5, 7, 9, 3
    planes = (1, 2, 8)[kind]
    pitch = -(-wo // s)
    layout, _ = make_layout(WRITER.banks_n, (planes, groups, ho, wo), s, pitch, base=2)
    tap = Tap(base=0, q=0, cs=1, cg_stride=0, ylo=0, yhi=0, xlo=0, xhi=0)
    job = compute(
        taps=(tap,), blocks=2, tiles=-(-((ho - 1) * wv + wo) // 6), kind=kind, wv=wv, wo=wo, ho=ho,
        out_base=2, out_cg_stride=layout.cg_stride, out_plane_stride=layout.plane_stride,
        out_phase_stride=layout.phase_stride, out_pitch=pitch, out_s=s,
        out_off_step=layout.off_step, out_groups=groups,
    )  # fmt: skip
    blocks, tiles, pairs, bytes_n, tg = WRITER.entries(job)
    data = rng.integers(0, 256, (blocks, tiles, pairs, bytes_n, tg, 2, 16), np.uint8)
    mask = np.ones((blocks, tiles, pairs, bytes_n, tg, 16), np.bool_)
    banks = written(WRITER, np.zeros((8, 1024), np.uint64), job, data, mask)
    want = np.zeros((planes, groups, ho, wo), np.uint64)
    for plane, group, y, x in np.ndindex(*want.shape):
        tile, pixel = divmod(y * wv + x, 6)
        byte, high = (plane // 2, plane % 2) if planes > 1 else (0, 0)
        codes = data[group // 2, tile, pixel // 2, byte, group % 2, pixel % 2] >> (4 * high) & 15
        want[plane, group, y, x] = sum(int(code) << 4 * lane for lane, code in enumerate(codes))
    image = np.zeros_like(banks)
    fill(image, layout, want)
    assert np.array_equal(banks, image)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("act_bits", 6, r"^Writer act_bits must be 4 or 8, not 6$"),
        ("rows_n", 30, r"^Writer rows_n must be times G, not 30$"),
        ("pixels_n", 18, r"^Writer pixels_n must be even, in 2\.\.16, not 18$"),
        ("drain_n", 0, r"^Writer drain_n must be 1 or 2, not 0$"),
        ("act_depth", 1, r"^Writer act_depth must be in 2\.\.65536, not 1$"),
    ],
)
def test_writer_rejects_bad_sizes(field: str, value: int, sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        replace(WRITER, **{field: value})  # type: ignore[arg-type]


def test_writer_rejects_data_of_another_shape() -> None:
    data = np.zeros((1, 1, 3, 1, 2, 2, 8), np.uint8)
    with pytest.raises(ParameterError, match=r"^Writer data must have shape \(1, 1, 3, 1, 2, 2, "):
        written(WRITER, np.zeros((8, 8), np.uint64), compute(), data, np.ones((1,), np.bool_))
