# SPDX-License-Identifier: Apache-2.0
"""Damaged and malicious .tflite files end in one ModelError, quickly and in little memory."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hlsgen.errors import ModelError
from hlsgen.frontends.tflite import load_tflite
from tests.conftest import shared_root
from tests.tflite_build import INT32, SAME, VALID, TfliteBuilder

pytestmark = pytest.mark.unit
_SECONDS = 5.0
_BYTES = 1 << 30


def small_net(path: Path) -> Path:
    """A file with every kind of record: convolutions, pools, pads, reshape, dense."""
    rng = np.random.default_rng(0)
    build = TfliteBuilder()
    x = build.tensor((1, 8, 8, 2), 0.1, 3)
    w = build.tensor(
        (4, 3, 3, 2), [0.01] * 4, data=rng.integers(-127, 128, (4, 3, 3, 2)).astype(np.int8)
    )
    b = build.tensor((4,), data=rng.integers(-99, 99, 4).astype(np.int32), kind=INT32)
    conv = build.tensor((1, 8, 8, 4), 0.2, -5)
    window = {"Padding": SAME, "StrideH": 1, "StrideW": 1}
    dilation = {"DilationHFactor": 1, "DilationWFactor": 1}
    build.op("CONV_2D", [x, w, b], [conv], "Conv2DOptions", **window, **dilation)
    total = build.tensor((1, 8, 8, 4), 0.3, 7)
    build.op("ADD", [conv, conv], [total], "AddOptions", FusedActivationFunction=1)
    paddings = np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32)
    padded = build.tensor((1, 10, 10, 4), 0.3, 7)
    build.op("PAD", [total, build.tensor((4, 2), data=paddings, kind=INT32)], [padded])
    pooled = build.tensor((1, 5, 5, 4), 0.3, 7)
    pool = {"Padding": VALID, "StrideH": 2, "StrideW": 2, "FilterHeight": 2, "FilterWidth": 2}
    build.op("AVERAGE_POOL_2D", [padded], [pooled], "Pool2DOptions", **pool)
    flat = build.tensor((1, 100), 0.3, 7)
    shape = build.tensor((2,), data=np.array([1, 100], np.int32), kind=INT32)
    build.op("RESHAPE", [pooled, shape], [flat])
    dense = build.tensor((3, 100), 0.02, data=rng.integers(-127, 128, (3, 100)).astype(np.int8))
    out = build.tensor((1, 3), 1.0, 0)
    build.op("FULLY_CONNECTED", [flat, dense, -1], [out], "FullyConnectedOptions")
    return build.write(path, [x], [out])


def attempt(path: Path) -> str:
    """Import `path`: "" or the error's text; anything but ModelError fails, as does taking long."""
    tracemalloc.start()
    started = time.perf_counter()
    try:
        load_tflite(path)
        text = ""
    except ModelError as error:
        text = str(error)
        assert all(line.isprintable() for line in text.split("\n")), text
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert time.perf_counter() - started < _SECONDS
    assert peak < _BYTES
    return text


