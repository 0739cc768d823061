# SPDX-License-Identifier: Apache-2.0
"""Train the digits network in plain numpy and write digits.npz (weights) and held_out.npz.

    .venv/bin/python examples/digits/train.py

The data are scikit-learn's 1,797 handwritten digits of 8x8 pixels with values 0..16; every fourth
is held out. The network is a small residual one: conv 3x3 (16), conv 3x3 stride 2 (32),
conv 3x3 (32) added to its input, fully connected (10). Same seed, same result on one machine.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import numpy as np
from network import NAMES, float_layers
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from hlsgen.passes.float_model import run_float

Real: TypeAlias = NDArray[np.float64]

HERE = Path(__file__).resolve().parent
SHAPES = {
    "stem": (16, 1, 3, 3),
    "down": (32, 16, 3, 3),
    "body": (32, 32, 3, 3),
    "head": (10, 32, 4, 4),
}
EPOCHS, BATCH, RATE, MOMENTUM, DECAY = 40, 32, 0.03, 0.9, 1e-3


def main() -> None:
    """Train, report, and write both files."""
    images, labels = load_digits(return_X_y=True)
    x = images.reshape(-1, 1, 8, 8).astype(np.float64) / 16
    held = np.arange(len(x)) % 4 == 3
    weights = train(x[~held], labels[~held])
    rounded = {name: value.astype(np.float32) for name, value in weights.items()}
    logits = run_float(float_layers(rounded), x[held])["head"].reshape(held.sum(), 10)
    print(
        f"held-out accuracy {np.mean(logits.argmax(1) == labels[held]):.4f} on {held.sum()} digits"
    )
    np.savez_compressed(HERE / "digits.npz", **rounded)
    pixels = (x * 16).astype(np.uint8)
    calibration = pixels[~held][::4]
    np.savez_compressed(
        HERE / "held_out.npz",
        images=pixels[held],
        labels=labels[held].astype(np.uint8),
        calibration=calibration,
    )


def train(x: Real, labels: NDArray[np.int64]) -> dict[str, Real]:
    """Minibatch SGD with momentum, shifted copies of the digits, and a falling rate."""
    rng = np.random.default_rng(2)
    weights = initial(rng)
    speed = {name: np.zeros_like(value) for name, value in weights.items()}
    for epoch in range(EPOCHS):
        rate = RATE * 0.5 * (1 + np.cos(np.pi * epoch / EPOCHS))
        for batch in np.array_split(rng.permutation(len(x)), len(x) // BATCH):
            for name, slope in gradients(weights, shifted(x[batch], rng), labels[batch]).items():
                speed[name] = MOMENTUM * speed[name] - rate * (slope + DECAY * weights[name])
                weights[name] = weights[name] + speed[name]
    return weights


def initial(rng: np.random.Generator) -> dict[str, Real]:
    """He's initialisation, biases zero."""
    weights: dict[str, Real] = {}
    for name in NAMES:
        shape = SHAPES[name]
        spread = np.sqrt(2 / np.prod(shape[1:]))
        weights[f"{name}_w"] = rng.normal(0, spread, shape)
        weights[f"{name}_b"] = np.zeros(shape[0])
    return weights


def shifted(x: Real, rng: np.random.Generator) -> Real:
    """Each digit moved by up to one pixel to either side."""
    padded = np.pad(x, ((0, 0), (0, 0), (0, 0), (1, 1)))
    return np.stack(
        [
            image[:, :, s : s + 8]
            for image, s in zip(padded, rng.integers(0, 3, len(x)), strict=True)
        ]
    )


def gradients(weights: dict[str, Real], x: Real, labels: NDArray[np.int64]) -> dict[str, Real]:
    """Slopes of the mean cross entropy, layer by layer backwards."""
    layers = {layer.name: layer for layer in float_layers(weights)}
    y = run_float(list(layers.values()), x)
    logits = y["head"].reshape(len(x), 10)
    share = np.exp(logits - logits.max(1, keepdims=True))
    share /= share.sum(1, keepdims=True)
    share[np.arange(len(x)), labels] -= 1
    found: dict[str, Real] = {}
    slope = back(found, "head", weights, y["sum"], (share / len(x)).reshape(-1, 10, 1, 1), 1, 0)
    slope = slope * (y["sum"] > 0)
    through = back(found, "body", weights, y["down"], slope, 1, 1)
    slope = (slope + through) * (y["down"] > 0)
    slope = back(found, "down", weights, y["stem"], slope, 2, 1) * (y["stem"] > 0)
    back(found, "stem", weights, x, slope, 1, 1)
    return found


def back(
    found: dict[str, Real],
    name: str,
    weights: dict[str, Real],
    x: Real,
    slope: Real,
    stride: int,
    pad: int,
) -> Real:
    """Store the slopes of a convolution's weights and bias; return that of its input."""
    kernel = weights[f"{name}_w"]
    size = kernel.shape[2]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(2, 3))
    picked = windows[:, :, ::stride, ::stride]
    found[f"{name}_w"] = np.einsum("fchwij,fohw->ocij", picked, slope, optimize=True)
    found[f"{name}_b"] = slope.sum((0, 2, 3))
    spread = np.zeros_like(padded)
    parts = np.einsum("ocij,fohw->fcijhw", kernel, slope, optimize=True)
    height, width = slope.shape[2:]
    for i in range(size):
        for j in range(size):
            rows, columns = (
                slice(i, i + stride * height, stride),
                slice(j, j + stride * width, stride),
            )
            spread[:, :, rows, columns] += parts[:, :, i, j]
    return spread[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]]


if __name__ == "__main__":
    main()
