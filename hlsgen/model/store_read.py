# SPDX-License-Identifier: Apache-2.0
"""Reading a model's two files without trusting them."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import ValidationError

from hlsgen.errors import ModelError
from hlsgen.model.schema import (
    FORMAT_NAME,
    FORMAT_VERSION,
    AnyRecord,
    ModelRecord,
    ProposalRecord,
)

Arrays = dict[str, NDArray[Any]]

MAX_YAML_BYTES = 8 << 20
MAX_FILE_BYTES = 1 << 30
MAX_ELEMENTS = 160_000_000  # of all tensors of a model; VGG16 with its three dense layers has 138 M
_MAX_DEPTH = 16
_DTYPES = {
    "weights": "|i1",
    "formats": "|u1",
    "row_scale": "<f8",
    "basis": "|i1",
    "slope": "<i4",
    "bias": "<i4",
    "multiplier": "<i4",
    "shift": "|i1",
    "levels": "<i8",
    "table": "<i2",
    "input_levels": "<f4",
    "gain": "<f8",
    "offset": "<f8",
    "line_offset": "<i8",
}
_KINDS: dict[object, type[ModelRecord] | type[ProposalRecord]] = {
    "layers": ModelRecord,
    "proposal": ProposalRecord,
}
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_bytes(path: Path, most: int) -> bytes:
    """Content of a regular file of at most `most` bytes; links, pipes and devices are refused."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        handle = os.open(path, flags)
    except OSError as error:
        raise ModelError(
            f"File {path.name} must be a readable regular file, not refused "
            f"({os.strerror(error.errno or 0)}); check the model's folder {path.parent}"
        ) from error
    with os.fdopen(handle, "rb") as file:
        info = os.fstat(file.fileno())
        if not stat.S_ISREG(info.st_mode):
            raise ModelError(f"File {path.name} must be a regular file ({path})")
        if info.st_size > most:
            raise ModelError(
                f"File {path.name} must have at most {most} bytes, not {info.st_size} ({path})"
            )
        return file.read(most)


def read_record(path: Path) -> AnyRecord:
    """Parse and check model.yaml."""
    raw = read_bytes(path, MAX_YAML_BYTES)
    try:
        text = raw.decode("utf-8")
        _check_events(text)
        data = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(
            f"File {path.name} must be readable YAML, not this: {_line(error)}"
        ) from error
    if not isinstance(data, dict) or data.get("format") != FORMAT_NAME:
        raise ModelError(f"File {path.name} must start with 'format: {FORMAT_NAME}' ({path})")
    if data.get("version") != FORMAT_VERSION:
        raise ModelError(
            f"File {path.name} must have version {FORMAT_VERSION}, "
            f"not {data.get('version')!r:.40}; "
            "import the model again with this hlsgen"
        )
    return _validated(data, path)


def _validated(data: dict[str, Any], path: Path) -> AnyRecord:
    kind = data.get("kind", "layers")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise ModelError(
            f"File {path.name} must have a kind of {', '.join(map(str, _KINDS))}, not {kind!r:.40}"
        )
    try:
        return _KINDS[kind].model_validate(data)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        listed = "; ".join(
            f"{'.'.join(str(part) for part in item['loc'])[:120]}: {item['msg']}"
            for item in found[:20]
        )
        raise ModelError(
            f"File {path.name} must keep the model's fields, not break {len(found)}: {listed}"
        ) from error


def _check_events(text: str) -> None:
    """Refuse aliases (they multiply on use) and deep nesting before any object is made."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            raise ModelError("File model.yaml must not use aliases (*name); write values out")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _MAX_DEPTH:
            raise ModelError(f"File model.yaml must nest at most {_MAX_DEPTH} levels deep")


def read_tensors(path: Path, expected: set[str], digest: str) -> Arrays:
    """Read exactly the expected arrays of an .npz; headers are checked before data is read."""
    raw = read_bytes(path, MAX_FILE_BYTES)
    if hashlib.sha256(raw).hexdigest() != digest:
        raise ModelError(
            f"File {path.name} must be the one that model.yaml was saved with (sha256 differs); "
            "import the model again"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = _members(archive, expected, path)
            return {name: _read_array(archive, info) for name, info in members.items()}
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError, RuntimeError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(
            f"File {path.name} must be a whole .npz, not this: {_line(error)}"
        ) from error
    except (NotImplementedError, OverflowError, MemoryError) as error:
        raise ModelError(
            f"File {path.name} must be a plain .npz, not this: {_line(error)}"
        ) from error


def _members(
    archive: zipfile.ZipFile, expected: set[str], path: Path
) -> dict[str, zipfile.ZipInfo]:
    infos = archive.infolist()
    found = {info.filename.removesuffix(".npy"): info for info in infos}
    if len(found) != len(infos) or set(found) != expected:
        odd = sorted(set(found) ^ expected)[:5]
        raise ModelError(
            f"File {path.name} must hold one array for each layer's fields, once; "
            f"these are missing, unknown or doubled: {', '.join(ascii(name) for name in odd)}"
        )
    for info in infos:
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ModelError(f"Array {info.filename} must be stored or deflated ({path.name})")
    total = sum(info.file_size for info in infos)
    if total > 8 * MAX_ELEMENTS:
        raise ModelError(
            f"File {path.name} must unpack to at most {8 * MAX_ELEMENTS} bytes, not {total}"
        )
    sizes = {name: _claimed_elements(archive, name, info) for name, info in found.items()}
    if sum(sizes.values()) > MAX_ELEMENTS:
        raise ModelError(
            f"File {path.name} must hold at most {MAX_ELEMENTS} elements, not {sum(sizes.values())}"
        )
    return found


def _claimed_elements(archive: zipfile.ZipFile, name: str, info: zipfile.ZipInfo) -> int:
    """Elements an array's header claims; refused if they do not fill the member exactly."""
    with archive.open(info) as member:
        shape, dtype = _header(member, name)
        count = 1
        for size in shape:
            count *= size
        if member.tell() + count * dtype.itemsize != info.file_size:
            raise ModelError(
                f"Array {name} must fill its file, not claim {count} elements in "
                f"{info.file_size} bytes"
            )
    return count


def _header(member: IO[bytes], name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    if np.lib.format.read_magic(member) != (1, 0):
        raise ModelError(f"Array {name} must be in .npy version 1.0")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(member)
    want = np.dtype(_DTYPES[name.split(".", 1)[1]])
    if dtype != want or fortran:
        raise ModelError(f"Array {name} must be {want} in C order, not {dtype}")
    if len(shape) > 4 or any(not 0 <= size < 1 << 31 for size in shape):
        raise ModelError(f"Array {name} must have at most 4 axes, not shape {shape!r:.80}")
    return tuple(int(size) for size in shape), want


def _read_array(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> NDArray[Any]:
    with archive.open(info) as member:
        shape, dtype = _header(member, info.filename.removesuffix(".npy"))
        return np.frombuffer(member.read(), dtype).reshape(shape)


def _line(error: BaseException) -> str:
    """First words of an error, printable and on one line."""
    text = " ".join(str(error).split())[:200]
    return "".join(char if char.isprintable() else "?" for char in text) or type(error).__name__