def damaged(raw: bytes, rng: np.random.Generator) -> bytes:
    """Flip bytes, write extreme words, cut or repeat a piece."""
    data = bytearray(raw)
    for _ in range(int(rng.integers(1, 12))):
        at = int(rng.integers(len(data)))
        kind = rng.integers(4)
        if kind == 0:
            data[at] = int(rng.integers(256))
        elif kind == 1:
            word = rng.choice([0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, len(raw), 1 << 20])
            data[at // 4 * 4 : at // 4 * 4 + 4] = int(word).to_bytes(4, "little")
        elif kind == 2:
            data[at] ^= 1 << int(rng.integers(8))
        else:
            end = min(len(data), at + int(rng.integers(1, 64)))
            other = int(rng.integers(len(data)))
            data[at:end] = data[other : other + end - at]
    return bytes(data[: int(rng.integers(len(data)))]) if rng.random() < 0.15 else bytes(data)


def test_hostile_whole_file_is_imported(tmp_path: Path) -> None:
    assert attempt(small_net(tmp_path / "a.tflite")) == ""


@pytest.mark.parametrize("seed", range(20))
def test_hostile_damage_to_a_small_file(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    raw = small_net(tmp_path / "a.tflite").read_bytes()
    outcomes = set()
    for _ in range(25):
        (tmp_path / "b.tflite").write_bytes(damaged(raw, rng))
        outcomes.add(attempt(tmp_path / "b.tflite").split(" ")[0])
    assert len(outcomes) > 1  # some damage is noticed


@pytest.mark.parametrize("seed", range(10))
def test_hostile_damage_to_a_real_file(seed: int, tmp_path: Path) -> None:
    source = shared_root() / "data/models/resnet8_int8/pretrainedResnet_quant.tflite"
    if not source.exists():
        pytest.skip("outside data absent: models/resnet8_int8")
    rng, raw = np.random.default_rng(100 + seed), source.read_bytes()
    for _ in range(5):
        (tmp_path / "b.tflite").write_bytes(damaged(raw, rng))
        attempt(tmp_path / "b.tflite")


@pytest.mark.parametrize("cut", [0, 1, 3, 4, 7, 8, 15, 16, 17, 40, 100])
def test_hostile_truncation(cut: int, tmp_path: Path) -> None:
    raw = small_net(tmp_path / "a.tflite").read_bytes()
    (tmp_path / "b.tflite").write_bytes(raw[:cut])
    assert attempt(tmp_path / "b.tflite").startswith("File b.tflite must be a ")


@pytest.mark.parametrize(
    ("shape", "sentence"),
    [
        ((1, 1 << 30, 1 << 30, 1), "has a map of 1x1073741824x1073741824"),
        ((1, 0, 4, 4), "has a map of 4x0x4"),
        ((1, 16384, 16384, 4), "has a map of 4x16384x16384"),
        ((7, 4, 4, 4), "of shape [7, 4, 4, 4]"),
    ],
    ids=["huge", "empty", "large", "batch"],
)
def test_hostile_shapes_are_refused_before_allocation(
    shape: Any, sentence: str, tmp_path: Path
) -> None:
    build = TfliteBuilder()
    x = build.tensor(shape, 0.1, 0)
    axes = build.tensor((2,), data=np.array([1, 2], np.int32), kind=INT32)
    out = build.tensor((1, 4), 0.1, 0)
    build.op("MEAN", [x, axes], [out], "ReducerOptions", KeepDims=0)
    path = build.write(tmp_path / "a.tflite", [x], [out])
    assert sentence in attempt(path)


def test_hostile_constants_must_fill_their_shape(tmp_path: Path) -> None:
    build = TfliteBuilder()
    x = build.tensor((1, 4, 4, 1), 0.1, 0)
    w = build.tensor((1 << 20, 1 << 20, 1 << 10, 1), 0.1, data=np.ones(8, np.int8))
    out = build.tensor((1, 4, 4, 1), 0.1, 0)
    build.op("CONV_2D", [x, w, -1], [out], "Conv2DOptions", StrideH=1, StrideW=1)
    path = build.write(tmp_path / "a.tflite", [x], [out])
    assert attempt(path).startswith("TFLite constants must fill their shape [1048576, 1048576,")


def test_hostile_loops_end(tmp_path: Path) -> None:
    """An operator that reads what it writes, in front and behind."""
    build = TfliteBuilder()
    x = build.tensor((1, 4), 0.1, 0)
    build.op("RESHAPE", [x], [x])
    build.op("SOFTMAX", [x], [x])
    assert attempt(build.write(tmp_path / "a.tflite", [x], [x]))


def test_hostile_names_become_safe(tmp_path: Path) -> None:
    build = TfliteBuilder()
    nasty = '"; rm -rf / #\n$(x)`<script>../../etc/passwd'
    x = build.tensor((1, 4, 4, 2), 0.1, 0, name=nasty)
    y = build.tensor((1, 2, 2, 2), 0.1, 0, name=nasty)
    pool = {"Padding": VALID, "StrideH": 2, "StrideW": 2, "FilterHeight": 2, "FilterWidth": 2}
    build.op("MAX_POOL_2D", [x], [y], "Pool2DOptions", **pool)
    model = load_tflite(build.write(tmp_path / "a b;$(c).tflite", [x], [y]))
    allowed = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:/-")
    assert len(model.tensors) == 2
    for name in (model.name, *model.tensors, *(layer.name for layer in model.layers)):
        assert set(name) <= allowed, name
        assert ".." not in name
