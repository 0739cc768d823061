# SPDX-License-Identifier: Apache-2.0
"""Small programs compiled with a design's HLS sources."""

from __future__ import annotations

import shutil
from pathlib import Path

from hlsgen.boards import load_board
from hlsgen.emit.hls import write_hls
from hlsgen.engines.mixed import MixedSpec
from hlsgen.model.graph import Model
from hlsgen.plan.design import make_design
from hlsgen.plan.image import Image, pack_project
from hlsgen.run.csim_build import compile_program
from hlsgen.run.project import Project


def stages(spec: MixedSpec, folder: Path, *flags: str) -> Path:
    """Compile the stage program of a design; cached by content."""
    write_hls(spec, folder)
    shutil.copy(Path(__file__).parent / "csim_stages.cpp", folder / "csim_stages.cpp")
    return compile_program(folder, "csim_stages.cpp", flags)


def project_of(model: Model, spec: MixedSpec, folder: Path, board: str = "zedboard") -> Project:
    """Plan and pack a model on a design as a project of which only `hls` is on disk."""
    write_hls(spec, folder / "hls")
    return project_from(model, spec, pack_project(make_design(model, spec, board)), folder)


def project_from(model: Model, spec: MixedSpec, image: Image, folder: Path) -> Project:
    """A packed model as a project, without its folder."""
    board = load_board("zedboard")
    rate = board.ddr_bytes_per_cycle(board.clock_hz)
    return Project(
        folder=folder,
        model=model,
        spec=spec,
        manifest={"board": {"ddr_bytes_per_cycle": rate}},
        program=image.program,
        weights=image.weights,
        images=image.images,
        input_bytes=image.input_bytes,
        image_step=image.image_step,
        output_bytes=image.output_bytes,
        scratch_bytes=image.scratch_bytes,
        report_slots=image.report_slots,
        outputs=image.outputs,
        checked=image.checked,
        layers=image.layers,
        split=image.split,
    )
