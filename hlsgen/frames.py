# SPDX-License-Identifier: Apache-2.0
"""Frames and labels from .npy files: never unpickled, never larger than the file says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ModelError
from hlsgen.files import replace_file

_KINDS = "iuf"  # integers and floats


def read_frames(path: Path, most: int | None = None) -> NDArray[Any]:
    """Map an array of numbers, frames first; only the first `most` frames are taken."""
    array = _open(path)
    if array.ndim < 2 or array.shape[0] == 0 or array.dtype.kind not in _KINDS:
        raise ModelError(
            f"Frames must be an array of numbers with frames first, not {array.dtype} of shape "
            f"{array.shape} ({path})"
        )
    return array if most is None else array[:most]


def read_labels(path: Path, frames: int) -> NDArray[np.int64]:
    """One class number a frame."""
    array = _open(path)
    if array.shape != (frames,) or array.dtype.kind not in "iu":
        raise ModelError(
            f"Labels must be one whole number for each of {frames} frames, not {array.dtype} of "
            f"shape {array.shape} ({path})"
        )
    return array.astype(np.int64)


def write_frames(path: Path, array: NDArray[Any]) -> None:
    """Write an .npy file in one step."""
    with replace_file(path) as beside, beside.open("wb") as stream:
        np.save(stream, array, allow_pickle=False)


def _open(path: Path) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.lib.format.open_memmap(path, mode="r")  # refuses objects
    except FileNotFoundError as error:
        raise ModelError(f"Input must be a .npy file that exists, not {path}") from error
    except (OSError, ValueError, EOFError, SyntaxError, MemoryError, OverflowError) as error:
        raise ModelError(
            f"Input must be a whole .npy file of plain numbers, not {path}; "
            "write it with numpy.save"
        ) from error
    return array
