# SPDX-License-Identifier: Apache-2.0
"""Rows whose requantisation no record gives: how many pieces they are computed in."""

from __future__ import annotations

import numpy as np

from benchmarks.rows import Row, told
from hlsgen.model.graph import Conv, IntArray, Tensor, Thresholds
from hlsgen.model.numbers import Format
from hlsgen.plan.pieces import Split, in_pieces
from tests.designs import spec_of
from tests.models import model_of

SEED = 1
_REACH = 1 << 20  # either way
_SLOPES = 8  # uniform rows have 1 to 2^8 accumulators a code
_WEIGHT = 64
_COMMAND = f"make bench (--only pieces), seed {SEED}"


def pieces() -> list[Row]:
    """Pieces of rows drawn at random, and of uniform ones that have no record."""
    rows = [_random(steps, count, mult_w) for steps, count in ((15, 200), (255, 20))
            for mult_w in (17, 34)]  # fmt: skip
    return [*rows, _uniform(200)]


def _random(steps: int, count: int, mult_w: int) -> Row:
    rng = np.random.default_rng(SEED)
    split = _split(np.sort(rng.integers(-_REACH, _REACH, (count, steps)), axis=1), mult_w)
    return told(f"pieces of rows of {steps} random steps, mult_w {mult_w}", _mean(split), _COMMAND)


def _uniform(count: int) -> Row:
    """Steps an equal, not whole, number of accumulators apart, in the narrow multiplier's reach."""
    rng = np.random.default_rng(SEED)
    slopes = 2 ** rng.uniform(0, _SLOPES, (count, 1))
    starts = rng.uniform(-0.5, 0.5, (count, 1)) * slopes
    levels = np.ceil(starts + slopes * np.arange(-127, 128)).astype(np.int64)
    split = _split(levels, 17)
    share = f"{100 * split.rows_split / split.rows:.0f} % of rows without a record, of these "
    return told("uniform rows of 256 codes, mult_w 17", share + _mean(split), _COMMAND)


def _mean(split: Split) -> str:
    """Of the rows that have no record as they are."""
    made = split.rows_made - (split.rows - split.rows_split)
    return f"{made / split.rows_split:.1f} pieces a row in the mean, {split.pieces} at most"


def _split(levels: IntArray, mult_w: int) -> Split:
    """What becomes of a convolution with these steps."""
    count, steps = levels.shape
    weight = np.array([_WEIGHT, -_WEIGHT]).reshape(1, 2, 1, 1)
    channels = -(-_REACH // (_WEIGHT * 255))
    source = Tensor(name="input", shape=(2 * channels, 1, 1), bits=8, signed=False, scale=1.0)
    target = Tensor(
        name="conv", shape=(count, 1, 1), bits=steps.bit_length(), signed=False, scale=1.0
    )
    conv = Conv(
        name="conv",
        input="input",
        output="conv",
        weights=np.tile(weight, (count, channels, 1, 1)),
        formats=(Format.FIXED8,) * count,
        row_scale=np.ones(count),
        bias=np.zeros(count, np.int64),
        requant=Thresholds(levels=levels, first=0),
    )
    spec = spec_of(0, 0, 8, act_bits=8, mult_w=mult_w)
    (split,) = in_pieces(model_of(conv, source, target), spec.mult_limit)[1]
    return split
