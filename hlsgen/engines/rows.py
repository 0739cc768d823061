# SPDX-License-Identifier: Apache-2.0
"""Which slot of the array computes which channel of a block, and how results find their lanes.

A block is T consecutive output channels. Rows go to the narrowest element that represents them;
a block whose formats do not match the slots takes several passes (formats §6, merge).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from hlsgen.engines.mixed import MixedSpec
from hlsgen.errors import PlanError
from hlsgen.model.graph import IntArray
from hlsgen.model.numbers import Format

_NARROW = (Format.BINARY, Format.TERNARY)  # on every element
ELEMENTS: dict[Format, tuple[Format, ...]] = {
    Format.FIXED8: (Format.FIXED8,),
    Format.POT4: (Format.POT4, Format.FIXED8),
    Format.FIXED4: (Format.FIXED4, Format.FIXED8),
    Format.SP2_4: (Format.FIXED4, Format.FIXED8),
    Format.BINARY: (Format.POT4, Format.FIXED4, Format.FIXED8),
    Format.TERNARY: (Format.POT4, Format.FIXED4, Format.FIXED8),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pass:
    """One pass of a block: slot t computes channel `channels[t]` of the block.

    `rows` holds, per slot, whether it computes a row of the Model; other slots give a constant.
    `written` says which channels this pass writes (all of them in the first pass).
    """

    channels: IntArray  # [T], a permutation of 0..T-1
    rows: np.ndarray[tuple[int], np.dtype[np.bool_]]  # [T] by slot
    written: np.ndarray[tuple[int], np.dtype[np.bool_]]  # [T] by channel


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Route:
    """Fields sg, xl, dg of the records (step, lane) of a pass, [Tg, G] each."""

    sg: IntArray
    xl: IntArray
    dg: IntArray

    def slots(self) -> IntArray:
        """Slot that each (step, lane) requantises, [Tg, G]."""
        lanes = self.sg.shape[1]
        slots: IntArray = self.sg * lanes + np.arange(lanes)[None, :]
        return slots


def assign(layer: str, formats: Sequence[Format], spec: MixedSpec) -> list[Pass]:
    """Return the passes of one block of at most T rows with these formats."""
    _check_formats(layer, formats, spec)
    return list(_passes(tuple(formats), tuple(map(spec.slot_kind, range(spec.rows_n)))))


@lru_cache(maxsize=1024)  # a plan asks for the same blocks at every depth of the memories it tries
def _passes(formats: tuple[Format, ...], kinds: tuple[Format, ...]) -> tuple[Pass, ...]:
    """The passes of a block on slots of these kinds."""
    waiting = list(range(len(formats)))
    passes: list[Pass] = []
    while waiting or not passes:
        slots = _fill(waiting, formats, kinds)
        done = set(slots.values())
        waiting = [row for row in waiting if row not in done]
        passes.append(_pass(slots, len(kinds), first=not passes))
    return tuple(passes)


def held_formats(spec: MixedSpec) -> tuple[Format, ...]:
    """Formats of rows that some slot of a design computes."""
    kinds = {spec.slot_kind(slot) for slot in range(spec.rows_n)}
    return tuple(fmt for fmt in Format if kinds & set(ELEMENTS[fmt]))


def _check_formats(layer: str, formats: Sequence[Format], spec: MixedSpec) -> None:
    held = held_formats(spec)
    for fmt in dict.fromkeys(formats):
        if fmt not in held:
            names = " or ".join(f"{element.name.lower()}_n" for element in ELEMENTS[fmt])
            raise PlanError(
                f"Design {names} must be above 0 for rows in {fmt.name.lower()}, not 0 "
                f"(layer {layer}); choose another design or quantize the model for its slots"
            )


def _fill(
    waiting: Sequence[int], formats: Sequence[Format], kinds: Sequence[Format]
) -> dict[int, int]:
    """Rows of one pass by slot: rows with one element first, the narrowest element first."""
    free = {
        kind: [slot for slot, own in enumerate(kinds) if own is kind]
        for kind in (Format.POT4, Format.FIXED4, Format.FIXED8)
    }
    slots: dict[int, int] = {}
    placed: set[int] = set()
    for rank in range(3):
        for row in waiting:
            elements = ELEMENTS[formats[row]]
            if row in placed or (formats[row] in _NARROW and rank < 2):
                continue
            allowed = elements if rank else elements[:1]
            slot = _slot(row, [free[kind] for kind in allowed], own=formats[row] in _NARROW)
            if slot is not None:
                free[kinds[slot]].remove(slot)
                slots[slot] = row
                placed.add(row)
    return slots


def _slot(row: int, free: list[list[int]], *, own: bool) -> int | None:
    """A free slot for a row, from the first list that has one; its own number needs no routing."""
    lists = [slots for slots in free if slots]
    for slots in lists if own else lists[:1]:
        if row in slots:
            return row
    return lists[0][0] if lists else None


def _pass(slots: dict[int, int], rows_n: int, *, first: bool) -> Pass:
    """Complete a pass: unused slots take the channels left, those of their own number first."""
    channels = np.full(rows_n, -1, np.int64)
    for slot, row in slots.items():
        channels[slot] = row
    computed = channels >= 0
    left = set(range(rows_n)) - set(slots.values())
    for free in map(int, np.flatnonzero(~computed)):
        if free in left:
            channels[free] = free
            left.remove(free)
    channels[channels < 0] = sorted(left)
    written = np.full(rows_n, first)
    written[list(slots.values())] = True
    for shared in (channels, computed, written):
        shared.flags.writeable = False
    return Pass(channels=channels, rows=computed, written=written)


def route(channels: IntArray, lanes_n: int) -> Route:
    """Split a permutation slot -> channel into steps in which no lane is used twice.

    Source lanes and output lanes form a regular bipartite multigraph (an edge for each slot);
    by Koenig's theorem it falls into as many perfect matchings as there are groups.
    """
    groups_n = len(channels) // lanes_n
    edges: list[list[list[int]]] = [[[] for _ in range(lanes_n)] for _ in range(lanes_n)]
    for slot in range(len(channels) - 1, -1, -1):
        edges[slot % lanes_n][int(channels[slot]) % lanes_n].append(slot)
    sg, xl, dg = (np.zeros((groups_n, lanes_n), np.int64) for _ in range(3))
    for step in range(groups_n):
        for source, target in enumerate(_matching(edges)):
            slot = edges[source][target].pop()
            sg[step, source] = slot // lanes_n
            xl[step, target] = source
            dg[step, target] = channels[slot] // lanes_n
    return Route(sg=sg, xl=xl, dg=dg)


def _matching(edges: list[list[list[int]]]) -> list[int]:
    """Perfect matching of sources to targets by augmenting paths, straight edges preferred."""
    owner: dict[int, int] = {}

    def augment(source: int, seen: set[int]) -> bool:
        order = sorted(range(len(edges)), key=lambda target: (target != source, target))
        for target in order:
            if edges[source][target] and target not in seen:
                seen.add(target)
                if target not in owner or augment(owner[target], seen):
                    owner[target] = source
                    return True
        return False

    for source in range(len(edges)):
        augment(source, set())
    found = [0] * len(edges)
    for target, source in owner.items():
        found[source] = target
    return found
