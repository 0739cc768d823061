# SPDX-License-Identifier: Apache-2.0
"""Waits between the walkers, and the proof that they suffice (docs/spec/formats.md §6).

Two descriptors conflict when they touch the same addresses and one of them writes. `with_waits`
orders every conflict within a frame and with the frame before; `check_schedule` proves it again
from the waits alone: it runs three frames (no deadlock) and follows what each start guarantees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hlsgen.engines.program import NO_WAIT, Descriptor, Op, operation
from hlsgen.errors import PlanError
from hlsgen.plan.steps import Span, Step

_WAITS = {Op.LOAD: "wait_load", Op.CONV: "wait_compute", Op.STORE: "wait_store"}
_WALKERS = tuple(_WAITS)
_FRAMES = 3
_SPACES = ("act", "scratch")


def walker(descriptor: Descriptor) -> Op:
    """The walker that takes a descriptor; CONV stands for CONV and POOL."""
    op = operation(descriptor)
    return Op.CONV if op is Op.POOL else op


def with_waits(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Return the steps with the waits that their conflicts ask for."""
    places, counts = _places(steps)
    done: list[Step] = []
    for (index, step), others in zip(enumerate(steps), _conflicts(steps), strict=True):
        waits: dict[Op, int] = {}
        for other in others:
            kind = walker(steps[other].descriptor)
            # a walker takes its own descriptors in order, each when the one before is complete
            if kind is walker(step.descriptor):
                continue
            needed = places[other] + 1 - (0 if other < index else counts[kind])
            waits[kind] = max(waits.get(kind, NO_WAIT), needed)
        fields: dict[str, Any] = {_WAITS[kind]: value for kind, value in waits.items()}
        done.append(replace(step, descriptor=replace(step.descriptor, **fields)))
    return tuple(done)


def check_schedule(steps: Sequence[Step]) -> None:
    """Run three frames of the waits; raise PlanError on a deadlock or an unordered conflict."""
    _, counts = _places(steps)
    known: list[list[dict[Op, int]]] = [[{} for _ in steps] for _ in range(_FRAMES)]
    finished = dict.fromkeys((*_WALKERS, Op.FETCH), 0)
    lanes = {kind: _lane(steps, kind) for kind in finished}
    running = True
    while running:
        running = False
        for kind, lane in lanes.items():
            while finished[kind] < len(lane):
                frame, index = lane[finished[kind]]
                waits = _thresholds(steps[index].descriptor, frame, counts)
                if any(finished[other] < need for other, need in waits.items()):
                    break
                known[frame][index] = _guaranteed(waits, lanes, known, finished[kind], kind)
                finished[kind] += 1
                running = True
    _check_complete(finished, lanes, steps)
    _check_conflicts(steps, known, counts)


def _places(steps: Sequence[Step]) -> tuple[list[int], dict[Op, int]]:
    """Number of each step among its walker's, and how many each walker has."""
    counts: dict[Op, int] = dict.fromkeys((*_WALKERS, Op.FETCH), 0)
    places = []
    for step in steps:
        kind = walker(step.descriptor)
        places.append(counts[kind])
        counts[kind] += 1
    return places, counts


def _lane(steps: Sequence[Step], kind: Op) -> list[tuple[int, int]]:
    own = [index for index, step in enumerate(steps) if walker(step.descriptor) is kind]
    return [(frame, index) for frame in range(_FRAMES) for index in own]


def _conflicts(steps: Sequence[Step]) -> list[list[int]]:
    """For each step those that touch the same addresses, where one of the two writes."""
    written = _touched([step.writes for step in steps])
    touched = _touched([(*step.reads, *step.writes) for step in steps])
    owner, space, low, high = (column[:, None] for column in written)
    meet = (space == touched[1]) & (low < touched[3]) & (touched[2] < high)
    found = np.zeros((len(steps), len(steps)), np.bool_)
    writers, others = np.nonzero(meet)
    found[owner[writers, 0], touched[0][others]] = True
    return [np.flatnonzero(row).tolist() for row in found | found.T]


def _touched(spans: Sequence[tuple[Span, ...]]) -> NDArray[np.int64]:
    """Owner, space, low and high of every span."""
    rows = [
        (index, _SPACES.index(space), low, high)
        for index, own in enumerate(spans)
        for space, low, high in own
    ]
    return np.array(rows, np.int64).reshape(-1, 4).T


def _thresholds(descriptor: Descriptor, frame: int, counts: dict[Op, int]) -> dict[Op, int]:
    """Completions of each walker, over all frames, that a descriptor waits for."""
    return {
        kind: frame * counts[kind] + getattr(descriptor, name)
        for kind, name in _WAITS.items()
        if getattr(descriptor, name) != NO_WAIT
    }


def _guaranteed(
    waits: dict[Op, int],
    lanes: dict[Op, list[tuple[int, int]]],
    known: list[list[dict[Op, int]]],
    position: int,
    kind: Op,
) -> dict[Op, int]:
    """Completions known at a start: by its waits, its walker's order, and by what those knew."""
    sure = {other: need for other, need in waits.items() if need > 0}
    if position:  # a walker touches memory for a descriptor when the one before is complete
        sure[kind] = max(sure.get(kind, 0), position)
    sources = []
    if position:
        sources.append(lanes[kind][position - 1])
    sources += [lanes[other][need - 1] for other, need in sure.items()]
    for frame, index in sources:
        for other, need in known[frame][index].items():
            sure[other] = max(sure.get(other, 0), need)
    return sure


def _check_complete(
    finished: dict[Op, int], lanes: dict[Op, list[tuple[int, int]]], steps: Sequence[Step]
) -> None:
    for kind, lane in lanes.items():
        if finished[kind] < len(lane):
            frame, index = lane[finished[kind]]
            raise PlanError(
                f"Schedule must let every descriptor start, not hold {kind.name} descriptor "
                f"{index} of {len(steps)} back for ever (frame {frame}); report this as a defect"
            )


def _check_conflicts(
    steps: Sequence[Step], known: list[list[dict[Op, int]]], counts: dict[Op, int]
) -> None:
    places, _ = _places(steps)
    for index, others in enumerate(_conflicts(steps)):
        for other in others:
            kind = walker(steps[other].descriptor)
            for frame in range(_FRAMES):
                earlier = frame if other < index else frame - 1
                if earlier < 0:
                    continue
                needed = earlier * counts[kind] + places[other] + 1
                if known[frame][index].get(kind, 0) < needed:
                    raise PlanError(
                        f"Schedule must order descriptors {other} and {index} of frame {frame}, "
                        "which touch the same memory; report this as a defect"
                    )
