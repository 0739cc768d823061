# SPDX-License-Identifier: Apache-2.0
"""One 3x3x64 -> 64 layer on 56x56, mixed rows with 4-bit activations, on the ZC706's array."""

from __future__ import annotations

import numpy as np

from benchmarks.rows import OUT, Row, holds
from hlsgen import api
from hlsgen.frontends.tflite_arith import two_step
from hlsgen.model import golden, store
from hlsgen.model.graph import Conv, IntArray, Model, Preprocess, Raw, Requant, Tensor
from hlsgen.model.numbers import Format
from tests.model_calibration import random_weights

ASKED, SHARE = 22_600, 0.05
CHANNELS, SIZE, SEED = 64, 56, 1
ROWS = {Format.POT4: 41, Format.FIXED4: 20, Format.FIXED8: 3}
_CALIBRATION_FRAMES = 2
_SPREAD = 4.0  # standard deviations within half the range of the codes


def layer_model(seed: int = SEED) -> Model:
    """The layer with random weights, requantised so that its codes use their range."""
    rng = np.random.default_rng(seed)
    source, target = (
        Tensor(name=name, shape=(CHANNELS, SIZE, SIZE), bits=4, signed=False, scale=1.0)
        for name in ("input", "conv")
    )
    formats = tuple(rng.permutation([fmt for fmt, rows in ROWS.items() for _ in range(rows)]))
    draft = _layer(formats, random_weights(rng, formats, (CHANNELS, 3, 3)))
    codes = rng.integers(source.lo, source.hi + 1, (_CALIBRATION_FRAMES, *source.shape))
    acc = golden.accumulators(draft, codes.astype(np.int32), source)
    by_row = np.moveaxis(acc, 1, 0).reshape(CHANNELS, -1).astype(np.float64)
    gain = (target.hi - target.lo) / (2 * _SPREAD * np.maximum(by_row.std(axis=1), 1.0)) * 2
    bias = np.rint((target.hi + target.lo) / 2 / gain - by_row.mean(axis=1)).astype(np.int64)
    layer = _layer(formats, draft.weights, bias, two_step(gain, target.lo, target.hi))
    return Model(
        name="conv3x3x64",
        input=source.name,
        outputs=(target.name,),
        tensors={tensor.name: tensor for tensor in (source, target)},
        layers=(layer,),
        preprocess=Preprocess(gain=1.0, offset=0.0, layout="CHW"),
        source=f"random layer of the benchmarks, seed {seed}",
    )


def layer() -> list[Row]:
    """Cycles of the layer in the simulated hardware, and its equality."""
    folder, out = OUT / "conv3x3x64", OUT / "conv3x3x64_zc706"
    store.save(layer_model(), folder)
    api.build(folder, board="zc706", output=out)
    figures = api.sim(out, frames=2)
    command = f"make bench (--only layer64), seed {SEED}"
    name = "3x3x64 -> 64 on 56x56, 41:20:3, N 8, P 10, ZC706"
    reached = [item["cycles"] for item in figures["layers"]]
    cycles = Row(
        what=name,
        asked=f"{ASKED:,} cycles within {100 * SHARE:.0f} %",
        reached=f"{sum(reached):,} cycles" if reached else str(figures["failure"]).split("\n")[0],
        command=command,
        good=bool(reached) and abs(sum(reached) - ASKED) <= SHARE * ASKED,
    )
    compared = f"{figures['tensors_compared']} tensors"
    return [holds(f"{name}: equal", figures["equal"], compared, command), cycles]


def _layer(
    formats: tuple[Format, ...],
    weights: IntArray,
    bias: IntArray | None = None,
    requant: Requant | None = None,
) -> Conv:
    return Conv(
        name="conv",
        input="input",
        output="conv",
        weights=weights,
        formats=formats,
        row_scale=np.ones(CHANNELS),
        bias=np.zeros(CHANNELS, np.int64) if bias is None else bias,
        requant=Raw() if requant is None else requant,
        pads=(1, 1, 1, 1),
    )
