# SPDX-License-Identifier: Apache-2.0
"""CIFAR-10 test images from the shared data: a tar of JPEGs, one folder a class."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ARCHIVE = "images/cifar10/cifar10_test_1000_jpg.tar"
CLASSES = 10


def images(archive: Path, each: int = 100) -> tuple[NDArray[Any], NDArray[Any]]:
    """The first `each` images of every class: uint8 [n, 32, 32, 3] RGB, labels [n]."""
    from PIL import Image

    frames, labels, taken = [], [], {}
    with tarfile.open(archive) as tar:
        names = sorted(member.name for member in tar.getmembers() if member.name.endswith(".jpg"))
        classes = sorted({name.split("/")[-2] for name in names})
        for name in names:
            label = name.split("/")[-2]
            taken[label] = taken.get(label, 0) + 1
            if taken[label] <= each:
                file = tar.extractfile(name)
                frames.append(np.asarray(Image.open(io.BytesIO(file.read())).convert("RGB")))
                labels.append(classes.index(label))
    return np.stack(frames), np.array(labels)
