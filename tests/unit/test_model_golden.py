# SPDX-License-Identifier: Apache-2.0
"""The golden executor against plain loops in Python integers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hlsgen.errors import ModelError
from hlsgen.model import golden
from hlsgen.model.graph import Add, Concat, Conv, MaxPool, Model, Tensor
from hlsgen.model.numbers import Format
from hlsgen.model.requant import apply
from hlsgen.model.verify import verify
from tests.models import random_codes, random_model

pytestmark = pytest.mark.unit


def loop_conv(conv: Conv, x: NDArray[Any], tensor: Tensor, shape: tuple[int, int, int]) -> Any:
    """One frame, seven loops."""
    rows, height, width = shape
    out = np.zeros(shape, np.int64)
    _, depth, kernel_h, kernel_w = conv.weights.shape
    per_group = rows // conv.groups
    for row in range(rows):
        for y in range(height):
            for z in range(width):
                total = int(conv.bias[row])
                for d in range(depth):
                    channel = row // per_group * depth + d
                    for i in range(kernel_h):
                        for j in range(kernel_w):
                            sy = y * conv.stride[0] + i - conv.pads[0]
                            sx = z * conv.stride[1] + j - conv.pads[2]
                            if 0 <= sy < x.shape[1] and 0 <= sx < x.shape[2]:
                                value = int(x[channel, sy, sx]) - tensor.zero_point
                                total += int(conv.weights[row, d, i, j]) * value
                out[row, y, z] = total
    return out


def loop_pool(pool: MaxPool, x: NDArray[Any], shape: tuple[int, int, int]) -> Any:
    out = np.zeros(shape, np.int64)
    for c, y, z in np.ndindex(*shape):
        y0, x0 = y * pool.stride[0] - pool.pads[0], z * pool.stride[1] - pool.pads[2]
        out[c, y, z] = x[
            c, max(y0, 0) : y0 + pool.kernel[0], max(x0, 0) : x0 + pool.kernel[1]
        ].max()
    return out


@pytest.mark.parametrize("seed", range(20))
def test_golden_matches_plain_loops(seed: int) -> None:
    rng = np.random.default_rng(seed)
    model = random_model(
        rng,
        formats=list(Format),
        act_bits=(8, 4, 2, 1)[seed % 4],
        max_hw=7,
        max_channels=6,
        layers=5,
        wide=0.2 if seed % 4 else 0.0,
    )
    verify(model)
    values = golden.run(model, random_codes(model, rng, 2))
    for layer in model.layers:
        shape = model.tensors[layer.output].shape
        for frame in range(2):
            got = values[layer.output][frame]
            if isinstance(layer, Conv):
                tensor = model.tensors[layer.input]
                acc = loop_conv(layer, values[layer.input][frame], tensor, shape)
                want = apply(layer.requant, acc, model.tensors[layer.output].zero_point, axis=0)
            elif isinstance(layer, MaxPool):
                want = loop_pool(layer, values[layer.input][frame], shape)
            elif isinstance(layer, Add):
                a, b = model.tensors[layer.a], model.tensors[layer.b]
                want = np.zeros(shape)
                for at in np.ndindex(*shape):
                    code_a, code_b = values[a.name][frame][at], values[b.name][frame][at]
                    want[at] = layer.table[code_a - a.lo, code_b - b.lo]
            else:
                assert isinstance(layer, Concat)
                want = np.concatenate([values[name][frame] for name in layer.sources])
            assert np.array_equal(got, want), layer.name


def test_golden_is_the_same_in_batches_and_keeps_what_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(3)
    model = random_model(rng, layers=6)
    codes = random_codes(model, rng, 7)
    whole = golden.run(model, codes)
    monkeypatch.setattr(golden, "_BATCH_ELEMENTS", 1)
    single = golden.run(model, codes, keep=[model.outputs[0], model.input])
    assert set(single) == {model.outputs[0], model.input}
    assert set(whole) == set(model.tensors)
    assert all(np.array_equal(single[name], whole[name]) for name in single)


def test_golden_float64_path_is_exact() -> None:
    """Sums beyond 2**24 leave float32 and stay exact."""
    rng = np.random.default_rng(5)
    weights = np.full((1, 4000, 1, 1), 127, np.int64)
    weights[0, ::7] = 126
    conv = _plain_conv(weights)
    tensor = Tensor(name="x", shape=(4000, 1, 1), bits=8, signed=True, scale=1.0, zero_point=-128)
    x = rng.integers(100, 128, (3, 4000, 1, 1))
    acc = golden.accumulators(conv, x, tensor)
    want = [(int((weights[0, :, 0, 0] * (frame[:, 0, 0] + 128)).sum())) for frame in x]
    assert acc[:, 0, 0, 0].tolist() == want
    assert min(want) > 1 << 24


def _plain_conv(weights: NDArray[np.int64]) -> Conv:
    from hlsgen.model.graph import Raw

    rows = weights.shape[0]
    return Conv(
        name="conv",
        input="x",
        output="y",
        weights=weights,
        formats=(Format.FIXED8,) * rows,
        row_scale=np.ones(rows),
        bias=np.zeros(rows, np.int64),
        requant=Raw(),
    )


def _model() -> Model:
    return random_model(np.random.default_rng(0), max_hw=4, max_channels=3, layers=1, wide=1.0)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda x: x[:, :, :-1], r"^Input codes must have shape \(frames, \d, \d, \d\), not "),
        (lambda x: x[:0], r"^Input codes must have shape \(frames, \d, \d, \d\), not \(0, "),
        (
            lambda x: x.astype(np.float32),
            r"^Input codes must be integers, not float32 \(tensor input\); use preprocess\(\) for "
            r"real values$",
        ),
        (
            lambda x: x + 1000,
            r"^Input codes must lie in -?\d+\.\.\d+, not \d+\.\.\d+ \(tensor input\)$",
        ),
    ],
    ids=["shape", "empty", "float", "range"],
)
def test_golden_refuses_wrong_codes(change: Any, sentence: str) -> None:
    model = _model()
    codes = random_codes(model, np.random.default_rng(0), 2)
    with pytest.raises(ModelError, match=sentence):
        golden.run(model, change(codes))


def test_golden_preprocess_rounds_half_to_even_clamps_and_transposes() -> None:
    model = _model()
    from dataclasses import replace

    from hlsgen.model.graph import Preprocess

    tensor = Tensor(name="input", shape=(2, 1, 3), bits=8, signed=True, scale=0.5, zero_point=-3)
    model = replace(
        model,
        tensors={**model.tensors, "input": tensor},
        preprocess=Preprocess(gain=0.5, offset=-3.0, layout="HWC"),
    )
    x = np.array([[[[1, 2], [3, 1000], [-1000, 5]]]])
    codes = golden.preprocess(model, x)
    assert codes.tolist() == [[[[-2, -2, -128]], [[-2, 127, 0]]]]
    assert golden.dequantise(model, "input", codes)[0, 0, 0].tolist() == [0.5, 0.5, -62.5]


def test_golden_preprocess_refuses_wrong_sizes_and_nan() -> None:
    model = _model()
    with pytest.raises(ModelError, match=r"^Input x must hold \dx\dx\d values a frame, frames fi"):
        golden.preprocess(model, np.zeros((2, 99)))
    bad = np.full((1, *model.tensors["input"].shape), np.nan)
    with pytest.raises(ModelError, match=r"^Input x must be finite, not NaN or infinite; clean th"):
        golden.preprocess(model, bad)
