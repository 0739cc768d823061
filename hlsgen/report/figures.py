# SPDX-License-Identifier: Apache-2.0
"""Figures of a project: estimates (computed) and measurements (counted), two types never mixed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

import numpy as np

from hlsgen.errors import ProjectError
from hlsgen.files import write_text

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

REPORT_FILE = "report.json"
_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What the cost model says of a design, before anything has run."""

    KEYS: ClassVar[tuple[str, ...]] = (
        "fits",
        "binding",
        "worst_layer",
        "cycles_per_frame",
        "fps",
        "lut",
        "ff",
        "dsp",
        "bram36",
        "bytes",
    )
    figures: dict[str, Json]

    def __post_init__(self) -> None:
        _check("estimate", self.figures, self.KEYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What a run of csim, sim or synth counted and compared."""

    KEYS: ClassVar[dict[str, tuple[str, ...]]] = {
        "csim": ("equal", "frames", "tensors_compared", "outputs", "wall_s"),
        "sim": (
            "equal",
            "frames",
            "tensors_compared",
            "outputs",
            "wall_s",
            "compile_s",
            "cycles",
            "latency_cycles",
            "cycles_per_frame",
            "utilisation",
            "layers",
        ),
        "synth": ("lut", "ff", "dsp", "bram36", "fits", "device", "levels", "stages"),
    }
    command: str
    figures: dict[str, Json]

    def __post_init__(self) -> None:
        if self.command not in self.KEYS:
            raise ProjectError(
                f"Measurement command must be one of {', '.join(self.KEYS)}, not {self.command!r}"
            )
        _check(self.command, self.figures, self.KEYS[self.command])


def record(folder: Path, figures: Estimate | Measurement) -> None:
    """Put the newest figures of their kind into the project's report.json."""
    report = read(folder)
    if isinstance(figures, Estimate):
        report["estimate"] = figures.figures
    else:
        measured = report["measurements"]
        report["measurements"] = {**_mapping(measured), figures.command: figures.figures}
    write_text(folder / REPORT_FILE, json.dumps(report, indent=1, sort_keys=True) + "\n")


def read(folder: Path) -> dict[str, Json]:
    """The project's report, or an empty one."""
    path = folder / REPORT_FILE
    empty: dict[str, Json] = {"version": _VERSION, "estimate": None, "measurements": {}}
    if not path.is_file():
        return empty
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return empty  # a damaged report is only a record: the next figures start a new one
    return report if isinstance(report, dict) and report.get("version") == _VERSION else empty


def plain(value: Any) -> Json:
    """Numbers, texts, paths, lists and mappings as JSON holds them; infinities become None."""
    if isinstance(value, np.generic | np.ndarray):
        return plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    return str(value)


def _check(command: str, figures: Mapping[str, Json], keys: tuple[str, ...]) -> None:
    missing = [key for key in keys if key not in figures]
    if missing:
        raise ProjectError(f"Figures of {command} must hold {', '.join(missing)}, which is absent")


def _mapping(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}
