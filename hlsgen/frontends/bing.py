# SPDX-License-Identifier: Apache-2.0
"""BING models as OpenCV trains them: a folder of three files a colour space.

`ObjNessB2W8<SPACE>.wS1.yml.gz` is the 8x8 filter, `.idx` the active sizes, `.wS2` slope and offset
of each. The filter becomes two binary bases with integer coefficients, the calibration fixed point.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ModelError
from hlsgen.frontends.opencv_matrix import read_matrix
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
from hlsgen.model.proposal import SIZES_N, SPACES, ProposalModel, Space, verify

_PREFIX = "ObjNessB2W8"
_SOURCE_NAMES = {"bgr": "MAXBGR", "hsv": "HSV", "gray": "I"}
_KINDS = ("wS1", "idx", "wS2")
_MOST_FRACTION = 28  # bits of a calibrated value behind the point

Bases = tuple[NDArray[np.int8], tuple[float, float]]


def load_bing(folder: Path) -> ProposalModel:
    """Import every colour space of which the folder holds files."""
    found = [name for name in SPACES if any(_path(folder, name, kind).exists() for kind in _KINDS)]
    if not found:
        wanted = ", ".join(f"{_PREFIX}{name}" for name in _SOURCE_NAMES.values())
        raise ModelError(
            f"Model folder must hold the files wS1, idx and wS2 of one of {wanted}, "
            f"not others ({folder})"
        )
    spaces, lines = [], {}
    for name in found:
        space, lines[name] = _read_space(folder, name)
        spaces.append(space)
    fraction = _fraction_bits(spaces, lines)
    model = ProposalModel(
        name="bing",
        spaces=tuple(_calibrated(space, lines[space.name], fraction) for space in spaces),
        fraction_bits=fraction,
        source=f"OpenCV BING: {', '.join(_SOURCE_NAMES[name] for name in found)}",
    )
    verify(model)
    return model


def _path(folder: Path, name: str, kind: str) -> Path:
    return folder / f"{_PREFIX}{_SOURCE_NAMES[name]}.{kind}.yml.gz"


def _read_space(folder: Path, name: str) -> tuple[Space, NDArray[np.float64]]:
    """A space without its calibration, and the lines (slope, offset) that are to become it."""
    key = f"{_PREFIX}{_SOURCE_NAMES[name]}"
    missing = [kind for kind in _KINDS if not _path(folder, name, kind).exists()]
    if missing:
        raise ModelError(
            f"Model folder must hold {key}.{missing[0]}.yml.gz, which is missing; "
            f"a colour space needs all of {', '.join(_KINDS)} ({folder})"
        )
    weights, sizes, lines = (read_matrix(_path(folder, name, kind), key) for kind in _KINDS)
    if weights.shape != (WINDOW, WINDOW):
        raise ModelError(
            f"Filter {key}.wS1 must be {WINDOW}x{WINDOW}, not {weights.shape[0]}x{weights.shape[1]}"
        )
    numbers = _sizes(sizes, key)
    if lines.shape != (len(numbers), 2):
        raise ModelError(
            f"Calibration {key}.wS2 must be {len(numbers)}x2 (a line for each size of {key}.idx), "
            f"not {lines.shape[0]}x{lines.shape[1]}"
        )
    order = np.argsort(numbers)
    basis, reals = binarise(weights)
    coefficients, unit = integer_coefficients(basis, reals)
    zeros = np.zeros(len(numbers), np.int64)
    space = Space(
        name=name,
        basis=basis,
        coefficients=coefficients,
        score_unit=unit,
        sizes=tuple(sorted(numbers)),
        slope=zeros,
        offset=zeros,
    )
    return space, lines[order]


def _sizes(matrix: NDArray[np.float64], key: str) -> list[int]:
    numbers = [int(value) for value in matrix.ravel()]
    whole = np.array_equal(matrix.ravel(), numbers)
    if 1 not in matrix.shape or not whole or len({*numbers}) != len(numbers):
        raise ModelError(f"Sizes {key}.idx must be one column of different whole numbers")
    if min(numbers) < 0 or max(numbers) >= SIZES_N:
        raise ModelError(
            f"Sizes {key}.idx must be in 0..{SIZES_N - 1}, not {min(numbers)}..{max(numbers)}"
        )
    return numbers


def binarise(weights: NDArray[np.float64]) -> Bases:
    """Two bases of signs with their mean magnitudes: the second is that of what the first leaves.

    In single precision, as the published code does it, so that the signs are the same.
    """
    rest = weights.astype(np.float32)
    bases, reals = [], []
    for _ in range(2):
        signs = np.where(rest >= 0, 1, -1).astype(np.int8)
        mean = np.float32(np.abs(rest).sum(dtype=np.float64) / rest.size)
        bases.append(signs)
        reals.append(float(mean))
        rest = rest - mean * signs.astype(np.float32)
    return np.stack(bases), (reals[0], reals[1])


def integer_coefficients(
    basis: NDArray[np.int8], reals: tuple[float, float]
) -> tuple[tuple[int, int], float]:
    """The pair of integers whose ratio is nearest to that of the reals, and the unit of a score.

    Of all pairs whose scores fit; the smallest pair if several are equally near.
    """
    if not reals[0] > 0:
        raise ModelError("Filter wS1 must not be zero everywhere")
    ratio, best = reals[1] / reals[0], (np.inf, (1, 0))
    for first in range(1, 1 << (COEFFICIENT_BITS - 1)):
        pair = (first, round(ratio * first))
        if not all(fits(score, SCORE_BITS) for score in score_range(filter_weights(basis, pair))):
            break
        best = min(best, (abs(pair[1] / first - ratio), pair))
    return best[1], reals[0] / best[1][0]


def _fraction_bits(spaces: list[Space], lines: dict[str, NDArray[np.float64]]) -> int:
    """As many bits behind the point as every slope and calibrated value leaves room for."""
    for bits in range(_MOST_FRACTION, -1, -1):
        if all(_fits(_calibrated(space, lines[space.name], bits)) for space in spaces):
            return bits
    raise ModelError(
        "Calibration wS2 must be so small that slopes and values fit their widths, "
        f"not up to {max(float(np.abs(table).max()) for table in lines.values()):.3g}"
    )


def _calibrated(space: Space, lines: NDArray[np.float64], fraction: int) -> Space:
    scale = float(1 << (fraction + CALIBRATED_SHIFT))
    slope = np.rint(lines[:, 0] * space.score_unit * scale)
    offset = np.rint(lines[:, 1] * scale) + (1 << (CALIBRATED_SHIFT - 1))
    return Space(
        name=space.name,
        basis=space.basis,
        coefficients=space.coefficients,
        score_unit=space.score_unit,
        sizes=space.sizes,
        slope=np.clip(slope, -(2.0**62), 2.0**62).astype(np.int64),
        offset=np.clip(offset, -(2.0**62), 2.0**62).astype(np.int64),
    )


def _fits(space: Space) -> bool:
    scores = score_range(space.weights)
    return all(
        fits(slope, SLOPE_BITS)
        and fits(offset, OFFSET_BITS)
        and all(fits((s * slope + offset) >> CALIBRATED_SHIFT, CALIBRATED_BITS) for s in scores)
        for slope, offset in zip(space.slope.tolist(), space.offset.tolist(), strict=True)
    )
