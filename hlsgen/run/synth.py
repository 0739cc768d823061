# SPDX-License-Identifier: Apache-2.0
"""Resource counts of a project with Yosys, without a vendor tool.

The design is elaborated once. Instances with equal parameters become one module, so that each is
synthesised once and counted as often as it stands in the hierarchy; nothing is flattened across
modules, which makes the counts slightly high. The largest stages are mapped one by one, and each
netlist is kept by its content. What is counted is the file list of the manifest: the files that
were simulated.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hlsgen.boards import LUT_HEADROOM, Device, load_device
from hlsgen.errors import ProjectError, ToolError
from hlsgen.run import registers, rtlil, tools
from hlsgen.run.elaborate import Hierarchy, elaborate
from hlsgen.run.netlist import Netlist
from hlsgen.run.paths import Paths

_ENGINE = "u_core"  # the engine's instance in the top
_WIRES = ("hg_proposal_front", "hg_rank")  # hold stages and nothing else
# Mapped on their own: most of the work, and the same in many designs. A run of Yosys takes some
# seconds by itself, so the rest shares one.
_ARRAY = "hg_array"
_APART = (_ARRAY, "hg_requant", "hg_suppress", "hg_heap", "hg_resize")
_REGISTERS_BITS = 1024  # a larger memory must not become flip-flops
_CODE_VERSION = 6


def synth(project: Path) -> dict[str, Any]:
    """Count a project's resources.

    Returns lut, ff, dsp, bram36, fits, device, shares, seconds and, by instance below the engine,
    stages. `levels` is the most LUTs in a row between registers, `fanout` the most loads of a net
    of the array, `dsp_unregistered` names the DSP48E1 without registers. Raises ToolError if the
    netlist has black boxes, undriven nets, or a memory that became registers.
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
    paths = Paths(netlist)
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
        **_structure(netlist, paths),
        "stages": _stages(netlist, paths),
    }


def _structure(netlist: Netlist, paths: Paths) -> dict[str, Any]:
    """Logic levels, fan-out of the array, registers of DSPs and block memories."""
    arrays = [name for name in netlist.modules if name.startswith(_ARRAY)]
    fanout, net = max((paths.fanout(name) for name in arrays), default=(None, None))
    return {
        "levels": paths.levels(netlist.top),
        "levels_array": max(map(paths.levels, arrays), default=None),
        "fanout": fanout,
        "fanout_net": net,
        "dsp_unregistered": registers.unregistered_dsps(netlist),
        **registers.block_memories(netlist),
    }


def _stages(netlist: Netlist, paths: Paths) -> list[dict[str, Any]]:
    """Figures of the instances of the engine, and what is left of the top."""
    engine = netlist.instances(netlist.top).get(_ENGINE)
    rows: list[dict[str, Any]] = [
        {
            "name": name,
            **netlist.counts(module).figures,
            "levels": paths.levels(module),
            "fanout": paths.fanout(module)[0],
        }
        for name, module in sorted(_instances(netlist, engine or netlist.top))
    ]
    total = netlist.counts(netlist.top).figures
    glue = {key: total[key] - sum(row[key] for row in rows) for key in total}
    return [*rows, {"name": "glue" if engine else "top", **glue}]


def _instances(netlist: Netlist, module: str) -> Iterator[tuple[str, str]]:
    """Stages below a module by name; those of a module that only wires are named themselves."""
    for instance, kind in netlist.instances(module).items():
        if kind.split("$")[0] in _WIRES:
            yield from _instances(netlist, kind)
        else:
            yield stage_name(instance), kind


def stage_name(instance: str) -> str:
    """What an instance is called: also one of several that a design may have in its place."""
    return re.sub(r"^(gen_\w+\.)?u_", "", instance)


def _check(netlist: Netlist) -> None:
    boxes = netlist.black_boxes()
    if boxes:
        raise ToolError(f"Netlist must hold primitives only, not {', '.join(boxes)}")


def _map(files: Sequence[Path], top: str, parameters: Mapping[str, int], target: Path) -> None:
    """Map the largest stages one by one, so that each is mapped once and kept."""
    hierarchy = elaborate(files, top, parameters)
    modules = _read(files, top, parameters, hierarchy)
    stages = _apart(modules, top)
    rest = rtlil.closure(modules, top, stages)
    content: dict[str, Any] = {}
    for stage in stages:
        content |= _mapped(stage, rtlil.closure(modules, stage), ())
    content |= _mapped(top, rest, [modules[name] for name in stages])
    _check_memories(modules, Netlist({"modules": content}, top))
    target.write_text(json.dumps({"modules": content}), encoding="utf-8")


def _read(
    files: Sequence[Path], top: str, parameters: Mapping[str, int], hierarchy: Hierarchy
) -> dict[str, rtlil.Module]:
    with tempfile.TemporaryDirectory(prefix="hlsgen-synth-") as name:
        folder = Path(name)
        for path in files:  # beside the job: no path of the user's reaches a Yosys command
            shutil.copyfile(path, folder / path.name)
        job = {"files": [path.name for path in files], "parameters": dict(parameters)}
        _yosys(folder, {**job, "step": "read", "top": top, "output": "whole.il"})
        with (folder / "whole.il").open(encoding="utf-8") as lines:
            return rtlil.read_modules(lines, hierarchy)


def _apart(modules: Mapping[str, rtlil.Module], top: str) -> list[str]:
    """Modules that are mapped on their own, if they are not the top."""
    return sorted(name for name, one in modules.items() if one.stem in _APART and name != top)


def _mapped(
    top: str, parts: Sequence[rtlil.Module], stubs: Sequence[rtlil.Module]
) -> dict[str, Any]:
    """Modules of the netlist of `parts` below `top`, from the cache if they were mapped before."""
    source = rtlil.text(parts, stubs)
    key = hashlib.sha256(f"{_CODE_VERSION}\0{top}\0{source}".encode()).hexdigest()[:20]

    def make(target: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="hlsgen-synth-") as name:
            folder = Path(name)
            (folder / "parts.il").write_text(source, encoding="utf-8")
            job = {"step": "map", "top": top, "input": "parts.il", "output": "net.json"}
            _yosys(folder, job)
            shutil.move(folder / "net.json", target)

    found = tools.cached(f"synth/part-{key}.json", make)
    modules: dict[str, Any] = json.loads(found.read_text(encoding="utf-8"))["modules"]
    return {part.name: modules[part.name] for part in parts}


def _check_memories(modules: Mapping[str, rtlil.Module], netlist: Netlist) -> None:
    """Every large memory of the source must be a memory of the device in its module."""
    large = [name for name, one in modules.items() if one.memory_bits() > _REGISTERS_BITS]
    gone = sorted(modules[name].stem for name in large if not netlist.has_memory(name))
    if gone:
        raise ToolError(
            f"Memories must map on block or distributed memory, not on registers: {', '.join(gone)}"
        )


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
