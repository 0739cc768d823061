# SPDX-License-Identifier: Apache-2.0
"""Networks of real size with seeded random weights, quantised row by row and calibrated.

The weights mean nothing, and neither does an accuracy; everything else is as in a trained network:
dense rows of mixed formats in the shares of the array, row scales that differ, activations that
use their codes. Layers are made in order: each is calibrated on what those before really give.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ParameterError
from hlsgen.frontends import zoo_tables
from hlsgen.frontends.lower import average_pool_as_conv
from hlsgen.frontends.zoo_tables import AddNode, ConvNode, Network, PoolNode, Shape
from hlsgen.model import golden
from hlsgen.model.golden import Codes
from hlsgen.model.graph import Add, Conv, IntArray, Layer, MaxPool, Model, Preprocess, Raw, Tensor
from hlsgen.model.numbers import Format
from hlsgen.model.pictures import picture_codes
from hlsgen.model.requant import apply
from hlsgen.passes.calibrate import fit_affine
from hlsgen.passes.quantize import assign
from hlsgen.passes.requants import RAW_BITS, sum_table, two_step
from hlsgen.passes.rows import Real, fit_scales, nearest
from hlsgen.passes.slots import Slots

_FRAMES = 2  # calibrated on; a layer has thousands of pixels in each
# ImageNet's usual mean and deviation of a pixel, averaged over red, green and blue.
_MEAN, _DEVIATION = 114, 57.6
_SAMPLE = 1 << 14  # weights on which the scale of a format is fitted
_GAIN_SPREAD = 0.25  # of the logarithm of the rows' gains, as folding of batch norm leaves them
_LEAST_WEIGHT = 0.15  # of the deviation: keeps zeros rare at 4 bits
_BIAS_SPREAD = 0.25  # of the deviation of a layer's sums
_LEAST_PIXELS = 256  # whose mean a row's bias takes out
_MOST_SEED = (1 << 63) - 1


def load_zoo(
    name: str,
    *,
    slots: Slots,
    act_bits: int = 4,
    seed: int = 0,
    size: int | None = None,
    width: float = 1.0,
) -> Model:
    """Build a network of the zoo; equal arguments give equal models.

    `size` is the input's height and width, `width` a multiplier of the channel counts.
    """
    if act_bits not in (4, 8):
        raise ParameterError(f"Zoo act_bits must be 4 or 8, not {act_bits}")
    if not 0 <= seed <= _MOST_SEED:
        raise ParameterError(f"Zoo seed must be 0..{_MOST_SEED}, not {seed}")
    table = zoo_tables.resized(zoo_tables.network(name), size, width)
    return _Maker(table, slots, act_bits, seed).model(name, f"zoo {name}, seed {seed}")


@dataclass(slots=True)
class _Maker:
    """A model in the making: its layers so far, and what they give on the calibration frames."""

    table: Network
    slots: Slots
    act_bits: int
    seed: int
    tensors: dict[str, Tensor] = field(default_factory=dict)
    values: dict[str, Codes] = field(default_factory=dict)
    layers: list[Layer] = field(default_factory=list)

    def model(self, name: str, source: str) -> Model:
        """Make every layer in order."""
        self._start()
        nodes = zoo_tables.nodes(self.table)
        gain = np.ones(1)
        for index, node in enumerate(nodes):
            rng = np.random.default_rng([self.seed, index])
            if isinstance(node, ConvNode):
                gain = self._convolution(node, rng, last=node is nodes[-1])
            elif isinstance(node, AddNode):
                self._sum(node)
            elif node.average:
                self._average(node)
            else:
                self._maximum(node)
        output = nodes[-1].name
        return Model(
            name=name,
            input="input",
            outputs=(output,),
            tensors=self.tensors,
            layers=tuple(self.layers),
            preprocess=Preprocess(
                gain=1.0, offset=0.0, layout="HWC", colour="grey" if self._grey else "RGB"
            ),
            source=source,
            output_affine={output: (gain, np.zeros(len(gain)))},
        )

    @property
    def _grey(self) -> bool:
        return self.table.channels == 1

    def _start(self) -> None:
        table = self.table
        shape = (table.channels, table.size, table.size)
        self.tensors["input"] = Tensor(
            name="input",
            shape=shape,
            bits=8,
            signed=False,
            scale=float(np.float32(1 / _DEVIATION)),
            zero_point=_MEAN,
        )
        frames = picture_codes(self.tensors["input"], _FRAMES, self.seed)
        self.values["input"] = frames.astype(np.int32)

    def _convolution(self, node: ConvNode, rng: np.random.Generator, *, last: bool) -> Real:
        """Add a convolution; returns the real value of each row's accumulator step."""
        source = self.tensors[node.input]
        conv = _without_requant(node, *draw_rows(rng, node, self.slots))
        unit: Real = conv.row_scale * source.scale
        sums = golden.accumulators(conv, self.values[node.input], source)
        bias = _biases(sums, unit, rng)
        sums += bias[None, :, None, None]
        conv = replace(conv, bias=bias)
        if last:
            out = Tensor(name=node.name, shape=node.shape, bits=RAW_BITS, signed=True, scale=1.0)
            self._add(conv, out, sums)
        else:
            self._requantised(conv, sums, unit, node.shape, relu=node.relu)
        return unit

    def _average(self, node: PoolNode) -> None:
        """Add the mean of a map: a convolution of ones whose requantisation divides."""
        source = self.tensors[node.input]
        place = replace(source, name=node.name, shape=node.shape)
        conv = average_pool_as_conv(node.name, source, place, node.kernel, (1, 1), Raw())
        sums = golden.accumulators(conv, self.values[node.input], source)
        unit = np.full(node.shape[0], source.scale / (node.kernel[0] * node.kernel[1]))
        self._requantised(conv, sums, unit, node.shape, relu=False)

    def _requantised(
        self, conv: Conv, sums: IntArray, unit: Real, shape: Shape, *, relu: bool
    ) -> None:
        """Add a convolution whose codes use their range on its `sums`, in `unit` by row."""
        real = sums * unit[None, :, None, None]
        out = self._fitted(conv.output, shape, np.maximum(real, 0.0) if relu else real)
        low = out.zero_point if relu else out.lo
        requant = two_step(unit / out.scale, low, out.hi)
        codes = apply(requant, sums, out.zero_point, axis=1)
        self._add(replace(conv, requant=requant), out, codes)

    def _sum(self, node: AddNode) -> None:
        a, b = self.tensors[node.a], self.tensors[node.b]
        real = sum(t.scale * (self.values[t.name] - t.zero_point) for t in (a, b))
        out = self._fitted(node.name, node.shape, np.maximum(real, 0.0))
        table = sum_table(a, b, out, out.zero_point, out.hi)
        self._evaluated(Add(name=node.name, a=a.name, b=b.name, output=out.name, table=table), out)

    def _maximum(self, node: PoolNode) -> None:
        out = replace(self.tensors[node.input], name=node.name, shape=node.shape)
        stride, pads = (node.stride,) * 2, (node.pad,) * 4
        pool = MaxPool(
            name=node.name,
            input=node.input,
            output=node.name,
            kernel=node.kernel,
            stride=stride,
            pads=pads,
        )
        self._evaluated(pool, out)

    def _fitted(self, name: str, shape: Shape, real: Real) -> Tensor:
        scale, zero_point = fit_affine(real.ravel(), self.act_bits)
        return Tensor(
            name=name,
            shape=shape,
            bits=self.act_bits,
            signed=False,
            scale=scale,
            zero_point=zero_point,
        )

    def _evaluated(self, layer: Layer, out: Tensor) -> None:
        self._add(layer, out, golden.evaluate(layer, self.tensors, self.values))

    def _add(self, layer: Layer, out: Tensor, codes: NDArray[Any]) -> None:
        self.layers.append(layer)
        self.tensors[out.name] = out
        self.values[out.name] = codes.astype(np.int32)


