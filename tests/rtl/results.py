# SPDX-License-Identifier: Apache-2.0
"""What sim/common/hg_results.sv reads: the sizes, and its memory with the results of frames."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hlsgen.engines.proposal import Size
from tests.rtl.scripted import hex_lines

BEATS = 1 << 15
POISON = 0xDEAD_BEEF_DEAD_BEEF


def memory_lines(frames: Iterable[bytes], stride: int) -> str:
    """Lines of the memory with each frame `stride` bytes behind the one before."""
    beats = [POISON] * BEATS
    for number, data in enumerate(frames):
        for index in range(len(data) // 8):
            word = int.from_bytes(data[8 * index : 8 * index + 8], "little")
            beats[number * stride // 8 + index] = word
    return hex_lines(beats)


def size_lines(sizes: Sequence[Size], lines: Sequence[tuple[int, int]]) -> str:
    """Beats of the size records of docs/spec/formats.md §11, with (slope, offset) of each."""
    words = []
    for size, (slope, offset) in zip(sizes, lines, strict=True):
        (window_x, window_y), (step_x, step_y) = size.window, size.step
        place = window_x | window_y << 16 | step_x << 32 | step_y << 48 | size.index << 58
        words += [0, place, slope & ((1 << 64) - 1), offset & ((1 << 64) - 1)]
    return hex_lines(words)
