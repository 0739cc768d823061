# SPDX-License-Identifier: Apache-2.0
"""Resource counts of a project with Yosys, without a vendor tool.

The design is elaborated once. Instances with equal parameters become one module, so that each is
synthesised once and counted as often as it stands in the hierarchy; nothing is flattened across
modules, which makes the counts slightly high. What is counted is the file list of the manifest:
the files that were simulated.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hlsgen.boards import Device, load_device
from hlsgen.errors import ProjectError, ToolError
from hlsgen.run import tools
from hlsgen.run.elaborate import Hierarchy, elaborate
from hlsgen.run.netlist import Netlist

LUT_HEADROOM = 0.85  # "fits": this share of the device's LUTs (DESIGN §11)
_CELL = re.compile(r"^(\s+cell )\\(\S+?)\$(\S+) (\\\S+)$")
_MODULE = re.compile(r"^module \\(\S+?)(?:\$(\S+))?$")
_MEMORY = re.compile(r"^  memory (?:width (\d+) )?(?:size (\d+) )?")
_REGISTERS_BITS = 1024  # a larger memory must not become flip-flops
_CODE_VERSION = 4


def synth(project: Path) -> dict[str, Any]:
    """Count a project's resources.

    Returns lut, ff, dsp, bram36, fits, device, levels, stages (by instance below the engine),
    shares and seconds. Raises ToolError if the netlist has black boxes, undriven nets, or a
    memory that became registers.
    """
    start = time.perf_counter()
    manifest = json.loads((project / "manifest.json").read_text(encoding="utf-8"))
    files = rtl_files(project, manifest)
    name = str(manifest["board"].get("device"))
    device = load_device(name, str(project / "manifest.json"))
    netlist = map_design(files, manifest["top"])
    figures = report(netlist, name, device)
    return {**figures, "seconds": round(time.perf_counter() - start, 1)}


def rtl_files(project: Path, manifest: Mapping[str, Any]) -> list[Path]:
    """Return the SystemVerilog files of the manifest; their hashes must be the manifest's."""
    files = [project / name for name in manifest["files"] if re.fullmatch(r"rtl/\w+\.sv", name)]
    missing = [path.name for path in files if not path.is_file()]
    if missing or not files:
        raise ProjectError(
            f"Project {project} must hold the SystemVerilog of its manifest, not lack "
            f"{', '.join(missing) or 'all of it'}; run hlsgen build again"
        )
    return files


def map_design(
    files: Sequence[Path], top: str, parameters: Mapping[str, int] | None = None
) -> Netlist:
    """Synthesise `top` for 7-series; the netlist is cached by the content of the files."""
    given = dict(parameters or {})
    key = tools.content_hash(files, top, json.dumps(given, sort_keys=True), str(_CODE_VERSION))
    found = tools.cached(f"synth/{key}.json", lambda path: _map(files, top, given, path))
    netlist = Netlist(json.loads(found.read_text(encoding="utf-8")), top)
    _check(netlist)
    return netlist


def report(netlist: Netlist, name: str, have: Device) -> dict[str, Any]:
    """Figures of a netlist on a device."""
    total = netlist.counts(netlist.top)
    shares = {
        "lut": total.lut / have.lut,
        "ff": total.ff / have.ff,
        "dsp": total.dsp / have.dsp48e1,
        "bram36": total.bram_halves / 2 / have.bram36,
    }
    fits = shares["lut"] <= LUT_HEADROOM and all(share <= 1 for share in shares.values())
    return {
        **total.figures,
        "lut_memory": total.lut_memory,
        "fits": fits,
        "device": name,
        "shares": {name: round(share, 4) for name, share in shares.items()},
        "levels": max(netlist.levels().values()),
        "stages": _stages(netlist),
    }


