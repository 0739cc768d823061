# SPDX-License-Identifier: Apache-2.0
"""The cost of a spec against Yosys' counts of the SystemVerilog, stage by stage.

Netlists are kept by their content, so this costs time only where the SystemVerilog has changed:
about a minute of processor a design from nothing. `make bench --only synth` compares the 8-bit
design of the ZedBoard in the same way.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from hlsgen.boards import load_board
from hlsgen.emit.rtl import PARAMETERS
from hlsgen.engines.mixed import MixedSpec
from hlsgen.plan.cost import resources, resources_by_stage
from hlsgen.plan.default import base_spec
from hlsgen.resources import resource
from hlsgen.run.netlist import Counts
from hlsgen.run.synth import map_design
from tests.designs import spec_of

pytestmark = pytest.mark.unit
TOLERANCE = 0.10
ZEDBOARD = load_board("zedboard")
DESIGNS = {
    "digits": replace(
        base_spec(4, False, ZEDBOARD), lanes_n=4, pixels_n=2, ring_depth=1024, act_depth=1024
    ),
    "resnet8": base_spec(8, True, ZEDBOARD),
}


def near(computed: float, counted: float) -> bool:
    return abs(computed - counted) <= TOLERANCE * counted


def counts(spec: MixedSpec) -> dict[str, Counts]:
    """Counts of the stages, and of the whole under the empty name."""
    pytest.importorskip("pyosys", reason="Yosys (pyosys) is not installed")
    files = sorted(resource("templates/rtl").glob("*.sv"))
    parameters = {name: getattr(spec, field) for name, field in PARAMETERS.items()}
    netlist = map_design(files, "hg_mixed", parameters)
    below = netlist.instances(netlist.top).items()
    stages = {name.removeprefix("u_"): netlist.counts(module) for name, module in below}
    return {"": netlist.counts(netlist.top), **stages}


def test_cost_is_what_yosys_counts() -> None:
    spec = DESIGNS["digits"]
    counted = counts(spec)
    whole, found = counted.pop(""), resources(spec)
    assert near(found.lut, whole.lut), (found, whole)
    assert near(found.ff, whole.ff), (found, whole)
    assert (found.dsp, 2 * found.bram36) == (whole.dsp, whole.bram_halves)
    parts = resources_by_stage(spec)
    assert set(parts) == set(counted)
    far = {
        stage: (parts[stage], one)
        for stage, one in counted.items()
        if max(one.lut, one.ff) > 500  # less is lost among the others
        and not (near(parts[stage].lut, one.lut) and near(parts[stage].ff, one.ff))
    }
    assert far == {}
    exact = {stage: (one.dsp, one.bram_halves) for stage, one in counted.items()}
    assert {stage: (one.dsp, 2 * one.bram36) for stage, one in parts.items()} == exact


def test_dsps_of_the_cost_are_those_of_the_spec() -> None:
    specs = [
        spec_of(41, 20, 3, act_bits=4, lanes_n=8, pixels_n=10, drain_n=2, acc_w=26),
        spec_of(19, 12, 1, act_bits=8, lanes_n=4, pixels_n=4, mult_w=17),
        *DESIGNS.values(),
    ]
    assert [resources(spec).dsp for spec in specs] == [spec.dsp_n for spec in specs]


def test_cost_grows_with_every_size() -> None:
    base = DESIGNS["resnet8"]
    for field, value in (
        ("pixels_n", 8), ("lanes_n", 8), ("fixed8_n", 24), ("drain_n", 2), ("acc_w", 31),
    ):  # fmt: skip
        larger, least = replace(base, **{field: value}), resources(base)
        found = resources(larger)
        assert (found.lut > least.lut) == (value > getattr(base, field)), field
        assert found.ff != least.ff, field
