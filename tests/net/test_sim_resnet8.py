# SPDX-License-Identifier: Apache-2.0
"""int8 ResNet-8 on simulated hardware: real images, every tensor, and the figures to reach."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from hlsgen import emit, plan
from hlsgen.boards import load_board
from hlsgen.frontends.dispatch import load
from hlsgen.run.sim import sim
from tests.cifar import images
from tests.conftest import shared_data

pytestmark = pytest.mark.net
FRAMES = 3


def test_resnet8_on_the_zedboard(tmp_path: Path) -> None:
    """Equal at every tensor, within 10 % of the bound, in the cycles that were promised."""
    model = load(shared_data("models/resnet8_int8/pretrainedResnet_quant.tflite"))
    frames, _ = images(shared_data("images/cifar10/cifar10_test_1000_jpg.tar"), each=1)
    board = load_board("zedboard")
    design = plan.plan(model, board)
    emit.build(design, board, tmp_path / "out")
    result = sim(tmp_path / "out", frames[:FRAMES], FRAMES, junit=tmp_path / "sim.xml")
    assert result["equal"], result["failure"] or result["difference"] or result["degenerate"]
    assert result["tensors_compared"] == FRAMES * len(model.layers)
    figures = plan.estimate(design, board)
    assert figures["fits"]
    assert result["cycles_per_frame"] <= 45_000
    assert result["cycles_per_frame"] <= 1.1 * figures["bound_cycles"]
    assert sum(result["cycles"]) > 0 and len(result["cycles"]) == FRAMES
    assert result["values"].shape == (FRAMES, 10)
    assert {"name", "cycles", "busy", "utilisation", "waits"} <= set(result["layers"][0])
    suite = ElementTree.parse(tmp_path / "sim.xml").getroot()[0]
    assert suite.get("failures") == "0" and int(suite.get("tests", "0")) == 1 + len(model.layers)
