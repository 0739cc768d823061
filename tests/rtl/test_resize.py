# SPDX-License-Identifier: Apache-2.0
"""hg_resize: every beat equals the golden model's, at the cycle of its cost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hlsgen.engines.proposal import ProposalSpec
from hlsgen.engines.proposal_jobs import Kind
from hlsgen.engines.proposal_program import plan
from hlsgen.stages import resize
from tests.rtl.beats import LANES, ROOM, Beat, Frame, Want, bits, frames, joined, run, stream

pytestmark = pytest.mark.rtl
SETTLE = 6  # cycles from the write of a row's last pixel to a beat that reads it, and from a read


def table_words(spec: ProposalSpec, frame: Frame) -> Iterator[int]:
    """Writes of the column table, as it stands in the program."""
    height, width = frame.image.shape[:2]
    program = plan(spec, frame.space, width, height).data
    at = int.from_bytes(program[60:64], "little")
    pairs = -(-spec.lanes_n // 2)
    for number in range(spec.beats(frame.sizes) * pairs):
        word = int.from_bytes(program[at + 8 * number : at + 8 * number + 8], "little")
        yield joined((1, 1), (number // pairs, 14), (number % pairs, 2), (word, 64))


def row_writes(frame: Frame, row: int, rows_n: int, random: np.random.Generator) -> list[int]:
    """Writes of a source row: up to three pixels each."""
    writes, x = [], 0
    slot_w = (rows_n - 1).bit_length()
    while x < frame.image.shape[1]:
        count = int(random.integers(1, 4))
        pixels = frame.image[row, x : x + count]
        valid = (1 << len(pixels)) - 1
        writes.append(joined((valid, 3), (row % rows_n, slot_w), (x, 12), (bits(pixels, 8), 72)))
        x += count
    return writes


class Script:
    """Lines of the bench: the beats of the stream, source rows written beside them."""

    def __init__(self, spec: ProposalSpec, rows_n: int, random: np.random.Generator) -> None:
        self.spec, self.rows_n, self.random = spec, rows_n, random
        self.latency = resize.cost(spec.resize).latency
        self.lines: list[int] = []
        self.wants: list[Want] = []
        self.slot_w = (rows_n - 1).bit_length()

    def frame(self, frame: Frame) -> None:
        for word in table_words(self.spec, frame):
            self._line(table=word)
        self.writes = iter(())
        self.ready = self.asked = 0
        self.frame_now, self.first = frame, 0

    def _more(self, until: int) -> int:
        """The next write, if the row's place is free."""
        found = next(self.writes, None)
        if found is None and self.asked < min(until, self.frame_now.image.shape[0]):
            self.writes = iter(row_writes(self.frame_now, self.asked, self.rows_n, self.random))
            self.asked += 1
            found = next(self.writes)
        return found or 0

    def beat(self, beat: Beat) -> None:
        job = beat.job
        if beat.number == 0 and job.kind == Kind.PIXELS:
            if job.first > self.first:  # rows below are free once older beats have read them
                self.idle(SETTLE)
                self.first = job.first
            self._wait(job.first + 1)
        self.wants.append(self._want(beat))
        given = ((1, 1), (beat.tag(), 56), (job.first % self.rows_n, self.slot_w), (job.weight, 9))
        self._line(write=self._more(self.first + self.rows_n), beat=joined(*given))

    def idle(self, cycles: int) -> None:
        for _ in range(cycles):
            self._line()

    def _wait(self, row: int) -> None:
        while self.asked <= row:
            self._line(write=self._more(row + 1))
        if self.ready <= row:
            for write in self.writes:
                self._line(write=write)
            self.idle(SETTLE)
            self.ready = row + 1

    def _want(self, beat: Beat) -> Want:
        there = beat.present & (beat.job.kind == Kind.PIXELS)
        pixels = beat.lanes(beat.map.resized, beat.job.row, self.random)
        lanes = 24 * len(there)
        care = bits(np.repeat(there, 3) * 255, 8)
        value = joined((beat.tag(), 56), (bits(pixels, 8), lanes))
        return Want(len(self.lines) + self.latency, value, (1 << 56) - 1 << lanes | care)

    def _line(self, table: int = 0, write: int = 0, beat: int = 0) -> None:
        fields = (table, 81), (write, 87 + self.slot_w), (beat, 66 + self.slot_w)
        self.lines.append(joined(*fields))


@pytest.mark.parametrize(("lanes_n", "rows_n"), [(3, 4), *((lanes_n, 8) for lanes_n in LANES)])
def test_resize_beats_match_golden(lanes_n: int, rows_n: int, tmp_path: Path) -> None:
    random = np.random.default_rng([lanes_n, rows_n])
    work = frames(lanes_n, random)
    spec = work[0].spec
    script = Script(spec, rows_n, random)
    for item in stream(work, random, 0.05):
        if isinstance(item, Frame):
            script.frame(item)
        elif isinstance(item, Beat):
            script.beat(item)
        else:
            script.idle(1)
    params = {
        "LanesN": lanes_n,
        "WidthMax": ROOM.width_max,
        "CacheRowsN": rows_n,
        "ColumnDepth": spec.line_depth,
    }
    run("resize", params, tmp_path, script.lines, script.wants, 56 + 24 * lanes_n)
