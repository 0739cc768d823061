# SPDX-License-Identifier: Apache-2.0
"""The elaborated hierarchy of a design: which module with which parameters every instance is.

Verilator elaborates and writes its tree as JSON; there a module stands once for each set of
parameters, so that every distinct module need be synthesised only once.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hlsgen.errors import ToolError
from hlsgen.run.tools import run
from hlsgen.run.verilate import find_verilator

_UNDRIVEN = re.compile(r"%Warning-UNDRIVEN: (?:\S*/)?([^/:\s]+\.sv):.*?'([^']+)'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hierarchy:
    """Instances of an elaborated design."""

    top: str
    modules: Mapping[str, str]  # instance path ("top.gen_row[3].u_row") -> distinct module

    @property
    def distinct(self) -> dict[str, str]:
        """One instance path for each distinct module, the first in the tree."""
        first: dict[str, str] = {}
        for path, module in self.modules.items():
            first.setdefault(module, path)
        return first


def elaborate(
    files: Sequence[Path], top: str, parameters: Mapping[str, int] | None = None
) -> Hierarchy:
    """Elaborate SystemVerilog files and return the hierarchy below `top`."""
    with tempfile.TemporaryDirectory(prefix="hlsgen-elaborate-") as folder:
        command: list[str | Path] = [
            find_verilator(),
            "--json-only",
            "-Wno-fatal",
            "-Wno-lint",
            "-DSYNTHESIS",
        ]
        command += [f"-G{name}={value}" for name, value in (parameters or {}).items()]
        command += ["-Wwarn-UNDRIVEN"]  # Yosys reads a loose net as a constant and says nothing
        command += ["--top-module", top, "--Mdir", folder, *files]
        done = run(command, what=f"Elaboration of {top}")
        _check_drivers(done.stderr)
        tree = Path(folder) / f"V{top}.tree.json"
        if not tree.is_file():
            raise ToolError(f"Verilator must write {tree.name}, not nothing; its version is 5.48")
        content = json.loads(tree.read_text(encoding="utf-8"))
    return _hierarchy(content, top)


def _check_drivers(warnings: str) -> None:
    loose = sorted({f"{file}: {net}" for file, net in _UNDRIVEN.findall(warnings)})
    if loose:
        raise ToolError(
            f"Every net must have a driver, not {len(loose)} without: {', '.join(loose[:5])}"
        )


def _hierarchy(tree: dict[str, Any], top: str) -> Hierarchy:
    modules = {node["addr"]: node for node in tree["modulesp"] if node["type"] == "MODULE"}
    root = next(node for node in modules.values() if node["name"] == top)
    paths: dict[str, str] = {}
    pending = [(top, root)]
    while pending:
        path, node = pending.pop()
        paths[path] = node["name"]
        for name, target in _cells(node["stmtsp"], ""):
            if target in modules:
                pending.append((f"{path}.{name}", modules[target]))
    return Hierarchy(top=top, modules=dict(sorted(paths.items())))


def _cells(node: Any, scope: str) -> Iterator[tuple[str, str]]:
    """Yield (name with its generate scopes, address of the module) of the cells below a node."""
    if isinstance(node, list):
        for item in node:
            yield from _cells(item, scope)
    elif isinstance(node, dict):
        if node.get("type") == "CELL":
            yield f"{scope}{node['name']}", node["modp"]
            return
        inside = f"{scope}{node['name']}." if node.get("type") == "GENBLOCK" else scope
        for value in node.values():
            if isinstance(value, (list, dict)):
                yield from _cells(value, inside)
