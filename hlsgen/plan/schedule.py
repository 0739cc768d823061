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

from hlsgen.engines.program import NO_WAIT, Descriptor, Op, operation
from hlsgen.errors import PlanError
from hlsgen.plan.steps import Span, Step

_WAITS = {Op.LOAD: "wait_load", Op.CONV: "wait_compute", Op.STORE: "wait_store"}
_WALKERS = tuple(_WAITS)
_FRAMES = 3


def walker(descriptor: Descriptor) -> Op:
    """The walker that takes a descriptor; CONV stands for CONV and POOL."""
    op = operation(descriptor)
    return Op.CONV if op is Op.POOL else op


def with_waits(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Return the steps with the waits that their conflicts ask for."""
    places, counts = _places(steps)
    done: list[Step] = []
    for index, step in enumerate(steps):
        waits: dict[Op, int] = {}
        for other, before in enumerate(steps):
            kind = walker(before.descriptor)
            # a walker takes its own descriptors in order, each when the one before is complete
            ordered = kind in (Op.FETCH, walker(step.descriptor))
            if ordered or not _conflict(before, step):
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


def _conflict(a: Step, b: Step) -> bool:
    return _meet(a.writes, b.reads) or _meet(a.reads, b.writes) or _meet(a.writes, b.writes)


def _meet(left: tuple[Span, ...], right: tuple[Span, ...]) -> bool:
    return any(a[0] == b[0] and a[1] < b[2] and b[1] < a[2] for a in left for b in right)


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
    for index, step in enumerate(steps):
        for other, before in enumerate(steps):
            kind = walker(before.descriptor)
            if kind is Op.FETCH or not _conflict(before, step):
                continue
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
