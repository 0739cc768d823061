# SPDX-License-Identifier: Apache-2.0
"""Projects for simulation without going through a folder for every model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hlsgen.boards import load_board
from hlsgen.emit.project import write_rtl, write_sim
from hlsgen.engines.mixed import MixedSpec
from hlsgen.model.graph import Model
from hlsgen.run.project import Project
from tests.net.csim_build import project_of


def sim_project(model: Model, spec: MixedSpec, folder: Path) -> Project:
    """A model on a design with hardware and bench on disk."""
    board = load_board("zedboard")
    rate = board.ddr_bytes_per_cycle(board.clock_hz)
    write_rtl(spec, folder / "rtl")
    write_sim(spec, folder / "sim")
    project = project_of(model, spec, folder)
    return replace(project, manifest={"board": {"ddr_bytes_per_cycle": rate}})
