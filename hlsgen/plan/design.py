# SPDX-License-Identifier: Apache-2.0
"""The Design: the choices that turn a Model into a program for one engine, and design.yaml."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

from hlsgen.engines.lower import lower
from hlsgen.engines.mixed import MixedSpec
from hlsgen.engines.nodes import ConvNode, Lowered, MoveNode
from hlsgen.engines.program import Compute, Fetch
from hlsgen.errors import ParameterError, PlanError
from hlsgen.files import write_text
from hlsgen.model.graph import Model
from hlsgen.plan.bands import with_bands
from hlsgen.plan.memory import Memory, place
from hlsgen.plan.pieces import Split
from hlsgen.plan.schedule import check_schedule, with_waits
from hlsgen.plan.steps import Steps, build_steps
from hlsgen.yaml_file import matched, read_yaml

DESIGN_VERSION = 1
_MAX_FILE_BYTES = 1 << 22


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Design:
    """One mixed engine and a Model's schedule on it."""

    board: str
    spec: MixedSpec
    model: Model  # what is computed: of the same outputs as the given one
    lowered: Lowered
    memory: Memory
    steps: Steps
    split: tuple[Split, ...] = ()  # where the model differs from the given one


class _MixedFile(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    act_bits: int | None = None
    pot4_n: int | None = None
    fixed4_n: int | None = None
    fixed8_n: int | None = None
    lanes_n: int | None = None
    pixels_n: int | None = None
    drain_n: int | None = None
    act_depth: int | None = None
    ring_depth: int | None = None
    record_depth: int | None = None
    weight_ports_n: int | None = None
    acc_w: int | None = None
    mult_w: int | None = None
    taps_n: int | None = None
    wide_codes: bool | None = None


class _ProposalFile(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    width_max: int | None = None
    height_max: int | None = None
    lanes_n: int | None = None
    ports_n: int | None = None
    stream_pixels: int | None = None
    attempts_n: int | None = None
    limit_n: int | None = None
    top_k: int | None = None
    sizes: list[int] | None = None


class DesignFile(BaseModel):
    """What design.yaml may hold; everything may be left out, `mapping` and `memory` are notes."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    version: int = DESIGN_VERSION
    board: str | None = None
    batch: int = 1
    mixed: _MixedFile = _MixedFile()
    proposal: _ProposalFile | None = None
    layout_hash: str | None = None
    mapping: list[dict[str, Any]] | None = None
    memory: list[dict[str, Any]] | None = None

    def check_hash(self, found: int) -> None:
        """A hash that the file states must be that of its fields."""
        if self.layout_hash is not None and self.layout_hash != f"{found:016x}":
            raise ParameterError(
                f"Design layout_hash must be {found:016x} for its fields, not "
                f"{self.layout_hash}; leave layout_hash out of a file that is edited by hand"
            )


def make_design(
    model: Model, spec: MixedSpec, board: str, lowered: Lowered | None = None
) -> Design:
    """Lower, place and schedule a Model on a spec; the schedule is proven.

    `lowered` is the Model lowered for the spec's lanes and activation bits, where it is there.
    """
    return scheduled(model, spec, board, with_bands(lowered or lower(model, spec), spec))


def scheduled(model: Model, spec: MixedSpec, board: str, lowered: Lowered) -> Design:
    """Place and schedule nodes as they are; the schedule is proven."""
    memory = place(lowered, spec)
    steps = build_steps(model, lowered, memory, spec)
    waiting = with_waits(steps.steps)
    check_schedule(waiting)
    whole = replace(steps, steps=waiting)
    return Design(board=board, spec=spec, model=model, lowered=lowered, memory=memory, steps=whole)


def read_design(path: Path) -> DesignFile:
    """Read a design.yaml, whole or partial."""
    content = read_yaml(path, "Design", _MAX_FILE_BYTES, PlanError)
    return parse_design({} if content is None else content, str(path))


def parse_design(content: Any, where: str) -> DesignFile:
    """Validate the content of a design.yaml."""
    found = matched(TypeAdapter(DesignFile), content, "Design", where, PlanError)
    if found.version != DESIGN_VERSION:
        raise PlanError(
            f"Design version must be {DESIGN_VERSION}, not {found.version} ({where}); "
            "write the file again with this release"
        )
    return found


def merged_spec(default: MixedSpec, given: DesignFile) -> MixedSpec:
    """The default with the file's fields in place; the layout hash is checked when it is stated."""
    if given.proposal is not None:
        raise PlanError("Design file must have a section mixed for a graph of layers, not proposal")
    fields = given.mixed.model_dump(exclude_none=True)
    spec = MixedSpec.from_dict({**default.to_dict(), **fields})
    given.check_hash(spec.layout_hash())
    return spec


def write_design(design: Design, path: Path) -> None:
    """Write design.yaml whole."""
    write_text(path, yaml.safe_dump(to_dict(design), sort_keys=False, width=100))


def to_dict(design: Design) -> dict[str, Any]:
    """The content of design.yaml: choices, then the mapping and memory that follow from them."""
    return {
        "version": DESIGN_VERSION,
        "board": design.board,
        "batch": design.steps.images,
        "mixed": design.spec.to_dict(),
        "layout_hash": f"{design.spec.layout_hash():016x}",
        "mapping": _mapping(design),
        "memory": [
            {
                "value": name,
                "base": layout.base,
                "beats": layout.planes * layout.groups * layout.cg_stride,
                "pitch": layout.pitch,
                "s": layout.s,
                "planes": layout.planes,
            }
            for name, layout in sorted(design.memory.layouts.items())
        ],
    }


def _mapping(design: Design) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for node in design.lowered.nodes:
        own = [step.descriptor for step in design.steps.steps if step.node is node]
        if isinstance(node, MoveNode):
            verb = "store" if node.store else "load"
            rows.append({verb: node.value, "buffer": node.buffer.name.lower()})
            continue
        computes = [item for item in own if isinstance(item, Compute)]
        row: dict[str, Any] = {
            "layer": node.layer,
            "engine": "mixed",
            "output": node.output,
            "descriptors": len(computes),
            "passes": max(1, 1 + sum(item.merge for item in computes)),
        }
        if design.steps.images > 1:
            row["image"] = design.lowered.values[node.output].image
        if isinstance(node, ConvNode):
            row["words"] = sum(item.k * item.blocks for item in own if isinstance(item, Fetch))
            row["add"] = None if node.add is None else node.add.name
        rows.append(row)
    return rows
