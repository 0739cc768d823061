# SPDX-License-Identifier: Apache-2.0
"""The streams of the proposal engine as golden gives them, and what a simulation gave beside them.

Every stage's stream of a frame is an array of rows in the order in which the hardware sends them:
pixels of the maps by row jobs, kept points by row jobs, entries of limit, calibration and top k
ascending by slot, records as they lie in memory. The first difference is named by stage and place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hlsgen.engines.proposal import (
    Proposals,
    ProposalSpec,
    SizeMaps,
    SizePoints,
    best,
    calibrated,
    maps,
    suppressed,
)
from hlsgen.engines.proposal_jobs import GRADIENT_LAG, Kind, lag_rows
from hlsgen.engines.proposal_program import Plan, pack_results
from hlsgen.model.filters import WINDOW
from hlsgen.model.proposal import Space

Rows = NDArray[np.int64]  # [entries, fields]

MAPS = ("resize", "colour", "gradient", "score")
FIELDS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(MAPS, ("value",)),  # pixels: first channel in the low 8 bits
    "suppress": ("slot", "x", "y", "score"),
    "limit": ("slot", "x", "y", "score"),
    "calibrate": ("slot", "x", "y", "value"),
    "top": ("size", "x", "y", "value"),
    "boxes": ("x1", "y1", "x2", "y2", "value", "size", "valid"),
}
STREAMS = tuple(FIELDS)
_DISTINCT = 4  # values that must differ, if there are so many
_CLAMPED = 255  # of the gradient


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Expected:
    """Golden's streams of a frame; `places` has (slot, row, entries) of every row of a map."""

    streams: Mapping[str, Rows]
    places: Mapping[str, tuple[tuple[int, int, int], ...]]
    sizes: tuple[int, ...]  # index in the model, by slot
    found: Proposals


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One differing entry."""

    frame: int
    stage: str
    place: str
    got: tuple[int, ...] | None  # None: never sent
    expected: tuple[int, ...] | None  # None: sent beyond the last

    def __str__(self) -> str:
        names = FIELDS[self.stage]
        texts = [
            "nothing" if row is None else _text(names, row) for row in (self.got, self.expected)
        ]
        where = f"stage {self.stage}, {self.place}, frame {self.frame}"
        return f"{where}: got {texts[0]}, expected {texts[1]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamVerdict:
    """Outcome of the comparison of some frames."""

    frames: int  # those that were to be compared
    tensors_compared: int  # streams times frames, each seen whole
    differences: int  # entries
    first: Difference | None
    degenerate: tuple[tuple[int, str], ...]  # (frame, stage) of streams that prove too little
    different: tuple[tuple[int, str], ...] = ()  # of those with a difference

    @property
    def equal(self) -> bool:
        """True only if every stream of every frame was seen whole, equal and not degenerate."""
        whole = self.frames > 0 and self.tensors_compared == self.frames * len(STREAMS)
        return whole and not self.differences and not self.degenerate


def expected_streams(
    spec: ProposalSpec, space: Space, plan: Plan, image: NDArray[np.uint8]
) -> Expected:
    """Golden's streams of a frame, in the order of the program's jobs."""
    found = maps(spec, space, image)
    kept = suppressed(spec, found)
    points = calibrated(spec, space, found, kept)
    result = best(spec, points, (image.shape[1], image.shape[0]))
    order = _row_order(spec, plan)
    streams = {
        name: _joined([_map_row(item, name, row) for item, row in _rows(found, order[name])], 1)
        for name in MAPS
    }
    streams["suppress"] = _joined(
        [_kept_row(slot, row, found[slot], kept[slot]) for slot, row in order["suppress"]], 4
    )
    for name in ("limit", "calibrate"):
        parts = [_entries(slot, item, name) for slot, item in enumerate(points)]
        streams[name] = _joined(parts, 4)
    streams["top"] = _top(spec, points)
    streams["boxes"] = unpacked_records(pack_results(spec, result))
    places = {
        name: tuple((slot, row, _row_entries(name, found[slot])) for slot, row in order[name])
        for name in MAPS
    }
    sizes = tuple(size.index for size in plan.sizes)
    return Expected(streams=streams, places=places, sizes=sizes, found=result)


def _row_order(spec: ProposalSpec, plan: Plan) -> dict[str, list[tuple[int, int]]]:
    """(slot, row) of every row that a stage sends, by jobs."""
    lags = {
        "resize": 0,
        "colour": 0,
        "gradient": GRADIENT_LAG,
        "score": GRADIENT_LAG + WINDOW - 1,
        "suppress": lag_rows(spec) + WINDOW - 1,
    }
    work = [job for job in plan.jobs if job.kind != Kind.IDLE]
    lost = {name: WINDOW - 1 if name in ("score", "suppress") else 0 for name in lags}
    return {
        name: [
            (job.slot, job.row - lag)
            for job in work
            if 0 <= job.row - lag < plan.sizes[job.slot].map[1] - lost[name]
        ]
        for name, lag in lags.items()
    }


def _rows(
    found: Sequence[SizeMaps], order: Sequence[tuple[int, int]]
) -> list[tuple[SizeMaps, int]]:
    return [(found[slot], row) for slot, row in order]


def _map_row(item: SizeMaps, name: str, row: int) -> Rows:
    if name in ("resize", "colour"):
        pixels = (item.resized if name == "resize" else item.converted)[row].astype(np.int64)
        values = pixels @ (1 << 8 * np.arange(pixels.shape[1], dtype=np.int64))
    else:
        values = (item.gradient if name == "gradient" else item.scores)[row]
    column: Rows = values.astype(np.int64).reshape(-1, 1)
    return column


def _row_entries(name: str, item: SizeMaps) -> int:
    return item.scores.shape[1] if name == "score" else item.size.map[0]


def _kept_row(slot: int, row: int, item: SizeMaps, kept: NDArray[np.bool_]) -> Rows:
    (x,) = np.nonzero(kept[row])
    scores = item.scores[row, x].astype(np.int64)
    return np.stack([np.full_like(scores, slot), x, np.full_like(scores, row), scores], axis=1)


def _entries(slot: int, item: SizePoints, name: str) -> Rows:
    values = item.scores if name == "limit" else item.values
    number = np.full_like(values, slot)
    return np.stack([number, item.points[:, 0], item.points[:, 1], values], axis=1)


def _top(spec: ProposalSpec, sizes: Sequence[SizePoints]) -> Rows:
    """Entries of the top k, ascending by value, then by size, y and x downwards."""
    rows = _joined([_entries(item.size.index, item, "top") for item in sizes], 4)
    order = np.lexsort((-rows[:, 1], -rows[:, 2], -rows[:, 0], rows[:, 3]))
    return rows[order][-spec.top_k :]


def _joined(parts: Sequence[Rows], fields: int) -> Rows:
    return np.concatenate([np.zeros((0, fields), np.int64), *parts])


def unpacked_records(data: bytes) -> Rows:
    """Every record of a frame's results, empty ones too, field by field."""
    words = np.frombuffer(data, "<u8").reshape(-1, 2)
    corners = [words[:, 0] >> np.uint64(16 * i) & np.uint64(0xFFFF) for i in range(4)]
    value = words[:, 1].astype(np.uint32).view(np.int32)
    size, rest = words[:, 1] >> np.uint64(32) & np.uint64(0xFF), words[:, 1] >> np.uint64(40)
    return np.stack([part.astype(np.int64) for part in (*corners, value, size, rest)], axis=1)


