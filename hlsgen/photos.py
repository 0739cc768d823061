# SPDX-License-Identifier: Apache-2.0
"""Photographs from image files: 8-bit BGR pixels, never more than the file may have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ModelError

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".ppm")
_MOST_SIDE = 4096
_FORMATS = ("JPEG", "PNG", "BMP", "PPM")


def read_photo(path: Path) -> NDArray[np.uint8]:
    """Decode a colour photograph to (height, width, 3) in the order blue, green, red."""
    import PIL
    from PIL import Image

    if not path.is_file():
        raise ModelError(f"Photograph must be a file that exists, not {path}")
    try:
        with Image.open(path, formats=_FORMATS) as image:
            _check(image, path)
            image.load()
            pixels = np.asarray(image, np.uint8)
    except (PIL.UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise ModelError(
            f"Photograph must be a JPEG, PNG, BMP or PPM image, which {path.name} is not"
        ) from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(
            f"Photograph must be a whole image, which {path.name} is not; copy it again"
        ) from error
    return np.ascontiguousarray(pixels[..., ::-1])


def _check(image: Any, path: Path) -> None:
    """Refuse by the header, before any pixel is decoded."""
    if max(image.size) > _MOST_SIDE:
        raise ModelError(
            f"Photograph must have at most {_MOST_SIDE} pixels a side, "
            f"not {image.size[0]}x{image.size[1]} ({path.name})"
        )
    if image.mode != "RGB":
        raise ModelError(
            f"Photograph must be 8-bit RGB, not of mode {image.mode} ({path.name}); "
            "convert grey, palette or alpha first"
        )
