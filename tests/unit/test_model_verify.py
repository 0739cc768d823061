# SPDX-License-Identifier: Apache-2.0
"""Every rule of the Model has one sentence, and all broken rules are told at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from hlsgen.errors import ModelError
from hlsgen.model.graph import (
    Add,
    Concat,
    Conv,
    MaxPool,
    Model,
    Preprocess,
    Raw,
    Tensor,
    Thresholds,
    TwoStep,
)
from hlsgen.model.numbers import Format
from hlsgen.model.verify import accumulator_range, verify
from tests.models import random_codes, random_model

pytestmark = pytest.mark.unit


def tensor(name: str, shape: tuple[int, int, int] = (2, 4, 4), **changes: Any) -> Tensor:
    fields = {"bits": 8, "signed": True, "scale": 0.5, "zero_point": 0, **changes}
    return Tensor(name=name, shape=shape, **fields)


def whole() -> Model:
    """x -> conv -> y; y + y -> s; pool s -> p; concat p, p -> out."""
    conv = Conv(
        name="conv",
        input="x",
        output="y",
        weights=np.ones((2, 2, 3, 3), np.int64),
        formats=(Format.FIXED8, Format.FIXED4),
        row_scale=np.ones(2),
        bias=np.zeros(2, np.int64),
        requant=TwoStep(multiplier=np.full(2, 1 << 30), shift=np.full(2, -4), lo=-128, hi=127),
        pads=(1, 1, 1, 1),
    )
    table = np.clip(np.add.outer(np.arange(-128, 128), np.arange(-128, 128)), -128, 127)
    return Model(
        name="m",
        input="x",
        outputs=("out",),
        tensors={
            "x": tensor("x"),
            "y": tensor("y"),
            "s": tensor("s"),
            "p": tensor("p", (2, 2, 2)),
            "out": tensor("out", (4, 2, 2)),
        },
        layers=(
            conv,
            Add(name="add", a="y", b="x", output="s", table=table.astype(np.int16)),
            MaxPool(name="pool", input="s", output="p", kernel=(2, 2), stride=(2, 2)),
            Concat(name="concat", sources=("p", "p"), output="out"),
        ),
        preprocess=Preprocess(gain=1.0, offset=0.0, layout="CHW"),
    )


def with_layer(index: int, **changes: Any) -> Callable[[Model], Model]:
    def change(model: Model) -> Model:
        layers = list(model.layers)
        layers[index] = replace(layers[index], **changes)
        return replace(model, layers=tuple(layers))

    return change


def with_tensor(name: str, **changes: Any) -> Callable[[Model], Model]:
    return lambda m: replace(m, tensors={**m.tensors, name: replace(m.tensors[name], **changes)})


def with_model(**changes: Any) -> Callable[[Model], Model]:
    return lambda m: replace(m, **changes)


def with_pre(**changes: Any) -> Callable[[Model], Model]:
    return lambda m: replace(m, preprocess=replace(m.preprocess, **changes))


def requant(**changes: Any) -> Callable[[Model], Model]:
    fields = {"multiplier": np.full(2, 1 << 30), "shift": np.full(2, -4), "lo": -128, "hi": 127}
    return with_layer(0, requant=TwoStep(**(fields | changes)))


def levels(table: Any, **changes: Any) -> Callable[[Model], Model]:
    return with_layer(0, requant=Thresholds(levels=np.array(table), **({"first": -1} | changes)))


def weights(value: int, shape: tuple[int, ...] = (2, 2, 3, 3)) -> Callable[[Model], Model]:
    return with_layer(0, weights=np.full(shape, value))


CASES: dict[str, tuple[Callable[[Model], Model], str]] = {
    "no layers": (with_model(layers=()), r"Model layers must be 1 to 10000, not 0"),
    "gain": (with_pre(gain=0.0), r"Preprocess gain and offset must be finite and the gain not zer"),
    "layout": (with_pre(layout="WHC"), r"Preprocess layout must be one of HWC, CHW, C, not 'WHC'"),
    "colour": (with_pre(colour="<b>"), r"Preprocess colour must be a plain name such as RGB, not "),
    "input levels": (
        with_pre(levels=((0.5, 0.25),), first=-128),
        r"Preprocess levels must be float32 values or infinities that ascend",
    ),
    "input level rows": (
        with_pre(levels=((0.5,),) * 3),
        r"Preprocess levels must be 1 or 2 rows of one length, not 3 rows",
    ),
    "input codes": (
        with_pre(levels=((0.5,),), first=127),
        r"Preprocess codes must lie in -128\.\.127, not 127\.\.128 in steps of 1",
    ),
    "affine name": (
        with_model(output_affine={"s": (np.ones(2), np.ones(2))}),
        r"Model output_affine must name outputs, not 's'",
    ),
    "affine shape": (
        with_model(output_affine={"out": (np.ones(2), np.ones(4))}),
        r"Model output_affine must have a finite gain and offset a channel \(4\), not shapes",
    ),
    "source": (with_model(source="a\nb"), r"Model source must be one printable line of at most 10"),
    "notes": (
        with_model(notes={"top": math.nan}),
        r"Model notes must be safe names with finite values, not 'top': nan",
    ),
    "name": (with_model(name="a b"), r"Names must be 1 to 200 of the characters .*, not 'a b'"),
    "key": (
        lambda m: replace(m, tensors={**m.tensors, "z": m.tensors["s"]}),
        r"Tensor keys must be their tensor's name 's', not 'z'",
    ),
    "doubled layer": (
        with_layer(1, name="conv"),
        r"Layer names must be unique, not used 2 times \(layer conv\)",
    ),
    "shape": (with_tensor("s", shape=(0, 4, 4)), r"Tensor shape must be channels 1\.\.65536, side"),
    "bits": (
        with_tensor("s", bits=9),
        r"Tensor bits must be 1 to 8, or 32 and signed, not 9 \(tensor s\)",
    ),
    "scale": (
        with_tensor("s", scale=0.0),
        r"Tensor scale must be positive and finite, not 0\.0 \(tensor s\)",
    ),
    "zero point": (
        with_tensor("s", zero_point=128),
        r"Tensor zero_point must be in -128\.\.127, not 128 \(tensor s\)",
    ),
    "no input": (with_model(input="q"), r"Model input must be one of its tensors, not 'q'"),
    "raw input": (
        with_tensor("x", bits=32),
        r"Model input must have at most 8 bits, not 32 \(tensor x\)",
    ),
    "order": (
        lambda m: replace(m, layers=(m.layers[1], m.layers[0], *m.layers[2:])),
        r"Layer inputs must be computed by an earlier layer or be the model's input, not 'y' \(la",
    ),
    "twice": (
        with_layer(1, output="y"),
        r"Tensors must be computed once, not again \(layer add, y",
    ),
    "dangling": (
        with_layer(1, b="q"),
        r"Layers must name tensors of the model, not 'q' \(layer ad",
    ),
    "orphan": (
        lambda m: replace(m, tensors={**m.tensors, "o": tensor("o")}),
        r"Tensors must be computed by a layer or be the model's input \(tensor o\)",
    ),
    "no outputs": (with_model(outputs=()), r"Model outputs must be at least one tensor, each once"),
    "output": (with_model(outputs=("q",)), r"Model outputs must be computed by a layer, not 'q'"),
    "raw used": (
        lambda m: with_layer(0, requant=Raw())(with_tensor("y", bits=32)(m)),
        r"Layer inputs must have at most 8 bits, not 32 \(layer add, tensor y\); requantise the ac",
    ),
    "groups": (
        with_layer(0, groups=3),
        r"Conv groups must divide input and output channels 2 and 2, not 3 \(layer conv\)",
    ),
    "weights shape": (
        weights(1, (2, 1, 3, 3)),
        r"Conv weights must have shape \(2, 2, kernel height, kernel width\), not \(2, 1, 3, 3\)",
    ),
    "weights type": (
        with_layer(0, weights=np.ones((2, 2, 3, 3))),
        r"Conv weights must be int64, not float64 \(layer conv\)",
    ),
    "formats": (
        with_layer(0, formats=(Format.FIXED8,)),
        r"Conv formats must be one a row \(2\), not 1 \(layer conv\)",
    ),
    "bias count": (
        with_layer(0, bias=np.zeros(3, np.int64)),
        r"Conv bias must have one entry a row \(2\), not shape \(3,\) \(layer conv\)",
    ),
    "row_scale": (
        with_layer(0, row_scale=np.array([1.0, np.inf])),
        r"Conv row_scale must be finite \(layer conv\)",
    ),
    "kernel": (
        lambda m: with_layer(0, pads=(5, 6, 5, 6))(weights(1, (2, 2, 12, 12))(m)),
        r"Conv kernel must be 1 to 11 a side or the whole unpadded map, not 12x12 \(layer conv\)",
    ),
    "stride": (with_layer(0, stride=(5, 1)), r"Conv stride must be 1 to 4, not \(5, 1\) \(layer c"),
    "pads": (
        with_layer(0, pads=(3, 1, 1, 1)),
        r"Conv pads must be 0 or more and smaller than the kernel 3x3, not \(3, 1, 1, 1\) \(layer",
    ),
    "output size": (with_layer(0, stride=(2, 2)), r"Conv output must be 2x2, not 4x4 \(layer conv"),
    "bipolar pads": (
        with_tensor("x", bits=1),
        r"Conv pads must be 0 on a bipolar input, which has no code for zero, not \(1, 1, 1, 1\)",
    ),
    "levels": (
        weights(9),
        r"Conv weights must be levels of FIXED4, not 9 \(layer conv, row 1\); 1 rows are wrong",
    ),
    "huge weight": (
        weights(-(1 << 40)),
        r"Conv weights must be levels of FIXED8, not -1099511627776 \(layer conv, row 0\)",
    ),
    "bias": (
        with_layer(0, bias=np.array([1 << 31, 0])),
        r"Conv bias must fit 32 bits \(layer conv\); scale the layer down",
    ),
    "accumulator": (
        with_layer(0, bias=np.array([0, (1 << 31) - 100])),
        r"Conv accumulators must fit 32 bits, not -2304\.\.2147485834 \(layer conv, row 1\); lower",
    ),
    "raw bits": (with_layer(0, requant=Raw()), r"Raw outputs must have 32 bits, not 8 \(layer con"),
    "requant bits": (
        lambda m: replace(with_tensor("y", bits=32)(m), layers=m.layers[:1], outputs=("y",)),
        r"Requantised outputs must have 1 to 8 bits, not 32 \(layer conv\); use Raw",
    ),
    "two-step bipolar": (
        with_tensor("y", bits=1),
        r"TwoStep outputs must not be bipolar \(layer conv\); use Thresholds with step 2",
    ),
    "clamp": (
        requant(hi=128),
        r"TwoStep clamp must lie in -128\.\.127, not -128\.\.128 \(layer co",
    ),
    "two-step rows": (
        requant(shift=np.zeros(3, np.int64)),
        r"TwoStep multiplier and shift must have one entry a row \(2\), not shapes \(2,\) and \(3",
    ),
    "multiplier": (
        requant(multiplier=np.array([0, 1 << 31])),
        r"TwoStep multiplier must be in 0\.\.2\*\*31 - 1 \(layer conv\)",
    ),
    "shift": (requant(shift=np.array([0, 31])), r"TwoStep shift must be in -31\.\.30 \(layer conv"),
    "left shift": (
        requant(shift=np.array([0, 20])),
        r"TwoStep must keep the shifted accumulator within 32 bits, not reach 2415919104 \(layer ",
    ),
    "level rows": (
        levels([[1, 2]]),
        r"Thresholds levels must have shape \(2, steps\), not \(1, 2\) \(layer conv\)",
    ),
    "descending": (levels([[2, 1]] * 2), r"Thresholds levels must ascend along each row \(layer c"),
    "level size": (
        levels([[0, (1 << 62) + 1]] * 2),
        r"Thresholds levels must lie within \+-2\*\*62 \(layer conv\)",
    ),
    "step": (levels([[1], [1]], step=2), r"Thresholds step must be 1, not 2 \(layer conv\)"),
    "codes": (
        levels([[1], [1]], first=127),
        r"Thresholds codes must lie in -128\.\.127, not 127\.\.128 \(layer conv\)",
    ),
    "add shapes": (
        with_tensor("s", shape=(2, 4, 5)),
        r"Add shapes must be equal, not \(2, 4, 4\), \(2, 4, 4\) and \(2, 4, 5\) \(layer add\)",
    ),
    "add bits": (
        with_tensor("s", bits=32),
        r"Add output must have 1 to 8 bits, not 32 \(layer add",
    ),
    "table shape": (
        with_layer(1, table=np.zeros((256, 16), np.int16)),
        r"Add table must be int16 of shape \(256, 256\), one entry for each pair of codes, not int",
    ),
    "table falls": (
        lambda m: with_layer(1, table=-m.layers[1].table)(m),  # type: ignore[union-attr]
        r"Add table must ascend along both axes \(layer add\)",
    ),
    "table codes": (
        lambda m: with_layer(1, table=m.layers[1].table + np.int16(9))(m),  # type: ignore[union-attr]
        r"Add table must hold codes -128\.\.127 of its output, not -119\.\.136 \(layer add\)",
    ),
    "pool channels": (
        with_tensor("p", shape=(3, 2, 2)),
        r"MaxPool channels must stay 2, not become 3 \(layer pool\)",
    ),
    "pool codes": (
        with_tensor("p", scale=0.25),
        r"MaxPool input and output must have equal codes, scale and zero point \(layer pool\)",
    ),
    "no sources": (
        with_layer(3, sources=()),
        r"Concat sources must be at least one \(layer concat",
    ),
    "concat shapes": (
        with_tensor("out", shape=(5, 2, 2)),
        r"Concat sources must add up to \(5, 2, 2\) along channels, not \(2, 2, 2\), \(2, 2, 2\)",
    ),
    "concat codes": (
        with_tensor("out", zero_point=1),
        r"Concat sources must have the output's codes, scale and zero point \(layer concat\); re-",
    ),
}


def test_verify_accepts_the_whole_model() -> None:
    verify(whole())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verify_says_what_is_wrong(case: str) -> None:
    change, sentence = CASES[case]
    with pytest.raises(ModelError, match=rf"(?m)^(- )?{sentence}"):
        verify(change(whole()))


def test_verify_lists_every_violation() -> None:
    model = with_pre(gain=0.0)(with_layer(1, name="conv")(requant(hi=200)(whole())))
    with pytest.raises(ModelError, match=r"^Model m must keep the rules, not break 3:\n- ") as info:
        verify(model)
    assert len(str(info.value).split("\n- ")) == 4


def test_verify_accumulator_range_holds_and_is_reached() -> None:
    """The proof is tight: some input codes reach both ends."""
    rng = np.random.default_rng(0)
    model = random_model(rng, formats=list(Format), layers=1, max_hw=5, allow=("conv",))
    conv = model.layers[0]
    assert isinstance(conv, Conv)
    source = model.tensors[conv.input]
    smallest, largest = accumulator_range(conv, source)
    from hlsgen.model.golden import accumulators

    acc = accumulators(conv, random_codes(model, rng, 50), source)
    assert (acc >= smallest[:, None, None]).all()
    assert (acc <= largest[:, None, None]).all()
    for row in range(conv.weights.shape[0]):
        best = np.where(conv.weights[row] > 0, source.hi, source.lo)
        alone = replace(conv, pads=(0, 0, 0, 0), groups=1)
        reached = accumulators(
            replace(alone, weights=conv.weights[row : row + 1], bias=conv.bias[row : row + 1]),
            best[None],
            source,
        )
        assert int(reached.reshape(-1)[0]) == largest[row]
