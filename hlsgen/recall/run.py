# SPDX-License-Identifier: Apache-2.0
"""Recall of a model on photographs: every colour space, exact and streamed suppression."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hlsgen.engines.proposal import ProposalSpec, best, calibrated, maps, suppressed
from hlsgen.errors import ParameterError
from hlsgen.model.filters import WINDOW
from hlsgen.model.proposal import ProposalModel, Space
from hlsgen.photos import read_photo
from hlsgen.recall.measure import Ranks, first_hits, merge
from hlsgen.recall.voc import Photo

EXACT, STREAMED = "exact", "streamed"
TOGETHER = "all"
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """Where the objects of every image were first met, for one space and suppression."""

    space: str  # or TOGETHER
    suppression: str
    ranks: Ranks


def measure(
    model: ProposalModel,
    photos: Sequence[Photo],
    spec: ProposalSpec,
    progress: Progress = lambda _: None,
) -> list[Curve]:
    """Curves of each space, then of all together: their passes one after the other, merged."""
    names = [space.name for space in model.spaces]
    names += [TOGETHER] if len(names) > 1 else []
    curves = [
        Curve(space=name, suppression=kind, ranks=[])
        for name in names
        for kind in (EXACT, STREAMED)
    ]
    for number, photo in enumerate(photos, 1):
        progress(f"photograph {number} of {len(photos)}")
        image = read_photo(photo.path)
        try:
            lists = [_boxes(space, image, spec) for space in model.spaces]
        except ParameterError as error:
            raise ParameterError(f"{error} (photograph {photo.path.name})") from error
        for kind in (EXACT, STREAMED):
            own = [found[kind] for found in lists]
            for name, boxes in zip(names, [*own, merge(own)], strict=False):
                (curve,) = (c for c in curves if (c.space, c.suppression) == (name, kind))
                curve.ranks.append(first_hits(boxes, photo.boxes))
    return curves


def _boxes(
    space: Space, image: NDArray[np.uint8], spec: ProposalSpec
) -> dict[str, NDArray[np.int64]]:
    """Boxes of an image, best first, by suppression; the maps are computed once."""
    height, width = image.shape[:2]
    sized = replace(spec, width_max=max(width, WINDOW), height_max=max(height, WINDOW))
    found = maps(sized, space, image)
    return {
        kind: best(
            sized,
            calibrated(sized, space, found, suppressed(sized, found, exact=kind == EXACT)),
            (width, height),
        ).boxes
        for kind in (EXACT, STREAMED)
    }
