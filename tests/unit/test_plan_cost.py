# SPDX-License-Identifier: Apache-2.0
"""The cost of a spec against Yosys' counts of the SystemVerilog.

`make bench --only synth --only mixed_cost` counts anew, minutes of processor, and compares stage by
stage.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from hlsgen.boards import load_board
from hlsgen.plan.cost import Resources, resources
from hlsgen.plan.default import base_spec
from tests.designs import digits_spec, spec_of

pytestmark = pytest.mark.unit
TOLERANCE = 0.10
DESIGNS = {
    "digits": digits_spec(),
    "digits_wide_codes": replace(digits_spec(), wide_codes=True),
    "resnet8": base_spec(8, True, load_board("zedboard")),
}
COUNTED = {
    "digits": Resources(lut=24560, ff=34149, dsp=60, bram36=32),
    "digits_wide_codes": Resources(lut=26849, ff=37260, dsp=60, bram36=32),
    "resnet8": Resources(lut=21846, ff=34373, dsp=208, bram36=67),
}


def near(computed: float, counted: float) -> bool:
    return abs(computed - counted) <= TOLERANCE * counted


@pytest.mark.parametrize("name", COUNTED)
def test_cost_is_what_yosys_counted(name: str) -> None:
    found, counted = resources(DESIGNS[name]), COUNTED[name]
    assert near(found.lut, counted.lut) and near(found.ff, counted.ff), (found, counted)
    assert (found.dsp, found.bram36) == (counted.dsp, counted.bram36)


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
