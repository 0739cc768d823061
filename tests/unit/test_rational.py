# SPDX-License-Identifier: Apache-2.0
"""Step positions of monotone chains: equal to evaluating the chain at every integer around."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hlsgen.frontends.rational import (
    ALL,
    NONE,
    UNREACHABLE,
    Affine,
    Clip,
    Count,
    Edge,
    Round,
    Rounding,
    compose,
    contains,
    float32_level,
    forward,
    pull_back,
    round_exact,
    rounding_edge,
    scalar,
    square_root,
    step_levels,
)

pytestmark = pytest.mark.unit
# Small denominators make ties frequent; a few odd ones break symmetry.
numbers = st.fractions(min_value=-6, max_value=6, max_denominator=8) | st.fractions(-9, 9)
REACH = 200


@st.composite
def chains(draw):
    """A chain of two channels that ends in integers, any slopes."""
    ops = [Affine(tuple(draw(numbers) for _ in range(2)), tuple(draw(numbers) for _ in range(2)))]
    for _ in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(["affine", "clip", "round", "count"]))
        if kind == "affine":
            ops.append(scalar(draw(numbers), draw(numbers)))
        elif kind == "clip":
            ends = (draw(st.none() | numbers), draw(st.none() | numbers))
            ops.append(Clip(*ends))
        elif kind == "round":
            ops.append(Round(draw(st.sampled_from(Rounding))))
        else:
            rows = draw(st.integers(1, 2))
            level = st.lists(numbers, min_size=1, max_size=5).map(lambda v: tuple(sorted(v)))
            ops.append(Count(tuple(draw(level) for _ in range(rows))))
    return [*ops, Round(draw(st.sampled_from(Rounding)))]


@settings(max_examples=100)
@given(chains())
def test_step_levels_agree_with_the_chain_at_every_integer(ops):
    codes = range(-4, 5)
    levels, signs = step_levels(ops, 2, codes)
    for channel in range(2):
        assert (levels[channel][1:] >= levels[channel][:-1]).all()
        for value in range(-REACH, REACH + 1, 23):
            _agrees(ops, channel, codes, levels[channel], int(signs[channel]), value)
        for level in levels[channel].tolist():
            if abs(level) < UNREACHABLE:  # both sides of every step
                for value in (level - 1, level, level + 1):
                    at = value * int(signs[channel])
                    _agrees(ops, channel, codes, levels[channel], int(signs[channel]), at)


def _agrees(ops, channel, codes, levels, sign, value):
    code = forward(ops, Fraction(value), channel)
    reached = [code >= target for target in codes]
    assert [sign * value >= level for level in levels.tolist()] == reached


@pytest.mark.parametrize("mode", Rounding)
@given(value=numbers, code=st.integers(-8, 8))
def test_rounding_edge_agrees_with_rounding(mode, value, code):
    at, closed = rounding_edge(code, mode)
    for v in (value, at, at + Fraction(1, 1000), at - Fraction(1, 1000), Fraction(code)):
        assert (round_exact(v, mode) >= code) == (v >= at if closed else v > at)


@pytest.mark.parametrize(
    ("mode", "want"),
    [
        (Rounding.ROUND, [-2, -2, -1, 0, 0, 0, 1, 2, 2]),
        (Rounding.HALF_EVEN, [-2, -2, -1, 0, 0, 0, 1, 2, 2]),
        (Rounding.CEIL, [-2, -1, -1, 0, 0, 1, 1, 2, 2]),
        (Rounding.FLOOR, [-2, -2, -1, -1, 0, 0, 1, 1, 2]),
        (Rounding.UP, [-2, -2, -1, -1, 0, 1, 1, 2, 2]),
        (Rounding.DOWN, [-2, -1, -1, 0, 0, 0, 1, 1, 2]),
        (Rounding.HALF_UP, [-2, -2, -1, -1, 0, 1, 1, 2, 2]),
        (Rounding.HALF_DOWN, [-2, -1, -1, 0, 0, 0, 1, 1, 2]),
    ],
    ids=lambda v: v.name if isinstance(v, Rounding) else "",
)
def test_round_exact_on_half_steps(mode, want):
    assert [round_exact(Fraction(n, 2), mode) for n in range(-4, 5)] == want


@given(st.fractions(min_value=0, max_value=10**40) | st.fractions(0, 1))
def test_square_root_is_correctly_rounded(value):
    with localcontext() as context:
        context.prec = 120
        root = (Decimal(value.numerator) / Decimal(value.denominator)).sqrt()
        assert square_root(value) == Fraction(float(root))


def test_square_root_of_squares_and_negative_numbers():
    assert square_root(Fraction(9, 16)) == Fraction(3, 4)
    assert square_root(Fraction(0)) == 0
    with pytest.raises(ValueError, match=r"^the square root of a negative number is not real$"):
        square_root(Fraction(-1))


@given(
    st.fractions(-(10**6), 10**6) | st.floats(-(2.0**99), 2.0**99, width=32).map(Fraction),
    st.booleans(),
)
def test_float32_level_is_the_smallest_member(at, closed):
    edge = Edge(at, closed)
    level = np.float32(float32_level(edge))
    assert contains(edge, Fraction(float(level)))
    below = np.nextafter(level, np.float32(-np.inf))
    assert not contains(edge, Fraction(float(below)))


def test_float32_level_of_sets_without_an_end():
    assert float32_level(ALL) == -math.inf
    assert float32_level(NONE) == math.inf
    assert float32_level(Edge(Fraction(10) ** 60, True)) == math.inf
    assert float32_level(Edge(-(Fraction(10) ** 60), True)) == -math.inf
    with pytest.raises(ValueError, match=r"^a descending half line has no smallest member$"):
        float32_level(Edge(Fraction(1), True, True))


@given(numbers, numbers, numbers, numbers, numbers)
def test_compose_is_one_map_after_the_other(g1, o1, g2, o2, u):
    first, then = scalar(g1, o1), scalar(g2, o2)
    assert compose(first, then).apply(u, 0) == then.apply(first.apply(u, 0), 0)


def test_pull_back_through_a_flat_map_is_everything_or_nothing():
    flat = scalar(0, 3)
    assert pull_back([flat], Edge(Fraction(3), True), 0) == ALL
    assert pull_back([flat], Edge(Fraction(3), False), 0) == NONE
    levels, signs = step_levels([flat, Round(Rounding.ROUND)], 2, range(3, 5))
    assert levels.tolist() == [[-UNREACHABLE, UNREACHABLE]] * 2
    assert signs.tolist() == [1, 1]
