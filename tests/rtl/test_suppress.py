# SPDX-License-Identifier: Apache-2.0
"""hg_suppress: every kept point of interleaved sizes equals the golden model's, in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from hlsgen.engines.proposal import ProposalSpec, sizes_of
from hlsgen.stages.suppress import SuppressSpec, cost, golden
from tests.rtl.rows import beats, leaving_row, score_line
from tests.rtl.scripted import hex_lines, run_script

pytestmark = pytest.mark.rtl

SCORE_W, MAP_W = 18, 7
SIZES = (0, 1, 7, 8, 21)
IMAGES = ((96, 61), (9, 8), (47, 90), (96, 61))
DESIGNS = {"lane": 1, "three": 3, "eight": 8}
STYLES = ("smooth", "levels", "equal", "wide", "slope")


def engine(lanes_n: int, attempts_n: int = 8) -> ProposalSpec:
    return ProposalSpec(
        width_max=96, height_max=96, lanes_n=lanes_n, attempts_n=attempts_n, sizes=SIZES
    )


def scores(rng: np.random.Generator, shape: tuple[int, int], style: str) -> np.ndarray:
    """Scores with long slopes, with many ties, over the whole range, or all the same."""
    top = 1 << SCORE_W - 1
    if style == "equal":
        return np.full(shape, int(rng.integers(-top, top)), np.int32)
    if style == "levels":
        return rng.integers(-2, 2, shape).astype(np.int32)
    if style == "wide":
        ends = rng.choice([-top, top - 1, 0, -1], shape)
        return np.where(rng.random(shape) < 0.4, ends, rng.integers(-top, top, shape)).astype("i4")
    if style == "slope":
        y, x = np.indices(shape)
        return (y * int(rng.integers(-9, 10)) + x * int(rng.integers(-9, 10))).astype(np.int32)
    noise = rng.standard_normal((shape[0] + 7, shape[1] + 7))
    windows = np.lib.stride_tricks.sliding_window_view(noise, (8, 8))
    return np.round(windows.sum(axis=(2, 3)) * 500).astype(np.int32)


@dataclass(slots=True)
class Script:
    """Lines of the bench and the points that must come out."""

    spec: ProposalSpec
    suppress: SuppressSpec
    rng: np.random.Generator
    lines: list[int] = field(default_factory=list)
    want: list[int] = field(default_factory=list)

    def frame(self, image: tuple[int, int], style: str) -> None:
        sizes = sizes_of(self.spec.sizes, *image)
        maps = [scores(self.rng, (s.map[1] - 7, s.map[0] - 7), style) for s in sizes]
        kept = golden(self.suppress, maps)
        for beat in beats(self.spec, sizes, image[1]):
            if beat is None:
                self.lines.append(0)
                continue
            slot = beat.job.slot
            self.lines.append(score_line(self.spec, beat, maps[slot], self.rng))
            row = leaving_row(self.spec, beat)
            if beat.number == beat.job.beats - 1 and row >= 0:
                self.want += [
                    self._point(slot, row, int(x), int(maps[slot][row, x]))
                    for x in np.flatnonzero(kept[slot][row])
                ]
        self.want.append(1 << 6 + 2 * MAP_W + SCORE_W)

    def _point(self, slot: int, y: int, x: int, score: int) -> int:
        place = (slot << MAP_W | y) << MAP_W | x
        return place << SCORE_W | score & ((1 << SCORE_W) - 1)


def run(
    lanes_n: int, folder: Path, *, seed: int, idle: int, attempts_n: int = 8, spacing_n: int = 2
) -> None:
    # The engine's attempts lie two rows apart: jobs for as many rows of lag
    lag = 2 + spacing_n * (attempts_n - 1)
    spec = engine(lanes_n, lag // 2)
    suppress = SuppressSpec(
        lanes_n=lanes_n, line_depth=spec.line_depth, attempts_n=attempts_n, spacing_n=spacing_n
    )
    script = Script(spec, suppress, np.random.default_rng(seed))
    for number, image in enumerate(IMAGES):
        script.frame(image, STYLES[(number + seed) % len(STYLES)])
    (folder / "lines.hex").write_text(hex_lines(script.lines))
    (folder / "wants.hex").write_text(hex_lines(script.want))
    parameters = {
        "LanesN": lanes_n, "LineDepth": spec.line_depth, "AttemptsN": attempts_n,
        "SpacingN": spacing_n,
    }  # fmt: skip
    run_script(
        "suppress", parameters, folder, lines=len(script.lines), wants=len(script.want),
        idle=idle, seed=seed, latency=cost(suppress).latency,
    )  # fmt: skip


@pytest.mark.parametrize("name", DESIGNS, ids=list(DESIGNS))
def test_suppress_points_match_golden(name: str, tmp_path: Path) -> None:
    for seed, idle in ((1, 0), (2, 40), (3, 0), (4, 0), (5, 15)):
        run(DESIGNS[name], tmp_path, seed=seed, idle=idle)


@pytest.mark.parametrize(("attempts", "spacing"), [(1, 2), (5, 1)])
def test_suppress_with_other_attempts(attempts: int, spacing: int, tmp_path: Path) -> None:
    for seed, idle in ((1, 0), (2, 30)):
        run(2, tmp_path, seed=seed, idle=idle, attempts_n=attempts, spacing_n=spacing)
