# SPDX-License-Identifier: Apache-2.0
"""The `hls` folder of a project: the C++ headers as they are, and the configuration header."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from hlsgen.emit.render import render
from hlsgen.engines.mixed import MixedSpec
from hlsgen.resources import resource

CONFIG = "config.hpp"
_PARAMETERS = (
    ("ActBits", "act_bits"),
    ("Pot4N", "pot4_n"),
    ("Fixed4N", "fixed4_n"),
    ("Fixed8N", "fixed8_n"),
    ("LanesN", "lanes_n"),
    ("PixelsN", "pixels_n"),
    ("DrainN", "drain_n"),
    ("ActDepth", "act_depth"),
    ("RingDepth", "ring_depth"),
    ("RecordDepth", "record_depth"),
    ("WeightPortsN", "weight_ports_n"),
    ("AccW", "acc_w"),
    ("MultW", "mult_w"),
    ("TapsN", "taps_n"),
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One constant of the configuration."""

    name: str
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigContext:
    """What `templates/hls/config.hpp.j2` prints."""

    parameters: tuple[Parameter, ...]
    weight_ports_n: int
    layout_hash: str


def config_context(spec: MixedSpec) -> ConfigContext:
    """Return the context of the configuration header of a design."""
    return ConfigContext(
        parameters=tuple(Parameter(name, getattr(spec, field)) for name, field in _PARAMETERS),
        weight_ports_n=spec.weight_ports_n,
        layout_hash=f"{spec.layout_hash():#018x}",
    )


def hls_sources() -> list[Path]:
    """The C++ files that every project holds, by name."""
    folder = resource("templates/hls")
    return sorted(path for path in folder.iterdir() if path.suffix in (".hpp", ".cpp"))


def write_hls(spec: MixedSpec, folder: Path) -> None:
    """Write the C++ of a design into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in hls_sources():
        shutil.copyfile(source, folder / source.name)
    text = render("hls/config.hpp.j2", config_context(spec))
    (folder / CONFIG).write_text(text, encoding="utf-8")
