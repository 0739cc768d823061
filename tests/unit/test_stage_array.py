# SPDX-License-Identifier: Apache-2.0
"""Array, requant and add: sizes are checked, golden models mean what the formats say."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from hlsgen.errors import ParameterError
from hlsgen.stages import add, array, requant

pytestmark = pytest.mark.unit

ARRAY: dict[str, Any] = {
    "act_bits": 4, "pot4_n": 41, "fixed4_n": 20, "fixed8_n": 3, "lanes_n": 8, "pixels_n": 10,
    "acc_w": 24,
}  # fmt: skip
REQUANT: dict[str, Any] = {
    "act_bits": 4, "rows_n": 64, "pixels_n": 10, "drain_n": 2, "acc_w": 24, "mult_w": 17,
    "record_depth": 128,
}  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("act_bits", 5, "4 or 8"),
        ("fixed4_n", 3, "even"),
        ("pot4_n", 128, r"in 1\.\.128"),
        ("lanes_n", 3, "a power of two up to 16"),
        ("pixels_n", 7, r"even, in 2\.\.16"),
        ("acc_w", 12, r"in 15\.\.32"),
    ],
)
def test_array_rejects(field: str, value: int, rule: str) -> None:
    name = "rows_n" if field == "pot4_n" else field
    with pytest.raises(ParameterError, match=rf"^Array {name} must be {rule}, not \d+$"):
        array.ArraySpec(**{**ARRAY, field: value})


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("rows_n", 40, "a multiple of 16 up to 128"),
        ("pixels_n", 3, r"even, in 2\.\.16"),
        ("drain_n", 3, "1 or 2"),
        ("acc_w", 33, r"in 16\.\.32"),
        ("mult_w", 18, "17 or 34"),
        ("record_depth", 64, "a power of two of at least 76"),
    ],
)
def test_requant_rejects(field: str, value: int, rule: str) -> None:
    with pytest.raises(ParameterError, match=rf"^Requant {field} must be {rule}, not {value}$"):
        requant.RequantSpec(**{**REQUANT, field: value})


def test_add_rejects() -> None:
    with pytest.raises(ParameterError, match=r"^Add act_bits must be 4 or 8, not 2$"):
        add.AddSpec(act_bits=2, drain_n=1)
    with pytest.raises(ParameterError, match=r"^Add drain_n must be 1 or 2, not 4$"):
        add.AddSpec(act_bits=4, drain_n=4)
    wide = np.full(16, 1 << 35)
    text = re.escape(f"Add entries must fit 36 bits, not {1 << 35}")
    with pytest.raises(ParameterError, match=f"^{text}$"):
        add.AddLayer(first=wide, second=wide, lo=0, hi=15, tie_even=False, tie_parity=0)


def test_array_decodes_every_code() -> None:
    spec = array.ArraySpec(**{**ARRAY, "pot4_n": 1, "fixed4_n": 2, "fixed8_n": 1})
    codes = np.arange(16)[:, None, None] * np.ones((1, spec.lanes_n, 4), np.int64)
    sp2 = np.tile([False, False, True, False], (16, 1))
    weights = array.decode_weights(spec, codes, sp2)[:, 0]
    powers = [0, 1, 2, 4, 8, 16, 32, 64]
    assert weights[:, 0].tolist() == powers + [-value for value in powers]
    assert weights[:, 1].tolist() == [*range(8), *range(-8, 0)]
    levels = [0, 1, 2, 4, 5, 6, 8, 0]
    assert weights[:, 2].tolist() == levels + [-value for value in levels]
    assert weights[:, 3].tolist() == list(range(16))


def test_array_packs_four_products_in_a_dsp() -> None:
    spec = array.ArraySpec(**{**ARRAY, "pot4_n": 0, "fixed8_n": 0})
    assert array.cost(spec).dsp * 4 == spec.products_n


def test_array_pot4_product_costs_at_most_25_luts() -> None:
    spec = array.ArraySpec(**{**ARRAY, "fixed4_n": 0, "fixed8_n": 0})
    assert array.cost(spec).lut / spec.products_n <= 20.0


def test_requant_rounds_ties_to_the_parity() -> None:
    shape = (4, 16)
    fields = {name: np.zeros(shape, np.int64) for name in requant.record_fields()}
    fields |= {"mult": np.full(shape, 1), "shift": np.full(shape, 1), "hi": np.full(shape, 255)}
    fields |= {"tie_even": np.full(shape, 1)}
    acc = np.broadcast_to(np.array([1, 3, 5, 7])[:, None, None], (4, *shape))
    codes = requant.codes(requant.RowRecords(**fields), acc)
    assert codes[:, 0, 0].tolist() == [0, 2, 2, 4]
    fields["tie_parity"] = np.full(shape, 1)
    codes = requant.codes(requant.RowRecords(**fields), acc)
    assert codes[:, 0, 0].tolist() == [1, 1, 3, 3]
