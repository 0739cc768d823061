# SPDX-License-Identifier: Apache-2.0
"""The cost of a spec against Yosys' counts of the SystemVerilog.

`make bench --only synth --only mixed_cost` counts anew, minutes of processor, and compares stage by
stage, also what wide_codes add.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from hlsgen.boards import load_board
from hlsgen.plan.cost import Resources, resources, resources_by_stage
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
    "digits": Resources(lut=24561, ff=34149, dsp=60, bram36=32),
    "digits_wide_codes": Resources(lut=26849, ff=37260, dsp=60, bram36=32),
    "resnet8": Resources(lut=21846, ff=34373, dsp=208, bram36=67),
}

# LUTs and FFs that wide_codes add to the stages of "digits", of those counts
WIDE_CODES = {
    "add": (1968, 2466),
    "pool": (202, 449),
    "residual": (110, 195),
    "requant": (10, 1),
    "front": (-5, 0),
    "fetch": (2, 0),
    "window": (1, 0),
}
# The same of the residual of the ZC706's default design, whose FIFO lies in block RAM
DEEP_RESIDUAL = Resources(lut=156 - 138, ff=380 - 121, bram36=4 - 2)
WIDE_LUT, WIDE_FF = 10, 2  # by which estimate may miss one of them


def near(computed: float, counted: float) -> bool:
    return abs(computed - counted) <= TOLERANCE * counted


def test_what_wide_codes_add_is_what_yosys_counted() -> None:
    """Tight enough that no term of theirs is lost among the others."""
    narrow, wide = (resources_by_stage(DESIGNS[n]) for n in ("digits", "digits_wide_codes"))
    added = {
        name: (wide[name].lut - narrow[name].lut, wide[name].ff - narrow[name].ff)
        for name in narrow
    }
    for name, (lut, ff) in added.items():
        counted = WIDE_CODES.get(name, (0, 0))
        assert abs(lut - counted[0]) <= WIDE_LUT and abs(ff - counted[1]) <= WIDE_FF, name
    totals = [sum(column) for column in zip(*WIDE_CODES.values(), strict=True)]
    less, more = COUNTED["digits"], COUNTED["digits_wide_codes"]
    assert totals == [more.lut - less.lut, more.ff - less.ff]


def test_what_wide_codes_add_to_a_deep_residual_is_what_yosys_counted() -> None:
    spec = base_spec(4, False, load_board("zc706"))
    wide, narrow = (
        resources_by_stage(replace(spec, wide_codes=codes))["residual"] for codes in (True, False)
    )
    assert abs(wide.lut - narrow.lut - DEEP_RESIDUAL.lut) <= WIDE_LUT
    assert abs(wide.ff - narrow.ff - DEEP_RESIDUAL.ff) <= WIDE_FF
    assert wide.bram36 - narrow.bram36 == DEEP_RESIDUAL.bram36


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