def _stages(netlist: Netlist) -> list[dict[str, Any]]:
    """Counts of the instances of the engine (hg_mixed), and what is left of the top."""
    engine, name = netlist.top, ""
    for instance, module in netlist.instances(netlist.top).items():
        if module.startswith("hg_mixed"):
            engine, name = module, instance
    rows: list[dict[str, Any]] = [
        {"name": instance.removeprefix("u_"), **netlist.counts(module).figures}
        for instance, module in sorted(netlist.instances(engine).items())
    ]
    total = netlist.counts(netlist.top).figures
    glue = {key: total[key] - sum(row[key] for row in rows) for key in total}
    return [*rows, {"name": "glue" if name else "top", **glue}]


def _check(netlist: Netlist) -> None:
    boxes = netlist.black_boxes()
    if boxes:
        raise ToolError(f"Netlist must hold primitives only, not {', '.join(boxes)}")


def _check_memories(rtlil: Path, netlist: Netlist) -> None:
    """Every large memory of the source must be a memory of the device in its module."""
    with rtlil.open(encoding="utf-8") as lines:
        modules = set(_memory_modules(lines))
    gone = sorted(name for name in modules if not netlist.has_memory(name))
    if gone:
        raise ToolError(
            f"Memories must map on block or distributed memory, not on registers: {', '.join(gone)}"
        )


def _memory_modules(lines: Iterable[str]) -> Iterator[str]:
    name = ""
    for line in lines:
        if line.startswith("module "):
            name = line.split()[1].removeprefix("\\")
        memory = _MEMORY.match(line)
        if memory and int(memory[1] or 1) * int(memory[2] or 1) > _REGISTERS_BITS:
            yield name


def _map(files: Sequence[Path], top: str, parameters: Mapping[str, int], target: Path) -> None:
    hierarchy = elaborate(files, top, parameters)
    with tempfile.TemporaryDirectory(prefix="hlsgen-synth-") as name:
        folder = Path(name)
        whole, merged = folder / "whole.il", folder / "merged.il"
        for path in files:  # beside the job: no path of the user's reaches a Yosys command
            shutil.copyfile(path, folder / path.name)
        job = {"files": [path.name for path in files], "parameters": dict(parameters)}
        _yosys(folder, {**job, "step": "read", "top": top, "output": whole.name})
        with whole.open(encoding="utf-8") as source, merged.open("w", encoding="utf-8") as sink:
            sink.writelines(merge(source, hierarchy))
        job = {"step": "map", "top": top, "input": merged.name, "output": "net.json"}
        _yosys(folder, job)
        netlist = folder / "net.json"
        content = json.loads(netlist.read_text(encoding="utf-8"))
        _check_memories(merged, Netlist(content, top))
        shutil.move(netlist, target)


def merge(lines: Iterator[str] | Sequence[str], hierarchy: Hierarchy) -> Iterator[str]:
    """Yield RTLIL with one module for each distinct (module, parameters) of the hierarchy.

    read_slang names the module of an instance `<module>$<path of the instance>`.
    """
    first = hierarchy.distinct
    kept = set(first.values())
    keep = True
    pending: list[str] = []  # attributes belong to the module behind them
    for line in lines:
        module = _MODULE.match(line)
        if module:
            path = module[2]
            keep = path is None or path in kept
            yield from pending if keep else ()
            pending = []
        if line.startswith("attribute "):
            pending.append(line)
            continue
        if keep:
            yield _canonical(line, hierarchy.modules, first)
        if line.startswith("end") and not line.startswith("end "):
            keep = True
    yield from pending


def _canonical(line: str, modules: Mapping[str, str], first: Mapping[str, str]) -> str:
    cell = _CELL.match(line)
    if cell is None or cell[3] not in modules:
        return line
    return f"{cell[1]}\\{cell[2]}${first[modules[cell[3]]]} {cell[4]}\n"


def _yosys(folder: Path, job: Mapping[str, Any]) -> None:
    file = folder / f"{job['step']}.json"
    file.write_text(json.dumps(job), encoding="utf-8")
    try:
        import pyosys  # noqa: F401
    except ImportError as error:
        raise ToolError(
            "Yosys must be installed, not absent (Python package pyosys); "
            "pip install 'hlsgen[synth]'"
        ) from error
    command = [sys.executable, "-m", "hlsgen.run.yosys_child", str(file)]
    tools.run(command, what=f"Yosys ({job['step']})", cwd=folder)
