# SPDX-License-Identifier: Apache-2.0
"""MLPerf Tiny's int8 ResNet-8: golden equals LiteRT's reference kernels at every tensor."""

from __future__ import annotations

import numpy as np
import pytest

from hlsgen.frontends.tflite import load_tflite
from hlsgen.model import golden
from hlsgen.model.graph import Add, Conv
from tests.cifar import ARCHIVE, images
from tests.conftest import shared_data
from tests.tflite_build import compare_all

pytestmark = pytest.mark.net
MODEL = "models/resnet8_int8/pretrainedResnet_quant.tflite"


def test_resnet8_equals_litert_at_every_tensor() -> None:
    path = shared_data(MODEL)
    pixels, _ = images(shared_data(ARCHIVE), each=7)
    frames = (pixels[:64].astype(np.int16) - 128).astype(np.int8)
    model, compared = compare_all(path, frames)
    codes = sum(int(np.prod(tensor.shape)) for tensor in model.tensors.values())
    assert compared == 64 * codes
    assert len(model.tensors) == 15


def test_resnet8_is_imported_with_its_shape_and_preprocessing() -> None:
    model = load_tflite(shared_data(MODEL))
    assert [type(layer).__name__ for layer in model.layers].count("Conv") == 11
    assert [type(layer).__name__ for layer in model.layers].count("Add") == 3
    assert model.tensors[model.outputs[0]].shape == (10, 1, 1)
    assert model.source.endswith("left to the host: SOFTMAX")
    pixels, _ = images(shared_data(ARCHIVE), each=1)
    codes = golden.preprocess(model, pixels)
    assert np.array_equal(codes, pixels.astype(int).transpose(0, 3, 1, 2) - 128)


def test_resnet8_codes_use_their_range() -> None:
    """The comparison means something: no tensor is constant or saturated."""
    model = load_tflite(shared_data(MODEL))
    pixels, _ = images(shared_data(ARCHIVE), each=2)
    values = golden.run(model, golden.preprocess(model, pixels))
    for layer in model.layers:
        assert isinstance(layer, Conv | Add)
        codes = values[layer.output]
        assert np.unique(codes).size > 20, layer.name
        assert (codes == 127).mean() < 0.1, layer.name


def test_resnet8_accuracy_on_a_few_images() -> None:
    model = load_tflite(shared_data(MODEL))
    pixels, labels = images(shared_data(ARCHIVE), each=20)
    logits = golden.run(model, golden.preprocess(model, pixels), keep=model.outputs)
    top = logits[model.outputs[0]].reshape(len(labels), -1).argmax(axis=1)
    assert (top == labels).mean() > 0.65
