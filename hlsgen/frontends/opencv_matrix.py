# SPDX-License-Identifier: Apache-2.0
"""One matrix of OpenCV's FileStorage in gzipped YAML, read without trusting the file."""

from __future__ import annotations

import gzip
import io
import math
import re
import zlib
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
import yaml
from numpy.typing import NDArray

from hlsgen.errors import ModelError
from hlsgen.model.store_read import read_bytes

_MOST_PACKED = 1 << 16
_MOST_TEXT = 1 << 18
_MOST_ELEMENTS = 4096
_HEADER = re.compile(r"\A%YAML:1\.0\s*\n(---\s*\n)?")
_TAG = re.compile(r"!!opencv-matrix\b")


def read_matrix(path: Path, key: str) -> NDArray[np.float64]:
    """The matrix named `key` of a .yml.gz file: two axes, finite numbers."""
    text = _unpack(path)
    plain = _TAG.sub("", _HEADER.sub("", text, count=1))
    if "&" in plain or "*" in plain or "!" in plain:
        raise ModelError(f"File {path.name} must hold plain numbers, not YAML tags or aliases")
    try:
        data = yaml.load(plain, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ModelError(f"File {path.name} must be OpenCV's YAML, which this is not") from error
    record = data.get(key) if isinstance(data, dict) else None
    if not isinstance(record, dict):
        raise ModelError(f"File {path.name} must hold the matrix {key}")
    return _matrix(record, path.name)


def _unpack(path: Path) -> str:
    packed = read_bytes(path, _MOST_PACKED)
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as stream:
            raw = stream.read(_MOST_TEXT + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ModelError(
            f"File {path.name} must be a whole gzip file, which this is not; copy it again"
        ) from error
    if len(raw) > _MOST_TEXT:
        raise ModelError(f"File {path.name} must unpack to at most {_MOST_TEXT} bytes")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ModelError(f"File {path.name} must hold text, which this does not") from error


def _matrix(record: dict[Any, Any], name: str) -> NDArray[np.float64]:
    rows, cols, data = (record.get(field) for field in ("rows", "cols", "data"))
    if not _is_size(rows) or not _is_size(cols):
        raise ModelError(
            f"Matrix rows and cols must be in 1..{_MOST_ELEMENTS}, "
            f"not {rows!r:.20} and {cols!r:.20} ({name})"
        )
    count = len(data) if isinstance(data, list) else 0
    if not isinstance(data, list) or count != rows * cols or count > _MOST_ELEMENTS:
        raise ModelError(
            f"Matrix data must have rows x cols = {rows}x{cols} numbers (at most "
            f"{_MOST_ELEMENTS}), not {count} ({name})"
        )
    numbers = [_number(item) for item in data]
    if not all(math.isfinite(number) for number in numbers):
        raise ModelError(f"Matrix data must be finite numbers ({name})")
    return np.array(numbers, np.float64).reshape(rows, cols)


def _is_size(value: Any) -> TypeGuard[int]:
    return type(value) is int and 1 <= value <= _MOST_ELEMENTS


def _number(item: Any) -> float:
    """A number; YAML 1.1 reads 1e5 without a point as text, OpenCV writes `1.` and `.Inf`."""
    if isinstance(item, bool) or not isinstance(item, int | float | str):
        return math.nan
    try:
        return float(item)
    except (ValueError, OverflowError):
        return math.nan
