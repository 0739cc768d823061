# SPDX-License-Identifier: Apache-2.0
"""hg_image_stream: AXI4-Stream video to writes of the row cache, and frames that are broken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.cameras import break_video, camera_video
from tests.rtl.beats import bits, joined
from tests.rtl.scripted import hex_lines, run_script

pytestmark = pytest.mark.rtl
ANY = (1 << 32) - 1
WIDTH = 91  # of a beat of the bench
CACHE_ROWS = 8


@dataclass(frozen=True)
class Case:
    """Frames of one size from a camera; `broken` names what is wrong with the last one."""

    pixels: int
    size: tuple[int, int]
    frames: int = 2
    before: int = 0  # beats of a frame that had begun before the start
    idle: int = 0  # percent of cycles without a beat
    free: int = 0  # cycles until a row of the cache is given free
    broken: str | None = None


def wants_of(case: Case, images: list[np.ndarray], taken: int) -> Iterator[int]:
    """What is written for the first `taken` beats; a bad one may be written as it likes."""
    width, height = case.size
    per_row = -(-width // case.pixels)
    for number in range(taken):
        row, beat = divmod(number, per_row)
        x = beat * case.pixels
        own = images[row // height][row % height, x : x + case.pixels].ravel()
        there = (1 << len(own) // 3) - 1
        care = joined((1, 1), (7, 3), (0xFFF, 12), (7, 3), ((1 << 8 * len(own)) - 1, 72))
        value = joined((0, 1), (row % CACHE_ROWS, 3), (x, 12), (there, 3), (bits(own, 8), 72))
        if case.broken is not None and number == taken - 1:
            care = 1 << WIDTH - 1
        yield joined((ANY, 32), (care, WIDTH), (value, WIDTH))


def end_of(case: Case, row: int, taken: int) -> int:
    """What the bench says at the end; without a wait a beat is taken in every cycle."""
    bad = case.broken is not None
    busy = case.idle == 0 and case.free == 0
    end = joined((1, 1), (bad, 1), (0, 12), (row, 13), (case.before + taken, 32), (taken - 1, 32))
    care = joined((3, 2), (0, 12), (0x1FFF * bad, 13), (ANY, 32), (ANY * busy, 32))
    return joined((ANY, 32), (care, WIDTH), (end, WIDTH))


def simulate(case: Case, folder: Path) -> None:
    random = np.random.default_rng([case.pixels, *case.size, case.before])
    width, height = case.size
    images = [
        random.integers(0, 256, (height, width, 3)).astype(np.uint8) for _ in range(case.frames)
    ]
    whole = camera_video(images, case.pixels)
    video, row, taken = whole, 0, len(whole)
    if case.broken is not None:
        video, row, taken = break_video(whole, images, case.broken)
    head = np.array([7 << 32 | case.idle], np.uint64)
    stray = whole[len(whole) - case.before :]  # the end of a frame
    words = np.concatenate([head, stray, video, whole])  # of the last part none is taken
    (folder / "video.bin").write_bytes(words.astype(">u8").tobytes())
    wants = [*wants_of(case, images, taken), end_of(case, row, taken)]
    (folder / "wants.hex").write_text(hex_lines(wants))
    (folder / "lines.hex").write_text(hex_lines([0] * 20 + [1]))
    run_script(
        "image_stream", {"PixelsN": case.pixels}, folder, lines=21, wants=len(wants),
        limit=100_000, width=width, height=height, frames=case.frames, free=case.free,
    )  # fmt: skip


CASES = {
    "one": Case(1, (9, 11), frames=3),
    "two": Case(2, (12, 9), frames=3),
    "odd": Case(2, (13, 11), frames=4, idle=40, free=20),
    "waits": Case(2, (8, 30), frames=2, free=25),
    "idle": Case(1, (17, 8), frames=2, idle=70),
    "inside_one": Case(1, (9, 9), before=23),
    "inside_two": Case(2, (9, 9), before=17, idle=20),
    "short_line": Case(2, (11, 9), broken="short line"),
    "long_line": Case(1, (11, 9), broken="long line", before=3),
    "short_frame": Case(2, (10, 12), broken="short frame", idle=30),
    "start_in_a_line": Case(1, (10, 9), broken="start in a line"),
    "long_frame": Case(2, (9, 8), broken="long frame"),
    "one_frame": Case(1, (8, 8), frames=1, broken="short line"),
}


@pytest.mark.parametrize("name", CASES)
def test_image_stream_writes_match_golden(name: str, tmp_path: Path) -> None:
    simulate(CASES[name], tmp_path)