def compare(
    expected: Sequence[Expected], got: Sequence[Mapping[str, Rows]], first_frame: int = 0
) -> StreamVerdict:
    """Compare the streams of frames, in the order of the stages within a frame.

    Frames or stages that are absent from `got` count as streams without an entry; entries of
    frames that are not expected are differences.
    """
    whole = 0
    wrong = sum(len(rows) for have in got[len(expected) :] for rows in have.values())
    first: Difference | None = None
    different: list[tuple[int, str]] = []
    for frame, want in enumerate(expected):
        have = got[frame] if frame < len(got) else {}
        for stage, rows in want.streams.items():
            found = have.get(stage, rows[:0])
            count, place = _differences(rows, found)
            whole += 0 < len(rows) <= len(found)
            wrong += count
            if place is not None:
                different.append((first_frame + frame, stage))
                first = first or _difference(first_frame + frame, stage, place, want, found)
    return StreamVerdict(
        frames=len(expected),
        tensors_compared=whole,
        differences=wrong,
        first=first,
        degenerate=tuple(
            (first_frame + frame, stage)
            for frame, want in enumerate(expected)
            for stage, rows in want.streams.items()
            if _is_degenerate(stage, rows)
        ),
        different=tuple(different),
    )


def _differences(want: Rows, have: Rows) -> tuple[int, int | None]:
    """How many entries differ, and the first of them."""
    common = min(len(want), len(have))
    (places,) = np.nonzero((want[:common] != have[:common]).any(axis=1))
    count = len(places) + abs(len(want) - len(have))
    return count, (int(places[0]) if len(places) else common) if count else None


def _difference(frame: int, stage: str, at: int, want: Expected, have: Rows) -> Difference:
    def row(rows: Rows) -> tuple[int, ...] | None:
        return tuple(int(value) for value in rows[at]) if at < len(rows) else None

    return Difference(
        frame=frame,
        stage=stage,
        place=_place(stage, at, want),
        got=row(have),
        expected=row(want.streams[stage]),
    )


def _place(stage: str, at: int, want: Expected) -> str:
    left = at
    for slot, row, entries in want.places.get(stage, ()):
        if left < entries:
            return f"size {want.sizes[slot]} [{row},{left}]"
        left -= entries
    return f"entry {at}"


def _is_degenerate(stage: str, rows: Rows) -> bool:
    """Whether equality of a frame's stream would say too little.

    It is empty, or its values hardly differ (places always do), or half of the gradient is clamped.
    """
    names = FIELDS[stage]
    if "valid" in names:
        rows = rows[rows[:, names.index("valid")] != 0]
    column = next(i for i, name in enumerate(names) if name in ("value", "score"))
    values = rows[:, column]
    clamped = int(np.count_nonzero(values == _CLAMPED)) if stage == "gradient" else 0
    few = len(np.unique(values)) < min(_DISTINCT, len(values))
    return len(values) == 0 or few or 2 * clamped > len(values)


def _text(names: Sequence[str], row: Sequence[int]) -> str:
    if len(names) == 1:
        return str(row[0])
    return ", ".join(f"{name} {value}" for name, value in zip(names, row, strict=True))


def joined(parts: Sequence[StreamVerdict]) -> StreamVerdict:
    """The verdict over starts, in order."""
    return StreamVerdict(
        frames=sum(part.frames for part in parts),
        tensors_compared=sum(part.tensors_compared for part in parts),
        differences=sum(part.differences for part in parts),
        first=next((part.first for part in parts if part.first is not None), None),
        degenerate=tuple(item for part in parts for item in part.degenerate),
        different=tuple(item for part in parts for item in part.different),
    )
