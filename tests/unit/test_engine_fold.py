# SPDX-License-Identifier: Apache-2.0
"""Images of few channels: which beats a kernel row takes, and that the numbers stay the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hlsgen.engines.lower import lower
from hlsgen.engines.nodes import ConvNode, MoveNode
from hlsgen.engines.segments import segments_of
from hlsgen.engines.tensors import image_bytes, pack_image, pack_input, pack_tensor
from hlsgen.errors import ProjectError
from hlsgen.model.graph import Conv, Model, Preprocess, Raw, Tensor
from hlsgen.model.numbers import Format
from tests.designs import spec_of
from tests.unit.test_plan_models import check

WIDE: dict[str, int] = {
    "act_bits": 4,
    "lanes_n": 8,
    "pixels_n": 6,
    "ring_depth": 1024,
    "act_depth": 8192,
}
# kernel, stride, channels, height, width, pads; words of a tile and plane, and without folding
CASES: dict[str, tuple[Any, ...]] = {
    "stem_7x7s2": ((7, 7), (2, 2), 3, 24, 22, (3, 3, 3, 3), 21, 49),
    "stem_odd_rows": ((7, 7), (2, 2), 3, 23, 21, (3, 2, 2, 3), 21, 49),
    "vgg_3x3": ((3, 3), (1, 1), 3, 9, 13, (1, 1, 1, 1), 6, 9),
    "grey_5x5": ((5, 5), (1, 1), 1, 11, 10, (2, 2, 2, 2), 5, 25),
    "alexnet": ((11, 11), (4, 4), 3, 35, 35, (2, 2, 2, 2), 66, 121),
    "unlike_strides": ((3, 5), (1, 2), 2, 9, 14, (1, 0, 2, 1), 6, 15),
    "six_channels": ((3, 3), (1, 1), 6, 8, 8, (1, 1, 1, 1), 9, 9),
}


def network(name: str, *, bits: int = 8, zero_point: int = 11) -> Model:
    """One raw convolution over the input."""
    kernel, stride, channels, height, width, pads, *_ = CASES[name]
    rng = np.random.default_rng(len(name))
    outside = tuple(
        (size + before + behind - k) // step + 1
        for size, before, behind, k, step in zip(
            (height, width), pads[::2], pads[1::2], kernel, stride, strict=True
        )
    )
    rows = 20
    tensors = (
        Tensor(
            name="x", shape=(channels, height, width), bits=bits, signed=False, scale=1.0,
            zero_point=zero_point,
        ),
        Tensor(name="y", shape=(rows, *outside), bits=32, signed=True, scale=1.0),
    )  # fmt: skip
    return Model(
        name=name,
        input="x",
        outputs=("y",),
        tensors={tensor.name: tensor for tensor in tensors},
        layers=(
            Conv(
                name="stem",
                input="x",
                output="y",
                weights=rng.integers(-8, 8, (rows, channels, *kernel)),
                formats=(Format.FIXED4,) * rows,
                row_scale=np.ones(rows),
                bias=rng.integers(-99, 99, rows),
                requant=Raw(),
                stride=stride,
                pads=pads,
            ),
        ),
        preprocess=Preprocess(gain=1.0, offset=0.0, layout="CHW"),
        source="test",
    )


@pytest.mark.parametrize("name", CASES, ids=list(CASES))
@pytest.mark.parametrize(("bits", "act_bits"), [(8, 4), (4, 4), (8, 8)])
def test_fold_keeps_the_numbers(name: str, bits: int, act_bits: int) -> None:
    """A plain reading of the bytes gives golden's accumulators on every pixel."""
    spec = spec_of(0, 16, 16, **{**WIDE, "act_bits": act_bits})
    check(network(name, bits=bits), spec, frames=2)


@pytest.mark.parametrize("name", CASES, ids=list(CASES))
def test_fold_takes_as_few_words_as_its_lanes_allow(name: str) -> None:
    *_, words, plain = CASES[name]
    spec = spec_of(0, 16, 16, **WIDE)
    lowered = lower(network(name), spec)
    node = next(node for node in lowered.nodes if isinstance(node, ConvNode))
    moves = [node for node in lowered.nodes if isinstance(node, MoveNode) and not node.store]
    assert segments_of(node, spec)[0].k == words
    folded = [move.fold is not None for move in moves]
    assert all(folded) is (words < plain) and any(folded) is all(folded)
    stride = CASES[name][1]
    assert len(moves) == (stride[0] if words < plain else 1)


def test_pack_image_is_the_bytes_of_a_picture() -> None:
    """Rows of W*C bytes, padded to whole beats and to whole strides with the code of zero."""
    tensor = Tensor(name="x", shape=(3, 5, 3), bits=8, signed=True, scale=1.0, zero_point=-128)
    codes = np.random.default_rng(1).integers(-128, 128, tensor.shape)
    raw = np.frombuffer(pack_image(tensor, codes, 2), np.uint8).reshape(6, 16)
    assert raw.nbytes == image_bytes(tensor, 2)
    assert np.array_equal(raw[:5, :9].reshape(5, 3, 3), (codes + 128).transpose(1, 2, 0))
    assert not raw[5].any() and not raw[:, 9:].any()
    assert pack_input(tensor, codes, 8, 2) == raw.tobytes()
    assert pack_input(tensor, codes, 8, 0) == pack_tensor(tensor, codes, 8)
    with pytest.raises(ProjectError, match=r"^Codes must lie in -128..127, not .*\(tensor x\)$"):
        pack_image(tensor, codes + 1000, 2)
    with pytest.raises(ProjectError, match=r"^Codes must have shape \(3, 5, 3\), not \(3, 5, 4\)"):
        pack_image(tensor, np.zeros((3, 5, 4)), 2)
