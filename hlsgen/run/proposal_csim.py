# SPDX-License-Identifier: Apache-2.0
"""C simulation of a proposal project: photographs through its C++, every stage against golden."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hlsgen.model.proposal import Space
from hlsgen.photos import Picture
from hlsgen.run.csim_build import compile_program
from hlsgen.run.proposal_project import (
    Judged,
    ProposalProject,
    checked_pictures,
    figures_of,
    judged,
    load_proposal_project,
    starts_of,
)
from hlsgen.run.proposal_run import run_starts
from hlsgen.run.proposal_streams import joined

_BATCH = 8  # frames of a process: their streams are held in memory
_MAIN = "proposal_main.cpp"


def csim_proposal(
    folder: Path,
    pictures: Sequence[Picture] | None = None,
    frames: int | None = None,
    space: str | None = None,
) -> dict[str, Any]:
    """Run photographs through the project's C++ and compare every stage's stream with golden.

    Returns the keys of DESIGN §7; `values` holds the boxes, `pictures` what was run.
    """
    begin = time.perf_counter()
    project = load_proposal_project(folder)
    chosen = project.space(space)
    shown = checked_pictures(project.spec, pictures, frames)
    program = compile_program(project.folder / "hls", _MAIN)
    compiled = time.perf_counter()
    result, seconds = simulate(project, chosen, [item.pixels for item in shown], program)
    return {
        **figures_of(project, chosen, shown, result),
        "compile_s": round(compiled - begin, 3),
        "simulation_s": round(seconds, 3),
        "frames_per_second": round(len(shown) / max(seconds, 1e-9), 1),
        "wall_s": round(time.perf_counter() - begin, 3),
    }


def simulate(
    project: ProposalProject,
    space: Space,
    images: Sequence[NDArray[np.uint8]],
    program: Path,
) -> tuple[Judged, float]:
    """Run images, a batch of them at a time; the seconds are those of the C++ alone."""
    parts: list[Judged] = []
    seconds = 0.0
    for at in range(0, len(images), _BATCH):
        starts = list(starts_of(project.spec, space, images[at : at + _BATCH]))
        outcome = run_starts(program, starts)
        seconds += outcome.seconds
        part = judged(project.spec, space, starts, outcome.starts, at)
        parts.append(replace(part, failure=outcome.failure or part.failure))
    result = Judged(
        verdict=joined([part.verdict for part in parts]),
        found=tuple(item for part in parts for item in part.found),
        failure=next((part.failure for part in parts if part.failure), None),
    )
    return result, seconds
