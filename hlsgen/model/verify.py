# SPDX-License-Identifier: Apache-2.0
"""Rules of the Model: `verify` lists every violation at once, after each import and pass."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

import numpy as np

from hlsgen.errors import ModelError
from hlsgen.model.graph import Model, Tensor
from hlsgen.model.verify_layers import accumulator_range, layer_violations
from hlsgen.naming import NAME_RULE, is_safe

MAX_CHANNELS = 1 << 16
MAX_SIDE = 1 << 14
MAX_ELEMENTS = 1 << 28
MAX_LAYERS = 10_000
_LAYOUTS = ("HWC", "CHW", "C")


def verify(model: Model) -> None:
    """Raise ModelError with every rule that `model` breaks; return if there is none."""
    violations = list(_violations(model))
    if not violations:
        return
    if len(violations) == 1:
        raise ModelError(violations[0])
    listed = "\n- ".join(violations)
    raise ModelError(
        f"Model {model.name} must keep the rules, not break {len(violations)}:\n- {listed}"
    )


def _violations(model: Model) -> Iterator[str]:
    yield from _header(model)
    yield from _names(model)
    for tensor in model.tensors.values():
        yield from _tensor(tensor)
    yield from _order(model)
    if list(_dangling(model)):
        return  # shapes of layers whose tensors are unknown cannot be judged
    for layer in model.layers:
        yield from layer_violations(layer, model.tensors)


def _header(model: Model) -> Iterator[str]:
    pre = model.preprocess
    if not 1 <= len(model.layers) <= MAX_LAYERS:
        yield f"Model layers must be 1 to {MAX_LAYERS}, not {len(model.layers)}"
    if not math.isfinite(pre.gain) or pre.gain == 0 or not math.isfinite(pre.offset):
        yield (
            "Preprocess gain and offset must be finite and the gain not zero, "
            f"not {pre.gain!r} and {pre.offset!r}"
        )
    if pre.layout not in _LAYOUTS:
        yield f"Preprocess layout must be one of {', '.join(_LAYOUTS)}, not {pre.layout!r}"
    yield from _input_levels(model)
    yield from _affine(model)
    if not is_safe(pre.colour):
        yield f"Preprocess colour must be a plain name such as RGB, not {pre.colour!r}"
    if len(model.source) > 1000 or not model.source.isprintable():
        yield "Model source must be one printable line of at most 1000 characters"
    for key, value in model.notes.items():
        if not is_safe(key) or not math.isfinite(value):
            yield f"Model notes must be safe names with finite values, not {key!r}: {value!r}"


def _input_levels(model: Model) -> Iterator[str]:
    pre, tensor = model.preprocess, model.tensors.get(model.input)
    if not pre.levels or tensor is None:
        return
    if len(pre.levels) not in (1, tensor.shape[0]) or len(set(map(len, pre.levels))) != 1:
        yield (
            f"Preprocess levels must be 1 or {tensor.shape[0]} rows of one length, "
            f"not {len(pre.levels)} rows"
        )
        return
    levels = np.array(pre.levels, np.float64)
    exact = (levels == levels.astype(np.float32)).all()
    if not exact or np.isnan(levels).any() or (levels[:, 1:] < levels[:, :-1]).any():
        yield "Preprocess levels must be float32 values or infinities that ascend"
    last = pre.first + pre.step * levels.shape[1]
    if pre.step != (2 if tensor.bipolar else 1) or pre.first < tensor.lo or last > tensor.hi:
        yield (
            f"Preprocess codes must lie in {tensor.lo}..{tensor.hi}, not {pre.first}..{last} "
            f"in steps of {pre.step}"
        )


def _affine(model: Model) -> Iterator[str]:
    for name, (gain, offset) in model.output_affine.items():
        if name not in model.outputs or name not in model.tensors:
            yield f"Model output_affine must name outputs, not {name!r}"
            continue
        want = (model.tensors[name].shape[0],)
        fits = gain.shape == offset.shape == want
        if not fits or not (np.isfinite(gain).all() and np.isfinite(offset).all()):
            yield (
                f"Model output_affine must have a finite gain and offset a channel ({want[0]}), "
                f"not shapes {gain.shape} and {offset.shape} (output {name})"
            )


def _names(model: Model) -> Iterator[str]:
    layers = [layer.name for layer in model.layers]
    for name in (model.name, *model.tensors, *layers):
        if not is_safe(name):
            yield f"Names must be {NAME_RULE}, not {name!r}"
    for name, count in Counter(layers).items():
        if count > 1:
            yield f"Layer names must be unique, not used {count} times (layer {name})"
    for key, tensor in model.tensors.items():
        if key != tensor.name:
            yield f"Tensor keys must be their tensor's name {tensor.name!r}, not {key!r}"


def _tensor(tensor: Tensor) -> Iterator[str]:
    where = f"(tensor {tensor.name})"
    channels, height, width = tensor.shape
    limits = (MAX_CHANNELS, MAX_SIDE, MAX_SIDE)
    fits = all(1 <= size <= most for size, most in zip(tensor.shape, limits, strict=True))
    if not fits or channels * height * width > MAX_ELEMENTS:
        yield (
            f"Tensor shape must be channels 1..{MAX_CHANNELS}, sides 1..{MAX_SIDE} and at most "
            f"{MAX_ELEMENTS} codes, not {tensor.shape} {where}"
        )
    if not (1 <= tensor.bits <= 8 or (tensor.bits == 32 and tensor.signed)):
        yield f"Tensor bits must be 1 to 8, or 32 and signed, not {tensor.bits} {where}"
        return
    if not math.isfinite(tensor.scale) or tensor.scale <= 0:
        yield f"Tensor scale must be positive and finite, not {tensor.scale!r} {where}"
    lo, hi = (0, 0) if tensor.bits == 32 or tensor.bipolar else (tensor.lo, tensor.hi)
    if not lo <= tensor.zero_point <= hi:
        yield f"Tensor zero_point must be in {lo}..{hi}, not {tensor.zero_point} {where}"


def _order(model: Model) -> Iterator[str]:
    defined = {model.input}
    if model.input not in model.tensors:
        yield f"Model input must be one of its tensors, not {model.input!r}"
    elif model.tensors[model.input].bits == 32:
        yield f"Model input must have at most 8 bits, not 32 (tensor {model.input})"
    for layer in model.layers:
        for name in layer.inputs:
            if name not in defined:
                yield (
                    "Layer inputs must be computed by an earlier layer or be the model's input, "
                    f"not {name!r} (layer {layer.name})"
                )
        if layer.output in defined:
            yield f"Tensors must be computed once, not again (layer {layer.name}, {layer.output})"
        defined.add(layer.output)
    yield from _dangling(model)
    for name in sorted(set(model.tensors) - defined):
        yield f"Tensors must be computed by a layer or be the model's input (tensor {name})"
    yield from _outputs(model, defined)


def _dangling(model: Model) -> Iterator[str]:
    for layer in model.layers:
        for name in (*layer.inputs, layer.output):
            if name not in model.tensors:
                yield f"Layers must name tensors of the model, not {name!r} (layer {layer.name})"


def _outputs(model: Model, defined: set[str]) -> Iterator[str]:
    if not model.outputs or len(set(model.outputs)) != len(model.outputs):
        yield f"Model outputs must be at least one tensor, each once, not {model.outputs}"
    for name in model.outputs:
        if name not in defined or name not in model.tensors:
            yield f"Model outputs must be computed by a layer, not {name!r}"


__all__ = ["accumulator_range", "verify"]
