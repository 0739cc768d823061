# SPDX-License-Identifier: Apache-2.0
"""Made-up frames span the codes, are smooth, differ, and are always the same."""

from __future__ import annotations

import numpy as np
import pytest

from hlsgen.model.graph import Tensor
from hlsgen.model.pictures import picture_codes

pytestmark = pytest.mark.unit


def tensor(shape: tuple[int, int, int], bits: int = 8, signed: bool = False) -> Tensor:
    return Tensor(name="x", shape=shape, bits=bits, signed=signed, scale=1.0)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("shape", [(3, 224, 224), (1, 8, 8), (3, 30, 41), (2, 4, 4)], ids=str)
def test_every_frame_spans_the_range_and_is_smooth(
    shape: tuple[int, int, int], signed: bool
) -> None:
    x = tensor(shape, signed=signed)
    codes = picture_codes(x, 3)
    assert codes.shape == (3, *shape)
    assert (codes.min(axis=(1, 2, 3)) == x.lo).all()
    assert (codes.max(axis=(1, 2, 3)) == x.hi).all()
    assert not (codes[0] == codes[1]).all()
    if min(shape[1:]) >= 30:
        beside = np.corrcoef(codes[..., 1:].ravel(), codes[..., :-1].ravel())[0, 1]
        assert 0.8 < beside < 0.999
        assert np.unique(codes).size > 200


def test_channels_share_a_scene_but_differ() -> None:
    codes = picture_codes(tensor((3, 64, 64)), 4).transpose(1, 0, 2, 3).reshape(3, -1)
    likeness = np.corrcoef(codes)[np.triu_indices(3, 1)]
    assert ((likeness > 0.4) & (likeness < 0.95)).all()


def test_vectors_and_bipolar_tensors_are_uniform() -> None:
    flat = picture_codes(tensor((2000, 1, 1), bits=2), 2)
    assert set(np.unique(flat)) == {0, 1, 2, 3}
    signs = picture_codes(tensor((1, 28, 28), bits=1, signed=True), 2)
    assert set(np.unique(signs)) == {-1, 1}


def test_the_same_seed_gives_the_same_frames() -> None:
    x = tensor((3, 16, 16))
    np.testing.assert_array_equal(picture_codes(x, 2), picture_codes(x, 2))
    assert (picture_codes(x, 2, seed=2) != picture_codes(x, 2)).any()
