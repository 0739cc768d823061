# SPDX-License-Identifier: Apache-2.0
"""Tensors in memory: the places that the format names, tails, planes and the way back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hlsgen.engines.tensors import (
    lane_mask,
    pack_tensor,
    run_bytes,
    runs_of,
    tensor_bytes,
    unpack_tensor,
)
from hlsgen.errors import ProjectError
from hlsgen.model.graph import Tensor

pytestmark = pytest.mark.unit


def _tensor(shape: tuple[int, int, int], bits: int, signed: bool, zero: int = 0) -> Tensor:
    return Tensor(name="t", shape=shape, bits=bits, signed=signed, scale=1.0, zero_point=zero)


@given(
    st.tuples(st.integers(1, 40), st.integers(1, 5), st.integers(1, 7)),
    st.sampled_from([1, 2, 3, 4, 5, 8, 32]),
    st.booleans(),
    st.sampled_from([4, 8]),
    st.integers(0, 2**32 - 1),
)
def test_tensor_round_trip(shape, bits: int, signed: bool, act_bits: int, seed: int) -> None:
    tensor = _tensor(shape, bits, signed or bits == 32)
    rng = np.random.default_rng(seed)
    codes = rng.integers(tensor.lo, tensor.hi + 1, shape)
    if tensor.bipolar:
        codes = 2 * rng.integers(0, 2, shape) - 1
    data = pack_tensor(tensor, codes, act_bits)
    assert len(data) == tensor_bytes(tensor, act_bits) and len(data) % 128 == 0
    np.testing.assert_array_equal(unpack_tensor(tensor, data, act_bits), codes)


def test_codes_lie_where_the_format_says() -> None:
    tensor = _tensor((10, 2, 3), 8, True, zero=5)
    codes = np.arange(60).reshape(10, 2, 3) - 30
    data = pack_tensor(tensor, codes, 8)
    for channel, y, x in [(0, 0, 0), (7, 1, 2), (8, 0, 1), (9, 1, 1)]:
        at = channel // 8 * run_bytes(tensor) + 8 * (3 * y + x) + channel % 8
        assert data[at] == codes[channel, y, x] + 128
    assert data[run_bytes(tensor) + 2] == 5 + 128  # a lane behind the last channel
    planes = pack_tensor(tensor, codes, 4)
    assert runs_of(tensor, 4) == 2
    value = codes[9, 1, 1] + 128
    at = 8 * 4 + 4  # lane 9 of beat 4: upper half of byte 4
    assert planes[at] >> 4 == value & 15
    assert planes[run_bytes(tensor) + at] >> 4 == value >> 4


def test_the_mask_covers_channels_only() -> None:
    tensor = _tensor((3, 1, 1), 4, False)
    assert lane_mask(tensor, 4)[:9] == bytes([0xFF, 0x0F, 0, 0, 0, 0, 0, 0, 0])


def test_tensor_refuses_wrong_shapes_codes_and_sizes() -> None:
    tensor = _tensor((3, 1, 1), 4, False)
    with pytest.raises(ProjectError, match=r"^Codes must have shape \(3, 1, 1\), not \(3,\) .*$"):
        pack_tensor(tensor, np.zeros(3, int), 4)
    with pytest.raises(
        ProjectError, match=r"^Codes must lie in 0\.\.15, not 0\.\.16 \(tensor t\)$"
    ):
        pack_tensor(tensor, np.array([0, 16, 1]).reshape(3, 1, 1), 4)
    with pytest.raises(ProjectError, match=r"^Tensor must hold 128 bytes, not 8 \(tensor t\)$"):
        unpack_tensor(tensor, bytes(8), 4)
