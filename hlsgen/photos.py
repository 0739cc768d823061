# SPDX-License-Identifier: Apache-2.0
"""Photographs from image files: 8-bit BGR pixels, never more than the file may have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ModelError
from hlsgen.files import replace_file
from hlsgen.frames import read_frames

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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """Pixels (height, width, 3), blue first, and where they come from."""

    name: str
    pixels: NDArray[np.uint8]


def read_pictures(paths: Sequence[Path]) -> list[Picture]:
    """Photographs, folders of them, and .npy frames of BGR pixels, in their order."""
    found: list[Picture] = []
    for path in paths:
        if path.is_dir():
            files = sorted(item for item in path.iterdir() if item.suffix.lower() in SUFFIXES)
            if not files:
                raise ModelError(f"Folder of photographs must hold some, not none ({path})")
            found += [Picture(name=item.name, pixels=read_photo(item)) for item in files]
        elif path.suffix.lower() == ".npy":
            found += [
                Picture(name=f"{path.name}, frame {number}", pixels=np.asarray(frame))
                for number, frame in enumerate(read_frames(path))
            ]
        else:
            found.append(Picture(name=path.name, pixels=read_photo(path)))
    return found


def draw_each(path: Path, pictures: Sequence[Picture], boxes: Sequence[NDArray[Any]]) -> None:
    """Write every picture that has boxes; of several each name gets its number."""
    for number, (item, own) in enumerate(zip(pictures, boxes, strict=True)):
        place = path if len(pictures) == 1 else path.with_stem(f"{path.stem}_{number}")
        if len(own):
            draw_boxes(place, item, own)


def draw_boxes(path: Path, picture: Picture, boxes: NDArray[Any]) -> None:
    """Write the picture with boxes (x1 y1 x2 y2, from 1, inclusive), the best ones on top."""
    from PIL import Image, ImageDraw

    if path.suffix.lower() not in SUFFIXES:
        raise ModelError(
            f"Picture to draw must end in one of {', '.join(SUFFIXES)}, not {path.name!r:.80}"
        )
    image = Image.fromarray(np.ascontiguousarray(picture.pixels[..., ::-1]))
    pen = ImageDraw.Draw(image)
    for number, box in reversed(list(enumerate(boxes))):
        fade = 255 - 200 * number // max(1, len(boxes))
        corners = [int(value) - 1 for value in box[:4]]
        pen.rectangle(corners, outline=(fade, 255 - fade, 0), width=2)
    with replace_file(path) as beside:
        image.save(beside)
