# SPDX-License-Identifier: Apache-2.0
"""Beats of the proposal engine's stream, as the row jobs of an image make them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hlsgen.engines.proposal import ProposalSpec, Size
from hlsgen.engines.proposal_jobs import MIN_GAP, Job, Kind, jobs, lag_rows
from hlsgen.model.filters import SCORE_BITS, WINDOW
from tests.rtl.beats import tag_word


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """One beat: its job, size and number, and its tag behind the gradient."""

    job: Job
    size: Size
    number: int
    tag: int


def beats(spec: ProposalSpec, sizes: tuple[Size, ...], height: int) -> Iterator[Beat | None]:
    """Beats of a frame in order; None is a cycle without one. A gap for the next image follows."""
    bases = np.cumsum([0, *(-(-size.map[0] // spec.lanes_n) for size in sizes)]).tolist()
    work = jobs(spec, sizes, height)
    last = max(number for number, job in enumerate(work) if job.kind != Kind.IDLE)
    for number, job in enumerate(work):
        for beat in range(job.beats):
            if job.kind == Kind.IDLE:
                yield None
                continue
            size = sizes[job.slot]
            place = bases[job.slot] + beat
            tag = _tag(spec, size, job, beat, place=place, end=number == last)
            yield Beat(job=job, size=size, number=beat, tag=tag)
    for _ in range(MIN_GAP):
        yield None


def _tag(spec: ProposalSpec, size: Size, job: Job, beat: int, *, place: int, end: bool) -> int:
    columns = range(spec.lanes_n * beat, spec.lanes_n * (beat + 1))
    lanes = sum(1 << lane for lane, x in enumerate(columns) if x < size.map[0])
    # The gradient gives the last row in the first push job
    held, last = job.row > size.map[1], beat == job.beats - 1
    return tag_word(job, beat, place, lanes, held=held, end=end and last)


def score_lanes(spec: ProposalSpec, beat: Beat) -> list[tuple[int, int] | None]:
    """Score (row, column) that each lane of a beat behind the score stage holds, or None."""
    row = beat.job.row - WINDOW
    height, width = beat.size.map[1] - WINDOW + 1, beat.size.map[0] - WINDOW + 1
    columns = range(spec.lanes_n * beat.number, spec.lanes_n * (beat.number + 1))
    return [
        (row, x - WINDOW + 1) if 0 <= row < height and 0 <= x - WINDOW + 1 < width else None
        for x in columns
    ]


def leaving_row(spec: ProposalSpec, beat: Beat) -> int:
    """Row of scores that leaves suppression in the job of a beat; none if it is negative."""
    return beat.job.row - WINDOW + 1 - lag_rows(spec)


def score_line(
    spec: ProposalSpec, beat: Beat, scores: np.ndarray | None, rng: np.random.Generator
) -> int:
    """{1, tag, scored, scores} of a beat; what is in lanes without a score is anything."""
    found = score_lanes(spec, beat) if scores is not None else [None] * spec.lanes_n
    anything = rng.integers(0, 1 << SCORE_BITS, spec.lanes_n).tolist()
    data = scored = 0
    for lane, at in enumerate(found):
        value = anything[lane] if at is None or scores is None else int(scores[at])
        data |= (value & ((1 << SCORE_BITS) - 1)) << SCORE_BITS * lane
        scored |= int(at is not None) << lane
    return ((1 << 56 | beat.tag) << spec.lanes_n | scored) << spec.lanes_n * SCORE_BITS | data
