# SPDX-License-Identifier: Apache-2.0
"""Designs of the proposal engine: from a model, a board and a few choices to a spec that fits."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from hlsgen.boards import Board
from hlsgen.engines.proposal import ProposalSpec
from hlsgen.engines.proposal_jobs import DDR, predict
from hlsgen.engines.proposal_program import plan as plan_program
from hlsgen.engines.proposal_program import row_bytes
from hlsgen.engines.report import report_bytes
from hlsgen.errors import FitError, ParameterError, PlanError
from hlsgen.files import write_text
from hlsgen.model.proposal import ProposalModel
from hlsgen.plan.cost import usable
from hlsgen.plan.design import DESIGN_VERSION, DesignFile
from hlsgen.plan.proposal_cost import proposal_resources, proposal_stages
from hlsgen.stages.boxes import BURST_RECORDS, RECORD_BYTES

_IMAGE = re.compile(r"([0-9]{1,5})x([0-9]{1,5})")
_SIDE_LEAST, _SIDE_MOST = 8, 4096
_LANES_ONE_PORT = 3  # more of them wait for rows if these come by one port


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalDesign:
    """One proposal engine; every colour space and image size is a program for it."""

    board: str
    spec: ProposalSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalChoices:
    """What a user may choose without a design.yaml."""

    image: str | None = None  # the largest one, such as 500x375
    lanes: int | None = None
    top_k: int | None = None
    camera: int | None = None  # pixels of a beat; the image comes as AXI4-Stream video

    @property
    def given(self) -> tuple[str, ...]:
        """Names of the options that were given."""
        return tuple(name for name, value in asdict(self).items() if value is not None)


def parse_image(text: str) -> tuple[int, int]:
    """Width and height of the largest image."""
    found = _IMAGE.fullmatch(text)
    sides = (int(found[1]), int(found[2])) if found else (0, 0)
    if not all(_SIDE_LEAST <= side <= _SIDE_MOST for side in sides):
        raise ParameterError(
            f"Image size must be WIDTHxHEIGHT of {_SIDE_LEAST} to {_SIDE_MOST} pixels a side, "
            f"not {text!r:.40}; e.g. 500x375"
        )
    return sides


def plan_proposal(
    model: ProposalModel,
    board: Board,
    given: DesignFile | None = None,
    choices: ProposalChoices | None = None,
) -> ProposalDesign:
    """A design with room for every colour space of the model; choices go before the file."""
    file = given or DesignFile()
    if "mixed" in file.model_fields_set:
        raise PlanError(
            f"Design file must have a section proposal for region proposals, not mixed "
            f"(model {model.name})"
        )
    if "batch" in file.model_fields_set:
        raise PlanError(
            f"Design file must have no batch for region proposals, not {file.batch} "
            f"(model {model.name}); leave it out"
        )
    fields: dict[str, Any] = {"sizes": _room(model)}
    fields |= {} if file.proposal is None else file.proposal.model_dump(exclude_none=True)
    chosen = choices or ProposalChoices()
    if chosen.image is not None:
        fields["width_max"], fields["height_max"] = parse_image(chosen.image)
    wanted = {"lanes_n": chosen.lanes, "top_k": chosen.top_k, "stream_pixels": chosen.camera}
    fields |= {name: value for name, value in wanted.items() if value is not None}
    spec = ProposalSpec(**{**fields, "sizes": tuple(fields["sizes"])})
    if "ports_n" not in fields:
        one = spec.stream_pixels > 0 or spec.lanes_n <= _LANES_ONE_PORT
        spec = replace(spec, ports_n=1 if one else 2)
    file.check_hash(spec.layout_hash())
    for space in model.spaces:  # which refuses sizes for which there is no room
        plan_program(spec, space, *spec.image_max)
    return ProposalDesign(board=board.name, spec=spec)


def _room(model: ProposalModel) -> tuple[int, ...]:
    """Sizes of all colour spaces: any one of them has no more."""
    return tuple(sorted({size for space in model.spaces for size in space.sizes}))


def write_proposal_design(design: ProposalDesign, path: Path) -> None:
    """Write design.yaml whole."""
    spec = design.spec
    content = {
        "version": DESIGN_VERSION,
        "board": design.board,
        "proposal": {**asdict(spec), "sizes": list(spec.sizes)},
        "layout_hash": f"{spec.layout_hash():016x}",
    }
    text = yaml.safe_dump(content, sort_keys=False, width=100, default_flow_style=None)
    write_text(path, text)


def estimate_proposal(design: ProposalDesign, model: ProposalModel, board: Board) -> dict[str, Any]:
    """Figures of a design, with the slowest colour space's cycles."""
    spec = design.spec
    stages = {name: asdict(stage) for name, stage in proposal_stages(spec).items()}
    used = proposal_resources(spec)
    shares = used.shares(board)
    binding = max(shares, key=shares.__getitem__)
    frames = {
        space.name: predict(spec, space.sizes, *spec.image_max, DDR).cycles_per_frame
        for space in model.spaces
    }
    cycles = max(frames.values())
    buffers = _buffers(spec, model)
    return {
        "fits": max(shares.values()) <= 1.0,
        "binding": binding,
        "worst_layer": max(stages, key=lambda name: stages[name][binding]),
        "cycles_per_frame": cycles,
        "fps": round(board.clock_hz / cycles, 2),
        **asdict(used),
        "bytes": sum(buffers.values()),
        "buffers": buffers,
        "shares": {name: round(share, 3) for name, share in shares.items()},
        "image": f"{spec.width_max}x{spec.height_max}",
        "spaces": frames,
        "stages": [{"name": name, **stage} for name, stage in stages.items()],
    }


def require_proposal_fit(design: ProposalDesign, model: ProposalModel, board: Board) -> None:
    """Raise FitError with the binding resource and stage when the device is too small."""
    figures = estimate_proposal(design, model, board)
    if figures["fits"]:
        return
    binding = figures["binding"]
    raise FitError(
        f"Design must need at most {usable(board)[binding]} {binding} of {board.device}, not "
        f"{figures[binding]:.0f} (board {board.name}, most by stage {figures['worst_layer']}); "
        "lower lanes_n, the image or top_k"
    )


def _buffers(spec: ProposalSpec, model: ProposalModel) -> dict[str, int]:
    """Bytes of every buffer of a run of one frame of the largest image."""
    programs = (plan_program(spec, space, *spec.image_max).data for space in model.spaces)
    return {
        "program": max(map(len, programs)),
        "input": 0 if spec.stream_pixels else row_bytes(spec.width_max) * spec.height_max,
        "output": -(-spec.top_k // BURST_RECORDS) * BURST_RECORDS * RECORD_BYTES,
        "report": report_bytes(slots=1, frames=1),
    }
