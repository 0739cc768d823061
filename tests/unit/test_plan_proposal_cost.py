# SPDX-License-Identifier: Apache-2.0
"""The cost of a proposal engine against counts that `hlsgen synth` gave.

`make bench --only proposal_synth` counts anew and compares stage by stage.
"""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from hlsgen.emit.rtl import module_files
from hlsgen.engines.proposal import ProposalSpec
from hlsgen.plan.cost import Resources
from hlsgen.plan.proposal_cost import proposal_resources, proposal_stages
from hlsgen.run.synth import map_design

pytestmark = pytest.mark.unit
TOLERANCE = 0.10
SMALL = ProposalSpec(
    width_max=100, height_max=80, lanes_n=2, attempts_n=2, limit_n=20, top_k=50
)  # fmt: skip
# Counted once, too long for a test: LUT, FF, DSP48E1, BRAM36. The last one had no part in the fit
COUNTED = {
    "l3": (ProposalSpec(), Resources(lut=22385, ff=22146, dsp=48, bram36=73)),
    "l5_two_ports": (
        ProposalSpec(lanes_n=5, ports_n=2),
        Resources(lut=30258, ff=30091, dsp=78, bram36=79),
    ),
    "l8": (
        ProposalSpec(lanes_n=8, ports_n=2, attempts_n=4, limit_n=250, top_k=2000),
        Resources(lut=34652, ff=33014, dsp=123, bram36=142.5),
    ),
}


def near(computed: float, counted: float) -> bool:
    return abs(computed - counted) <= TOLERANCE * counted


@pytest.mark.parametrize("name", COUNTED)
def test_proposal_cost_of_full_size(name: str) -> None:
    spec, counted = COUNTED[name]
    found = proposal_resources(spec)
    assert (found.dsp, found.bram36) == (counted.dsp, counted.bram36)
    assert near(found.lut, counted.lut) and near(found.ff, counted.ff), (found, counted)


def test_proposal_cost_grows_with_every_size() -> None:
    least = asdict(proposal_resources(SMALL))
    for field, value in (
        ("lanes_n", 3), ("ports_n", 2), ("attempts_n", 3), ("limit_n", 60), ("top_k", 300),
    ):  # fmt: skip
        found = asdict(proposal_resources(replace(SMALL, **{field: value})))
        assert found["lut"] > least["lut"] and found["ff"] > least["ff"], field
        assert found["bram36"] >= least["bram36"], field


@pytest.mark.parametrize("pixels", [1, 2])
def test_proposal_cost_of_a_camera(pixels: int) -> None:
    """Its beats go into the row cache without a FIFO."""
    pytest.importorskip("pyosys", reason="Yosys (pyosys) is not installed")
    files = module_files(["hg_image_stream"])
    given = {"PixelsN": pixels, "CacheRowsN": 8}
    counted = map_design(files, "hg_image_stream", given).counts("hg_image_stream")
    found = proposal_stages(ProposalSpec(stream_pixels=pixels))["image"]
    assert near(found.lut, counted.lut) and near(found.ff, counted.ff), counted
    assert found.bram36 == 0 and counted.bram_halves == 0
