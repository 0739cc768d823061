# SPDX-License-Identifier: Apache-2.0
"""Photographs with annotated objects in PASCAL VOC's layout, read without trusting them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ModelError
from hlsgen.photos import SUFFIXES

_ANNOTATIONS = ("Annotations", "annotations")
_IMAGES = ("JPEGImages", "images")
_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_MOST_BYTES = 1 << 20
_MOST_OBJECTS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Photo:
    """A photograph and the boxes of its objects, those marked difficult left out."""

    path: Path
    boxes: NDArray[np.int64]  # (n, 4) x1 y1 x2 y2, from 1, inclusive


def read_voc(folder: Path) -> list[Photo]:
    """Annotated photographs of a folder in the order of their names, if they hold an object."""
    annotations = _one_of(folder, _ANNOTATIONS)
    images = {
        path.stem: path
        for path in sorted(_one_of(folder, _IMAGES).iterdir())
        if path.suffix.lower() in SUFFIXES
    }
    photos = []
    for path in sorted(annotations.glob("*.xml")):
        if path.stem not in images:
            raise ModelError(
                f"Annotation {path.name} must have a photograph of its name, which is missing "
                f"({folder})"
            )
        photos.append(Photo(path=images[path.stem], boxes=read_boxes(path)))
    if not photos:
        raise ModelError(f"VOC folder must hold annotations (*.xml), not none ({annotations})")
    return [photo for photo in photos if len(photo.boxes)]


def read_boxes(path: Path) -> NDArray[np.int64]:
    """Boxes of the objects of an annotation that are not marked difficult."""
    root = _parse(path)
    objects = root.findall("object")
    if len(objects) > _MOST_OBJECTS:
        raise ModelError(f"Annotation {path.name} must have at most {_MOST_OBJECTS} objects")
    wanted = [item for item in objects if (item.findtext("difficult") or "0").strip() != "1"]
    return np.array([_corners(item, path) for item in wanted], np.int64).reshape(-1, 4)


def _corners(item: ElementTree.Element, path: Path) -> list[int]:
    texts = [(item.findtext(f"bndbox/{name}") or "").strip()[:20] for name in _CORNERS]
    try:
        corners = [round(float(text)) for text in texts]
    except (ValueError, OverflowError) as error:
        raise ModelError(
            f"Annotation {path.name} must give {', '.join(_CORNERS)} of each object as numbers, "
            f"not {texts}"
        ) from error
    if not (0 <= corners[0] <= corners[2] <= 1 << 16 and 0 <= corners[1] <= corners[3] <= 1 << 16):
        raise ModelError(
            f"Annotation {path.name} must have corners in order within 65536, not {corners}"
        )
    return corners


def _parse(path: Path) -> ElementTree.Element:
    raw = path.read_bytes()[: _MOST_BYTES + 1]
    if len(raw) > _MOST_BYTES:
        raise ModelError(f"Annotation {path.name} must have at most {_MOST_BYTES} bytes")
    if b"<!" in raw.replace(b"<!--", b""):  # entities multiply on use
        raise ModelError(f"Annotation {path.name} must not declare a document type")
    try:
        return ElementTree.fromstring(raw)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise ModelError(f"Annotation {path.name} must be XML, which this is not") from error


def _one_of(folder: Path, names: tuple[str, ...]) -> Path:
    for name in names:
        if (folder / name).is_dir():
            return folder / name
    raise ModelError(f"VOC folder must hold a folder {' or '.join(names)}, not neither ({folder})")
