# SPDX-License-Identifier: Apache-2.0
"""Helpers of the tests of bad input."""

from __future__ import annotations

import hashlib
import signal
from pathlib import Path

import pytest


def matches(sentence: str, pattern: str) -> None:
    with pytest.raises(ValueError, match=pattern):
        raise ValueError(sentence)


def snapshot(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def interruptible() -> None:
    """Of a child, before it runs: a shell's background jobs inherit SIGINT as ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
