# SPDX-License-Identifier: Apache-2.0
"""Operators on the map's shape: maximum pools, padding, concatenation and views."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np

from hlsgen.errors import ModelError
from hlsgen.frontends.qonnx_build import Builder
from hlsgen.frontends.qonnx_const import reshaped
from hlsgen.frontends.qonnx_parts import NO_PADS, check_padding
from hlsgen.frontends.qonnx_values import (
    Call,
    Chain,
    Const,
    InputBase,
    Pads,
    Pool,
    Refusal,
    Shape,
    TensorBase,
    Value,
    shape_of,
    text,
)
from hlsgen.frontends.qonnx_window import Window, pool_window


def max_pool(call: Call, builder: Builder) -> Value:
    """Maximum over a window, at once or, before a quantiser, behind it."""
    chain = unpadded(builder, call.chain())
    window = pool_window(call, chain.mapped())
    return _pooled(call, builder, chain, window)


def global_max(call: Call, builder: Builder) -> Value:
    """Maximum over the whole map."""
    chain = unpadded(builder, call.chain())
    shape = chain.mapped()
    window = Window(kernel=shape[1:], stride=(1, 1), pads=NO_PADS, out=(1, 1))
    return _pooled(call, builder, chain, window)


def _pooled(call: Call, builder: Builder, chain: Chain, window: Window) -> Chain:
    pool = Pool(
        at=len(chain.ops),
        kernel=window.kernel,
        stride=window.stride,
        pads=window.pads,
        label=call.node.name or call.node.op,
    )
    shape = (chain.shape[0], *window.out)
    result = replace(chain, dims=(1, *shape), shape=shape)
    if isinstance(chain.base, TensorBase) and chain.affine() is not None:
        return builder.pool(replace(result, full=shape), pool, shape)
    return replace(result, pools=(*chain.pools, pool))


def pad(call: Call, builder: Builder) -> Value:
    """Zeros around a quantised tensor, kept for the next convolution to take."""
    chain = call.chain()
    shape = chain.mapped()
    pads = call.attributes.get("pads") or call.const(1).integers()
    fill = call.optional(2)
    value = fill.scalar() if fill is not None else call.number("value", 0.0)
    rank = len(chain.dims)
    if call.text("mode", "constant") != "constant" or value != 0 or len(call.args) > 3:
        raise Refusal("pads with something else than 0", "constant zeros around height and width")
    if len(pads) != 2 * rank or rank != 4 or any(pads[i] for i in (0, 1, 4, 5)):
        raise Refusal(f"pads by {pads}", "four axes, height and width only")
    top, left, bottom, right = pads[2], pads[3], pads[6], pads[7]
    if min(pads) < 0 or max(pads) > 64:
        raise Refusal(f"pads by {pads}", "0 to 64")
    if not any(pads):
        return chain
    tensor, affine = builder.operand(chain, keep_pads=True)
    check_padding(tensor, affine)
    old = chain.pads
    total: Pads = (old[0] + top, old[1] + bottom, old[2] + left, old[3] + right)
    grown: Shape = (shape[0], shape[1] + top + bottom, shape[2] + left + right)
    return Chain(
        base=TensorBase(tensor=tensor),
        ops=(affine,),
        dims=(1, *grown),
        shape=grown,
        full=grown,
        pads=total,
    )


def unpadded(builder: Builder, chain: Chain) -> Chain:
    """Make pending zeros a layer of their own."""
    if not any(chain.pads):
        return chain
    tensor, affine = builder.operand(chain)
    return replace(chain, base=TensorBase(tensor=tensor), ops=(affine,), pads=NO_PADS)


def concat(call: Call, builder: Builder) -> Value:
    """Join quantised tensors along channels."""
    chains = [call.chain(i) for i in range(len(call.args))]
    axis = call.integer("axis", 1) % len(chains[0].dims)
    shapes = [chain.mapped() for chain in chains]
    if axis != 1 or any(s[1:] != shapes[0][1:] for s in shapes):
        raise Refusal("joins other axes than channels", "axis 1 and maps of one size")
    pairs = [builder.operand(chain) for chain in chains]
    kinds = {(t.bits, t.signed, t.scale, t.zero_point) for t, _ in pairs}
    if len(kinds) > 1 or any(a != pairs[0][1] for _, a in pairs) or not pairs[0][1].uniform:
        raise Refusal("joins tensors of unequal scales or widths", "equal Quant nodes before it")
    shape = (sum(s[0] for s in shapes), *shapes[0][1:])
    dims = (1, shape[0], *chains[0].dims[2:])
    joined = Chain(base=chains[0].base, dims=dims, shape=shape, full=shape)
    return builder.concat([t for t, _ in pairs], pairs[0][1], joined, call.node.outputs[0])


def view(call: Call, builder: Builder) -> Value:
    """Reshape, Flatten, Squeeze, Unsqueeze: another row-major view of the map."""
    chain = call.chain()
    dims = reshaped(call, prod(chain.dims), chain.dims)
    return _viewed(chain, dims)


def _viewed(chain: Chain, dims: tuple[int, ...]) -> Chain:
    if not dims or dims[0] != 1:
        raise Refusal(f"makes the shape {text(dims)}", "a batch of 1 in front")
    base = chain.base
    plain = isinstance(base, InputBase) and base.layout == "CHW" and not chain.pools
    if plain and all(op.uniform for op in chain.ops):
        shape = shape_of(dims)
        return replace(chain, dims=dims, shape=shape, full=shape)
    return replace(chain, dims=dims)


def transposed(call: Call, builder: Builder) -> Value:
    """Transpose of unit axes, of the input from channels last, or before a flattened product."""
    chain = call.chain()
    rank = len(chain.dims)
    perm = tuple(call.integers("perm", list(reversed(range(rank)))))
    if sorted(perm) != list(range(rank)):
        raise ModelError(f"Transpose perm must name {rank} axes once each ({call.node.label})")
    dims = tuple(chain.dims[p] for p in perm)
    moved = [p for p in perm if chain.dims[p] != 1]
    if moved == sorted(moved):
        return _viewed(chain, dims)
    if isinstance(chain.base, InputBase) and not chain.ops and perm == (0, 3, 1, 2):
        base = replace(chain.base, layout="HWC")
        shape = shape_of(dims)
        return replace(chain, base=base, dims=dims, shape=shape, full=shape)
    if not isinstance(chain.base, InputBase) and not any(chain.pads):
        channels, height, width = chain.shape
        if (perm, chain.order, chain.dims) == ((0, 2, 3, 1), "CHW", (1, *chain.shape)):
            return replace(chain, dims=dims, order="HWC")
        if (perm, chain.order, dims) == ((0, 3, 1, 2), "HWC", (1, channels, height, width)):
            return replace(chain, dims=dims, order="CHW")
    raise Refusal(f"permutes {text(chain.dims)}", "channels first throughout")


def shape(call: Call, builder: Builder) -> Value:
    """Shape of an activation, a constant."""
    return Const(array=np.array(call.chain().dims, np.int64))
