# SPDX-License-Identifier: Apache-2.0
"""YAML files that users write: read, matched against a schema; a fault is one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from hlsgen.errors import HlsgenError

T = TypeVar("T")


def read_yaml(path: Path, what: str, most_bytes: int, error: type[HlsgenError]) -> Any:
    """The content of a file; `what` is its name in the sentences of `error`."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(most_bytes + 1)
    except OSError as fault:
        raise error(f"{what} file must be readable, not {path} ({fault.strerror})") from fault
    if len(raw) > most_bytes:
        raise error(f"{what} file must hold at most {most_bytes} bytes ({path})")
    try:
        return yaml.safe_load(raw)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as fault:
        reason = " ".join(str(fault).split())
        raise error(f"{what} file must be plain YAML ({path}): {reason}") from fault


def matched(
    adapter: TypeAdapter[T], content: Any, what: str, where: object, error: type[HlsgenError]
) -> T:
    """Content as its schema's type; a fault names every field that does not match."""
    try:
        return adapter.validate_python(content)
    except ValidationError as fault:
        broken = "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'file'}: {item['msg']}" for item in fault.errors()
        )
        raise error(f"{what} file must match its schema ({where}): {broken}") from fault
