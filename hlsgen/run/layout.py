# SPDX-License-Identifier: Apache-2.0
"""`data/layout.json` of a project: sizes of the buffers, and what each descriptor is for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hlsgen.engines.mixed import MixedSpec
from hlsgen.engines.program import Compute, Program
from hlsgen.engines.tensors import tensor_bytes
from hlsgen.errors import ProjectError
from hlsgen.model.graph import Model
from hlsgen.plan.image import Checked

_REMEDY = "run hlsgen build again"
_Small = Annotated[int, Field(ge=0, lt=1 << 16)]
_Bytes = Annotated[int, Field(ge=0, lt=1 << 31)]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class CheckedRecord(_Record):
    """A plan.Checked."""

    descriptor: _Small
    slot: _Small
    layer: str
    tensor: str
    sum: str | None
    channel: _Small
    row: _Small
    row_step: Annotated[int, Field(ge=1, lt=1 << 16)]
    column: _Small


class Layout(_Record):
    """The whole file."""

    checked: list[CheckedRecord]
    image_step: _Small
    input_bytes: _Bytes
    layers: list[str]
    output_bytes: _Bytes
    outputs: dict[str, _Bytes]
    report_slots: _Small
    scratch_bytes: _Bytes

    @property
    def targets(self) -> tuple[Checked, ...]:
        """What each CONV and POOL writes."""
        return tuple(Checked(**item.model_dump()) for item in self.checked)


def read_layout(path: Path) -> Layout:
    """Read the file against its schema."""
    try:
        return Layout.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ProjectError(
            f"Project file layout.json must match its schema, and does not ({path}); {_REMEDY}"
        ) from error


def check_layout(layout: Layout, model: Model, program: Program, spec: MixedSpec) -> None:
    """What the layout says must be what model and program hold."""
    computes = {i for i, d in enumerate(program.descriptors) if isinstance(d, Compute)}
    names = {name for item in layout.checked for name in (item.tensor, item.sum) if name}
    ends = [
        offset + tensor_bytes(model.tensors[name], spec.act_bits)
        for name, offset in layout.outputs.items()
        if name in model.tensors
    ]
    rules = (
        (program.layout_hash == spec.layout_hash(), "the design of its program"),
        ({item.descriptor for item in layout.checked} == computes, "every CONV and POOL once"),
        (len(layout.layers) == len(program.descriptors), "a layer for each descriptor"),
        ({*names, *layout.outputs} <= set(model.tensors), "tensors of its model only"),
        (max(ends, default=0) <= layout.output_bytes, "outputs within their buffer"),
        (layout.report_slots == program.report_slots, "the report slots of its program"),
    )
    broken = [rule for good, rule in rules if not good]
    if broken:
        raise ProjectError(f"Project layout must name {' and '.join(broken)}; {_REMEDY}")
