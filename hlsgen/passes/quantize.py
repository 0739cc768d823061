# SPDX-License-Identifier: Apache-2.0
"""Row-wise mixed-scheme quantisation without training (RMSMP's assignment, PAPERS 2.3).

In every block of T consecutive rows of every layer, the rows with the largest curvature-weighted
error at 4 bits become fixed8; of the rest, rows of low variance become pot4 (their weights crowd
around zero, where powers of two are dense) and rows of high variance fixed4.

The curvature is the Gauss-Newton proxy of the layer's output error: for a row with rounding
error d it is d' E[x x'] d over sampled inputs x. Without calibration data E[x x'] is the identity,
and the ranking is by the quantisation error alone. With data, layers are treated in order on the
codes that the layers before really give: a row is first refitted to the inputs it will see, then
rounded with feedback (passes/rows.py), and its bias takes up the mean of what remains.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ParameterError
from hlsgen.model import golden
from hlsgen.model.golden import Codes
from hlsgen.model.graph import Add, Conv, IntArray, Layer, Model, Raw, Tensor, TwoStep
from hlsgen.model.numbers import Format, is_representable
from hlsgen.passes.calibrate import narrow_tensors, sample_patches
from hlsgen.passes.requants import RAW_BITS, real_multiplier, rescaled_add, rescaled_requant
from hlsgen.passes.rows import Real, fit_scales, nearest, round_with_feedback
from hlsgen.passes.slots import Slots

_MOST_FRAMES = 256  # of the calibration data; more gain nothing measurable
_SEED = 1  # of the pixels drawn
_REFIT_DAMPING = 0.1  # of the mean curvature: few samples move the weights little


@dataclass(frozen=True, slots=True, kw_only=True)
class _Data:
    """Inputs of one layer on the calibration frames, [groups, samples, weights of a row]."""

    wanted: Real  # as the source model computes them
    given: Real  # as the layers quantised so far compute them


def quantize(
    model: Model, *, slots: Slots, act_bits: int = 8, calib: NDArray[Any] | None = None
) -> Model:
    """Return the model with mixed rows and, at `act_bits` = 4, narrower activations.

    `calib` are input codes [frames, channels, height, width]. With narrower activations, wider
    outputs become raw accumulators, whose values `output_affine` gives row by row. Rows that
    already are levels of their new format keep their numbers, whatever they compute (pooling,
    binary networks).
    """
    _check(model, act_bits, calib)
    old: dict[str, Codes] = {}
    tensors = dict(model.tensors)
    if calib is not None:
        calib = calib[:: -(-len(calib) // _MOST_FRAMES)]
        old = golden.run(model, calib)
        tensors = narrow_tensors(model, old, act_bits)
    if act_bits < 8:
        tensors |= {name: _raw(tensors[name]) for name in _openable_outputs(model, act_bits)}
    new = {model.input: old[model.input]} if old else {}
    layers: list[Layer] = []
    for layer in model.layers:
        layer = _requantised(layer, model, tensors, slots, old, new)
        layers.append(layer)
        if old:
            new[layer.output] = golden.evaluate(layer, tensors, new)
    affine = _output_affine(model, tensors, layers)
    return replace(model, tensors=tensors, layers=tuple(layers), output_affine=affine)


def accuracy(model: Model, codes: NDArray[Any], labels: NDArray[Any]) -> float:
    """Share of frames whose largest output is the label's; ties take the lowest index."""
    name = model.outputs[0]
    outputs = golden.run(model, codes, keep=(name,))[name]
    logits = golden.dequantise(model, name, outputs).reshape(len(codes), -1)
    return float((logits.argmax(axis=1) == labels).mean())


def assign(rows: Real, loss: Real, slots: Slots) -> tuple[Format, ...]:
    """Formats of a layer's rows [n, k], block by block; `loss` [n] is the error at 4 bits."""
    spread = rows.var(axis=1)
    formats = np.full(len(rows), int(Format.POT4))
    for start in range(0, len(rows), slots.total):
        block = np.arange(start, min(start + slots.total, len(rows)))
        _, fixed4, fixed8 = slots.share(len(block))
        by_loss = block[np.argsort(-loss[block], kind="stable")]
        rest = np.sort(by_loss[fixed8:])
        by_spread = rest[np.argsort(-spread[rest], kind="stable")]
        formats[by_loss[:fixed8]] = Format.FIXED8
        formats[by_spread[:fixed4]] = Format.FIXED4
    return tuple(Format(code) for code in formats)


