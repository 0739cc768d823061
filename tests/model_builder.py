# SPDX-License-Identifier: Apache-2.0
"""A random network under construction: each layer is calibrated on frames as it is appended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hlsgen.model import golden
from hlsgen.model.graph import Conv, IntArray, Layer, Raw, Requant, Tensor
from hlsgen.model.numbers import Format
from tests.model_calibration import Choices, calibrated, random_weights, tensor_codes

_CALIBRATION_FRAMES = 6


@dataclass(slots=True)
class Builder:
    """A network under construction, with the values of its tensors on random frames."""

    choices: Choices
    source: Tensor
    tensors: dict[str, Tensor] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    layers: list[Layer] = field(default_factory=list)
    current: str = "input"

    def __post_init__(self) -> None:
        self.tensors["input"] = self.source
        self.values["input"] = tensor_codes(
            self.source, self.choices.rng, _CALIBRATION_FRAMES
        ).astype(np.int32)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of the newest tensor."""
        return self.tensors[self.current].shape

    def fresh(self, stem: str) -> str:
        """A name no layer or tensor has."""
        return f"{stem}_{len(self.tensors)}"

    def push(self, layer: Layer, tensor: Tensor) -> str:
        """Append a layer with its output tensor, and compute its values."""
        self.tensors[tensor.name] = tensor
        self.values[tensor.name] = golden.evaluate(layer, self.tensors, self.values)
        self.layers.append(layer)
        self.current = tensor.name
        return tensor.name

    def window(self, size: int) -> tuple[int, int, int, int]:
        """Draw kernel, stride and the two pads along one axis of a map."""
        rng = self.choices.rng
        padded = self.choices.act_bits > 1
        kernel = int(min(rng.choice([1, 2, 3, 3, 3, 5, 7]), self.choices.max_kernel))
        if rng.random() < 0.05 and self.choices.max_kernel >= 7:
            kernel = int(rng.integers(8, 12))
        if kernel > size:
            kernel = int(rng.integers(1, size + 1))
        stride = int(min(rng.choice([1, 1, 1, 2, 3, 4]), self.choices.max_stride))
        low, high = (rng.integers(0, kernel, 2) if padded else (0, 0)) if kernel > 1 else (0, 0)
        return kernel, stride, int(low), int(high)

    def conv(
        self,
        stem: str,
        rows: int,
        kernel: tuple[int, int],
        stride: tuple[int, int] = (1, 1),
        pads: tuple[int, int, int, int] = (0, 0, 0, 0),
        groups: int = 1,
        source: str | None = None,
        like: Tensor | None = None,
        raw: bool = False,
        ones: bool = False,
    ) -> str:
        """Append a calibrated convolution of the newest tensor (or of `source`)."""
        source = self.current if source is None else source
        channels, height, width = self.tensors[source].shape
        name = self.fresh(stem)
        shape = (
            rows,
            (height + pads[0] + pads[1] - kernel[0]) // stride[0] + 1,
            (width + pads[2] + pads[3] - kernel[1]) // stride[1] + 1,
        )
        formats = (Format.BINARY,) * rows if ones else self.choices.row_formats(rows)
        weights = random_weights(self.choices.rng, formats, (channels // groups, *kernel))
        draft = Conv(
            name=name,
            input=source,
            output=name,
            weights=np.ones_like(weights) if ones else weights,
            formats=formats,
            row_scale=np.ones(rows),
            bias=np.zeros(rows, np.int64),
            requant=Raw(),
            stride=stride,
            pads=pads,
            groups=groups,
        )
        if raw:
            return self._push_raw(draft, shape)
        tensor = self.choices.tensor(name, shape)
        if like is not None:
            tensor = like_tensor(like, name, shape)
        return self._pushcalibrated(draft, tensor)

    def _push_raw(self, draft: Conv, shape: tuple[int, int, int]) -> str:
        bias = self.choices.rng.integers(-1000, 1001, shape[0])
        tensor = Tensor(name=draft.name, shape=shape, bits=32, signed=True, scale=0.001)
        return self.push(_requantised(draft, bias, Raw()), tensor)

    def _pushcalibrated(self, draft: Conv, tensor: Tensor) -> str:
        acc = golden.accumulators(draft, self.values[draft.input], self.tensors[draft.input])
        per_row = np.moveaxis(acc, 1, 0).reshape(acc.shape[1], -1).astype(np.float64)
        bias, requant = calibrated(self.choices, per_row, tensor)
        return self.push(_requantised(draft, bias, requant), tensor)

    def last(self, *, fully_connected: bool, raw: bool) -> None:
        """Append the last layer: fully connected, or pointwise."""
        _, height, width = self.shape
        kernel = (height, width) if fully_connected else (1, 1)
        self.conv("last", self.choices.channels(), kernel, raw=raw)


def like_tensor(like: Tensor, name: str, shape: tuple[int, int, int]) -> Tensor:
    """A tensor in the format of another one."""
    return Tensor(
        name=name,
        shape=shape,
        bits=like.bits,
        signed=like.signed,
        scale=like.scale,
        zero_point=like.zero_point,
    )


def _requantised(draft: Conv, bias: IntArray, requant: Requant) -> Conv:
    return Conv(
        name=draft.name,
        input=draft.input,
        output=draft.output,
        weights=draft.weights,
        formats=draft.formats,
        row_scale=draft.row_scale,
        bias=np.asarray(bias, np.int64),
        requant=requant,
        stride=draft.stride,
        pads=draft.pads,
        groups=draft.groups,
    )
