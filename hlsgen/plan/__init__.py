# SPDX-License-Identifier: Apache-2.0
"""From a Model and a Board to a Design: memory, schedule, program, and what they cost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hlsgen.boards import Board
from hlsgen.engines.mixed import MixedSpec
from hlsgen.model.graph import Model
from hlsgen.plan.batch import batch_design
from hlsgen.plan.default import default_design, default_mult_limit, default_spec
from hlsgen.plan.design import (
    Design,
    DesignFile,
    make_design,
    merged_spec,
    read_design,
    write_design,
)
from hlsgen.plan.estimate import estimate, require_fit, split_figures
from hlsgen.plan.image import Checked, Image, pack_input, pack_project, unpack_output
from hlsgen.plan.pieces import in_pieces
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

    A program takes `batch` images at once (None: as design.yaml says, or 1). Rows that have no
    record on the design are computed in pieces: the Design's model is then another one.
    """
    if isinstance(design, MixedSpec):
        whole, split = in_pieces(model, design.mult_limit)
        made = batch_design(whole, design, board, 1 if batch is None else batch)
    elif design is None and batch in (None, 1):
        whole, split = in_pieces(model, default_mult_limit(board))
        made = default_design(whole, board)
    else:
        given = read_design(design) if isinstance(design, Path) else design or DesignFile()
        spec = merged_spec(default_spec(model, board), given)
        whole, split = in_pieces(model, spec.mult_limit)
        if split:
            spec = merged_spec(default_spec(whole, board), given)
        made = batch_design(whole, spec, board, given.batch if batch is None else batch)
    return replace(made, split=split)


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
    "split_figures",
    "unpack_output",
    "write_design",
    "write_proposal_design",
]
