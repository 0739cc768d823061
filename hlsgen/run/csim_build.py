# SPDX-License-Identifier: Apache-2.0
"""The C simulation as a program: what its configuration header says, and its compilation."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hlsgen.engines.mixed import MixedSpec
from hlsgen.run import tools

_FLAGS = ("-std=c++14", "-O3", "-march=native", "-pthread", "-DHG_MONITOR")
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


def compile_program(
    folder: Path, main: str = "csim_main.cpp", flags: Sequence[str] = (), name: str = "csim"
) -> Path:
    """Compile `main` of a project's `hls` folder; the program is cached by content.

    The cache key holds the sources, the flags, the compiler and the processor it compiles for.
    """
    compiler, headers = tools.find_compiler(), tools.find_headers()
    sources = [path for path in folder.iterdir() if path.suffix in (".hpp", ".cpp")]
    flags = (*_FLAGS, *flags)
    version = tools.run([compiler, "--version"], what="The C++ compiler").stdout
    key = tools.content_hash(sources, main, " ".join(flags), version, _processor(), str(headers))

    def make(target: Path) -> None:
        places = [f"-isystem{headers}", f"-I{folder}", str(folder / main), "-o", str(target)]
        tools.run([str(compiler), *flags, *places], what="Compilation of the C simulation")

    return tools.cached(f"{name}-{key}", make)


def _processor() -> str:
    """What -march=native looks at: a program of one processor may not run on another."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith("flags")), platform.machine())