def draw_rows(
    rng: np.random.Generator, node: ConvNode, slots: Slots
) -> tuple[IntArray, tuple[Format, ...], Real]:
    """Random rows: codes [rows, weights], formats as `quantize` assigns them, scales.

    Normal with He's deviation, times a gain of the row's own. One block of T rows at a time, so
    that the largest dense layers need little memory.
    """
    rows, size = node.shape[0], node.fan_in
    codes = np.empty((rows, size), np.int64)
    formats: list[Format] = []
    scales = np.empty(rows)
    units = _units()
    for start in range(0, rows, slots.total):
        span = slice(start, min(start + slots.total, rows))
        gain = np.exp(rng.normal(0.0, _GAIN_SPREAD, (span.stop - start, 1)))
        real = _dense(rng, (span.stop - start, size)) * gain * np.sqrt(2.0 / size)
        deviation = np.sqrt(np.square(real).mean(axis=1))
        step = deviation[:, None] * units[Format.FIXED4]
        loss = np.square(real - nearest(Format.FIXED4, real / step) * step).sum(axis=1)
        block = assign(real, loss, slots)
        scales[span] = deviation * [units[fmt] for fmt in block]
        for fmt in set(block):
            mine = np.flatnonzero([f == fmt for f in block])
            codes[start + mine] = nearest(fmt, real[mine] / scales[start + mine, None])
        formats += block
    return codes, tuple(formats), scales


@cache
def _units() -> dict[Format, float]:
    """The best scale of each format, in deviations of a row, on a sample of such weights.

    All rows have one distribution; fitting each on its own would take minutes.
    """
    sample = _dense(np.random.default_rng(0), (1, _SAMPLE))
    sample /= np.sqrt(np.square(sample).mean())
    ones = np.ones(_SAMPLE)
    formats = (Format.POT4, Format.FIXED4, Format.FIXED8)
    return {fmt: float(fit_scales(fmt, sample, ones)[0]) for fmt in formats}


def _dense(rng: np.random.Generator, shape: tuple[int, int]) -> Real:
    """Normal numbers that stay away from zero."""
    drawn = rng.normal(size=shape)
    kept: Real = np.copysign(np.hypot(drawn, _LEAST_WEIGHT), drawn)
    return kept


def _without_requant(
    node: ConvNode, codes: IntArray, formats: tuple[Format, ...], scale: Real
) -> Conv:
    return Conv(
        name=node.name,
        input=node.input,
        output=node.name,
        weights=codes.reshape(len(codes), -1, *node.kernel),
        formats=formats,
        row_scale=scale,
        bias=np.zeros(len(codes), np.int64),
        requant=Raw(),
        stride=(node.stride, node.stride),
        pads=(node.pad,) * 4,
        groups=node.groups,
    )


def _biases(sums: IntArray, unit: Real, rng: np.random.Generator) -> IntArray:
    """Random biases that also take out a row's mean, as batch normalisation does.

    Without that, maps of a deep random network end up the same at every pixel. Where a row has
    too few pixels for a mean, it keeps its own.
    """
    real = sums * unit[None, :, None, None]
    mean = real.mean(axis=(0, 2, 3))
    pixels = real.size // len(unit)
    spread = np.sqrt(np.square(real - mean[None, :, None, None]).mean()) or real.std()
    bias = rng.normal(0.0, _BIAS_SPREAD * spread, len(unit))
    bias -= mean if pixels >= _LEAST_PIXELS else 0.0
    whole: IntArray = np.rint(bias / unit).astype(np.int64)
    return whole
