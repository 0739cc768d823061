# SPDX-License-Identifier: Apache-2.0
"""What calibration frames say: activation scales, and samples of every layer's inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hlsgen.model.golden import Codes
from hlsgen.model.graph import Concat, Conv, MaxPool, Model, Tensor
from hlsgen.passes.rows import Real

_CLIPS = np.linspace(0.15, 1.0, 52)  # parts of the range tried
_MOST_VALUES = 1 << 18  # of a tensor, for the choice of its scale
_PATCHES_A_WEIGHT = 12  # samples for each weight of a row ...
_LEAST_PATCHES, _MOST_PATCHES = 4096, 32768  # ... within these bounds


def narrow_tensors(model: Model, values: Mapping[str, Codes], act_bits: int) -> dict[str, Tensor]:
    """Give every wider inner tensor `act_bits` bits; the input and the outputs keep their width.

    Tensors that must share codes (both sides of a maximum, everything joined by a Concat) get
    one scale. Scales minimise the squared error.
    """
    kept = {model.input, *model.outputs}
    tensors = dict(model.tensors)
    for group in _tied(model):
        if tensors[group[0]].bits > act_bits and not kept & set(group):
            tensors |= _requantised(group, tensors, values, act_bits)
    return tensors


def sample_patches(
    conv: Conv, shape: tuple[int, int], codes: Codes, tensor: Tensor, rng: np.random.Generator
) -> Real:
    """Real inputs of randomly drawn output pixels: [groups, samples, weights of a row].

    `shape` is height and width of the output. Two calls with equally seeded generators draw
    the same pixels.
    """
    frames, channels = codes.shape[:2]
    kernel = conv.weights.shape[2:]
    size = int(np.prod(conv.weights.shape[1:]))
    count = min(max(_LEAST_PATCHES, _PATCHES_A_WEIGHT * size), _MOST_PATCHES)
    total = frames * shape[0] * shape[1]
    drawn = np.arange(total) if total <= count else np.sort(rng.choice(total, count, replace=False))
    frame, row, column = np.unravel_index(drawn, (frames, *shape))
    top, bottom, left, right = conv.pads
    real = tensor.scale * (codes - tensor.zero_point)
    padded = np.pad(real, ((0, 0), (0, 0), (top, bottom), (left, right)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel, axis=(2, 3))
    picked = windows[frame, :, row * conv.stride[0], column * conv.stride[1]]
    grouped = picked.reshape(
        drawn.size, conv.groups, channels // conv.groups * kernel[0] * kernel[1]
    )
    return np.ascontiguousarray(grouped.transpose(1, 0, 2))


def _tied(model: Model) -> list[list[str]]:
    """Groups of tensor names that must have the same codes."""
    owner = {name: name for name in model.tensors}
    for layer in model.layers:
        if isinstance(layer, MaxPool | Concat):
            old = {owner[name] for name in layer.inputs}
            owner = {k: owner[layer.output] if v in old else v for k, v in owner.items()}
    groups: dict[str, list[str]] = {}
    for name, root in owner.items():
        groups.setdefault(root, []).append(name)
    return list(groups.values())


def _requantised(
    group: list[str], tensors: Mapping[str, Tensor], values: Mapping[str, Codes], bits: int
) -> dict[str, Tensor]:
    parts = [
        tensors[name].scale * (values[name].ravel() - float(tensors[name].zero_point))
        for name in group
        if name in values
    ]
    scale, zero_point = fit_affine(np.concatenate(parts), bits)
    return {
        name: replace(tensors[name], bits=bits, signed=False, scale=scale, zero_point=zero_point)
        for name in group
    }


def fit_affine(values: Real, bits: int) -> tuple[float, int]:
    """Scale and zero point of unsigned codes with the least squared error on flat `values`."""
    thinned = values[:: -(-values.size // _MOST_VALUES)]
    low, high = min(0.0, float(thinned.min())), max(0.0, float(thinned.max()))
    top = (1 << bits) - 1
    if high == low:
        return 1.0 / top, 0
    best = (np.inf, 1.0, 0)
    for part in _CLIPS:
        scale = float(np.float32((high - low) * part / top))
        zero_point = round(-low * part / scale)
        codes = np.clip(np.rint(thinned / scale) + zero_point, 0, top)
        error = float(np.square((codes - zero_point) * scale - thinned).sum())
        best = min(best, (error, scale, zero_point))
    return best[1], best[2]


def rescaled_code(code: int, old: Tensor, new: Tensor) -> int:
    """The code of `new` nearest to the value of `old`'s code, within `new`'s range."""
    real = old.scale * (code - old.zero_point)
    return int(np.clip(np.rint(real / new.scale) + new.zero_point, new.lo, new.hi))


def clamp_of(lo: int, hi: int, old: Tensor, new: Tensor) -> tuple[int, int]:
    """Carry a fused activation's clamp lo..hi from `old` to `new`; ends of the range stay ends."""
    low = new.lo if lo == old.lo else rescaled_code(lo, old, new)
    high = new.hi if hi == old.hi else rescaled_code(hi, old, new)
    return low, max(low, high)


def code_map(old: Tensor, new: Tensor) -> NDArray[np.int64]:
    """For every code of `old`, ascending, the nearest code of `new`; monotone."""
    real = old.scale * (np.arange(old.lo, old.hi + 1) - old.zero_point)
    codes = np.rint(real / new.scale) + new.zero_point
    clipped: NDArray[np.int64] = np.clip(codes, new.lo, new.hi).astype(np.int64)
    return clipped
