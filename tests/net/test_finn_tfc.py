# SPDX-License-Identifier: Apache-2.0
"""FINN's streamlined MultiThreshold network: its stored input gives its stored output."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import onnx
import pytest

from hlsgen.frontends.qonnx import import_qonnx
from hlsgen.model import golden
from tests.conftest import shared_data
from tests.qonnx_exact import run_exact

pytestmark = pytest.mark.net


def test_finn_tfc_gives_the_expected_output():
    model = import_qonnx(shared_data("models/finn_tfc/model.onnx")).model
    x = np.load(shared_data("models/finn_tfc/input.npy"), allow_pickle=False)
    want = np.load(shared_data("models/finn_tfc/expected_output.npy"), allow_pickle=False)
    (output,) = model.outputs
    codes = golden.run(model, golden.preprocess(model, x), keep=[output])[output]
    logits = golden.dequantise(model, output, codes).reshape(len(x), -1)
    assert logits.argmax(axis=1).tolist() == want.tolist()


def test_finn_tfc_golden_equals_exact_arithmetic_at_every_tensor():
    path = shared_data("models/finn_tfc/model.onnx")
    imported, onnx_model = import_qonnx(path), onnx.load(path)
    model = imported.model
    x = np.load(shared_data("models/finn_tfc/input.npy"), allow_pickle=False)
    noise = np.random.default_rng(7).integers(0, 256, x.shape).astype(np.float32)
    frames = np.concatenate([x, noise])
    values = golden.run(model, golden.preprocess(model, frames))
    assert len(imported.tensors) == 4
    for image in range(len(frames)):
        exact = run_exact(onnx_model, frames[image : image + 1])
        for raw, name in imported.tensors.items():
            scale = Fraction(model.tensors[name].scale)
            got = values[name][image].reshape(-1).tolist()
            assert got == [v / scale for v in exact[raw].flat], f"image {image}, tensor {raw}"
