# SPDX-License-Identifier: Apache-2.0
"""The `hls` folder of a project: the C++ of its engine as it is, and the configuration header."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from hlsgen.emit.render import render
from hlsgen.emit.rtl import proposal_sizes
from hlsgen.engines.mixed import MixedSpec
from hlsgen.engines.proposal import ProposalSpec
from hlsgen.resources import resource

CONFIG = "config.hpp"
_INCLUDE = re.compile(r'^#include "(\w+\.hpp)"$', re.MULTILINE)
# The top function of an engine, and the program that simulates it: what they include goes along.
_MIXED = ("mixed.cpp", "csim_main.cpp")
_PROPOSAL = ("proposal.cpp", "proposal_main.cpp")
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
    ("WideCodes", "wide_codes"),
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One constant of the configuration."""

    name: str
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigContext:
    """What `templates/hls/config.hpp.j2` prints."""

    engine: str
    source: str  # of the parameters, in the documents
    macros: tuple[Parameter, ...]  # of the top function's ports
    parameters: tuple[Parameter, ...]
    layout_hash: str


def config_context(spec: MixedSpec | ProposalSpec) -> ConfigContext:
    """Return the context of the configuration header of a design."""
    if isinstance(spec, ProposalSpec):
        return _proposal_context(spec)
    return ConfigContext(
        engine="mixed",
        source="docs/spec/formats.md §1",
        macros=(Parameter("HG_WEIGHT_PORTS", spec.weight_ports_n),),
        parameters=tuple(Parameter(name, int(getattr(spec, field))) for name, field in _PARAMETERS),
        layout_hash=f"{spec.layout_hash():#018x}",
    )


def _proposal_context(spec: ProposalSpec) -> ConfigContext:
    """The fields, and what the spec and its stages derive from them."""
    calibrate = spec.calibrate
    values = {
        **proposal_sizes(spec),
        "SpacingN": spec.suppress.spacing_n,
        "ScoreW": calibrate.score_w,
        "ValueW": calibrate.value_w,
        "CalibrateShift": calibrate.shift,
    }
    return ConfigContext(
        engine="proposal",
        source="docs/spec/proposals.md",
        macros=(
            Parameter("HG_PORTS", spec.ports_n),
            Parameter("HG_STREAM_PIXELS", spec.stream_pixels),
        ),
        parameters=tuple(Parameter(name, value) for name, value in values.items()),
        layout_hash=f"{spec.layout_hash():#018x}",
    )


def hls_sources(spec: MixedSpec | ProposalSpec) -> list[Path]:
    """The C++ files of a design's engine, by name; its configuration is not among them."""
    folder = resource("templates/hls")
    waiting = list(_PROPOSAL if isinstance(spec, ProposalSpec) else _MIXED)
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name != CONFIG and name not in found:
            found.add(name)
            waiting += _INCLUDE.findall((folder / name).read_text(encoding="utf-8"))
    return [folder / name for name in sorted(found)]


def write_hls(spec: MixedSpec | ProposalSpec, folder: Path) -> None:
    """Write the C++ of a design into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in hls_sources(spec):
        shutil.copyfile(source, folder / source.name)
    text = render("hls/config.hpp.j2", config_context(spec))
    (folder / CONFIG).write_text(text, encoding="utf-8")
