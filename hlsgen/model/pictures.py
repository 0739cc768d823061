# SPDX-License-Identifier: Apache-2.0
"""Made-up input frames: image-like codes, always the same ones for the same seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hlsgen.model.graph import IntArray, Tensor

_LEAST_SIDE = 4  # of a map that can look like an image
_COLOUR = 0.5  # share of a channel's own field beside the one all channels have
_NOISE = 0.15  # of a field's deviation


def picture_codes(tensor: Tensor, frames: int, seed: int = 1) -> IntArray:
    """Codes [frames, channels, height, width] of a tensor that span its range in every frame.

    Maps look like images: a smooth random field that all channels share, a fainter one for each
    channel, and noise. Vectors and bipolar tensors get uniform codes.
    """
    rng = np.random.default_rng(seed)
    shape = (frames, *tensor.shape)
    if tensor.bipolar:
        codes: IntArray = 2 * rng.integers(0, 2, shape) - 1
    elif min(tensor.shape[1:]) < _LEAST_SIDE:
        codes = rng.integers(tensor.lo, tensor.hi + 1, shape)
    else:
        codes = np.rint(tensor.lo + _light(rng, shape) * (tensor.hi - tensor.lo)).astype(np.int64)
    return codes


def picture_pixels(frames: int, height: int, width: int, seed: int = 1) -> NDArray[np.uint8]:
    """Colour pictures [frames, height, width, 3] of 8 bits."""
    light = _light(np.random.default_rng(seed), (frames, 3, height, width))
    pixels: NDArray[np.uint8] = np.rint(255 * light).astype(np.uint8).transpose(0, 2, 3, 1)
    return pixels


def _light(rng: np.random.Generator, shape: tuple[int, int, int, int]) -> NDArray[np.float64]:
    """Frames of 0..1, each from its darkest to its brightest pixel."""
    frames, _, height, width = shape
    shared = _field(rng, (frames, 1, height, width))
    light = shared + _COLOUR * _field(rng, shape) + rng.normal(0.0, _NOISE, shape)
    dark = light.min(axis=(1, 2, 3), keepdims=True)
    part: NDArray[np.float64] = (light - dark) / (light.max(axis=(1, 2, 3), keepdims=True) - dark)
    return part


def _field(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Octaves of interpolated noise, each of half the size and 0.6 of the strength."""
    *outer, height, width = shape
    total = np.zeros(shape)
    cells, strength = 2, 1.0
    while cells <= max(height, width) // 2:
        grid = rng.normal(0.0, strength, (*outer, cells + 1, cells + 1))
        total += _spread(height, cells) @ grid @ _spread(width, cells).T
        cells, strength = 2 * cells, 0.6 * strength
    deviation: NDArray[np.float64] = total / total.std()
    return deviation


def _spread(side: int, cells: int) -> NDArray[np.float64]:
    """Linear interpolation of cells + 1 points over `side` pixels, as a matrix."""
    at = np.linspace(0.0, cells, side)
    tent: NDArray[np.float64] = np.maximum(0.0, 1.0 - np.abs(at[:, None] - np.arange(cells + 1)))
    return tent
