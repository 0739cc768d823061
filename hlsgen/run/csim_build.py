# SPDX-License-Identifier: Apache-2.0
"""The C simulation as a program: compilation of a project's `hls` folder, cached by content."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Sequence
from pathlib import Path

from hlsgen.resources import resource
from hlsgen.run import tools

_OUTSIDE = "hg_outside.h"
_FLAGS = (
    *("-std=c++14", "-march=native", "-pthread", "-DHG_MONITOR"),
    *("--param", "max-completely-peel-times=8"),  # loops over rows become vectors, not scalars
)


def compile_program(folder: Path, main: str = "csim_main.cpp", flags: Sequence[str] = ()) -> Path:
    """Compile `main` of a project's `hls` folder and return the program.

    The cache key holds the sources, AMD's headers, the flags, the compiler and the processor it
    compiles for.
    """
    compiler, headers = tools.find_compiler(), tools.find_headers()
    sources = [path for path in folder.iterdir() if path.suffix in (".hpp", ".cpp")]
    flags = (*_FLAGS, tools.optimisation("-O3"), *flags, f"-isystem{headers}")
    version = tools.run([compiler, "--version"], what="The C++ compiler").stdout
    command = [str(compiler), *flags]
    around = tools.content_hash(_read_from(headers), " ".join(flags), version, _processor())
    key = tools.content_hash(sources, main, around)

    def make(target: Path) -> None:
        outside = _outside(command, around) / _OUTSIDE
        places = ["-include", str(outside), f"-I{folder}", str(folder / main), "-o", str(target)]
        tools.run([*command, *places], what="Compilation of the C simulation")

    return tools.cached(f"csim-{key}", make)


def _read_from(headers: Path) -> list[Path]:
    """The headers from outside, but for the compiler's own."""
    found = [
        path for name in ("ap_*.h", "etc/ap_*.h", "hls_stream.h") for path in headers.glob(name)
    ]
    return [resource(f"sim/runtime/{_OUTSIDE}"), *found]


def _outside(command: list[str], around: str) -> Path:
    """Folder with the precompiled headers from outside, which are most of what is read."""
    header = resource(f"sim/runtime/{_OUTSIDE}")

    def make(target: Path) -> None:
        target.mkdir()
        copied = shutil.copyfile(header, target / _OUTSIDE)
        places = ["-x", "c++-header", str(copied), "-o", f"{copied}.gch"]
        tools.run([*command, *places], what="Compilation of AMD's headers")

    return tools.cached(f"outside-{around}", make)


def _processor() -> str:
    """What -march=native looks at: a program of one processor may not run on another."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith("flags")), platform.machine())
