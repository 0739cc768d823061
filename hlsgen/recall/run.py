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
from hlsgen.recall.measure import Ranks, first_hits, merge, share_of
from hlsgen.recall.voc import Photo

EXACT, STREAMED = "exact", "streamed"
TOGETHER = "all"
KEPT_BOXES = 1000
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """Where the objects of every image were first met, for one space and suppression."""

    space: str  # or TOGETHER
    suppression: str
    ranks: Ranks
    kept: list[float]  # of each image: share of the first boxes of exact suppression


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
        Curve(space=name, suppression=kind, ranks=[], kept=[])
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
        own = {kind: [found[kind] for found in lists] for kind in (EXACT, STREAMED)}
        boxes = {
            kind: dict(zip(names, [*own[kind], merge(own[kind])], strict=False)) for kind in own
        }
        for curve in curves:
            mine, exact = boxes[curve.suppression][curve.space], boxes[EXACT][curve.space]
            curve.ranks.append(first_hits(mine, photo.boxes))
            curve.kept.append(share_of(mine, exact, KEPT_BOXES))
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
