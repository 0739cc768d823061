# SPDX-License-Identifier: Apache-2.0
"""A Model in a few figures: layers, parameters, products."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from hlsgen.model.graph import Conv, Model
from hlsgen.model.proposal import ProposalModel


def describe(model: Model | ProposalModel) -> dict[str, Any]:
    """What a model is in a few figures; which ones depends on its kind."""
    if isinstance(model, ProposalModel):
        return _describe_proposals(model)
    return _describe_layers(model)


def _describe_proposals(model: ProposalModel) -> dict[str, Any]:
    """Colour spaces are its layers; parameters are signs, coefficients, slopes and offsets."""
    return {
        "layers": len(model.spaces),
        "parameters": sum(
            space.basis.size + len(space.coefficients) + 2 * len(space.sizes)
            for space in model.spaces
        ),
        "macs": None,
        "spaces": {space.name: f"{len(space.sizes)} sizes" for space in model.spaces},
        "fraction_bits": model.fraction_bits,
    }


def _describe_layers(model: Model) -> dict[str, Any]:
    """Counts of a model: `layers`, `parameters` (weights), `macs` of a frame, rows by format.

    Convolutions that only pool or move (every weight of a row the same) count as layers alone.
    """
    convs = [layer for layer in model.layers if isinstance(layer, Conv) and not _pools(layer)]
    rows = Counter(fmt.name.lower() for conv in convs for fmt in conv.formats)
    return {
        "layers": len(model.layers),
        "parameters": sum(int(conv.weights.size) for conv in convs),
        "macs": sum(_macs(model, conv) for conv in convs),
        "rows": dict(sorted(rows.items())),
        "input": list(model.tensors[model.input].shape),
        "outputs": {name: list(model.tensors[name].shape) for name in model.outputs},
    }


def format_mix(conv: Conv) -> str:
    """Rows of a layer by format, e.g. "pot4 19, fixed4 12, fixed8 1"."""
    counts = Counter(conv.formats)
    return ", ".join(f"{fmt.name.lower()} {counts[fmt]}" for fmt in sorted(counts, reverse=True))


def _pools(conv: Conv) -> bool:
    depthwise = conv.groups == len(conv.weights)
    return depthwise and bool((conv.weights == conv.weights[:, :1, :1, :1]).all())


def _macs(model: Model, conv: Conv) -> int:
    _, height, width = model.tensors[conv.output].shape
    return int(np.prod(conv.weights.shape)) * height * width
