# SPDX-License-Identifier: Apache-2.0
"""Small programs compiled with a design's HLS sources."""

from __future__ import annotations

import shutil
from pathlib import Path

from hlsgen.emit.hls import write_hls
from hlsgen.engines.mixed import MixedSpec
from hlsgen.model.graph import Model
from hlsgen.plan.design import make_design
from hlsgen.plan.image import pack_project
from hlsgen.run.csim import Job, targets_of
from hlsgen.run.csim_build import compile_program


def stages(spec: MixedSpec, folder: Path, *flags: str) -> Path:
    """Compile the stage program of a design; cached by content."""
    write_hls(spec, folder)
    shutil.copy(Path(__file__).parent / "csim_stages.cpp", folder / "csim_stages.cpp")
    return compile_program(folder, "csim_stages.cpp", flags)


def job_of(model: Model, spec: MixedSpec, folder: Path, board: str = "zedboard") -> Job:
    """Plan and pack a model on a design, without writing a project."""
    design = make_design(model, spec, board)
    image = pack_project(model, design)
    write_hls(spec, folder)
    return Job(
        model=model,
        hls=folder,
        act_bits=spec.act_bits,
        program=image.program,
        weights=image.weights,
        input_stride=image.input_bytes,
        output_stride=image.output_bytes,
        outputs=image.outputs,
        scratch_bytes=image.scratch_bytes,
        report_slots=image.report_slots,
        targets=targets_of(image.checked),
    )
