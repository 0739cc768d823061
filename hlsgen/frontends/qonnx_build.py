# SPDX-License-Identifier: Apache-2.0
"""Builder of the Model: turns chains into layers and tensors where a quantiser ends them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from hlsgen.errors import ModelError
from hlsgen.frontends.lower import padding_conv
from hlsgen.frontends.qonnx_parts import (
    NO_PADS,
    Affines,
    Codes,
    check_padding,
    check_pools,
    clip_code,
    floats,
    identity,
    input_levels,
    layout_of,
    positive,
    row_format,
    row_scale,
    sum_table,
    tensor_of,
)
from hlsgen.frontends.qonnx_values import (
    Chain,
    InputBase,
    LinearBase,
    Pool,
    Refusal,
    SumBase,
    TensorBase,
)
from hlsgen.frontends.rational import (
    Affine,
    Clip,
    Op,
    compose,
    scalar,
    step_levels,
)
from hlsgen.model.graph import (
    Add,
    Concat,
    Conv,
    IntArray,
    Layer,
    MaxPool,
    Preprocess,
    Raw,
    Requant,
    Tensor,
    Thresholds,
)
from hlsgen.model.verify_layers import output_size
from hlsgen.naming import Namer

INTEGER_TYPES = {f"{sign}INT{bits}": (bits, not sign) for bits in range(2, 9) for sign in ("", "U")}
_NEED_QUANT = "reads real values that are not quantised"


class Builder:
    """Collects the layers and tensors of the Model under construction."""

    def __init__(self, input_name: str) -> None:
        self.input_name = input_name
        self.tensors: dict[str, Tensor] = {}
        self.layers: list[Layer] = []
        self.preprocess: Preprocess | None = None
        self.input: Tensor | None = None
        self.affine: dict[str, Affines] = {}
        self._tensor_names, self._layer_names = Namer(), Namer()

    def operand(self, chain: Chain, keep_pads: bool = False) -> tuple[Tensor, Affine]:
        """Tensor of a quantised chain, and the affine map from its codes to real values."""
        if any(chain.pads) and not keep_pads:
            chain = self._padded(chain)
        while True:
            affine = chain.affine()
            if affine is not None and isinstance(chain.base, TensorBase):
                return chain.base.tensor, affine
            if affine is not None and isinstance(chain.base, InputBase):
                return self._integer_input(chain, chain.base, affine), affine
            chain = self._clipped(chain)

    def quantise(self, chain: Chain, codes: Codes, tail: Affine, raw_name: str) -> Chain:
        """Emit the layers of `chain`, whose operations end in the integers n of `codes`.

        `tail` is the real value of n. Returns the chain of the new tensor.
        """
        value = compose(scalar(Fraction(1, codes.step), Fraction(-codes.shift, codes.step)), tail)
        if any(chain.pads):
            chain = self._padded(chain)
        same = self._same_codes(chain, codes)
        tensor = same or self._emit(chain, codes, value, raw_name)
        base = TensorBase(tensor=tensor)
        return replace(chain, base=base, ops=(value,), pools=(), full=chain.shape, pads=NO_PADS)

    def pool(self, chain: Chain, pool: Pool, shape: tuple[int, int, int]) -> Chain:
        """Emit a maximum pooling of a quantised chain."""
        tensor, affine = self.operand(chain)
        if any(gain < 0 for gain in affine.gain):
            raise Refusal("takes the maximum of a negated tensor", "a Quant node before it")
        pooled = self._max_pool(tensor, pool, shape, tensor.name)
        return replace(chain, base=TensorBase(tensor=pooled), ops=(affine,), pads=NO_PADS)

    def concat(self, sources: list[Tensor], affine: Affine, chain: Chain, name: str) -> Chain:
        """Emit a Concat; `chain` has the shapes of the result."""
        first = sources[0]
        tensor = self._tensor(replace(first, shape=chain.shape), name)
        self.layers.append(
            Concat(
                name=self._layer_name("Concat"),
                sources=tuple(source.name for source in sources),
                output=tensor.name,
            )
        )
        return replace(chain, base=TensorBase(tensor=tensor), ops=(affine,))

    def output(self, chain: Chain, raw_name: str) -> str:
        """Name of the Model's tensor for a graph output; emits raw accumulators if need be."""
        affine = chain.affine()
        if chain.order != "CHW":
            raise Refusal("is transposed", "channels first throughout")
        if isinstance(chain.base, LinearBase) and affine is not None:
            uniform = affine.uniform and affine.gain[0] > 0
            tensor = Tensor(
                name=raw_name,
                shape=chain.shape,
                bits=32,
                signed=True,
                scale=positive(affine.gain[0]) if uniform else 1.0,
            )
            tensor = self._tensor(tensor, raw_name)
            rows = np.ones(chain.channels, np.int64)
            self._conv(chain.base, tensor, Raw(), rows)
            self.affine[tensor.name] = floats(affine, chain.channels)
            return tensor.name
        try:
            tensor, affine = self.operand(chain)
        except Refusal as refusal:
            raise Refusal("is neither quantised nor affine", "a Quant before it") from refusal
        if tensor is self.input:
            raise Refusal("is the input itself", "at least one layer before the output")
        exact = scalar(Fraction(tensor.scale), -tensor.zero_point * Fraction(tensor.scale))
        if affine != exact:
            self.affine[tensor.name] = floats(affine, chain.channels)
        return tensor.name

    # -- places a chain can stand ---------------------------------------------------------------

    def _emit(self, chain: Chain, codes: Codes, value: Affine, raw_name: str) -> Tensor:
        check_pools(chain)
        wanted = tensor_of(raw_name, chain.full, codes, value)
        if isinstance(chain.base, InputBase):
            tensor = self._set_input(input_levels(chain, chain.base, codes), wanted)
        else:
            stem = f"{raw_name}_full" if chain.pools else raw_name
            tensor = self._tensor(wanted, stem)
            self._layer(chain, codes, tensor)
        for pool in chain.pools:
            size = output_size(tensor.shape, pool.kernel, pool.stride, pool.pads)
            tensor = self._max_pool(tensor, pool, (tensor.shape[0], *size), raw_name)
        return tensor

    def _layer(self, chain: Chain, codes: Codes, tensor: Tensor) -> None:
        base, ops = chain.base, chain.ops
        if isinstance(base, SumBase):
            self._add(base, ops, codes, tensor)
            return
        if isinstance(base, TensorBase):
            zero = base.tensor.zero_point
            ops = (scalar(1, zero), *ops)
            base = identity(base.tensor)
        if not isinstance(base, LinearBase):
            raise ModelError("Import must not quantise a chain without a base")
        levels, signs = step_levels(ops, tensor.shape[0], range(codes.lo + 1, codes.hi + 1))
        requant = Thresholds(levels=levels, first=codes.first, step=codes.step)
        self._conv(base, tensor, requant, signs)

    def _conv(self, base: LinearBase, tensor: Tensor, requant: Requant, signs: IntArray) -> None:
        weights = base.weights * signs[:, None, None, None]
        rows = weights.shape[0]
        self.layers.append(
            Conv(
                name=self._layer_name(base.label),
                input=base.source.name,
                output=tensor.name,
                weights=weights,
                formats=tuple(row_format(row, base) for row in weights),
                row_scale=row_scale(base, rows),
                bias=np.zeros(rows, np.int64),
                requant=requant,
                stride=base.stride,
                pads=base.pads,
                groups=base.groups,
            )
        )

    def _add(self, base: SumBase, ops: tuple[Op, ...], codes: Codes, tensor: Tensor) -> None:
        self.layers.append(
            Add(
                name=self._layer_name(base.label),
                a=base.a.name,
                b=base.b.name,
                output=tensor.name,
                table=sum_table(base, ops, codes),
            )
        )

    def _integer_input(self, chain: Chain, base: InputBase, affine: Affine) -> Tensor:
        if base.datatype not in INTEGER_TYPES:
            raise Refusal("reads the input, which is not quantised", "a Quant node at the input")
        bits, signed = INTEGER_TYPES[base.datatype]
        lo = -(1 << (bits - 1)) if signed else 0
        codes = Codes(lo=lo, hi=lo + (1 << bits) - 1, bits=bits, signed=signed)
        value = affine if affine.uniform else scalar(1)
        wanted = tensor_of(self.input_name, chain.full, codes, value)
        return self._set_input(
            Preprocess(gain=1.0, offset=0.0, layout=layout_of(base, wanted.shape)), wanted
        )

    def _set_input(self, preprocess: Preprocess, wanted: Tensor) -> Tensor:
        if self.input is None:
            self.preprocess, self.input = preprocess, self._tensor(wanted, self.input_name)
        same = replace(wanted, name=self.input.name) == self.input
        if preprocess != self.preprocess or not same:
            raise Refusal("quantises the input in a second way", "one Quant node at the input")
        return self.input

    def _padded(self, chain: Chain) -> Chain:
        """Emit the pending zeros around a quantised chain as an identity convolution."""
        tensor, affine = self.operand(replace(chain, pads=NO_PADS))
        check_padding(tensor, affine)
        codes = Codes(lo=tensor.lo, hi=tensor.hi, bits=tensor.bits, signed=tensor.signed)
        out = self._tensor(replace(tensor, shape=chain.shape), f"{tensor.name}_padded")
        levels, _ = step_levels(
            (scalar(1, tensor.zero_point),), out.shape[0], range(codes.lo + 1, codes.hi + 1)
        )
        requant = Thresholds(levels=levels, first=codes.lo)
        name = self._layer_name("Pad")
        self.layers.append(padding_conv(name, tensor, out, chain.pads, requant))
        return replace(chain, base=TensorBase(tensor=out), ops=(affine,), pads=NO_PADS)

    def _clipped(self, chain: Chain) -> Chain:
        """Emit the first clip of a quantised tensor's chain in the domain of its codes."""
        base, ops = chain.base, chain.ops
        at = next((i for i, op in enumerate(ops) if isinstance(op, Clip)), None)
        if not isinstance(base, TensorBase) or chain.pools or at not in (0, 1):
            raise Refusal(_NEED_QUANT, "a Quant node before it")
        affine, clip = (ops[0] if at else scalar(1)), ops[at]
        if not isinstance(affine, Affine) or not isinstance(clip, Clip):
            raise Refusal(_NEED_QUANT, "a Quant node before it")
        if not affine.uniform or affine.gain[0] <= 0:
            raise Refusal("clips a tensor that is not ascending in one scale", "a Quant node")
        tensor = base.tensor
        ends = [clip_code(bound, affine) for bound in (clip.lo, clip.hi)]
        lo = tensor.lo if ends[0] is None else max(tensor.lo, ends[0])
        hi = tensor.hi if ends[1] is None else min(tensor.hi, ends[1])
        if tensor.bipolar or lo >= hi:
            raise Refusal(f"clips codes to {lo}..{hi}", "a Quant node behind it")
        codes = Codes(lo=lo, hi=hi, bits=tensor.bits, signed=tensor.signed)
        inner = replace(chain, ops=(Clip(Fraction(lo), Fraction(hi)),))
        clipped = self.quantise(inner, codes, affine, f"{tensor.name}_clipped")
        return clipped.then(*ops[at + 1 :])

    def _same_codes(self, chain: Chain, codes: Codes) -> Tensor | None:
        """The chain's own tensor, if the quantiser leaves every one of its codes as it is."""
        if not isinstance(chain.base, TensorBase) or chain.pools:
            return None
        tensor = chain.base.tensor
        if not all(op.uniform for op in chain.ops):
            return None
        for code in range(tensor.lo, tensor.hi + 1, 2 if tensor.bipolar else 1):
            n = Fraction(code)
            for op in chain.ops:
                n = op.apply(n, 0)
            if codes.step * n + codes.shift != code:
                return None
        return tensor

    def _max_pool(
        self, tensor: Tensor, pool: Pool, shape: tuple[int, int, int], raw_name: str
    ) -> Tensor:
        stem = raw_name if raw_name != tensor.name else f"{tensor.name}_pooled"
        out = self._tensor(replace(tensor, shape=shape), stem)
        self.layers.append(
            MaxPool(
                name=self._layer_name(pool.label),
                input=tensor.name,
                output=out.name,
                kernel=pool.kernel,
                stride=pool.stride,
                pads=pool.pads,
            )
        )
        return out

    def _tensor(self, tensor: Tensor, raw_name: str) -> Tensor:
        name = self._tensor_names.name(raw_name, len(self.tensors))
        self.tensors[name] = replace(tensor, name=name)
        return self.tensors[name]

    def _layer_name(self, raw: str) -> str:
        return self._layer_names.name(raw, len(self.layers))
