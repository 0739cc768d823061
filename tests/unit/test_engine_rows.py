# SPDX-License-Identifier: Apache-2.0
"""Rows meet slots that can compute them, in the fewest passes; routes deliver every channel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hlsgen.engines.mixed import MixedSpec
from hlsgen.engines.rows import ELEMENTS, assign, held_formats, route
from hlsgen.errors import PlanError
from hlsgen.model.numbers import Format
from tests.designs import spec_of

pytestmark = pytest.mark.unit
SPLITS = [(19, 12, 1), (41, 20, 3), (8, 4, 4), (0, 0, 16), (3, 2, 11), (16, 0, 0)]


def _fewest(formats: list[Format], spec: MixedSpec) -> int:
    """Passes by counting: Hall's condition over the three kinds of slot."""
    wide = formats.count(Format.FIXED8)
    pot = formats.count(Format.POT4)
    fixed = formats.count(Format.FIXED4) + formats.count(Format.SP2_4)
    for n in range(1, 130):
        spill = max(0, pot - n * spec.pot4_n) + max(0, fixed - n * spec.fixed4_n)
        if wide + spill <= n * spec.fixed8_n and len(formats) <= n * spec.rows_n:
            return n
    raise AssertionError


@st.composite
def _blocks(draw: st.DrawFn) -> tuple[MixedSpec, list[Format]]:
    spec = spec_of(*draw(st.sampled_from(SPLITS)), act_bits=draw(st.sampled_from([4, 8])))
    formats = draw(st.lists(st.sampled_from(held_formats(spec)), min_size=1, max_size=spec.rows_n))
    return spec, formats


@given(_blocks())
def test_every_row_is_computed_once_on_an_element_that_holds_it(block) -> None:
    spec, formats = block
    passes = assign("layer", formats, spec)
    assert len(passes) == _fewest(formats, spec)
    computed = []
    for index, item in enumerate(passes):
        assert sorted(item.channels) == list(range(spec.rows_n))
        for slot in np.flatnonzero(item.rows):
            row = int(item.channels[slot])
            assert spec.slot_kind(int(slot)) in ELEMENTS[formats[row]]
            assert item.written[row]
            computed.append(row)
        assert item.written.all() if index == 0 else item.written.sum() == item.rows.sum()
    assert sorted(computed) == list(range(len(formats)))


@given(st.randoms(use_true_random=False), st.sampled_from([8, 16]), st.integers(1, 8))
def test_routes_carry_every_slot_to_its_channel(random, lanes: int, groups: int) -> None:
    channels = np.array(random.sample(range(lanes * groups), lanes * groups))
    found = route(channels, lanes)
    result = np.full(lanes * groups, -1)
    for step in range(groups):
        assert sorted(found.xl[step]) == list(range(lanes))
        for lane in range(lanes):
            source = found.xl[step, lane]
            result[found.dg[step, lane] * lanes + lane] = found.sg[step, source] * lanes + source
    np.testing.assert_array_equal(channels[result], np.arange(lanes * groups))


def test_a_matching_split_needs_one_pass() -> None:
    spec = spec_of(41, 20, 3, act_bits=4)
    formats = [Format.POT4] * 41 + [Format.SP2_4] * 10 + [Format.FIXED4] * 10 + [Format.FIXED8] * 3
    assert len(assign("layer", formats[::-1], spec)) == 1


def test_a_format_without_slots_is_refused() -> None:
    rule = (
        r"^Design fixed4_n or fixed8_n must be above 0 for rows in sp2_4, not 0 \(layer c1\); "
        r"choose another design or quantize the model for its slots$"
    )
    with pytest.raises(PlanError, match=rule):
        assign("c1", [Format.SP2_4], spec_of(16, 0, 0))
