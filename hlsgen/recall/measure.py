# SPDX-License-Identifier: Apache-2.0
"""Recall against the number of boxes: the share of an image's objects that a box meets.

An object counts as found by the first n boxes if one of them has an intersection over union with
it of at least a half. Recall at n is the mean over the images of the share of objects found, as
published for BING (DR-#WIN).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

COUNTS = (10, 100, 1000, 2000)
NEVER = np.iinfo(np.int64).max
# Published merge of the spaces' lists: place i of list s has rank (i + 300) * FACTORS[s].
_FACTORS = (1, 3, 5)
_LEAD = 300

Ranks = list[NDArray[np.int64]]  # of each image: for each object the place of its first box


def first_hits(boxes: NDArray[np.int64], objects: NDArray[np.int64]) -> NDArray[np.int64]:
    """Place of the first box that meets each object, or NEVER; corners are inclusive."""
    if not len(boxes):
        return np.full(len(objects), NEVER)
    low = np.maximum(boxes[:, None, :2], objects[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], objects[None, :, 2:])
    shared = np.maximum(high - low + 1, 0).prod(axis=2)
    union = _area(boxes)[:, None] + _area(objects)[None, :] - shared
    hit = 2 * shared >= union
    return np.where(hit.any(axis=0), hit.argmax(axis=0), NEVER)


def _area(boxes: NDArray[np.int64]) -> NDArray[np.int64]:
    area: NDArray[np.int64] = (boxes[:, 2:] - boxes[:, :2] + 1).prod(axis=1)
    return area


def share_of(boxes: NDArray[np.int64], reference: NDArray[np.int64], count: int) -> float:
    """Share of the first `count` boxes of a reference list that are among the first of another."""
    wanted = set(map(tuple, reference[:count].tolist()))
    return len(wanted & set(map(tuple, boxes[:count].tolist()))) / max(len(wanted), 1)


def merge(lists: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Boxes of all colour spaces in the published order of ranks; earlier spaces first."""
    ranks = [
        (np.arange(len(boxes)) + _LEAD) * factor
        for boxes, factor in zip(lists, _FACTORS, strict=False)
    ]
    order = np.argsort(np.concatenate(ranks), kind="stable")
    return np.concatenate(lists)[order]


def recall_at(ranks: Ranks, count: int) -> float:
    """Mean over images of the share of objects that the first `count` boxes meet."""
    return float(np.mean([np.mean(places < count) for places in ranks]))


def table(ranks: Ranks) -> dict[str, float]:
    """Recall at the usual counts."""
    return {str(count): round(recall_at(ranks, count), 4) for count in COUNTS}
