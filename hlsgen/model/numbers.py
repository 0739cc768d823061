# SPDX-License-Identifier: Apache-2.0
"""Weight number formats and their level sets (MSQ Eq. 8, RMSMP; DESIGN §4)."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Format(IntEnum):
    """Number format of one weight row (output channel); the value is the code stored on disk."""

    FIXED8 = 0
    FIXED4 = 1
    POT4 = 2
    SP2_4 = 3
    BINARY = 4
    TERNARY = 5


_LEVELS: dict[Format, tuple[int, ...]] = {
    Format.FIXED8: tuple(range(-127, 128)),
    Format.FIXED4: tuple(range(-8, 8)),
    Format.POT4: (-64, -32, -16, -8, -4, -2, -1, 0, 1, 2, 4, 8, 16, 32, 64),
    Format.SP2_4: (-8, -6, -5, -4, -2, -1, 0, 1, 2, 4, 5, 6, 8),
    Format.BINARY: (-1, 1),
    Format.TERNARY: (-1, 0, 1),
}


def levels(fmt: Format) -> NDArray[np.int64]:
    """Return the integer levels of `fmt`, ascending; a weight is level x row scale."""
    return np.array(_LEVELS[fmt], np.int64)


def is_representable(fmt: Format, weights: NDArray[np.int64]) -> bool:
    """Return whether every integer weight is a level of `fmt`."""
    return bool(np.isin(weights, levels(fmt)).all())
