# SPDX-License-Identifier: Apache-2.0
"""What a project of the proposal engine has of its own: design, hardware, a program a space."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hlsgen.boards import Board
from hlsgen.emit.project import json_text, write_project, write_rtl, write_sim
from hlsgen.engines.proposal_program import plan, row_bytes
from hlsgen.model.proposal import ProposalModel
from hlsgen.plan import ProposalDesign, write_proposal_design


def build_proposal(
    model: ProposalModel, design: ProposalDesign, board: Board, out: Path
) -> dict[str, Any]:
    """Write the project of a model on a design into `out` and return its manifest.

    Folders: model/ (a copy), hls/, rtl/ (top `hlsgen_top`), sim/ (bench `hg_bench`), data/ (for
    each colour space a program for the largest image, layout.json); files: design.yaml,
    manifest.json.
    """

    def write(folder: Path) -> None:
        write_proposal_design(design, folder / "design.yaml")
        write_rtl(design.spec, folder / "rtl")
        write_sim(design.spec, folder / "sim")
        _write_data(model, design, folder / "data")

    return write_project(model, design.spec, board, out, write)


def _write_data(model: ProposalModel, design: ProposalDesign, folder: Path) -> None:
    folder.mkdir()
    spec = design.spec
    programs = {space.name: f"program_{space.name}.bin" for space in model.spaces}
    for space in model.spaces:
        made = plan(spec, space, *spec.image_max)
        (folder / programs[space.name]).write_bytes(made.data)
    layout = {
        "image": list(spec.image_max),
        "row_bytes": row_bytes(spec.width_max),
        "stream_pixels": spec.stream_pixels,
        "boxes": spec.top_k,
        "programs": programs,
    }
    (folder / "layout.json").write_text(json_text(layout), encoding="utf-8")
