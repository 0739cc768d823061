# SPDX-License-Identifier: Apache-2.0
"""The digits network: its layers, and the Model made from the trained weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hlsgen.model.graph import Model, Preprocess, Tensor
from hlsgen.passes.float_model import FloatAdd, FloatConv, FloatLayer, run_float, to_model

HERE = Path(__file__).resolve().parent
NAMES = ("stem", "down", "body", "head")  # layers with weights
PIXEL_TOP = 16  # pixels are 0..16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Digits:
    """The trained network and its data; images are uint8 [frames, 1, 8, 8] of 0..16."""

    layers: list[FloatLayer]
    images: NDArray[np.uint8]  # held out
    labels: NDArray[np.uint8]
    calibration: NDArray[np.uint8]  # from the training part


def load() -> Digits:
    """Read the two files beside this one."""
    with np.load(HERE / "digits.npz", allow_pickle=False) as weights:
        layers = float_layers(weights)
    with np.load(HERE / "held_out.npz", allow_pickle=False) as data:
        return Digits(
            layers=layers,
            images=data["images"],
            labels=data["labels"],
            calibration=data["calibration"],
        )


def float_layers(weights: Mapping[str, NDArray[np.floating]]) -> list[FloatLayer]:
    """Layers from arrays named <layer>_w and <layer>_b."""

    def conv(name: str, source: str, **options: int) -> FloatConv:
        kernel, bias = (np.asarray(weights[f"{name}_{part}"], np.float64) for part in "wb")
        relu = name in ("stem", "down")
        return FloatConv(name=name, input=source, weights=kernel, bias=bias, relu=relu, **options)

    return [
        conv("stem", "input", pad=1),
        conv("down", "stem", stride=2, pad=1),
        conv("body", "down", pad=1),
        FloatAdd(name="sum", a="body", b="down"),
        conv("head", "sum"),
    ]


def int8_model(digits: Digits) -> Model:
    """The 8-bit Model: pixels are the input's codes."""
    return to_model(
        "digits",
        digits.layers,
        digits.calibration / PIXEL_TOP,
        input_tensor=Tensor(
            name="input", shape=(1, 8, 8), bits=8, signed=False, scale=1 / PIXEL_TOP
        ),
        preprocess=Preprocess(gain=1.0, offset=0.0, layout="CHW", colour="grey"),
        source="scikit-learn's handwritten digits, examples/digits/train.py",
    )


def float_accuracy(digits: Digits) -> float:
    """Share of the held-out digits that the float network names rightly."""
    logits = run_float(digits.layers, digits.images / PIXEL_TOP)["head"]
    return float((logits.reshape(len(logits), -1).argmax(1) == digits.labels).mean())
