# SPDX-License-Identifier: Apache-2.0
"""hg_rank, from scores to records: boxes in memory equal the golden model's, nothing overflows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hlsgen.engines import proposal
from hlsgen.engines.proposal import Proposals, ProposalSpec, Size, SizeMaps, sizes_of
from hlsgen.engines.proposal_jobs import candidates_depth, fifo_depth
from hlsgen.engines.proposal_program import pack_results
from hlsgen.model.proposal import Space
from hlsgen.photos import read_photo
from tests.bing import real_model
from tests.conftest import shared_data
from tests.rtl.results import memory_lines, size_lines
from tests.rtl.rows import beats, score_line
from tests.rtl.scripted import hex_lines, run_script
from tests.rtl.test_suppress import scores

pytestmark = pytest.mark.rtl

SMALL = ProposalSpec(width_max=96, height_max=96, limit_n=6, top_k=20, sizes=(0, 1, 7, 8, 21))
DESIGNS = {
    "three": SMALL,
    "one_box": replace(SMALL, lanes_n=1, top_k=1, limit_n=1),
    "eight": replace(SMALL, lanes_n=8, top_k=77, limit_n=40),
}
FULL = ProposalSpec(top_k=4096)
IMAGES = ((96, 61), (9, 8), (47, 90))
STYLES = ("smooth", "none", "equal", "levels", "wide", "none", "slope", "smooth")
STRIDE_MORE = 128
Frame = list[np.ndarray] | None  # scores of every size; None: no window in the frame


def made_up_space(rng: np.random.Generator, spec: ProposalSpec) -> Space:
    """A colour space of which only the calibration counts: some sizes alike, so that values tie."""
    sizes_n = len(spec.sizes)
    slope = rng.integers(1 << 18, 1 << 20, sizes_n)
    slope[1:] = np.where(rng.random(sizes_n - 1) < 0.5, slope[0], slope[1:])
    offset = rng.integers(-(1 << 38), 1 << 38, sizes_n)
    offset[1:] = np.where(slope[1:] == slope[0], offset[0], offset[1:])
    ones = np.ones((2, 8, 8), np.int8)
    return Space(
        name="bgr", basis=ones, coefficients=(1, 1), score_unit=1.0, sizes=spec.sizes,
        slope=slope, offset=offset,
    )  # fmt: skip


def wanted(
    spec: ProposalSpec, space: Space, sizes: Sequence[Size], frame: Frame, image: tuple[int, int]
) -> Proposals:
    """The golden model's boxes of a frame."""
    nothing = np.zeros((0, 4), np.int64)
    if frame is None:
        return Proposals(boxes=nothing, values=nothing[:, 0], sizes=nothing[:, 0])
    blank = np.zeros(0, np.uint8)
    maps = [
        SizeMaps(size=size, resized=blank, converted=blank, gradient=blank, scores=scores)
        for size, scores in zip(sizes, frame, strict=True)
    ]
    points = proposal.calibrated(spec, space, maps, proposal.suppressed(spec, maps))
    return proposal.best(spec, points, image)


