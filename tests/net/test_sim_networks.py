# SPDX-License-Identifier: Apache-2.0
"""Real networks on simulated hardware: every tensor of every frame, and the promised cycles.

The three networks that share a design compile once: a bitstream belongs to a design.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from hlsgen import plan
from hlsgen.run.sim import sim
from tests.net.networks import NETWORKS, finn_classes, project

pytestmark = [pytest.mark.net, pytest.mark.filterwarnings("ignore:Output shapes disagree")]
BENCH_ONLY = "resnet8-mixed-zc706"  # make bench runs it: its array compiles for half a minute
REASSIGNED_STEP = 4  # of the frames of the networks whose rows were assigned anew, every fourth
# Cycles of a frame against the estimate; a frame of the small networks is all start and latency
RESNET8_TOLERANCE, TFC_TOLERANCE = 0.02, 0.05


@pytest.mark.parametrize("name", [name for name in NETWORKS if name != BENCH_ONLY])
def test_hardware_equals_golden_on_real_frames(name: str, tmp_path: Path) -> None:
    built = project(NETWORKS[name], tmp_path / "project")
    frames = built.frames[::REASSIGNED_STEP] if "mixed" in name else built.frames
    result = sim(built.folder, frames)
    assert result["equal"], result["failure"] or result["difference"] or result["degenerate"]
    assert result["tensors_compared"] == len(frames) * len(built.model.layers)
    assert result["frames"] == len(result["cycles"]) == len(frames)
    figures = plan.estimate(built.design, built.board)
    assert figures["fits"]
    tolerance = RESNET8_TOLERANCE if name.startswith("resnet8") else TFC_TOLERANCE
    assert result["cycles_per_frame"] == pytest.approx(figures["cycles_per_frame"], rel=tolerance)
    if name.startswith("finn"):
        logits = result["values"].reshape(len(frames), -1)
        assert logits.argmax(axis=1).tolist() == finn_classes()


def test_networks_share_the_hardware(tmp_path: Path) -> None:
    """What is compiled depends on the design alone, also where the network is another."""

    def sources(name: str) -> dict[str, bytes]:
        folder = project(NETWORKS[name], tmp_path / name).folder
        parts = (path for part in ("rtl", "sim", "hls") for path in (folder / part).iterdir())
        return {path.name: path.read_bytes() for path in parts}

    own = sources("resnet8-int8-zedboard")
    assert len(own) > 50
    for name in ("tfc-1w1a-shared", "tfc-2w2a-shared", "finn-tfc-shared"):
        assert sources(name) == own, name
