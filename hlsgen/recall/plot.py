# SPDX-License-Identifier: Apache-2.0
"""Recall against the number of boxes as a drawing: logarithmic across, a line a curve."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hlsgen.emit.render import render
from hlsgen.recall.measure import recall_at
from hlsgen.recall.run import STREAMED, Curve

_LEFT, _TOP, _WIDTH, _HEIGHT = 60, 30, 560, 320
_POINTS_A_DECADE = 24
_COLOURS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#000000")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One curve: its points as SVG takes them."""

    label: str
    colour: str
    dash: str
    points: str
    y: int  # of its legend


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A line of the grid with its number."""

    at: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """All that the template draws."""

    left: int
    top: int
    right: int
    bottom: int
    lines: tuple[Line, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]


def draw(curves: Sequence[Curve], most: int) -> str:
    """The SVG text of recall at 1 to `most` boxes."""
    names = list(dict.fromkeys(curve.space for curve in curves))
    decades = math.log10(most)
    counts = sorted(
        {round(10 ** (n / _POINTS_A_DECADE)) for n in range(int(decades * _POINTS_A_DECADE) + 1)}
        | {most}
    )
    lines = tuple(
        Line(
            label=f"{curve.space}, {curve.suppression}",
            colour=_COLOURS[names.index(curve.space) % len(_COLOURS)],
            dash="none" if curve.suppression == STREAMED else "5 3",
            points=" ".join(
                f"{_x(count, most):.1f},{_y(recall_at(curve.ranks, count)):.1f}" for count in counts
            ),
            y=_TOP + 16 * number,
        )
        for number, curve in enumerate(curves)
    )
    across = [10**n for n in range(int(decades) + 1)]
    drawing = Drawing(
        left=_LEFT,
        top=_TOP,
        right=_LEFT + _WIDTH,
        bottom=_TOP + _HEIGHT,
        lines=lines,
        across=tuple(Tick(at=round(_x(n, most), 1), text=f"{n}") for n in across),
        up=tuple(Tick(at=round(_y(n / 10), 1), text=f"{10 * n} %") for n in range(0, 11, 2)),
    )
    return render("report/recall.svg.j2", drawing)


def _x(count: int, most: int) -> float:
    return _LEFT + _WIDTH * math.log10(count) / math.log10(most)


def _y(recall: float) -> float:
    return _TOP + _HEIGHT * (1 - recall)