def _check(model: Model, act_bits: int, calib: NDArray[Any] | None) -> None:
    if act_bits not in (4, 8):
        raise ParameterError(f"Quantize act_bits must be 4 or 8, not {act_bits}")
    if act_bits == 4 and calib is None and any(t.bits > 4 for t in _inner(model)):
        raise ParameterError(
            "Quantize act_bits=4 must have calibration frames to choose the activation scales; "
            "give --calib images.npy"
        )


def _inner(model: Model) -> list[Tensor]:
    ends = {model.input, *model.outputs}
    return [tensor for name, tensor in model.tensors.items() if name not in ends]


def _requantised(
    layer: Layer,
    model: Model,
    tensors: dict[str, Tensor],
    slots: Slots,
    old: dict[str, Codes],
    new: dict[str, Codes],
) -> Layer:
    if isinstance(layer, Add):
        return replace(layer, table=rescaled_add(layer, model.tensors, tensors))
    if not isinstance(layer, Conv):
        return layer
    data = None
    if old:
        shape = tensors[layer.output].shape[1:]
        wanted, given = (
            sample_patches(layer, shape, codes, tensor, np.random.default_rng(_SEED))
            for codes, tensor in (
                (old[layer.input], model.tensors[layer.input]),
                (new[layer.input], tensors[layer.input]),
            )
        )
        data = _Data(wanted=wanted, given=given)
    return _mixed_conv(layer, model.tensors, tensors, slots, data)


def _mixed_conv(
    conv: Conv,
    old: dict[str, Tensor],
    new: dict[str, Tensor],
    slots: Slots,
    data: _Data | None,
) -> Conv:
    rows = conv.weights.reshape(len(conv.weights), -1)
    real = rows * conv.row_scale[:, None]
    target = real if data is None else _per_group(_refitted, real, conv.groups, data)
    curvature = _curvature(conv.groups, real.shape[1], data)
    formats = assign(real, _loss(target, curvature), slots)
    codes, scale = _rounded(formats, target, curvature)
    exact = [is_representable(f, row) for f, row in zip(formats, rows, strict=True)]
    same = np.array(exact)
    codes = np.where(same[:, None], rows, codes)
    scale = np.where(same, conv.row_scale, scale)
    unit = _unit(conv, scale, old, new)
    shift = _mean_loss(conv, real, codes * scale[:, None], data)
    bias = conv.bias * (1.0 / unit) + shift / (scale * new[conv.input].scale)
    return replace(
        conv,
        weights=codes.reshape(conv.weights.shape),
        formats=formats,
        row_scale=scale,
        bias=np.rint(bias).astype(np.int64),
        requant=rescaled_requant(conv.requant, unit, old[conv.output], new[conv.output]),
    )


def _output_affine(
    model: Model, tensors: dict[str, Tensor], layers: list[Layer]
) -> dict[str, tuple[Real, Real]]:
    """Maps of the outputs; those of raw ones follow the units of their rows."""
    affine = dict(model.output_affine)
    for before, after in zip(model.layers, layers, strict=True):
        if isinstance(before, Conv) and isinstance(after, Conv) and isinstance(after.requant, Raw):
            unit = _unit(before, after.row_scale, model.tensors, tensors)
            if not isinstance(before.requant, Raw) or (unit != 1.0).any():
                affine[before.output] = _raw_map(model, before, unit)
    return affine


def _raw_map(model: Model, conv: Conv, unit: Real) -> tuple[Real, Real]:
    """Gain and offset of accumulators in `unit` [rows] of those of the source layer."""
    tensor = model.tensors[conv.output]
    scale = np.full(len(unit), tensor.scale)
    gain, offset = model.output_affine.get(conv.output, (scale, -scale * tensor.zero_point))
    if isinstance(conv.requant, TwoStep):  # code = acc * multiplier + zero point
        return gain * real_multiplier(conv.requant) * unit, offset + gain * tensor.zero_point
    return gain * unit, offset


