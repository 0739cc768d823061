# SPDX-License-Identifier: Apache-2.0
"""BING in single precision with OpenCV's order of ties: what OpenCV is found to compute.

It shares the maps up to the gradient and the rounds of exact suppression with hlsgen (both are
tested by themselves), and nothing behind them: scores, ties, limit and calibration are OpenCV's.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hlsgen.engines.proposal import ProposalSpec, maps
from hlsgen.frontends.bing import binarise
from hlsgen.frontends.opencv_matrix import read_matrix
from hlsgen.model.proposal import ProposalModel
from hlsgen.stages.suppress import exact

KEYS = {"bgr": "ObjNessB2W8MAXBGR", "hsv": "ObjNessB2W8HSV", "gray": "ObjNessB2W8I"}


def scores(gradient: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Scores in single precision from the sums of the two bases."""
    basis, reals = binarise(weights)
    values = (gradient >> 4).astype(np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(values, (8, 8))
    sums = np.einsum("yxij,kij->kyx", windows, basis.astype(np.int64)).astype(np.float32)
    first, second = np.float32(reals[0]), np.float32(reals[1])
    return first * sums[0] + second * sums[1]


def kept(found: np.ndarray) -> np.ndarray:
    """Greedy suppression that takes the later one of equal scores first."""
    ranks = np.unique(found, return_inverse=True)[1].reshape(found.shape)
    return exact(ranks[::-1, ::-1].astype(np.int32))[::-1, ::-1]


def boxes(
    folder: Path, model: ProposalModel, name: str, image: np.ndarray, limit: int
) -> list[tuple[int, ...]]:
    """Boxes of a colour space, best first."""
    key = KEYS[name]
    weights, lines = (read_matrix(folder / f"{key}.{kind}.yml.gz", key) for kind in ("wS1", "wS2"))
    height, width = image.shape[:2]
    spec = ProposalSpec(width_max=width, height_max=height)
    rows = []
    for item in reversed(maps(spec, model.space(name), image)):
        found = scores(item.gradient, weights)
        order = sorted(
            ((found[y, x], y * found.shape[1] + x) for y, x in np.argwhere(kept(found))),
            reverse=True,
        )
        slope, offset = lines.astype(np.float32)[item.size.index]
        (step_x, step_y), (wide, tall) = item.size.step, item.size.window
        for value, place in order[:limit]:
            x, y = int(place) % found.shape[1] * step_x, int(place) // found.shape[1] * step_y
            corners = (x + 1, y + 1, min(x + wide, width), min(y + tall, height))
            rows.append((value * slope + offset, len(rows), corners))
    return [row[2] for row in sorted(rows, reverse=True)]
