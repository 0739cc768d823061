# SPDX-License-Identifier: Apache-2.0
"""Real networks on the boards' default designs: C simulation equals golden on real images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hlsgen.boards import load_board
from hlsgen.emit.project import build
from hlsgen.frontends.dispatch import load
from hlsgen.model import golden
from hlsgen.plan import plan
from hlsgen.run.csim import csim
from tests.cifar import ARCHIVE, images
from tests.conftest import shared_data

pytestmark = [pytest.mark.net, pytest.mark.filterwarnings("ignore:Output shapes disagree")]
RESNET8 = "models/resnet8_int8/pretrainedResnet_quant.tflite"
MNIST = "images/mnist/t10k-images-idx3-ubyte.gz"


def _project(source: str, board_name: str, folder: Path) -> Path:
    model = load(shared_data(source))
    board = load_board(board_name)
    build(model, plan(model, board), board, folder)
    return folder


def _mnist(count: int) -> np.ndarray:
    import gzip

    with gzip.open(shared_data(MNIST)) as file:
        pixels = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 1, 28, 28)
    return pixels[:count].astype(np.float32) / np.float32(255)


def _equal(project: Path, x: np.ndarray) -> None:
    from hlsgen.run.project import load_project

    result = csim(project, x)
    model = load_project(project).model
    assert result["equal"], (result["difference"], result["failure"], result["degenerate"])
    assert result["tensors_compared"] == len(x) * len(model.layers)
    (output,) = model.outputs
    codes = golden.run(model, golden.preprocess(model, x), keep=[output])[output]
    real = golden.dequantise(model, output, codes).reshape(len(x), -1)
    np.testing.assert_array_equal(result["values"].reshape(len(x), -1), real)


@pytest.mark.parametrize("board", ["zedboard", "zc706"])
def test_csim_resnet8_equals_golden_on_images(board: str, tmp_path: Path) -> None:
    frames, _ = images(shared_data(ARCHIVE), each=2)
    _equal(_project(RESNET8, board, tmp_path / "project"), frames)


@pytest.mark.parametrize("name", ["TFC_1W1A", "TFC_2W2A"])
def test_csim_tfc_equals_golden_on_images(name: str, tmp_path: Path) -> None:
    project = _project(f"models/tfc_qonnx/{name}.onnx", "zedboard", tmp_path / "project")
    _equal(project, _mnist(100))


def test_csim_finn_network_gives_its_expected_output(tmp_path: Path) -> None:
    project = _project("models/finn_tfc/model.onnx", "zedboard", tmp_path / "project")
    x = np.load(shared_data("models/finn_tfc/input.npy"), allow_pickle=False)
    want = np.load(shared_data("models/finn_tfc/expected_output.npy"), allow_pickle=False)
    result = csim(project, x)
    assert result["difference"] is None
    assert result["failure"] is None
    logits = result["values"].reshape(len(x), -1)
    assert logits.argmax(axis=1).tolist() == want.tolist()
