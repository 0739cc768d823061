# SPDX-License-Identifier: Apache-2.0
"""The picture of a profile: XML, one bar a layer and frame, to scale, and inert names."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from hlsgen.run.timeline import timeline

pytestmark = pytest.mark.unit
SVG = "{http://www.w3.org/2000/svg}"
EVIL = "<script>alert('1')</script>\"&\x00"
LAYERS = ("conv", EVIL, "dense")
FRAMES = 2
LENGTHS = {"fetch": 100, "compute": 300}


def _descriptor(frame: int, layer: str, lane: str, begin: int, end: int) -> dict[str, Any]:
    return {
        "frame": frame, "descriptor": 0, "layer": layer, "lane": lane,
        "kind": "conv" if lane == "compute" else lane, "start": begin, "begin": begin, "end": end,
        "busy": (end - begin) // 2, "wait_weights": (end - begin) // 4, "wait_activations": 3,
        "wait_drain": 0, "bytes": 64,
    }  # fmt: skip


def _profile() -> dict[str, Any]:
    rows, at = [], 0
    for frame in range(FRAMES):
        for number, layer in enumerate(LAYERS, 1):
            for lane, length in LENGTHS.items():
                rows.append(_descriptor(frame, layer, lane, at, at + number * length))
            at += number * LENGTHS["compute"]
    ends = [at // FRAMES, at]
    memory = {"bytes": {}, "bytes_per_cycle": 8.0, "share": None}
    return {
        "model": EVIL, "frames": FRAMES, "frame_ends": ends, "memory": memory, "descriptors": rows,
    }  # fmt: skip


def _bars(profile: dict[str, Any]) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(timeline(profile))
    assert root.tag == f"{SVG}svg"
    return root.findall(f"{SVG}g[@class='bar']")


def test_bars_are_one_a_layer_and_frame_and_to_scale() -> None:
    profile = _profile()
    bars = _bars(profile)
    assert len(bars) == len(LENGTHS) * len(LAYERS) * FRAMES
    rows = sorted(profile["descriptors"], key=lambda row: list(LENGTHS).index(row["lane"]))
    scales, firsts = set(), set()
    for bar, row in zip(bars, rows, strict=True):
        whole, *parts = bar.findall(f"{SVG}rect")
        length = row["end"] - row["begin"]
        scales.add(round(float(whole.attrib["width"]) / length, 3))
        firsts.add(round(float(whole.attrib["x"]) - row["begin"] * max(scales), 1))
        shares = [float(part.attrib["width"]) / float(whole.attrib["width"]) for part in parts]
        assert shares == pytest.approx([0.5, 0.25], abs=1e-4)
        assert [part.attrib["fill"] for part in parts][1] == "url(#weights)"
    assert len(scales) == len(firsts) == 1


def test_descriptors_of_a_layer_share_a_bar() -> None:
    profile = _profile()
    own = profile["descriptors"]
    halves = [{**own[1], "end": 150}, {**own[1], "begin": 150}]
    assert len(_bars({**profile, "descriptors": [own[0], *halves, *own[2:]]})) == len(own)


def test_names_are_inert_and_nothing_is_fetched() -> None:
    text = timeline(_profile())
    root = ElementTree.fromstring(text)
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags == {"svg", "defs", "pattern", "path", "rect", "text", "line", "g", "title"}
    titles = [element.text or "" for element in root.iter(f"{SVG}title")]
    assert any(title.startswith(EVIL.replace("\x00", "\ufffd")) for title in titles)
    assert "href" not in text and text.count("http") == 1


def test_frames_end_where_they_end() -> None:
    root = ElementTree.fromstring(timeline(_profile()))
    frames = [float(line.attrib["x1"]) for line in root.findall(f"{SVG}line[@class='frame']")]
    assert len(frames) == FRAMES
    assert frames[1] - 80 == pytest.approx(2 * (frames[0] - 80), abs=0.01)
