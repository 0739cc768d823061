# SPDX-License-Identifier: Apache-2.0
"""Writes a project: everything that csim, sim, synth and the vendor's tools read.

The same input gives the same bytes. The folder appears whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hlsgen.boards import Board
from hlsgen.emit.hls import write_hls
from hlsgen.emit.rtl import bench_files, core_of, dut_text, module_files, top_text
from hlsgen.engines.mixed import MixedSpec
from hlsgen.engines.proposal import ProposalSpec
from hlsgen.files import replace_folder
from hlsgen.model import store
from hlsgen.model.graph import Model
from hlsgen.model.proposal import ProposalModel
from hlsgen.plan import Design, Image, pack_project, write_design
from hlsgen.resources import resource

MANIFEST_VERSION = 4


def build(design: Design, board: Board, out: Path) -> dict[str, Any]:
    """Write the project of a design into `out` and return its manifest.

    Folders: model/ (the design's), hls/, rtl/ (top `hlsgen_top`), sim/ (bench `hg_bench`), data/
    (program.bin, weights.bin, layout.json); files: design.yaml, manifest.json.
    """
    image = pack_project(design)

    def write(folder: Path) -> None:
        write_design(design, folder / "design.yaml")
        write_rtl(design.spec, folder / "rtl")
        write_sim(design.spec, folder / "sim")
        _write_data(image, folder / "data")

    return write_project(design.model, design.spec, board, out, write)


def write_project(
    model: Model | ProposalModel,
    spec: MixedSpec | ProposalSpec,
    board: Board,
    out: Path,
    write: Callable[[Path], None],
) -> dict[str, Any]:
    """What projects of all engines have; `write` adds what is the engine's own."""
    with replace_folder(out) as folder:
        store.save(model, folder / "model")
        write_hls(spec, folder / "hls")
        write(folder)
        manifest = _manifest(spec, board, folder)
        (folder / "manifest.json").write_text(json_text(manifest), encoding="utf-8")
    return manifest


def write_rtl(
    spec: MixedSpec | ProposalSpec, folder: Path, others: Mapping[str, int] | None = None
) -> None:
    """Write the SystemVerilog of a design into `folder`; its top is `hlsgen_top`.

    `others` are parameters of the core that no design has (a shorter watchdog).
    """
    copy_files(module_files([core_of(spec)]), folder)
    (folder / "hlsgen_top.sv").write_text(top_text(spec, others), encoding="utf-8")


def write_sim(spec: MixedSpec | ProposalSpec, folder: Path) -> None:
    """Write the bench of a design into `folder`; its top is `hg_bench`."""
    dut = dut_text(spec)
    copy_files(bench_files(dut), folder)
    copy_files(sorted(resource("sim/system").glob("*.py")), folder)
    (folder / "hg_dut.sv").write_text(dut, encoding="utf-8")


def _write_data(image: Image, folder: Path) -> None:
    folder.mkdir()
    (folder / "program.bin").write_bytes(image.program)
    (folder / "weights.bin").write_bytes(image.weights)
    layout = {
        "input_bytes": image.input_bytes,
        "image_step": image.image_step,
        "output_bytes": image.output_bytes,
        "scratch_bytes": image.scratch_bytes,
        "outputs": image.outputs,
        "layers": image.layers,
        "in_pieces": [asdict(split) for split in image.split],
        "checked": [asdict(item) for item in image.checked],
    }
    (folder / "layout.json").write_text(json_text(layout), encoding="utf-8")


def copy_files(paths: Iterable[Path], folder: Path) -> None:
    """Copy files into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in paths:
        shutil.copyfile(path, folder / path.name)


def _manifest(spec: MixedSpec | ProposalSpec, board: Board, folder: Path) -> dict[str, Any]:
    """What the project is, and the hash of each of its files."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        "version": MANIFEST_VERSION,
        "engine": "proposal" if isinstance(spec, ProposalSpec) else "mixed",
        "layout_hash": f"{spec.layout_hash():016x}",
        "top": "hlsgen_top",
        "board": {
            "name": board.name,
            "part": board.part,
            "device": board.device,
            "clock_hz": board.clock_hz,
            "ddr_bytes_per_cycle": board.ddr_bytes_per_cycle(board.clock_hz),
        },
        "files": {
            path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in files
            if path.name != ".hlsgen"
        },
    }


def json_text(content: dict[str, Any]) -> str:
    """JSON that is the same for the same content."""
    return json.dumps(content, indent=2, sort_keys=True) + "\n"
