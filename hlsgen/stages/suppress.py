# SPDX-License-Identifier: Apache-2.0
"""Non-maximum suppression in 5x5 neighbourhoods, streamed: several attempts a row at deciding it.

Points are in a total order: higher score first, then smaller y, then smaller x. Greedy suppression
takes them in this order, keeps a point unless it is suppressed, and suppresses its 5x5. A point
that comes first among the undecided ones of its 5x5 is kept by greedy suppression, whatever else
is still open; so attempts may be made in any order, and every decision is the greedy one.

Streamed: when a row comes in, each row that is `offsets` rows behind is attempted, all from the
state before this row came: an undecided point is kept if it is first among the undecided of its
5x5. Then the undecided points in the 5x5 of the new kept ones are suppressed. A row leaves behind
its last attempt; what is undecided then is dropped. That is the only difference from greedy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ParameterError
from hlsgen.model.filters import SCORE_BITS
from hlsgen.stages.gradient import joining_luts, line_bram36

REACH = 2  # pixels to each side
_SIDE = 2 * REACH + 1
_STATE_BITS = 2  # undecided, kept, suppressed
_LATENCY = 13
_DECIDED = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressSpec:
    """Sizes of the stage; each field is a parameter of hg_suppress."""

    lanes_n: int  # scores of a beat
    line_depth: int  # beats of one row of every size together
    score_w: int = SCORE_BITS  # bits of a score, signed
    attempts_n: int = 8  # at each row
    spacing_n: int = 2  # rows between attempts

    def __post_init__(self) -> None:
        rules = (
            (1 <= self.lanes_n <= 8, "lanes_n", "in 1..8"),
            (1 <= self.line_depth <= 1 << 14, "line_depth", "in 1..16384"),
            (12 <= self.score_w <= 32, "score_w", "in 12..32"),
            (1 <= self.attempts_n <= 16, "attempts_n", "in 1..16"),
            (self.spacing_n in (1, 2), "spacing_n", "1 or 2"),
        )
        for good, name, rule in rules:
            if not good:
                raise ParameterError(f"Suppress {name} must be {rule}, not {getattr(self, name)!r}")

    @property
    def offsets(self) -> tuple[int, ...]:
        """Rows behind the newest one that are attempted."""
        return tuple(REACH + self.spacing_n * number for number in range(self.attempts_n))

    @property
    def lag_rows(self) -> int:
        """Rows by which a row that leaves is behind the newest one."""
        return self.offsets[-1]

    @property
    def held_rows_n(self) -> int:
        """Older rows in the line memory: the last attempt sees two rows behind its own."""
        return self.lag_rows + REACH


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressCost:
    """What the stage takes of a device."""

    lut: int
    ff: int
    bram36: float
    latency: int  # cycles from a row's last beat to its kept points


def golden(spec: SuppressSpec, maps: Sequence[NDArray[np.int32]]) -> list[NDArray[np.bool_]]:
    """Which points of each map of scores the streamed suppression keeps.

    Maps do not touch one another; they lie side by side because a step of rows then serves all.
    """
    canvas, places = _canvas(maps)
    height, width = canvas.shape
    behind = spec.held_rows_n
    open_ = np.full((height + behind + spec.lag_rows, width), _DECIDED)
    open_[behind : behind + height] = canvas
    kept = np.zeros(open_.shape, np.bool_)
    for newest in range(behind, behind + height + spec.lag_rows):
        rows = [newest - offset for offset in spec.offsets]
        firsts = [_first(open_[row - REACH : row + REACH + 1]) for row in rows]
        for row, first in zip(rows, firsts, strict=True):
            kept[row] |= first
            near = _spread_across(first[None], False)[0]
            open_[row - REACH : row + REACH + 1, near] = _DECIDED
    kept = kept[behind : behind + height]
    return [kept[: m.shape[0], x : x + m.shape[1]] for m, x in zip(maps, places, strict=True)]


def exact(scores: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which points greedy suppression in the total order keeps: attempts until all are decided."""
    open_ = _keys(scores)
    kept = np.zeros(scores.shape, np.bool_)
    while (undecided := open_ != _DECIDED).any():
        first = undecided & (open_ == _spread(open_, _DECIDED))
        kept |= first
        open_[_spread(first, False)] = _DECIDED
    return kept


def _keys(scores: NDArray[np.int32]) -> NDArray[np.int64]:
    """Numbers in the total order."""
    place = np.arange(scores.size, dtype=np.int64).reshape(scores.shape)
    return scores.astype(np.int64) * scores.size + (scores.size - 1 - place)


def _canvas(maps: Sequence[NDArray[np.int32]]) -> tuple[NDArray[np.int64], list[int]]:
    """Keys of all maps side by side, out of one another's reach, and where each begins."""
    height = max(scores.shape[0] for scores in maps)
    ends = np.cumsum([scores.shape[1] + REACH for scores in maps])
    canvas = np.full((height, int(ends[-1])), _DECIDED)
    places = [int(end) - scores.shape[1] - REACH for end, scores in zip(ends, maps, strict=True)]
    for scores, x in zip(maps, places, strict=True):
        canvas[: scores.shape[0], x : x + scores.shape[1]] = _keys(scores)
    return canvas, places


def _first(rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which points of the middle one of five rows come first in their 5x5."""
    middle = rows[REACH]
    best = _spread_across(rows.max(axis=0)[None], _DECIDED)[0]
    first: NDArray[np.bool_] = (middle == best) & (middle != _DECIDED)
    return first


def _spread_across(values: NDArray[Any], outside: int | bool) -> NDArray[Any]:
    """Maximum over five neighbours of a row."""
    width = values.shape[1]
    padded = np.pad(values, ((0, 0), (REACH, REACH)), constant_values=outside)
    across = padded[:, :width].copy()
    for shift in range(1, _SIDE):
        np.maximum(across, padded[:, shift : shift + width], out=across)
    return across


def _spread(values: NDArray[Any], outside: int | bool) -> NDArray[Any]:
    """Maximum over the 5x5 around every point."""
    return _spread_across(_spread_across(values, outside).T, outside).T


def cost(spec: SuppressSpec) -> SuppressCost:
    """One line memory: every held row's scores and states, a word of all lanes a beat.

    Attempts of the lanes, and of the four columns beside them.
    """
    lanes, attempts = spec.lanes_n, spec.attempts_n
    width = spec.held_rows_n * (spec.score_w + _STATE_BITS) * spec.lanes_n
    tests = 206 * lanes * attempts + 80 * lanes + 118 * attempts + 29
    return SuppressCost(
        lut=tests + joining_luts(width, spec.line_depth),
        ff=256 * lanes * attempts + 118 * lanes + 75 * attempts + 87,
        bram36=line_bram36(width, spec.line_depth),
        latency=_LATENCY,
    )
