# SPDX-License-Identifier: Apache-2.0
"""The timeline of a profile as SVG: a lane each for what works beside one another."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from xml.sax.saxutils import escape

from hlsgen.emit.render import render

_LEFT, _TOP, _RIGHT, _LANE, _BAR = 80, 64, 30, 46, 34
_FRAME_WIDTH = 1800  # of a frame, in pixels
_LETTER = 5.6  # width of a letter of a label
_TICKS = 12  # of a frame, about
_CONTROL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """What a profile shows: its lanes, fills by kind, waits by name, which of them are hatched."""

    items: str  # the profile's key of what has a bar
    lanes: tuple[str, ...]
    fills: Mapping[str, str]
    waits: Mapping[str, str]  # key of an item
    hatched: Mapping[str, str]  # by what the legend says: key of an item


LAYERS = Style(
    items="descriptors",
    lanes=("fetch", "load", "compute", "store"),
    fills={
        "fetch": "#9c755f", "load": "#59a14f", "conv": "#4e79a7", "pool": "#76b7b2",
        "store": "#b07aa1",
    },
    waits={"weights": "wait_weights", "activations": "wait_activations", "drain": "wait_drain"},
    hatched={"waits for weights": "wait_weights", "waits for room": "wait_drain"},
)  # fmt: skip
_HATCHES = ("url(#weights)", "url(#drain)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A share of a bar: steps or beats that went, or a wait."""

    x: str
    width: str
    fill: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What one lane did for one layer of one frame without another one between."""

    x: str
    y: int
    width: str
    fill: str
    title: str
    label: str
    text_x: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A line across the picture with its text."""

    x: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """All that the template draws."""

    title: str
    width: int
    height: int
    bottom: int
    bar: int
    left: int
    lanes: tuple[tuple[str, int], ...]
    legend: tuple[tuple[str, str, int], ...]  # text, fill, place
    ticks: tuple[Mark, ...]
    frames: tuple[Mark, ...]
    bars: tuple[Bar, ...]


def timeline(profile: Mapping[str, Any], style: Style = LAYERS) -> str:
    """The picture of a profile (profile.py): bars over cycles, shares of waits hatched in them."""
    ends = [item["end"] for item in profile[style.items]]
    cycles = max([1, *profile["frame_ends"], *ends])
    inside = _FRAME_WIDTH * max(1, profile["frames"])
    scale = inside / cycles
    bottom = _TOP + _LANE * len(style.lanes)
    memory = profile["memory"]
    share = "" if memory["share"] is None else f", {100 * memory['share']:.1f} % of the memory used"
    title = f"{profile['model']}: {cycles:,} cycles for {profile['frames']} frames{share}"
    picture = Picture(
        title=_text(title),
        width=_LEFT + inside + _RIGHT,
        height=bottom + 40,
        bottom=bottom,
        bar=_BAR,
        left=_LEFT,
        lanes=tuple((lane, _TOP + _LANE * i + _BAR // 2 + 4) for i, lane in enumerate(style.lanes)),
        legend=_legend(style),
        ticks=tuple(
            Mark(x=_number(_LEFT + at * scale), text=f"{at:,}")
            for at in range(0, cycles + 1, _step(cycles // max(1, profile["frames"])))
        ),
        frames=tuple(
            Mark(x=_number(_LEFT + end * scale), text=f"frame {i} ends at {end:,}")
            for i, end in enumerate(profile["frame_ends"])
        ),
        bars=tuple(_bars(profile[style.items], style, scale)),
    )
    return render("report/profile.svg.j2", picture)


def _bars(found: list[dict[str, Any]], style: Style, scale: float) -> Iterator[Bar]:
    for place, lane in enumerate(style.lanes):
        own = [item for item in found if item["lane"] == lane]
        for (frame, layer, kind), group in groupby(
            own, lambda item: (item["frame"], item["layer"], item["kind"])
        ):
            items = list(group)
            begin, end = items[0]["begin"], items[-1]["end"]
            x, width = _LEFT + begin * scale, (end - begin) * scale
            shown = len(layer) * _LETTER < width
            yield Bar(
                x=_number(x),
                y=_TOP + _LANE * place,
                width=_number(width),
                fill=style.fills[kind],
                title=_text(_title(frame, layer, kind, items, style)),
                label=_text(layer) if shown else "",
                text_x=_number(x + width / 2),
                parts=tuple(_parts(items, x, scale, style.fills[kind], style)),
            )


def _title(frame: int, layer: str, kind: str, items: list[dict[str, Any]], style: Style) -> str:
    begin, end = items[0]["begin"], items[-1]["end"]
    busy, moved = sum(item["busy"] for item in items), sum(item["bytes"] for item in items)
    waits = ", ".join(f"{name} {sum(i[key] for i in items):,}" for name, key in style.waits.items())
    return (
        f"{layer}, frame {frame}, {kind}: cycles {begin:,} to {end:,} ({end - begin:,}), "
        f"busy {busy:,}, waits: {waits}; {moved:,} bytes"
    )


def _parts(
    items: list[dict[str, Any]], x: float, scale: float, fill: str, style: Style
) -> Iterator[Part]:
    """Shares of the bar from its left: busy, then the waits that lie within; the rest stays pale.

    A wait for activations lies before a CONV or POOL is taken, so it has no share of its bar.
    """
    fills = {"busy": fill, **dict(zip(style.hatched.values(), _HATCHES, strict=True))}
    for key, colour in fills.items():
        width = sum(item[key] for item in items) * scale
        if width > 0:
            yield Part(x=_number(x), width=_number(width), fill=colour)
        x += width


def _legend(style: Style) -> tuple[tuple[str, str, int], ...]:
    fills = {**style.fills, **dict(zip(style.hatched, _HATCHES, strict=True))}
    return tuple((name, fill, _LEFT + 140 * i) for i, (name, fill) in enumerate(fills.items()))


def _step(cycles: int) -> int:
    """The round number of cycles that gives a frame about a dozen ticks."""
    wanted = max(1, cycles // _TICKS)
    power: int = 10 ** (len(str(wanted)) - 1)
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= wanted)


def _number(value: float) -> str:
    return f"{value:.3f}"


def _text(text: str) -> str:
    """A text as XML: what XML does not know is replaced, markup is inert."""
    return escape(_CONTROL.sub("\ufffd", text), {'"': "&quot;"})
