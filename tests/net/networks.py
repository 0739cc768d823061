# SPDX-License-Identifier: Apache-2.0
"""Real networks on the boards' designs, with real frames: what C simulation and hardware run."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hlsgen import plan
from hlsgen.api import choose_slots
from hlsgen.boards import Board, load_board
from hlsgen.emit.project import build
from hlsgen.engines.mixed import MixedSpec
from hlsgen.frontends.dispatch import load
from hlsgen.model import golden
from hlsgen.model.graph import Model
from hlsgen.passes.quantize import quantize
from hlsgen.plan.design import Design
from tests.cifar import ARCHIVE, images
from tests.conftest import shared_data

RESNET8 = "models/resnet8_int8/pretrainedResnet_quant.tflite"
MNIST = "images/mnist/t10k-images-idx3-ubyte.gz"
FINN = "models/finn_tfc"
CIFAR_FRAMES, MNIST_FRAMES = 20, 100
CALIBRATION_EACH = 10  # images of each class; the frames that run are not among them


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A network, the board it runs on, its frames, and its design (None: the default one)."""

    model: Callable[[], Model]
    board: str
    frames: Callable[[], NDArray[Any]]
    spec: Callable[[], MixedSpec] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A network's project on disk, and what it was made from."""

    folder: Path
    model: Model
    design: Design
    board: Board
    frames: NDArray[Any]


def project(network: Network, folder: Path) -> Built:
    """Plan a network on its design and write its project."""
    model, board = network.model(), load_board(network.board)
    spec = None if network.spec is None else network.spec()
    design = plan.plan(model, board, spec)
    build(design, board, folder)
    return Built(
        folder=folder, model=design.model, design=design, board=board, frames=network.frames()
    )


def _resnet8() -> Model:
    return load(shared_data(RESNET8))


@cache
def _mixed_resnet8(board: str) -> Model:
    model, slots = _resnet8(), choose_slots(board=board, slots=None, ratio=None)
    pixels, _ = images(shared_data(ARCHIVE), each=CALIBRATION_EACH + CIFAR_FRAMES // 10)
    calib = golden.preprocess(model, np.delete(pixels, _held_out(len(pixels)), axis=0))
    return quantize(model, slots=slots, act_bits=8, calib=calib)


def _held_out(count: int) -> NDArray[Any]:
    """Indices of the frames that run: the first ones of every class."""
    return np.flatnonzero(np.arange(count) % (count // 10) < CIFAR_FRAMES // 10)


def _cifar() -> NDArray[Any]:
    return images(shared_data(ARCHIVE), each=CIFAR_FRAMES // 10)[0]


def _mnist() -> NDArray[Any]:
    with gzip.open(shared_data(MNIST)) as file:
        pixels = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 1, 28, 28)
    return pixels[:MNIST_FRAMES].astype(np.float32) / np.float32(255)


def _finn_input() -> NDArray[Any]:
    return np.load(shared_data(f"{FINN}/input.npy"), allow_pickle=False)


def finn_classes() -> list[int]:
    """The classes that FINN expects of its stored input."""
    return np.load(shared_data(f"{FINN}/expected_output.npy"), allow_pickle=False).tolist()


def _zedboard_resnet8_spec() -> MixedSpec:
    """One design for several networks: a bitstream belongs to a design."""
    return plan.plan(_resnet8(), load_board("zedboard")).spec


def _tfc(source: str, frames: Callable[[], NDArray[Any]]) -> Network:
    return Network(
        model=lambda: load(shared_data(source)),
        board="zedboard",
        frames=frames,
        spec=_zedboard_resnet8_spec,
    )


NETWORKS = {
    "resnet8-int8-zedboard": Network(model=_resnet8, board="zedboard", frames=_cifar),
    "resnet8-int8-zc706": Network(model=_resnet8, board="zc706", frames=_cifar),
    "resnet8-mixed-zedboard": Network(
        model=lambda: _mixed_resnet8("zedboard"), board="zedboard", frames=_cifar
    ),
    "resnet8-mixed-zc706": Network(
        model=lambda: _mixed_resnet8("zc706"), board="zc706", frames=_cifar
    ),
    "tfc-1w1a-shared": _tfc("models/tfc_qonnx/TFC_1W1A.onnx", _mnist),
    "tfc-2w2a-shared": _tfc("models/tfc_qonnx/TFC_2W2A.onnx", _mnist),
    "finn-tfc-shared": _tfc(f"{FINN}/model.onnx", _finn_input),
}
CASES = [pytest.param(name, id=name) for name in NETWORKS]
