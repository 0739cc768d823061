# SPDX-License-Identifier: Apache-2.0
"""Linear operators: convolutions, matrix products and average pools, with exact real values."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import gcd, lcm, prod

import numpy as np

from hlsgen.errors import ModelError
from hlsgen.frontends.lower import flatten_to_kernel
from hlsgen.frontends.qonnx_build import Builder
from hlsgen.frontends.qonnx_const import MAX_WEIGHT, Weights, transpose, weights_of
from hlsgen.frontends.qonnx_parts import NO_PADS, check_padding
from hlsgen.frontends.qonnx_shape import unpadded
from hlsgen.frontends.qonnx_values import (
    Call,
    Chain,
    Const,
    LinearBase,
    Refusal,
    Value,
    per_channel,
    text,
)
from hlsgen.frontends.qonnx_window import Window, conv_window, pool_window
from hlsgen.frontends.rational import Affine, scalar
from hlsgen.model.graph import Tensor


def conv(call: Call, builder: Builder) -> Value:
    """Convolution by quantised weights."""
    chain, const = call.chain(), call.const(1)
    shape = chain.mapped()
    if len(const.shape) != 4:
        raise Refusal(f"has weights of shape {text(const.shape)}", "a two-dimensional Conv")
    groups = call.integer("group", 1)
    rows, depth, kernel_h, kernel_w = const.shape
    if groups < 1 or rows == 0 or rows % groups or depth * groups != shape[0]:
        raise ModelError(
            f"Conv weights {text(const.shape)} and group {groups} must fit the input "
            f"{text(shape)} ({call.node.label})"
        )
    window = conv_window(call, shape, (kernel_h, kernel_w), chain.pads)
    if window.standalone:  # the pending zeros do not fit in this kernel
        chain = unpadded(builder, chain)
        window = conv_window(call, chain.shape, (kernel_h, kernel_w), chain.pads)
    return _linear(call, builder, chain, weights_of(const), window, groups)


def matmul(call: Call, builder: Builder) -> Value:
    """Activation times a matrix of quantised weights."""
    if isinstance(call.args[0], Const):
        raise Refusal("has its weights on the left", "activation x weights")
    const = call.const(1)
    if len(const.shape) != 2:
        raise Refusal(f"has weights of shape {text(const.shape)}", "a matrix")
    return _dense(call, builder, transpose(const, (1, 0)))


def gemm(call: Call, builder: Builder) -> Value:
    """Activation times a matrix of quantised weights, scaled, plus a bias."""
    const = call.const(1)
    if call.flag("transA", 0) or len(const.shape) != 2:
        raise Refusal("transposes the activation", "transA = 0 and a matrix of weights")
    if not call.flag("transB", 0):
        const = transpose(const, (1, 0))
    alpha, beta = call.number("alpha", 1.0), call.number("beta", 1.0)
    chain = _dense(replace(call, args=call.args[:2]), builder, const).then(scalar(alpha))
    bias = call.optional(2)
    if bias is None:
        return chain
    return chain.then(Affine((Fraction(1),), tuple(beta * b for b in per_channel(bias, chain))))


def _dense(call: Call, builder: Builder, const: Const) -> Chain:
    chain = call.chain()
    if any(chain.pads):
        chain = unpadded(builder, chain)
    features = prod(chain.shape)
    if chain.dims[-1:] != (features,) or const.shape[1] != features or not const.shape[0]:
        raise Refusal(
            f"multiplies {text(chain.dims)} by {text(const.shape[::-1])}",
            "a flattened activation of one frame",
        )
    weights = weights_of(const)
    kernel = flatten_to_kernel(weights.codes, chain.shape, chain.order)
    weights = replace(weights, codes=kernel)
    window = Window(kernel=chain.shape[1:], stride=(1, 1), pads=NO_PADS, out=(1, 1))
    result = _linear(call, builder, chain, weights, window, 1)
    return replace(result, dims=(*chain.dims[:-1], result.shape[0]))


def _linear(
    call: Call, builder: Builder, chain: Chain, weights: Weights, window: Window, groups: int
) -> Chain:
    """Accumulators of `weights` over a quantised tensor, with their exact real value."""
    tensor, value = builder.operand(chain, keep_pads=True)
    if any(window.pads):
        check_padding(tensor, value)
    weights, unit = _absorbed(weights, value, tensor, groups)
    if int(np.abs(weights.codes).max(initial=0)) > MAX_WEIGHT:
        raise Refusal(
            f"has weights of up to {int(np.abs(weights.codes).max())} steps",
            "weights of at most 8 bits in narrow range (-127..127)",
        )
    rows = weights.codes.shape[0]
    gain = tuple(s * u for s, u in zip(weights.scale, unit, strict=True))
    offset = _residual(weights, value, tensor, groups, unit)
    bias = call.optional(2)
    if bias is not None and bias.array.size != rows:
        raise ModelError(f"Biases must be one an output channel ({call.node.label})")
    shape = (rows, *window.out)
    base = LinearBase(
        source=tensor,
        weights=weights.codes,
        scale=weights.scale,
        limits=weights.limits,
        bits=weights.bits,
        stride=window.stride,
        pads=window.pads,
        groups=groups,
        label=call.node.name or call.node.op,
    )
    result = Chain(base=base, dims=(1, *shape), shape=shape, full=shape)
    result = result.then(Affine(gain, offset))
    if bias is None:
        return result
    return result.then(Affine((Fraction(1),), tuple(bias.exact().reshape(-1).tolist())))


def _absorbed(
    weights: Weights, value: Affine, tensor: Tensor, groups: int
) -> tuple[Weights, tuple[Fraction, ...]]:
    """Take unequal gains of the input channels into integer weights; the rest is one unit a row."""
    rows = weights.codes.shape[0]
    if len(set(value.gain)) == 1:
        return weights, (value.gain[0],) * rows
    gains = np.array(value.gain, object).reshape(groups, -1)
    codes, units = weights.codes.copy(), []
    for row in range(rows):
        here = gains[row * groups // rows].tolist()
        unit = here[0] if len(here) == 1 else _common(here)
        factors = [int(g / unit) if unit else 0 for g in here]
        if max(map(abs, factors)) > MAX_WEIGHT:
            raise Refusal("reads channels of unequal scales", "one scale for the tensor")
        codes[row] *= np.array(factors, np.int64)[:, None, None]
        units.append(unit)
    limits = weights.limits if groups == tensor.shape[0] else None
    return replace(weights, codes=codes, limits=limits), tuple(units)


def _common(values: list[Fraction]) -> Fraction:
    below = lcm(*(v.denominator for v in values))
    return Fraction(gcd(*(int(v * below) for v in values)), below)


def _residual(
    weights: Weights, value: Affine, tensor: Tensor, groups: int, unit: tuple[Fraction, ...]
) -> tuple[Fraction, ...]:
    """Real contribution of the input's value at its zero point, one a row."""
    channels = tensor.shape[0]
    rest = [value.apply(Fraction(tensor.zero_point), c) for c in range(channels)]
    rows = weights.codes.shape[0]
    if not any(rest):
        return (Fraction(0),)
    sums = weights.codes.sum(axis=(2, 3)).tolist()
    ratio = [1] * channels if len(set(value.gain)) == 1 else None
    if ratio is None:
        raise Refusal("reads channels of unequal scales and offsets", "one scale for the tensor")
    depth = channels // groups
    offset = []
    for row in range(rows):
        start = row * groups // rows * depth
        total = sum(
            (s * r for s, r in zip(sums[row], rest[start : start + depth], strict=True)),
            Fraction(0),
        )
        offset.append(weights.scale[row] * total)
    return tuple(offset)


