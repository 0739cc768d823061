# SPDX-License-Identifier: Apache-2.0
"""Row jobs of the proposal engine: the order of work on an image, and its cycles.

The unit of work is one row of one size, a run of beats of `lanes_n` pixels that goes through all
stages. Rows of all sizes interleave in the order in which their source rows come, so one pass
over the image feeds them all. Behind its last row a size has jobs that bring no pixels but push
the rows out that later stages still hold.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

import numpy as np

from hlsgen.engines.proposal import ProposalSpec, Size, sizes_of
from hlsgen.model.filters import WINDOW
from hlsgen.stages import resize
from hlsgen.stages.suppress import REACH

GRADIENT_LAG = 1  # rows by which the gradient is behind the resize
MIN_GAP = 32  # cycles at least from the start of a row to that of the same size's next one
_PIXEL_BYTES = 3
_BEAT_BYTES = 8
_BRAM_WORDS = 512
_FRAMES = 4  # until the steady state
_KEPT = 64  # images whose jobs are kept: a design's are asked for again and again
_READ_LATENCY = 64  # cycles until the first beat of a frame's first row is there


class Kind(IntEnum):
    """What a job does; the value is its code in the program."""

    PIXELS = 0  # resizes a row
    PUSH = 1  # brings no pixels
    IDLE = 2  # passes cycles, so that a line memory is written before it is read again


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One row of one size; of an idle job only `beats` counts."""

    kind: Kind
    slot: int = 0  # place of the size among those of the image
    row: int = 0  # counts on over the push jobs
    first: int = 0  # source row; the next one is read too
    weight: int = 0  # of that next one, 0..256
    beats: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """Cycles of the steady state and what they are made of."""

    cycles_per_frame: int
    latency_cycles: int  # of a single frame, to its last row job
    beats: int  # of row jobs with pixels
    push_beats: int
    wait_cycles: int  # no source row there, or too near to the size's last row
    read_beats: int  # of each memory port, or of a camera
    drain_cycles: int  # to give limit and top k back, which goes on beside the next frame


def lag_rows(spec: ProposalSpec) -> int:
    """Push jobs of a size: rows by which the last stage is behind the resize."""
    return GRADIENT_LAG + spec.suppress.lag_rows


