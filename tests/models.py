# SPDX-License-Identifier: Apache-2.0
"""Random calibrated networks for tests: their codes use their range, so that errors show.

`random_model(rng, ...)` builds a network block by block. Each requantisation is fitted to the
accumulators that random frames produce, so outputs are neither constant nor saturated.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hlsgen.model.graph import Conv, Model, Preprocess, Tensor
from hlsgen.model.numbers import Format
from tests.model_blocks import BLOCKS as _BLOCKS
from tests.model_builder import Builder
from tests.model_calibration import Choices, tensor_codes

BLOCKS = ("conv", "depthwise", "group", "add", "pool", "avgpool", "pointwise", "concat", "fc")


def random_model(
    rng: np.random.Generator,
    *,
    formats: Sequence[Format] = (Format.POT4, Format.FIXED4, Format.FIXED8),
    act_bits: int = 8,
    max_hw: int = 12,
    max_channels: int = 16,
    layers: int = 4,
    allow: Sequence[str] = BLOCKS,
    requants: Sequence[str] = ("two_step", "thresholds"),
    max_kernel: int = 7,
    max_stride: int = 4,
    wide: float = 0.0,
    narrow: float = 0.0,
    raw_last: bool | None = None,
    zero_points: bool = True,
    must: Sequence[str] = (),
    outputs: int = 1,
    name: str = "random",
) -> Model:
    """Return a network of about `layers` layers drawn from the blocks in `allow`.

    `act_bits` 1 gives bipolar tensors; `wide` is the share of 8-bit tensors in a narrower
    network, `narrow` the share of tensors with fewer bits. "fc" makes the last layer fully
    connected; the last layer is a Conv in any case, raw or not (`raw_last`, None = either).
    Blocks in `must` come first; with 2 `outputs` another tensor is an output as well.
    """
    choices = Choices(
        rng=rng,
        formats=tuple(formats),
        act_bits=act_bits,
        max_channels=max_channels,
        requants=tuple(requants),
        max_kernel=max_kernel,
        max_stride=max_stride,
        wide=wide,
        narrow=narrow,
        zero_points=zero_points,
    )
    build = Builder(choices, _input_tensor(choices, max_hw))
    blocks = [block for block in allow if block != "fc"] or ["conv"]
    for block in must:
        _BLOCKS[block](build)
    while len(build.layers) < layers - 1:
        _BLOCKS[blocks[rng.integers(len(blocks))]](build)
    raw = bool(rng.integers(2)) if raw_last is None else raw_last
    inner = [layer.output for layer in build.layers]
    early = [inner[rng.integers(len(inner))] for _ in range(outputs - 1)]
    build.last(fully_connected="fc" in allow and bool(rng.integers(4)), raw=raw)
    return Model(
        name=name,
        input="input",
        outputs=(*early, build.current),
        tensors=build.tensors,
        layers=tuple(build.layers),
        preprocess=Preprocess(gain=1.0, offset=0.0, layout="CHW"),
        source="random model of the tests",
    )


def model_of(layer: Conv, source: Tensor, target: Tensor) -> Model:
    """A model of one layer."""
    return Model(
        name="single",
        input=source.name,
        outputs=(target.name,),
        tensors={source.name: source, target.name: target},
        layers=(layer,),
        preprocess=Preprocess(gain=1.0, offset=0.0, layout="CHW"),
    )


def random_codes(model: Model, rng: np.random.Generator, n: int) -> NDArray[np.int64]:
    """Uniform random input codes [n, channels, height, width]."""
    return tensor_codes(model.tensors[model.input], rng, n)


def _input_tensor(choices: Choices, max_hw: int) -> Tensor:
    rng = choices.rng
    low = max(1, max_hw // 2)
    shape = (
        min(choices.max_channels, int(rng.choice([1, 3, choices.channels()]))),
        int(rng.integers(low, max_hw + 1)),
        int(rng.integers(low, max_hw + 1)),
    )
    return choices.tensor("input", shape)
