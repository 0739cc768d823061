# SPDX-License-Identifier: Apache-2.0
"""From a Model and a Board to a Design: memory, schedule, program, and what they cost."""

from __future__ import annotations

from pathlib import Path

from hlsgen.boards import Board
from hlsgen.engines.mixed import MixedSpec
from hlsgen.model.graph import Model
from hlsgen.plan.batch import batch_design
from hlsgen.plan.default import default_design, default_spec
from hlsgen.plan.design import (
    Design,
    DesignFile,
    make_design,
    merged_spec,
    read_design,
    write_design,
)
from hlsgen.plan.estimate import estimate, require_fit
from hlsgen.plan.image import Checked, Image, pack_input, pack_project, unpack_output
from hlsgen.plan.proposal import (
    ProposalChoices,
    ProposalDesign,
    estimate_proposal,
    plan_proposal,
    require_proposal_fit,
    write_proposal_design,
)


def plan(
    model: Model,
    board: Board,
    design: Path | DesignFile | MixedSpec | None = None,
    batch: int | None = None,
) -> Design:
    """Map a model on a board: on the board's default design, a (partial) design.yaml or a spec.

    A program takes `batch` images at once (None: as design.yaml says, or 1).
    """
    if isinstance(design, MixedSpec):
        return batch_design(model, design, board, 1 if batch is None else batch)
    if design is None and batch in (None, 1):
        return default_design(model, board)
    given = read_design(design) if isinstance(design, Path) else design or DesignFile()
    spec = merged_spec(default_spec(model, board), given)
    return batch_design(model, spec, board, given.batch if batch is None else batch)


__all__ = [
    "Checked",
    "Design",
    "DesignFile",
    "Image",
    "ProposalChoices",
    "ProposalDesign",
    "estimate",
    "estimate_proposal",
    "make_design",
    "pack_input",
    "pack_project",
    "plan",
    "plan_proposal",
    "read_design",
    "require_fit",
    "require_proposal_fit",
    "unpack_output",
    "write_design",
    "write_proposal_design",
]