def run(
    spec: ProposalSpec,
    space: Space,
    image: tuple[int, int],
    frames: Sequence[Frame],
    folder: Path,
    *,
    seed: int = 1,
    idle: int = 0,
    stall: int = 0,
) -> str:
    """The log of the bench on frames of one image size."""
    rng = np.random.default_rng(seed)
    sizes = sizes_of(space.sizes, *image)
    lines: list[int] = []
    begins = 1 << 57 + spec.lanes_n * 19
    for frame in frames:
        lines.append(begins)
        for beat in beats(spec, sizes, image[1]):
            scored = None if frame is None or beat is None else frame[beat.job.slot]
            lines.append(0 if beat is None else score_line(spec, beat, scored, rng))
    found = [wanted(spec, space, sizes, frame, image) for frame in frames]
    stride = 16 * -(-spec.top_k // 8) * 8 + STRIDE_MORE
    calibration = [(int(space.slope[s.index]), int(space.offset[s.index])) for s in sizes]
    (folder / "lines.hex").write_text(hex_lines(lines))
    (folder / "counts.hex").write_text(hex_lines(len(item.values) for item in found))
    (folder / "sizes.hex").write_text(size_lines(sizes, calibration))
    results = [pack_results(spec, item) for item in found]
    (folder / "want.hex").write_text(memory_lines(results, stride))
    parameters = {
        "LanesN": spec.lanes_n, "LineDepth": spec.line_depth, "AttemptsN": spec.attempts_n,
        "SizesN": len(spec.sizes), "LimitN": spec.limit_n, "TopK": spec.top_k,
        "MapXW": spec.map_bits[0], "MapYW": spec.map_bits[1], "FifoDepth": fifo_depth(spec),
    }  # fmt: skip
    return run_script(
        "rank", parameters, folder, lines=len(lines), sizes=len(sizes), frames=len(frames),
        idle=idle, stall=stall, seed=seed, width=image[0], height=image[1], stride=stride,
    )  # fmt: skip


def made_up_frames(rng: np.random.Generator, sizes: Sequence[Size], first: int) -> list[Frame]:
    """A frame of every style, one of which has no window at all."""
    frames: list[Frame] = []
    for number in range(len(STYLES)):
        style = STYLES[(number + first) % len(STYLES)]
        shapes = [(size.map[1] - 7, size.map[0] - 7) for size in sizes]
        frames.append(None if style == "none" else [scores(rng, s, style) for s in shapes])
    return frames


@pytest.mark.parametrize("name", DESIGNS, ids=list(DESIGNS))
def test_rank_records_match_golden(name: str, tmp_path: Path) -> None:
    spec = DESIGNS[name]
    for seed, image in enumerate(IMAGES, start=1):
        rng = np.random.default_rng(seed)
        space = made_up_space(rng, spec)
        frames = made_up_frames(rng, sizes_of(spec.sizes, *image), seed)
        idle, stall = ((0, 0), (25, 0), (0, 50))[seed - 1]
        run(spec, space, image, frames, tmp_path, seed=seed, idle=idle, stall=stall)


def test_rank_gives_back_in_its_cycles(tmp_path: Path) -> None:
    """From the last beat to the last write response: both heaps, and what lies between them."""
    spec, image = SMALL, IMAGES[0]
    rng = np.random.default_rng(7)
    sizes = sizes_of(spec.sizes, *image)
    frames = made_up_frames(rng, sizes, 0)[:3]
    log = run(spec, made_up_space(rng, spec), image, frames, tmp_path)
    cycles = int(re.search(r"LAST cycles (\d+)", log)[1])
    given = 2 * spec.limit_n * len(sizes) + spec.top.drain_cycles
    assert given <= cycles <= given + 100


def densest(spec: ProposalSpec, sizes: Sequence[Size], leaving: int) -> list[np.ndarray]:
    """Peaks in every third column of every third row, such that all sizes keep the row that leaves
    `leaving` push rows before the last one in the same turn of push rows."""
    found = []
    for size in sizes:
        height, width = size.map[1] - 7, size.map[0] - 7
        y, x = np.indices((height, width))
        peaks = ((height - 1 - y - leaving) % 3 == 0) & (x % 3 == 0)
        found.append(np.where(peaks, 1000 + y, -1000).astype(np.int32))
    return found


def test_rank_fifo_holds_the_densest_frames(tmp_path: Path) -> None:
    """Kept points as dense as they can be, in all sizes at once, at full size."""
    spec, image = FULL, (500, 375)
    space = made_up_space(np.random.default_rng(1), spec)
    sizes = sizes_of(spec.sizes, *image)
    frames: list[Frame] = [densest(spec, sizes, 0), densest(spec, sizes, 1)]
    log = run(spec, space, image, frames, tmp_path)
    waited = int(re.search(r"WAITED (\d+) points", log)[1])
    bound = candidates_depth(spec, sizes, image[1])
    assert 0.8 * bound < waited <= bound


def test_rank_of_photographs(tmp_path: Path) -> None:
    """Kept points of real photographs, back to back."""
    pytest.importorskip("PIL", reason="Pillow absent: photographs cannot be read")
    space = real_model().spaces[0]
    paths = sorted(shared_data("voc/images").glob("*.jpg"))
    shapes: dict[tuple[int, int], list[np.ndarray]] = {}
    for path in paths:
        photo = read_photo(path)
        shapes.setdefault((photo.shape[1], photo.shape[0]), []).append(photo)
    for image, photos in list(shapes.items())[:1]:
        frames: list[Frame] = [
            [item.scores for item in proposal.maps(FULL, space, photo)] for photo in photos[:2]
        ]
        run(FULL, space, image, frames, tmp_path)
