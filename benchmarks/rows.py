# SPDX-License-Identifier: Apache-2.0
"""A row of the table: published, asked, reached, and the command that shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hlsgen.errors import ModelError
from tests.conftest import ROOT, shared_root

OUT = ROOT / "build" / "bench"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure; `good` is None where nothing is asked."""

    what: str
    asked: str
    reached: str
    command: str
    good: bool | None = None
    published: str = ""  # of others, on that device


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """A function that measures; one that is not `quick` runs only with --full."""

    name: str
    run: Callable[[], list[Row]]
    quick: bool = field(default=True)


def at_most(what: str, limit: float, value: float, unit: str, command: str) -> Row:
    """A row that is good up to a limit."""
    return Row(
        what=what,
        asked=f"<= {_number(limit)} {unit}",
        reached=f"{_number(value)} {unit}",
        command=command,
        good=value <= limit,
    )


def at_least(what: str, limit: float, value: float, unit: str, command: str) -> Row:
    """A row that is good from a limit on."""
    return Row(
        what=what,
        asked=f">= {_number(limit)} {unit}",
        reached=f"{_number(value)} {unit}",
        command=command,
        good=value >= limit,
    )


def holds(what: str, value: bool, reached: str, command: str) -> Row:
    """A row about something that must be so."""
    return Row(what=what, asked="yes", reached=reached, command=command, good=value)


def told(what: str, reached: str, command: str) -> Row:
    """A row of which nothing is asked but to be told."""
    return Row(what=what, asked="reported", reached=reached, command=command)


def outside(relative: str) -> Path:
    """A file of the data from outside; one sentence when it is absent."""
    path = shared_root() / "data" / relative
    if not path.exists():
        raise ModelError(
            f"Outside data must hold {relative}, which is absent; "
            "set HLSGEN_SHARED to the folder that holds data/"
        )
    return path


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:,.3g}"
