# SPDX-License-Identifier: Apache-2.0
"""The Model of region proposals (BING): filters and calibration in integers, by colour space.

It is a Model as the graph of layers is: immutable, on disk as model.yaml and tensors.npz. An
engine that runs it reads a program made from it, so one bitstream serves every such model.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ModelError
from hlsgen.model.filters import (
    CALIBRATED_BITS,
    CALIBRATED_SHIFT,
    COEFFICIENT_BITS,
    OFFSET_BITS,
    SCORE_BITS,
    SLOPE_BITS,
    WINDOW,
    filter_weights,
    fits,
    score_range,
)
from hlsgen.naming import NAME_RULE, is_safe

SPACES: Final = ("bgr", "hsv", "gray")  # in the order in which they are run
SIDES: Final = (16, 32, 64, 128, 256, 512)  # of the quantised windows
SIZES_N: Final = len(SIDES) ** 2
# Active sizes of the published models, the same in each colour space: those with enough examples.
PUBLISHED_SIZES: Final = (0, 1, 2, 6, 7, 8, 9, *range(12, 24), 25, 26, 27, 28, 29, 32, 33, 34, 35)
_MOST_FRACTION = 40


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Space:
    """Filter and calibration for one colour space.

    Size r is a window of SIDES[r div 6] rows and SIDES[r mod 6] columns. Score of a window:
    sum_j coefficients[j] * (sum of the gradient's top bits with the signs of basis[j]);
    calibrated: (score * slope + offset) >> CALIBRATED_SHIFT, in units of 2^-fraction_bits.
    """

    name: str
    basis: NDArray[np.int8]  # (2, 8, 8) of -1 and +1
    coefficients: tuple[int, int]
    score_unit: float  # what one unit of the integer score is in the source's numbers
    sizes: tuple[int, ...]  # active sizes, ascending
    slope: NDArray[np.int64]  # one a size
    offset: NDArray[np.int64]

    @property
    def weights(self) -> NDArray[np.int64]:
        """The 8x8 integer weights of the filter."""
        return filter_weights(self.basis, self.coefficients)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProposalModel:
    """Region proposals from one or more colour spaces."""

    name: str
    spaces: tuple[Space, ...]
    fraction_bits: int  # of a calibrated value
    source: str = ""
    notes: dict[str, float] = field(default_factory=dict)

    def space(self, name: str) -> Space:
        """The colour space of that name; ModelError lists what there is."""
        for space in self.spaces:
            if space.name == name:
                return space
        raise ModelError(
            f"Colour space must be one of {', '.join(s.name for s in self.spaces)} "
            f"(model {self.name}), not {name!r:.40}"
        )


def verify(model: ProposalModel) -> None:
    """Refuse a model that breaks a rule; every width is proven for all images."""
    if not is_safe(model.name):
        raise ModelError(f"Model name must be {NAME_RULE}, not {model.name!r:.80}")
    if not 0 <= model.fraction_bits <= _MOST_FRACTION:
        raise ModelError(
            f"Model fraction_bits must be in 0..{_MOST_FRACTION}, not {model.fraction_bits}"
        )
    names = [space.name for space in model.spaces]
    if not names or names != [name for name in SPACES if name in names]:
        raise ModelError(
            f"Model spaces must be some of {', '.join(SPACES)} in this order, not {names!r:.80}"
        )
    for space in model.spaces:
        _verify_space(space)


def _verify_space(space: Space) -> None:
    where = f"colour space {space.name}"
    count = len(space.sizes)
    shapes = space.basis.shape, space.slope.shape, space.offset.shape
    if shapes != ((2, WINDOW, WINDOW), (count,), (count,)):
        raise ModelError(
            f"Model arrays must be 2x{WINDOW}x{WINDOW}, {count} and {count} (one a size), "
            f"not {shapes!r:.80} ({where})"
        )
    if not np.isin(space.basis, (-1, 1)).all():
        raise ModelError(f"Model basis must hold only -1 and +1 ({where})")
    sizes = space.sizes
    if not sizes or list(sizes) != sorted({*sizes}) or sizes[0] < 0 or sizes[-1] >= SIZES_N:
        raise ModelError(
            f"Model sizes must be different numbers in 0..{SIZES_N - 1}, ascending, "
            f"not {list(sizes)!r:.80} ({where})"
        )
    if not np.isfinite(space.score_unit) or space.score_unit <= 0:
        raise ModelError(f"Model score_unit must be above 0, not {space.score_unit} ({where})")
    _verify_widths(space, where)


def _verify_widths(space: Space, where: str) -> None:
    if not all(fits(number, COEFFICIENT_BITS) for number in space.coefficients):
        raise ModelError(
            f"Model coefficients must fit {COEFFICIENT_BITS} bits, not {space.coefficients} "
            f"({where})"
        )
    scores = score_range(space.weights)
    checks = [("scores", SCORE_BITS, score) for score in scores]
    for slope, offset in zip(space.slope.tolist(), space.offset.tolist(), strict=True):
        checks += [("slopes", SLOPE_BITS, slope), ("offsets", OFFSET_BITS, offset)]
        checks += [
            ("calibrated values", CALIBRATED_BITS, (score * slope + offset) >> CALIBRATED_SHIFT)
            for score in scores
        ]
    for what, bits, number in checks:
        if not fits(number, bits):
            raise ModelError(f"Model {what} must fit {bits} bits, not {number} ({where})")
