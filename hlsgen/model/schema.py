# SPDX-License-Identifier: Apache-2.0
"""What `model.yaml` may hold: strict records, every unknown field refused."""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

FORMAT_NAME: Final = "hlsgen-model"
FORMAT_VERSION: Final = 1

_Name = Annotated[str, Field(min_length=1, max_length=200)]
_Int = Annotated[int, Field(ge=-(1 << 31), lt=1 << 31)]
_Pair = Annotated[list[_Int], Field(min_length=2, max_length=2)]
_Quad = Annotated[list[_Int], Field(min_length=4, max_length=4)]


class _Record(BaseModel):
    """Base: exact types (no text for numbers), no unknown fields."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class TensorRecord(_Record):
    """A graph.Tensor."""

    name: _Name
    shape: Annotated[list[_Int], Field(min_length=3, max_length=3)]
    bits: _Int
    signed: bool
    scale: float
    zero_point: _Int


class RawRecord(_Record):
    """graph.Raw."""

    kind: Literal["raw"]


class TwoStepRecord(_Record):
    """graph.TwoStep without its arrays."""

    kind: Literal["two_step"]
    lo: _Int
    hi: _Int


class ThresholdsRecord(_Record):
    """graph.Thresholds without its levels."""

    kind: Literal["thresholds"]
    first: _Int
    step: _Int


RequantRecord: TypeAlias = RawRecord | TwoStepRecord | ThresholdsRecord


class ConvRecord(_Record):
    """A graph.Conv without its arrays."""

    kind: Literal["conv"]
    name: _Name
    input: _Name
    output: _Name
    stride: _Pair
    pads: _Quad
    groups: _Int
    requant: Annotated[RequantRecord, Field(discriminator="kind")]


class AddRecord(_Record):
    """A graph.Add without its table."""

    kind: Literal["add"]
    name: _Name
    a: _Name
    b: _Name
    output: _Name


class MaxPoolRecord(_Record):
    """A graph.MaxPool."""

    kind: Literal["max_pool"]
    name: _Name
    input: _Name
    output: _Name
    kernel: _Pair
    stride: _Pair
    pads: _Quad


class ConcatRecord(_Record):
    """A graph.Concat."""

    kind: Literal["concat"]
    name: _Name
    sources: Annotated[list[_Name], Field(max_length=10_000)]
    output: _Name


LayerRecord: TypeAlias = ConvRecord | AddRecord | MaxPoolRecord | ConcatRecord


class PreprocessRecord(_Record):
    """A graph.Preprocess."""

    gain: float
    offset: float
    layout: Annotated[str, Field(max_length=3)]
    colour: _Name
    levels: bool = False  # whether the input's exact levels are among the arrays
    first: _Int = 0
    step: _Int = 1


class ModelRecord(_Record):
    """The whole of model.yaml: a graph of layers."""

    format: Literal["hlsgen-model"]
    version: Literal[1]
    kind: Literal["layers"] = "layers"
    name: _Name
    source: Annotated[str, Field(max_length=1000)]
    tensors_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    input: _Name
    outputs: Annotated[list[_Name], Field(max_length=1000)]
    preprocess: PreprocessRecord
    output_affine: Annotated[list[_Name], Field(max_length=1000)] = []
    notes: Annotated[dict[_Name, float], Field(max_length=1000)]
    tensors: Annotated[list[TensorRecord], Field(max_length=20_000)]
    layers: Annotated[
        list[Annotated[LayerRecord, Field(discriminator="kind")]], Field(max_length=10_000)
    ]


class SpaceRecord(_Record):
    """A proposal.Space without its arrays."""

    name: Literal["bgr", "hsv", "gray"]
    coefficients: _Pair
    score_unit: float
    sizes: Annotated[list[_Int], Field(min_length=1, max_length=36)]


class ProposalRecord(_Record):
    """The whole of model.yaml: region proposals."""

    format: Literal["hlsgen-model"]
    version: Literal[1]
    kind: Literal["proposal"]
    name: _Name
    source: Annotated[str, Field(max_length=1000)]
    tensors_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    fraction_bits: _Int
    notes: Annotated[dict[_Name, float], Field(max_length=1000)]
    spaces: Annotated[list[SpaceRecord], Field(min_length=1, max_length=3)]


AnyRecord: TypeAlias = ModelRecord | ProposalRecord