@lru_cache(maxsize=_KEPT)
def jobs(spec: ProposalSpec, sizes: tuple[Size, ...], height: int) -> tuple[Job, ...]:
    """Row jobs of an image in their order, moved apart where a size's rows would be too near."""
    pixels: list[Job] = []
    pushes: list[Job] = []
    for slot, size in enumerate(sizes):
        rows = resize.taps(height, size.map[1])
        beats = -(-size.map[0] // spec.lanes_n)
        for row in range(size.map[1] + lag_rows(spec)):
            at = min(row, size.map[1] - 1)
            push = row >= size.map[1]
            job = Job(
                kind=Kind.PUSH if push else Kind.PIXELS,
                slot=slot,
                row=row,
                first=int(rows.first[at]),
                weight=int(rows.weight[at]),
                beats=beats,
            )
            (pushes if push else pixels).append(job)
    pixels.sort(key=lambda job: (job.first, job.slot))
    pushes.sort(key=lambda job: (job.row - sizes[job.slot].map[1], job.slot))
    return _apart([*pixels, *pushes])


def jobs_depth(spec: ProposalSpec) -> int:
    """Jobs for which there is room: those of the largest image, in whole block RAMs.

    Smaller images have fewer rows, but may need idle jobs; the program checks them.
    """
    most = len(jobs(spec, sizes_of(spec.sizes, *spec.image_max), spec.height_max))
    return -(-most // _BRAM_WORDS) * _BRAM_WORDS


def _apart(work: Sequence[Job]) -> tuple[Job, ...]:
    """Insert idle jobs; also behind the last one, for the frame that follows."""
    result: list[Job] = []
    now, started = 0, dict[int, int]()
    first: dict[int, int] = {}
    for job in work:
        gap = started.get(job.slot, -MIN_GAP) + MIN_GAP - now
        if gap > 0:
            result.append(Job(kind=Kind.IDLE, beats=gap))
            now += gap
        started[job.slot] = now
        first.setdefault(job.slot, now)
        result.append(job)
        now += job.beats
    gap = max((started[slot] + MIN_GAP - now - first[slot] for slot in first), default=0)
    return (*result, Job(kind=Kind.IDLE, beats=gap)) if gap > 0 else tuple(result)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowMemory:
    """How rows of the image come: a beat a cycle and port, but for what stands here."""

    refresh: float = 0.0  # share of time in which nothing moves
    restart: int = 0  # cycles from a free place in the row cache to its row's first beat
    writes_stop: bool = False  # no row comes while the results of the frame before are written


AT_ONCE = RowMemory()
DDR = RowMemory(refresh=0.01, restart=56, writes_stop=True)  # formats §10


def source_row_beats(spec: ProposalSpec, width: int) -> int:
    """Beats, and cycles at least, in which a row of the image comes."""
    if spec.stream_pixels:
        return -(-width // spec.stream_pixels)
    return -(-width * _PIXEL_BYTES // _BEAT_BYTES)


def predict(
    spec: ProposalSpec,
    numbers: tuple[int, ...],
    width: int,
    height: int,
    memory: RowMemory = AT_ONCE,
) -> Prediction:
    """Cycles of frames of one size that follow one another; a camera sends in every cycle."""
    sizes = sizes_of(numbers, width, height)
    work = jobs(spec, sizes, height)
    row_beats = source_row_beats(spec, width)
    rows = _Rows(spec, row_beats, AT_ONCE if spec.stream_pixels else memory)
    limit = 2 * spec.limit_n * len(sizes)  # cycles to give it back
    ends = list(_frame_ends(spec, work, height, limit, rows))
    beats = sum(job.beats for job in work if job.kind == Kind.PIXELS)
    push_beats = sum(job.beats for job in work if job.kind == Kind.PUSH)
    drain = limit + spec.top.drain_cycles
    cycles = max(ends[-1] - ends[-2], drain)
    return Prediction(
        cycles_per_frame=cycles,
        latency_cycles=ends[0],
        beats=beats,
        push_beats=push_beats,
        wait_cycles=cycles - beats - push_beats,
        read_beats=-(-height // spec.ports_n) * row_beats,
        drain_cycles=drain,
    )


class _Rows:
    """When source rows are in the cache, over all frames; they come as far ahead as it has room."""

    def __init__(self, spec: ProposalSpec, beats: int, memory: RowMemory) -> None:
        self._cached, self._memory = spec.resize.cache_rows_n, memory
        self._cycles = beats / (1 - memory.refresh)
        self._ports = [float(_READ_LATENCY)] * spec.ports_n
        self._ready: list[float] = []  # of every source row of every frame
        self._freed: list[float] = []  # when the place of a row was free again
        self._stopped: list[tuple[float, float]] = []

    def free(self, until: int, now: float) -> None:
        """Rows below `until` are no longer needed."""
        self._freed += [now] * (until - len(self._freed))

    def stop(self, begin: float, cycles: int) -> None:
        """Results are written."""
        if self._memory.writes_stop:
            self._stopped.append((begin, begin + cycles))

    def ready(self, row: int) -> float:
        """When a row is there."""
        while len(self._ready) <= row:
            self._load()
        return self._ready[row]

    def _load(self) -> None:
        row = len(self._ready)
        port, place = row % len(self._ports), row - self._cached
        free = self._freed[place] + self._memory.restart if place >= 0 else 0.0
        begin = max(self._ports[port], free)
        end = begin + self._cycles
        for first, last in self._stopped:
            end += max(0.0, min(end, last) - max(begin, first))
        self._ports[port] = end
        self._ready.append(end)


def _frame_ends(
    spec: ProposalSpec, work: Sequence[Job], height: int, limit: int, rows: _Rows
) -> Iterator[int]:
    """When the last row job of each frame ends; `limit` cycles later its results are written."""
    now = 0.0
    for frame in range(_FRAMES):
        base = frame * height
        for job in work:
            if job.kind == Kind.PIXELS:
                rows.free(base + job.first, now)
                now = max(now, rows.ready(base + job.first + 1))
            else:
                rows.free(base + height, now)
            now += job.beats
        rows.stop(now + limit, spec.top.drain_cycles)
        yield round(now)


@lru_cache(maxsize=_KEPT)
def candidates_depth(spec: ProposalSpec, sizes: tuple[Size, ...], height: int) -> int:
    """Most kept points that can ever wait for the limit, whatever the image; the FIFO's depth.

    Of any three rows of a size at most every third window column can hold a kept point. The
    limit takes a point in two cycles. What can be waiting is the greatest surplus of points over
    cycles / 2 of any run of jobs, frames following one another. A run may begin inside its first
    job, when the points of that row come as densely as they can: they give it no more cycles
    than they take. The points that suppression holds back within a row come on top.
    """
    work = jobs(spec, sizes, height)
    work = (*work, *work)
    most_in_row = [-(-(size.map[0] - WINDOW + 1) // 3) for size in sizes]
    most_in_beat = -(-spec.lanes_n // 3)
    silent = lag_rows(spec) + WINDOW - 1  # first jobs of a size, whose rows leave nothing
    rows = np.zeros((len(work), len(sizes)), np.int64)  # of the run that starts at each job
    surplus = np.zeros(len(work))
    deepest = 0.0
    for number, job in enumerate(work):
        running = slice(0, number + 1)
        points = 0
        if job.kind != Kind.IDLE and job.row >= silent:
            points = most_in_row[job.slot]
            surplus[running] += (rows[running, job.slot] % 3 == 0) * points
            rows[running, job.slot] += 1
            deepest = max(deepest, float(surplus[running].max()))
        surplus[:number] -= job.beats / 2
        surplus[number] -= min(job.beats, -(-points // most_in_beat)) / 2
    return math.ceil(deepest) + most_in_beat * -(-2 * REACH // spec.lanes_n)


def fifo_depth(spec: ProposalSpec) -> int:
    """Depth of the FIFO in front of the limit: a power of two with room beyond the largest image.

    Other images may need somewhat more, as their rows end differently in beats; the program
    proves it for each.
    """
    sizes = sizes_of(spec.sizes, *spec.image_max)
    most = candidates_depth(spec, sizes, spec.height_max) * 5 // 4
    return 1 << max(6, (most - 1).bit_length())
