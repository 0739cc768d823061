# SPDX-License-Identifier: Apache-2.0
"""The design parameters: derived values, the hash, and every refusal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hlsgen.engines.mixed import MixedSpec
from hlsgen.errors import ParameterError
from tests.designs import spec_of

pytestmark = pytest.mark.unit


def test_derived_sizes_of_the_large_design() -> None:
    spec = spec_of(41, 20, 3, act_bits=4, lanes_n=8, pixels_n=10, drain_n=2)
    assert (spec.group_lanes_n, spec.rows_n, spec.row_groups_n, spec.slices_n) == (16, 64, 4, 2)
    assert (spec.banks_n, spec.word_bits, spec.word_beats_n) == (16, 2144, 34)
    assert spec.products_n == 5120
    assert spec.dsp_n == 10 * 40 + 3 * 40 + 32 * 2
    assert (spec.block_records_n, spec.table_records_n) == (65, 11)
    assert spec.drain_cycles(raw=False) == 20 and spec.drain_cycles(raw=True) == 80


def test_four_products_share_a_dsp_only_at_four_bits() -> None:
    four = spec_of(0, 16, 0, act_bits=4, lanes_n=2, pixels_n=2, mult_w=17)
    eight = spec_of(0, 16, 0, lanes_n=2, pixels_n=2, mult_w=17)
    assert four.dsp_n - four.requant_lanes_n == 16
    assert eight.dsp_n - eight.requant_lanes_n == 32


def test_the_hash_follows_every_field() -> None:
    spec = spec_of(8, 4, 4, act_bits=4)
    changes = {
        "lanes_n": 8, "pixels_n": 6, "drain_n": 2, "act_depth": 64, "ring_depth": 64,
        "record_depth": 1024, "weight_ports_n": 2, "acc_w": 20, "mult_w": 17, "taps_n": 9,
    }  # fmt: skip
    others = [replace(spec, **{name: value}) for name, value in changes.items()]
    assert len({spec.layout_hash(), *(other.layout_hash() for other in others)}) == 11
    assert MixedSpec.from_dict(spec.to_dict()) == spec


def test_wide_codes_change_the_hash_only_where_they_are() -> None:
    """Programs and bitstreams of designs without them stay as they were."""
    spec = spec_of(8, 4, 4, act_bits=4)
    wide = replace(spec, wide_codes=True)
    assert spec.layout_hash() == 0xCE07216AE0E7B1A8
    assert wide.layout_hash() != spec.layout_hash()
    assert (spec.table_records_n, wide.table_records_n) == (11, 22)
    assert MixedSpec.from_dict(wide.to_dict()) == wide
    old = {name: value for name, value in spec.to_dict().items() if name != "wide_codes"}
    assert MixedSpec.from_dict(old) == spec


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"act_bits": 6}, r"^Mixed act_bits must be one of 4, 8, not 6$"),
        ({"act_bits": "8"}, r"^Mixed act_bits must be an integer, not '8'$"),
        ({"pot4_n": -1}, r"^Mixed pot4_n must be in 0\.\.128, not -1$"),
        ({"fixed4_n": 3}, r"^Mixed fixed4_n must be even, not 3$"),
        (
            {"pot4_n": 9},
            r"^Mixed pot4_n \+ fixed4_n \+ fixed8_n must be a multiple of 8 \(channels of a beat\) "
            r"up to 128, not 17$",
        ),
        ({"lanes_n": 3}, r"^Mixed lanes_n must be one of 1, 2, 4, 8, not 3$"),
        ({"pixels_n": 5}, r"^Mixed pixels_n must be one of 2, 4, .*, 16, not 5$"),
        ({"drain_n": 3}, r"^Mixed drain_n must be one of 1, 2, not 3$"),
        ({"act_depth": 70000}, r"^Mixed act_depth must be in 16\.\.65536, not 70000$"),
        ({"ring_depth": 8}, r"^Mixed ring_depth must be in 16\.\.65536, not 8$"),
        (
            {"record_depth": 128},
            r"^Mixed record_depth must be a power of two in 188\.\.65536, not 128$",
        ),
        ({"weight_ports_n": 5}, r"^Mixed weight_ports_n must be one of 1, 2, 3, 4, not 5$"),
        (
            {"lanes_n": 1, "weight_ports_n": 3},
            r"^Mixed weight_ports_n must be at most the 2 beats of a weight word, not 3; add rows "
            r"or lanes, or take fewer ports$",
        ),
        ({"acc_w": 33}, r"^Mixed acc_w must be in 16\.\.32, not 33$"),
        ({"mult_w": 18}, r"^Mixed mult_w must be one of 17, 34, not 18$"),
        ({"wide_codes": 1}, r"^Mixed wide_codes must be true or false, not 1$"),
        (
            {"wide_codes": True},
            r"^Mixed wide_codes must be false where act_bits is 8, not true; leave it out$",
        ),
        ({"taps_n": 0}, r"^Mixed taps_n must be in 1\.\.256, not 0$"),
    ],
)
def test_mixed_refuses(fields: dict, sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        spec_of(**{"pot4_n": 8, "fixed4_n": 4, "fixed8_n": 4, **fields})


def test_mixed_refuses_unknown_and_missing_fields() -> None:
    whole = spec_of(8, 4, 4).to_dict()
    with pytest.raises(ParameterError, match=r"^Mixed fields must be among .*, not lanes$"):
        MixedSpec.from_dict({**whole, "lanes": 1})
    del whole["acc_w"]
    with pytest.raises(
        ParameterError, match=r"^Mixed fields must all be given, not without acc_w$"
    ):
        MixedSpec.from_dict(whole)
