# SPDX-License-Identifier: Apache-2.0
"""Records give the source's codes on every accumulator, whatever its rounding."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hlsgen.engines.records import evaluate_record
from hlsgen.engines.requant_fit import Reach, fit_records
from hlsgen.errors import PlanError
from hlsgen.model.graph import Raw, Requant, Tensor, Thresholds, TwoStep
from hlsgen.model.requant import UNREACHABLE, apply

pytestmark = pytest.mark.unit
WIDE, NARROW = 1 << 32, 1 << 17


def _tensor(bits: int = 8, signed: bool = True, zero_point: int = 0) -> Tensor:
    return Tensor(
        name="t", shape=(1, 1, 1), bits=bits, signed=signed, scale=1.0, zero_point=zero_point
    )


def _check(requant: Requant, out: Tensor, low: int, high: int, limit: int) -> None:
    reach = Reach(low=np.array([low]), high=np.array([high]))
    records = fit_records("layer", requant, out, reach, limit)
    acc = np.arange(low, high + 1)[:, None]
    wanted = apply(requant, acc, out.zero_point) - out.lo
    np.testing.assert_array_equal(evaluate_record(records, acc), wanted)
    assert int(records.mult.max()) < limit


@given(
    st.integers(1 << 30, (1 << 31) - 1),
    st.integers(-12, 3),
    st.integers(-128, 127),
    st.integers(0, 20_000),
    st.integers(1, 20_000),
)
def test_two_step_in_closed_form(m: int, shift: int, zero: int, below: int, above: int) -> None:
    requant = TwoStep(multiplier=np.array([m]), shift=np.array([shift]), lo=-128, hi=127)
    _check(requant, _tensor(zero_point=zero), -below, above, WIDE)


@given(st.sampled_from([-1, -2, -3, -6, 0, 1]), st.sampled_from([0, 1, 3]))
def test_two_step_ties_leave_zero_on_both_sides(shift: int, odd: int) -> None:
    requant = TwoStep(
        multiplier=np.array([(1 << 30) + odd * (1 << 28)]), shift=np.array([shift]), lo=-128, hi=127
    )
    _check(requant, _tensor(), -3000, 3000, WIDE)


@given(
    st.integers(1 << 30, (1 << 31) - 1),
    st.integers(-12, -2),
    st.integers(2, 5),
    st.integers(0, 3000),
    st.integers(1, 3000),
)
def test_two_step_with_a_narrow_multiplier(
    m: int, shift: int, bits: int, below: int, above: int
) -> None:
    out = _tensor(bits)
    requant = TwoStep(multiplier=np.array([m]), shift=np.array([shift]), lo=out.lo, hi=out.hi)
    _check(requant, out, -below, above, NARROW)


def _half_even(scale: Fraction, offset: Fraction, out: Tensor, span: int) -> Thresholds:
    codes = np.array([round(scale * a + offset) for a in range(-span, span + 1)])
    levels = []
    for k in range(out.lo + 1, out.hi + 1):
        passed = np.flatnonzero(codes >= k)
        levels.append(int(passed[0]) - span if passed.size else UNREACHABLE)
        if passed.size == codes.size:
            levels[-1] = -UNREACHABLE
    return Thresholds(levels=np.array([levels]), first=out.lo)


@pytest.mark.parametrize("limit", [NARROW, WIDE], ids=["narrow", "wide"])
@given(st.integers(1, 200), st.integers(0, 7), st.integers(-6, 6), st.integers(2, 5))
def test_half_even_with_dyadic_scales(
    limit: int, numerator: int, power: int, offset: int, bits: int
) -> None:
    scale = Fraction(numerator, 1 << power)
    out = _tensor(bits)
    _check(_half_even(scale, Fraction(offset, 2), out, 700), out, -700, 700, limit)


@given(st.integers(1, 9999), st.integers(-999, 999), st.integers(2, 8), st.booleans())
def test_half_even_with_odd_denominators(p: int, offset: int, bits: int, signed: bool) -> None:
    out = _tensor(bits, signed)
    scale, shift = Fraction(p, 9973), Fraction(offset, 991)
    _check(_half_even(scale, shift, out, 1500), out, -1500, 1500, WIDE)


@given(st.integers(-5000, 5000), st.integers(-5000, 0), st.integers(0, 5000))
def test_bipolar_outputs(level: int, low: int, high: int) -> None:
    out = Tensor(name="t", shape=(1, 1, 1), bits=1, signed=True, scale=1.0)
    _check(Thresholds(levels=np.array([[level]]), first=-1, step=2), out, low, high, NARROW)


@given(st.lists(st.integers(-20, 20), min_size=3, max_size=3), st.integers(0, 1 << 30))
def test_two_bit_steps_far_from_zero(jitter: list[int], far: int) -> None:
    levels = far + np.array([0, 1000, 2000]) + np.array(jitter)
    requant = Thresholds(levels=levels[None, :], first=0)
    out = _tensor(2, signed=False)
    reach = Reach(low=np.array([far - 3000]), high=np.array([far + 5000]))
    records = fit_records("layer", requant, out, reach, NARROW)
    acc = far + np.arange(-3000, 5001)[:, None]
    np.testing.assert_array_equal(evaluate_record(records, acc), apply(requant, acc, 0))


@given(st.sets(st.integers(-3000, 3000), min_size=3, max_size=3), st.integers(0, 16))
def test_any_three_steps_have_a_record(steps: set[int], power: int) -> None:
    """Two-bit outputs need no uniform steps, whatever the multiplier."""
    levels = np.sort(np.array(sorted(steps)) << power)[None]
    out = _tensor(bits=2, signed=False)
    requant = Thresholds(levels=levels, first=0)
    reach = Reach(low=np.array([-1 << 28]), high=np.array([1 << 28]))
    acc = np.concatenate([levels[0], levels[0] - 1, [-1 << 28, -1, 0, 1 << 28]])[:, None]
    for limit in (WIDE, NARROW):
        if int(np.ptp(levels)) < 1 << 23:
            records = fit_records("layer", requant, out, reach, limit)
            wanted = apply(requant, acc, out.zero_point)
            np.testing.assert_array_equal(evaluate_record(records, acc), wanted)


def test_rows_keep_their_order_when_some_are_searched() -> None:
    requant = TwoStep(
        multiplier=np.array([1 << 30, 1500000000, 1 << 30]),
        shift=np.array([-4, -40, -2]),
        lo=-8,
        hi=7,
    )
    reach = Reach(low=np.full(3, -400), high=np.full(3, 400))
    records = fit_records("layer", requant, _tensor(4), reach, WIDE)
    acc = np.arange(-400, 401)[:, None].repeat(3, 1)
    np.testing.assert_array_equal(evaluate_record(records, acc), apply(requant, acc, 0) + 8)


def test_a_raw_output_needs_no_record() -> None:
    reach = Reach(low=np.zeros(2, np.int64), high=np.ones(2, np.int64))
    assert len(fit_records("layer", Raw(), _tensor(32), reach, WIDE)) == 2


def test_steps_off_a_line_are_refused() -> None:
    requant = Thresholds(levels=np.array([[0, 10, 20, 21, 100]]), first=0)
    reach = Reach(low=np.array([-100]), high=np.array([200]))
    rule = (
        r"^Requantisation of every row must have a record, not that of row 0 \(layer c1\); "
        r"report this as a defect$"
    )
    with pytest.raises(PlanError, match=rule):
        fit_records("c1", requant, _tensor(3, False), reach, NARROW)


def test_the_check_notices_a_wrong_record() -> None:
    requant = TwoStep(multiplier=np.array([1 << 30]), shift=np.array([-4]), lo=-128, hi=127)
    reach = Reach(low=np.array([-999]), high=np.array([999]))
    good = fit_records("layer", requant, _tensor(), reach, WIDE)
    acc = np.arange(-999, 1000)[:, None]
    wanted = apply(requant, acc, 0) + 128
    for change in ({"off_neg": good.off_pos}, {"off_pos": good.off_neg}, {"shift": good.shift + 1}):
        assert (evaluate_record(replace(good, **change), acc) != wanted).any()