def _openable_outputs(model: Model, act_bits: int) -> list[str]:
    """Outputs of more than `act_bits` bits that may as well be raw: no clamp, no reader."""
    read = {name for layer in model.layers for name in layer.inputs}
    wide = {name for name in model.outputs if act_bits < model.tensors[name].bits < RAW_BITS}
    return [
        layer.output
        for layer in model.layers
        if isinstance(layer, Conv)
        and layer.output in wide - read
        and isinstance(layer.requant, TwoStep)
        and layer.requant.lo == model.tensors[layer.output].lo
        and layer.requant.hi == model.tensors[layer.output].hi
    ]


def _raw(tensor: Tensor) -> Tensor:
    return replace(tensor, bits=RAW_BITS, signed=True, zero_point=0)


def _unit(conv: Conv, row_scale: Real, old: dict[str, Tensor], new: dict[str, Tensor]) -> Real:
    """Value of an accumulator step with `row_scale` over that of the source layer, by row."""
    ratio: Real = row_scale / conv.row_scale * (new[conv.input].scale / old[conv.input].scale)
    return ratio


def _curvature(groups: int, size: int, data: _Data | None) -> Real:
    """Second moments of the inputs, [groups, k, k]; the identity without data."""
    if data is None:
        return np.broadcast_to(np.eye(size), (groups, size, size))
    moments: Real = data.given.transpose(0, 2, 1) @ data.given / data.given.shape[1]
    return moments


def _refitted(rows: Real, wanted: Real, given: Real) -> Real:
    """Rows that best turn the given inputs into the outputs the wanted inputs would give."""
    moments = given.T @ given
    damping = max(_REFIT_DAMPING * float(np.diag(moments).mean()), 1e-9)
    moments[np.diag_indices_from(moments)] += damping
    miss = given.T @ ((wanted - given) @ rows.T)
    moved: Real = rows + np.linalg.solve(moments, miss).T
    return moved


def _per_group(function: Any, rows: Real, groups: int, data: _Data) -> Real:
    parts = np.split(rows, groups)
    pairs = zip(parts, data.wanted, data.given, strict=True)
    return np.concatenate([function(part, wanted, given) for part, wanted, given in pairs])


def _loss(rows: Real, curvature: Real) -> Real:
    """Output error of each row if it were fixed4: d' H d."""
    parts = []
    for part, moments in zip(np.split(rows, len(curvature)), curvature, strict=True):
        scale = fit_scales(Format.FIXED4, part, np.diag(moments))[:, None]
        rest = part - nearest(Format.FIXED4, part / scale) * scale
        parts.append(np.einsum("ni,ij,nj->n", rest, moments, rest, optimize=True))
    return np.concatenate(parts)


def _rounded(formats: tuple[Format, ...], rows: Real, curvature: Real) -> tuple[IntArray, Real]:
    codes, scales = [], []
    each = len(rows) // len(curvature)
    for group, moments in enumerate(curvature):
        span = slice(group * each, (group + 1) * each)
        mine, part = formats[span], rows[span]
        scale = np.empty(each)
        for fmt in set(mine):
            member = np.array([f == fmt for f in mine])
            scale[member] = fit_scales(fmt, part[member], np.diag(moments) + 1e-12)
        codes.append(round_with_feedback(mine, part, scale, moments))
        scales.append(scale)
    return np.concatenate(codes), np.concatenate(scales)


def _mean_loss(conv: Conv, real: Real, rounded: Real, data: _Data | None) -> Real:
    """Mean output lost by a row on the calibration data; pooling keeps its exact sums."""
    if data is None:
        return np.zeros(len(real))
    each = len(real) // conv.groups
    before = np.repeat(data.wanted.mean(axis=1), each, axis=0)
    after = np.repeat(data.given.mean(axis=1), each, axis=0)
    pooling = (conv.weights == conv.weights[:, :1, :1, :1]).all(axis=(1, 2, 3))
    lost: Real = np.where(pooling, 0.0, (before * real - after * rounded).sum(axis=1))
    return lost