def _average(call: Call, builder: Builder, chain: Chain, window: Window) -> Chain:
    channels = chain.shape[0]
    count = window.kernel[0] * window.kernel[1]
    ones = Weights(
        codes=np.ones((channels, 1, *window.kernel), np.int64),
        scale=(Fraction(1, count),) * channels,
        limits=(-1, 1),
        bits=1,
    )
    return _linear(replace(call, args=call.args[:1]), builder, chain, ones, window, channels)


def average_pool(call: Call, builder: Builder) -> Value:
    """Average over a window: a depthwise sum, divided in the requantisation."""
    chain = unpadded(builder, call.chain())
    window = pool_window(call, chain.mapped())
    if any(window.pads) and not call.flag("count_include_pad", 0):
        raise Refusal("averages fewer values at the border", "no pads, or count_include_pad = 1")
    return _average(call, builder, chain, window)


def global_average(call: Call, builder: Builder) -> Value:
    """Average over the whole map."""
    chain = unpadded(builder, call.chain())
    shape = chain.mapped()
    window = Window(kernel=shape[1:], stride=(1, 1), pads=NO_PADS, out=(1, 1))
    return _average(call, builder, chain, window)


def reduce_mean(call: Call, builder: Builder) -> Value:
    """Mean over height and width: GlobalAveragePool by another name."""
    chain = call.chain()
    axes = call.attributes.get("axes") or (call.const(1).integers() if call.args[1:] else [])
    if sorted(a % len(chain.dims) for a in axes) != [2, 3] or len(chain.dims) != 4:
        raise Refusal(f"reduces the axes {axes}", "the mean over height and width")
    result = global_average(call, builder)
    if call.flag("keepdims", 1) or not isinstance(result, Chain):
        return result
    return replace(result, dims=result.dims[:2])
