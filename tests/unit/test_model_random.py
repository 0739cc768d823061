# SPDX-License-Identifier: Apache-2.0
"""Random networks are legal, reproducible, varied, and use the range of their codes."""

from __future__ import annotations

import numpy as np
import pytest

from hlsgen.model import golden
from hlsgen.model.graph import Conv, Raw
from hlsgen.model.numbers import Format
from hlsgen.model.verify import verify
from tests.models import BLOCKS, random_codes, random_model

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("act_bits", [8, 4])
def test_random_models_use_their_codes(act_bits: int) -> None:
    judged = poor = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        model = random_model(rng, formats=list(Format), act_bits=act_bits, layers=6)
        verify(model)
        values = golden.run(model, random_codes(model, rng, 4))
        for layer in model.layers:
            tensor, codes = model.tensors[layer.output], values[layer.output]
            if codes.size >= 64:
                judged += 1
                saturated = ((codes == tensor.lo) | (codes == tensor.hi)).mean()
                poor += bool(np.unique(codes).size < 4 or saturated > 0.5)
    assert judged > 150
    assert poor <= judged * 0.02


def test_random_models_repeat_for_a_seed() -> None:
    first, second = (random_model(np.random.default_rng(5), layers=5) for _ in range(2))
    assert list(first.tensors.values()) == list(second.tensors.values())
    for a, b in zip(first.layers, second.layers, strict=True):
        if isinstance(a, Conv) and isinstance(b, Conv):
            assert np.array_equal(a.weights, b.weights)


def test_random_models_cover_every_kind() -> None:
    stems, strides, kernels, raw, pads = set(), set(), set(), set(), 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        model = random_model(rng, layers=7, wide=0.2, act_bits=4)
        for layer in model.layers:
            stems.add(layer.name.split("_")[0])
            if isinstance(layer, Conv):
                strides.update(layer.stride)
                kernels.update(layer.weights.shape[2:])
                pads += layer.pads[0] != layer.pads[1]
        last = model.layers[-1]
        assert isinstance(last, Conv)
        raw.add(isinstance(last.requant, Raw))
    assert {"conv", "depthwise", "group", "add", "pool", "avgpool", "concat", "last"} <= stems
    assert strides == {1, 2, 3, 4}
    assert {1, 2, 3, 5, 7} <= kernels
    assert raw == {True, False}
    assert pads > 20
    assert set(BLOCKS) >= {"fc", "concat"}


def test_random_bipolar_models_are_unpadded() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        model = random_model(rng, act_bits=1, formats=[Format.BINARY], layers=4)
        verify(model)
        values = golden.run(model, random_codes(model, rng, 2))
        bipolar = [values[name] for name, tensor in model.tensors.items() if tensor.bipolar]
        assert all(np.isin(codes, (-1, 1)).all() for codes in bipolar)
