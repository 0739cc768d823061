# SPDX-License-Identifier: Apache-2.0
"""Residual adds as two tables: TFLite's arithmetic, half to even, ties away from zero."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from hlsgen.engines import add_split
from hlsgen.engines.add_fit import fit_add
from hlsgen.errors import PlanError
from hlsgen.frontends.tflite_arith import add_table
from hlsgen.model.graph import Add, Tensor

pytestmark = pytest.mark.unit


def _tensor(name: str, scale: float, zero: int, bits: int = 8, signed: bool = True) -> Tensor:
    return Tensor(
        name=name, shape=(1, 1, 1), bits=bits, signed=signed, scale=scale, zero_point=zero
    )


def _check(table: np.ndarray, a: Tensor, b: Tensor, out: Tensor) -> None:
    add = Add(name="add", a="a", b="b", output="out", table=table.astype(np.int16))
    found = fit_add(add, a, b, out, residual_first=False)
    np.testing.assert_array_equal(found.evaluate(), table - out.lo)
    turned = fit_add(add, b, a, out, residual_first=True)
    np.testing.assert_array_equal(turned.evaluate(), table.T - out.lo)
    entries = found.entries(8)
    assert np.abs(entries).max() < 1 << 35


def _check_planes(table: np.ndarray, a: Tensor, b: Tensor, out: Tensor) -> None:
    """The same by planes: the entries alone, as the hardware adds them up, give the table."""
    add = Add(name="add", a="a", b="b", output="out", table=table.astype(np.int16))
    for turned in (False, True):
        first, second = (b, a) if turned else (a, b)
        found = fit_add(add, first, second, out, residual_first=turned, planes=True)
        entries = found.entries(4)
        assert entries.shape == (64,)
        assert np.abs(entries).max() < 1 << 35
        low1, high1, low2, high2 = entries.reshape(4, 16)
        u1, u2 = (np.arange(t.hi - t.lo + 1) for t in (first, second))
        total = (low1[u1 & 15] + high1[u1 >> 4])[:, None] + low2[u2 & 15] + high2[u2 >> 4]
        y = total >> 25
        if found.tie_even:
            y = y - ((total % (1 << 25) == 0) & (y % 2 != found.tie_parity))
        wanted = (table.T if turned else table) - out.lo
        np.testing.assert_array_equal(np.clip(y, found.lo, found.hi), wanted)


@settings(max_examples=40)
@given(
    st.floats(0.005, 2.0),
    st.floats(0.005, 2.0),
    st.floats(0.01, 3.0),
    st.integers(-128, 127),
    st.integers(-128, 127),
    st.integers(-128, 127),
)
@example(0.875, 0.875, 0.125, 0, 0, 0)
@example(0.875, 0.875, 0.125, 127, -128, -128)
def test_tflite_adds(sa: float, sb: float, so: float, za: int, zb: int, zo: int) -> None:
    assume(sa + sb <= 14 * so)
    a, b, out = _tensor("a", sa, za), _tensor("b", sb, zb), _tensor("out", so, zo)
    _check(add_table(a, b, out, -128, 127), a, b, out)
    if sa + sb <= 7 * so:
        _check_planes(add_table(a, b, out, -128, 127), a, b, out)


def test_tables_by_planes_are_found_long_before_the_last_round(monkeypatch) -> None:
    """They are sought, not derived: a quarter of the rounds must do for TFLite's Adds."""
    monkeypatch.setattr(add_split, "_ROUNDS_MAX", add_split._ROUNDS_MAX // 4)
    rng = np.random.default_rng(1)
    for _ in range(40):
        sa, sb = rng.uniform(0.005, 2.0, 2)
        za, zb, zo = (int(zero) for zero in rng.integers(-128, 128, 3))
        a, b = _tensor("a", sa, za), _tensor("b", sb, zb)
        out = _tensor("out", (sa + sb) / rng.uniform(0.2, 7.0), zo)
        _check_planes(add_table(a, b, out, -128, 127), a, b, out)


@settings(max_examples=25)
@given(
    st.floats(0.02, 0.2),
    st.floats(0.02, 0.2),
    st.floats(0.05, 0.4),
    st.tuples(*[st.integers(4, 8)] * 3),
    st.integers(0, 15),
)
@example(0.1, 0.1, 0.2, (8, 4, 4), 3)
@example(0.1, 0.1, 0.2, (4, 8, 4), 3)
@example(0.1, 0.1, 0.2, (4, 4, 8), 3)
@example(0.1, 0.1, 0.1, (8, 8, 8), 15)
def test_adds_of_all_widths(sa: float, sb: float, so: float, bits, zero: int) -> None:
    a, b = _tensor("a", sa, zero, bits[0], False), _tensor("b", sb, 0, bits[1], False)
    out = _tensor("out", so, zero, bits[2], False)
    _check_planes(add_table(a, b, out, out.lo, out.hi), a, b, out)


@pytest.mark.parametrize("rounding", [round, lambda value: _away(value)], ids=["half_even", "away"])
@given(st.sampled_from([1, 3]), st.sampled_from([1, 2, 5]), st.integers(1, 3))
def test_ties_by_planes(rounding, pa: int, pb: int, power: int) -> None:
    a, b = _tensor("a", 1.0, 3, 8), _tensor("b", 1.0, -2, 5)
    out = _tensor("out", 1.0, 0, 8)
    steps = Fraction(pa, 1 << power), Fraction(pb, 1 << power)
    _check_planes(_rational(a, b, out, *steps, rounding), *scaled(a, b, steps), out)


def scaled(a: Tensor, b: Tensor, steps: tuple[Fraction, Fraction]) -> tuple[Tensor, Tensor]:
    """The operands with the scales that their steps mean."""
    return replace(a, scale=float(steps[0])), replace(b, scale=float(steps[1]))


def test_an_add_of_planes_that_enlarges_too_much_is_refused() -> None:
    a, b, out = _tensor("a", 0.9, 0), _tensor("b", 0.1, 0), _tensor("out", 0.1, 0)
    add = Add(name="n1", a="a", b="b", output="o", table=add_table(a, b, out, -128, 127))
    rule = (
        r"^Add operand scales must be at most 7 of the output's together for tables by planes, not "
        r"10\.0 \(layer n1\); give its output a larger scale or choose act_bits 8$"
    )
    with pytest.raises(PlanError, match=rule):
        fit_add(add, a, b, out, residual_first=False, planes=True)


def test_a_table_that_is_no_sum_of_planes_is_refused() -> None:
    a, b, out = (_tensor(name, 1.0, 0, 5, False) for name in "abo")
    table = np.minimum(np.arange(32)[:, None] ** 2 // 32 + np.arange(32)[None, :], 31)
    add = Add(name="n1", a="a", b="b", output="o", table=table.astype(np.int16))
    rule = (
        r"^Add must have a table for each plane of its operands, of which none were found for the "
        r"codes of layer n1; choose act_bits 8$"
    )
    with pytest.raises(PlanError, match=rule):
        fit_add(add, a, b, out, residual_first=False, planes=True)


def test_an_add_that_enlarges_too_much_is_refused() -> None:
    a, b, out = _tensor("a", 1.0, 0), _tensor("b", 1.0, 0), _tensor("out", 0.125, 0)
    add = Add(name="n1", a="a", b="b", output="o", table=add_table(a, b, out, -128, 127))
    rule = (
        r"^Add operand scales must be at most 14 of the output's together, not 16\.0 \(layer n1\); "
        r"give its output a larger scale$"
    )
    with pytest.raises(PlanError, match=rule):
        fit_add(add, a, b, out, residual_first=False)


def _rational(
    a: Tensor, b: Tensor, out: Tensor, ra: Fraction, rb: Fraction, rounding
) -> np.ndarray:
    codes_a, codes_b = (range(t.lo, t.hi + 1) for t in (a, b))
    return np.array(
        [
            [
                min(
                    max(rounding(ra * (i - a.zero_point) + rb * (j - b.zero_point)), out.lo), out.hi
                )
                for j in codes_b
            ]
            for i in codes_a
        ]
    )


def _away(value: Fraction) -> int:
    size = int(abs(value) + Fraction(1, 2))
    return size if value >= 0 else -size


@pytest.mark.parametrize("rounding", [round, _away], ids=["half_even", "away"])
@given(st.sampled_from([1, 2, 3, 5]), st.sampled_from([1, 2, 3, 5]), st.integers(1, 3))
def test_ties(rounding, pa: int, pb: int, power: int) -> None:
    a, b = _tensor("a", 1.0, 1, 4), _tensor("b", 1.0, -2, 4)
    out = _tensor("out", 1.0, 0, 5)
    steps = Fraction(pa, 1 << power), Fraction(pb, 1 << power)
    _check(_rational(a, b, out, *steps, rounding), a, b, out)


def test_a_table_that_is_no_sum_is_refused() -> None:
    a, b, out = (_tensor(name, 1.0, 0, 3, False) for name in "abo")
    table = np.minimum(np.arange(8)[:, None] * np.arange(8)[None, :] // 4, 7)
    add = Add(name="n1", a="a", b="b", output="o", table=table.astype(np.int16))
    rule = (
        r"^Add must be a rounded sum of a function of each operand, not the table of layer n1; .*$"
    )
    with pytest.raises(PlanError, match=rule):
        fit_add(add, a, b, out, residual_first=False)
