# SPDX-License-Identifier: Apache-2.0
"""The proposal engine: which stages, how window sizes map on an image, and the golden of the whole.

resize -> colour -> gradient -> score -> suppress -> heap (limit) -> calibrate -> heap (top k)
-> boxes. The stages work on rows of one size at a time; what a size gives does not depend on when
its rows are computed, so the golden takes one size after the other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ParameterError
from hlsgen.model.filters import CALIBRATED_BITS, SCORE_BITS, WINDOW
from hlsgen.model.proposal import PUBLISHED_SIZES, SIDES, Space
from hlsgen.stages import boxes, calibrate, colour, gradient, heap, resize, score, suppress

PROGRAM_VERSION = 1
PIXEL_BITS = 24
_SIZE_BITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """One active window size on an image; pairs are (horizontal, vertical)."""

    index: int  # place among the active sizes of the colour space
    number: int  # r of the source
    window: tuple[int, int]  # clipped to the image
    map: tuple[int, int]  # pixels of the resized image

    @property
    def step(self) -> tuple[int, int]:
        """Image pixels of one step of the window, rounded down as published."""
        return self.window[0] // WINDOW, self.window[1] // WINDOW


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalSpec:
    """The engine's parameters: the largest image, lanes, what is kept."""

    width_max: int = 500
    height_max: int = 500
    lanes_n: int = 3
    ports_n: int = 1  # memory ports that read the image
    stream_pixels: int = 0  # of a beat of AXI4-Stream video, 1 or 2; 0: the image is in memory
    attempts_n: int = 8  # of suppression at a row, every second one that comes in
    limit_n: int = 130  # kept points of a size
    top_k: int = 1000
    sizes: tuple[int, ...] = PUBLISHED_SIZES  # for which there is room; others may take it

    def __post_init__(self) -> None:
        if not 1 <= self.limit_n <= 4096:
            raise ParameterError(f"Proposal limit_n must be in 1..4096, not {self.limit_n!r}")
        if not 1 <= self.top_k <= 4096:
            raise ParameterError(f"Proposal top_k must be in 1..4096, not {self.top_k!r}")
        if self.ports_n not in (1, 2):
            raise ParameterError(f"Proposal ports_n must be 1 or 2, not {self.ports_n!r}")
        if self.stream_pixels not in (0, 1, 2):
            raise ParameterError(
                f"Proposal stream_pixels must be 1 or 2, or 0 without a camera, "
                f"not {self.stream_pixels!r}"
            )
        if self.stream_pixels and self.ports_n != 1:
            raise ParameterError(
                f"Proposal ports_n must be 1 with a camera, not {self.ports_n!r}; "
                "leave it out, or stream_pixels"
            )
        _ = self.resize, self.suppress  # which prove the image, the lanes and the attempts

    def layout_hash(self) -> int:
        """First 8 bytes of SHA-256 over the canonical JSON of the fields and the version."""
        fields = {**asdict(self), "version": PROGRAM_VERSION}
        canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"))
        return int.from_bytes(hashlib.sha256(canonical.encode()).digest()[:8], "little")

    @property
    def map_bits(self) -> tuple[int, int]:
        """Bits of x and of y of a point on the largest map."""
        across, down = (_map_side(SIDES[0], side).bit_length() for side in self.image_max)
        return across, down

    @property
    def image_max(self) -> tuple[int, int]:
        """Largest image (horizontal, vertical)."""
        return self.width_max, self.height_max

    @property
    def line_depth(self) -> int:
        """Beats of one row of all sizes together, on the largest image."""
        return self.beats(sizes_of(self.sizes, *self.image_max))

    def beats(self, sizes: Sequence[Size]) -> int:
        """Beats of one row of each of some sizes."""
        return sum(-(-size.map[0] // self.lanes_n) for size in sizes)

    @property
    def resize(self) -> resize.ResizeSpec:
        """Specification of the stage, as are those below."""
        return resize.ResizeSpec(
            lanes_n=self.lanes_n,
            width_max=self.width_max,
            height_max=self.height_max,
            ports_n=self.ports_n,
            column_depth=self.line_depth,
        )

    @property
    def colour(self) -> colour.ColourSpec:
        """Every colour space is built."""
        return colour.ColourSpec(lanes_n=self.lanes_n)

    @property
    def gradient(self) -> gradient.GradientSpec:
        """Line memory of pixels."""
        return gradient.GradientSpec(lanes_n=self.lanes_n, line_depth=self.line_depth)

    @property
    def score(self) -> score.ScoreSpec:
        """Line memory of the gradient's top bits."""
        return score.ScoreSpec(lanes_n=self.lanes_n, line_depth=self.line_depth)

    @property
    def suppress(self) -> suppress.SuppressSpec:
        """Line memory of scores."""
        return suppress.SuppressSpec(
            lanes_n=self.lanes_n, line_depth=self.line_depth, attempts_n=self.attempts_n
        )

    @property
    def limit(self) -> heap.HeapSpec:
        """A heap a size, filled while those of the frame before are given back."""
        return heap.HeapSpec(
            heaps_n=len(self.sizes),
            entries_n=self.limit_n,
            key_w=SCORE_BITS + sum(self.map_bits),
            banks_n=2,
        )

    @property
    def calibrate(self) -> calibrate.CalibrateSpec:
        """Widths of the model."""
        return calibrate.CalibrateSpec()

    @property
    def top(self) -> heap.HeapSpec:
        """One heap of the best points of all sizes."""
        key_w = CALIBRATED_BITS + _SIZE_BITS + sum(self.map_bits)
        return heap.HeapSpec(heaps_n=1, entries_n=self.top_k, key_w=key_w)

    @property
    def boxes(self) -> boxes.BoxesSpec:
        """A record for each of the best points."""
        return boxes.BoxesSpec(boxes_n=self.top_k)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SizeMaps:
    """What the stages before suppression give for one size."""

    size: Size
    resized: NDArray[np.uint8]
    converted: NDArray[np.uint8]
    gradient: NDArray[np.uint8]
    scores: NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SizePoints:
    """What the limit and the calibration give for one size: ascending keys of the limit."""

    size: Size
    points: NDArray[np.int64]  # (n, 2) x y
    scores: NDArray[np.int64]
    values: NDArray[np.int64]  # calibrated


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Proposals:
    """Boxes of a frame, best first."""

    boxes: NDArray[np.int64]  # (n, 4) x1 y1 x2 y2, from 1, inclusive
    values: NDArray[np.int64]  # calibrated
    sizes: NDArray[np.int64]  # index of the size


def _map_side(side: int, length: int) -> int:
    """round(8 * length / side), ties to even, of a window side clipped to the image."""
    clipped = min(side, length)
    whole, rest = divmod(WINDOW * length, clipped)
    return whole + (2 * rest > clipped or (2 * rest == clipped and whole % 2 == 1))


def sizes_of(numbers: tuple[int, ...], width: int, height: int) -> tuple[Size, ...]:
    """Active sizes on an image: those of more than twice the image's side are left out."""
    found = []
    for index, number in enumerate(numbers):
        tall, wide = SIDES[number // len(SIDES)], SIDES[number % len(SIDES)]
        if tall > 2 * height or wide > 2 * width:
            continue
        found.append(
            Size(
                index=index,
                number=number,
                window=(min(wide, width), min(tall, height)),
                map=(_map_side(wide, width), _map_side(tall, height)),
            )
        )
    return tuple(found)


def check_image(image: NDArray[np.uint8], spec: ProposalSpec) -> None:
    """Refuse what is no colour image between 8x8 and the built size."""
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ParameterError(
            f"Image must be 8-bit BGR (height x width x 3), not {image.dtype} of shape "
            f"{image.shape}; convert grey or alpha first"
        )
    height, width = image.shape[:2]
    if not (WINDOW <= width <= spec.width_max and WINDOW <= height <= spec.height_max):
        raise ParameterError(
            f"Image must be {WINDOW}x{WINDOW} to {spec.width_max}x{spec.height_max} (the built "
            f"size), not {width}x{height}; scale it or build for a larger one"
        )


def maps(spec: ProposalSpec, space: Space, image: NDArray[np.uint8]) -> list[SizeMaps]:
    """The golden of every stage up to the score, by size."""
    check_image(image, spec)
    height, width = image.shape[:2]
    found = []
    for size in sizes_of(space.sizes, width, height):
        resized = resize.golden(
            spec.resize,
            image,
            resize.taps(width, size.map[0]),
            resize.taps(height, size.map[1]),
        )
        converted = colour.golden(spec.colour, resized, space.name)
        magnitude = gradient.golden(spec.gradient, converted, summed=space.name == "hsv")
        found.append(
            SizeMaps(
                size=size,
                resized=resized,
                converted=converted,
                gradient=magnitude,
                scores=score.golden(spec.score, magnitude, space.basis, space.coefficients),
            )
        )
    return found


def suppressed(
    spec: ProposalSpec, found: Sequence[SizeMaps], *, exact: bool = False
) -> list[NDArray[np.bool_]]:
    """Which points of each size are kept; `exact` is greedy, which only the golden has."""
    scores = [item.scores for item in found]
    if exact:
        return [suppress.exact(item) for item in scores]
    return suppress.golden(spec.suppress, scores)


def calibrated(
    spec: ProposalSpec,
    space: Space,
    found: Sequence[SizeMaps],
    kept: Sequence[NDArray[np.bool_]],
) -> list[SizePoints]:
    """The golden of limit and calibration, by size."""
    results = []
    for item, mask in zip(found, kept, strict=True):
        points, scores = _limited(spec, item.scores, mask)
        index = item.size.index
        values = calibrate.golden(
            spec.calibrate, scores, int(space.slope[index]), int(space.offset[index])
        )
        results.append(SizePoints(size=item.size, points=points, scores=scores, values=values))
    return results


def _limited(
    spec: ProposalSpec, scores: NDArray[np.int32], kept: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Points (x, y) and scores that the limit keeps of a size, ascending by key."""
    y, x = np.nonzero(kept)
    side_x, _ = spec.map_bits
    place = (1 << sum(spec.map_bits)) - 1 - ((y << side_x) + x)
    key = (scores[y, x].astype(np.int64) << sum(spec.map_bits)) + place
    keys = heap.golden(spec.limit, key)
    place = ~keys & ((1 << sum(spec.map_bits)) - 1)
    points = np.stack([place & ((1 << side_x) - 1), place >> side_x], axis=1)
    return points, keys >> sum(spec.map_bits)


def best(spec: ProposalSpec, sizes: Sequence[SizePoints], image: tuple[int, int]) -> Proposals:
    """The top k of all sizes by value, then size, then y, then x; with their boxes."""
    values = np.concatenate([item.values for item in sizes])
    numbers = np.concatenate([np.full(len(s.values), s.size.index, np.int64) for s in sizes])
    points = np.concatenate([item.points for item in sizes])
    corners = [
        boxes.golden(spec.boxes, s.points, step=s.size.step, window=s.size.window, image=image)
        for s in sizes
    ]
    order = np.lexsort((points[:, 0], points[:, 1], numbers, -values))[: spec.top_k]
    return Proposals(
        boxes=np.concatenate(corners)[order], values=values[order], sizes=numbers[order]
    )


def golden(
    spec: ProposalSpec, space: Space, image: NDArray[np.uint8], *, exact: bool = False
) -> Proposals:
    """Boxes of an image, best first."""
    found = maps(spec, space, image)
    points = calibrated(spec, space, found, suppressed(spec, found, exact=exact))
    return best(spec, points, (image.shape[1], image.shape[0]))
