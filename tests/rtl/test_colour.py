# SPDX-License-Identifier: Apache-2.0
"""hg_colour: every beat equals the golden model's, at the cycle of its cost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hlsgen.model.proposal import SPACES
from hlsgen.stages import colour
from tests.rtl.beats import LANES, Beat, Want, bits, frames, joined, run, stream

pytestmark = pytest.mark.rtl


def wanted(beat: Beat, cycle: int, random: np.random.Generator) -> Want:
    """Every lane counts in a row with pixels, and none in a push job."""
    there = beat.present & (beat.job.row < beat.map.size.map[1])
    found = beat.lanes(beat.map.converted, beat.job.row, random)
    whole = np.zeros((len(found), 3), np.int64)
    whole[:, : found.shape[1]] = found
    care = bits(np.repeat(there, 3) * 255, 8)
    lanes = 24 * len(there)
    return Want(
        cycle, joined((beat.tag(), 56), (bits(whole, 8), lanes)), (1 << 56) - 1 << lanes | care
    )


@pytest.mark.parametrize("lanes_n", LANES)
def test_colour_beats_match_golden(lanes_n: int, tmp_path: Path) -> None:
    random = np.random.default_rng(lanes_n)
    latency = colour.cost(colour.ColourSpec(lanes_n=lanes_n)).latency
    lines, wants, space = [], [], 0
    for item in stream(frames(lanes_n, random), random, 0.1):
        if isinstance(item, Beat):
            wants.append(wanted(item, len(lines) + latency, random))
            pixels = bits(item.lanes(item.map.resized, item.job.row, random), 8)
            lines.append(joined((space, 2), (1, 1), (item.tag(), 56), (pixels, 24 * lanes_n)))
        elif item is None:
            lines.append(joined((space, 2), (0, 57 + 24 * lanes_n)))
        else:
            space = SPACES.index(item.space.name)
    run("colour", {"LanesN": lanes_n}, tmp_path, lines, wants, 56 + 24 * lanes_n)


PIXELS_N = 12_000


@pytest.mark.parametrize("hsv, gray", ((1, 1), (1, 0), (0, 1)), ids=("both", "hsv", "gray"))
def test_colour_pixels_match_golden(hsv: int, gray: int, tmp_path: Path) -> None:
    """Pixels with equal channels, extremes and neighbours of them, in every space that is built."""
    random = np.random.default_rng(hsv + 2 * gray)
    spec = colour.ColourSpec(lanes_n=1, hsv=bool(hsv), gray=bool(gray))
    latency = colour.cost(spec).latency
    lines, wants = [], []
    for name in spec.spaces:
        pixels = random.integers(0, 256, (PIXELS_N // len(spec.spaces), 1, 3))
        near = pixels[:, :, :1] + random.integers(-2, 3, pixels.shape)
        ends = random.choice([0, 1, 128, 254, 255], pixels.shape)
        kind = random.integers(0, 3, (len(pixels), 1, 1))
        pixels = np.choose(kind, [pixels, near.clip(0, 255), ends]).astype(np.uint8)
        for pixel, result in zip(pixels, colour.golden(spec, pixels, name), strict=True):
            wants.append(Want(len(lines) + latency, bits(result, 8), (1 << 80) - 1))
            given = (1, 1), (0, 56), (bits(pixel, 8), 24)
            lines.append(joined((SPACES.index(name), 2), *given))
        lines += [SPACES.index(name) << 81] * latency
    run("colour", {"LanesN": 1, "Hsv": hsv, "Gray": gray}, tmp_path, lines, wants, 80)
