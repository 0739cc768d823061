# SPDX-License-Identifier: Apache-2.0
"""Elementwise operators with constants, batch normalisation, and the sum of two tensors."""

from __future__ import annotations

from fractions import Fraction

from hlsgen.errors import ModelError
from hlsgen.frontends.qonnx_build import Builder
from hlsgen.frontends.qonnx_values import (
    Call,
    Chain,
    Const,
    Rationals,
    Refusal,
    SumBase,
    Value,
    objects,
    per_channel,
    spread,
    text,
)
from hlsgen.frontends.rational import Affine, Clip, scalar, square_root


def batch_norm(call: Call, builder: Builder) -> Value:
    """Batch normalisation: gamma * (x - mean) / sqrt(variance + epsilon) + beta, an affine map."""
    chain = call.chain()
    gamma, beta, mean, var = (call.const(i).exact() for i in range(1, 5))
    size = chain.dims[1]
    if any(p.shape != (size,) for p in (gamma, beta, mean, var)):
        raise ModelError(
            f"BatchNormalization parameters must be vectors of {size} ({call.node.label})"
        )
    epsilon = call.number("epsilon", 1e-5)
    spots = [v + epsilon for v in var.tolist()]
    if min(spots) <= 0:
        raise ModelError(
            f"BatchNormalization variances must be positive with epsilon ({call.node.label})"
        )
    shape = (size, *(1 for _ in chain.dims[2:]))
    gains = objects(
        (g / square_root(v) for g, v in zip(gamma.tolist(), spots, strict=True)), (size,)
    )
    offsets: Rationals = beta - mean * gains
    return chain.then(
        Affine(spread(gains.reshape(shape), chain), spread(offsets.reshape(shape), chain))
    )


def relu(call: Call, builder: Builder) -> Value:
    """Rectifier: a clip."""
    return call.chain().then(Clip(lo=Fraction(0)))


def clip(call: Call, builder: Builder) -> Value:
    """Clip by constants (inputs, or attributes of old opsets)."""
    ends = []
    for index, key in ((1, "min"), (2, "max")):
        const = call.optional(index)
        given = key in call.attributes
        ends.append(const.scalar() if const else call.number(key, 0.0) if given else None)
    return call.chain().then(Clip(lo=ends[0], hi=ends[1]))


def add(call: Call, builder: Builder) -> Value:
    """Sum of an activation and a constant, or of two quantised tensors."""
    a, b = call.args[0], call.args[1]
    if isinstance(a, Const):
        return call.chain(1).then(Affine((Fraction(1),), per_channel(a, call.chain(1))))
    if isinstance(b, Const):
        return call.chain().then(Affine((Fraction(1),), per_channel(b, call.chain())))
    return _sum(call, builder, call.chain(0), call.chain(1))


def sub(call: Call, builder: Builder) -> Value:
    """Difference with a constant; of two tensors only if the second is negated before."""
    if isinstance(call.args[1], Const):
        chain = call.chain()
        return chain.then(
            Affine((Fraction(1),), tuple(-v for v in per_channel(call.args[1], chain)))
        )
    if isinstance(call.args[0], Const):
        chain = call.chain(1)
        return chain.then(Affine((Fraction(-1),), per_channel(call.args[0], chain)))
    return _sum(call, builder, call.chain(0), call.chain(1).then(scalar(-1)))


def _sum(call: Call, builder: Builder, a: Chain, b: Chain) -> Chain:
    if (a.dims, a.shape, a.order) != (b.dims, b.shape, b.order):
        raise Refusal(f"joins shapes {text(a.dims)} and {text(b.dims)}", "equal shapes")
    (left, left_map), (right, right_map) = builder.operand(a), builder.operand(b)
    if not left_map.uniform or not right_map.uniform:
        raise Refusal("adds tensors with one scale a channel", "one scale for each tensor")
    base = SumBase(
        a=left, b=right, a_map=left_map, b_map=right_map, label=call.node.name or call.node.op
    )
    return Chain(base=base, dims=a.dims, shape=a.shape, full=a.shape, order=a.order)


def mul(call: Call, builder: Builder) -> Value:
    """Product with a constant."""
    index = 1 if isinstance(call.args[0], Const) else 0
    chain = call.chain(index)
    factor = call.const(1 - index)
    return chain.then(Affine(per_channel(factor, chain), (Fraction(0),)))


def div(call: Call, builder: Builder) -> Value:
    """Quotient by a constant."""
    chain = call.chain()
    divisors = per_channel(call.const(1), chain)
    if 0 in divisors:
        raise ModelError(f"Div must not divide by 0 ({call.node.label}); repair the model")
    return chain.then(Affine(tuple(1 / d for d in divisors), (Fraction(0),)))


def neg(call: Call, builder: Builder) -> Value:
    """Negation."""
    return call.chain().then(scalar(-1))


def passed(call: Call, builder: Builder) -> Value:
    """Operators that change nothing at inference."""
    if call.node.op == "Cast" and call.integer("to", 1) not in (1, 10, 11):
        raise Refusal("casts an activation to integers", "a Quant node")
    return call.chain()
