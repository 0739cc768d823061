# SPDX-License-Identifier: Apache-2.0
"""Windows of convolutions and pools: kernel, stride and pads from ONNX attributes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from hlsgen.frontends.qonnx_values import Call, Pads, Refusal, Shape
from hlsgen.model.verify_layers import MAX_KERNEL, MAX_STRIDE, output_size


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A window and the height and width of its output.

    `standalone`: zeros in front of it are too many for its kernel and need a layer of their own.
    """

    kernel: tuple[int, int]
    stride: tuple[int, int]
    pads: Pads
    out: tuple[int, int]
    standalone: bool = False


def conv_window(call: Call, shape: Shape, kernel: tuple[int, int], before: Pads) -> Window:
    """Window of a Conv over a map of `shape`, of which `before` are zeros not yet stored."""
    if call.integers("kernel_shape", list(kernel)) != list(kernel):
        raise Refusal("has a kernel_shape unlike its weights", "equal ones")
    own = _window(call, shape, kernel)
    bare = (shape[0], shape[1] - before[0] - before[1], shape[2] - before[2] - before[3])
    pads = cast(Pads, tuple(a + b for a, b in zip(own.pads, before, strict=True)))
    fits = max(pads[:2]) < kernel[0] and max(pads[2:]) < kernel[1]
    window = Window(kernel=kernel, stride=own.stride, pads=pads, out=own.out)
    if fits or not any(before):
        return _checked(window, bare)
    return Window(kernel=kernel, stride=own.stride, pads=pads, out=own.out, standalone=True)


def pool_window(call: Call, shape: Shape) -> Window:
    """Window of a MaxPool or AveragePool."""
    kernel = call.integers("kernel_shape", [])
    if len(kernel) != 2:
        raise Refusal(f"has the kernel {kernel}", "a two-dimensional pool")
    window = _window(call, shape, (kernel[0], kernel[1]))
    if call.flag("ceil_mode", 0):
        (top, bottom, left, right), (step_y, step_x) = window.pads, window.stride
        over_y = (shape[1] + top + bottom - kernel[0]) % step_y
        over_x = (shape[2] + left + right - kernel[1]) % step_x
        if over_y or over_x:
            raise Refusal("rounds its output size up", "ceil_mode = 0, or sizes that divide")
    return _checked(window, shape)


def _window(call: Call, shape: Shape, kernel: tuple[int, int]) -> Window:
    if any(d != 1 for d in call.integers("dilations", [1, 1])):
        raise Refusal("is dilated", "dilations of 1 (a larger kernel with zeros)")
    strides = call.integers("strides", [1, 1])
    if len(strides) != 2 or min(strides) < 1 or max(strides) > 1 << 14:
        raise Refusal(f"has the strides {strides}", f"two of 1 to {MAX_STRIDE}")
    stride = (strides[0], strides[1])
    pads = _pads(call, shape, kernel, stride)
    if min(*kernel, 1 << 14) < 1 or max(*kernel, *pads) > 1 << 14 or min(pads) < 0:
        raise Refusal(f"has the kernel {kernel} and pads {pads}", f"up to {MAX_KERNEL} a side")
    out = output_size(shape, kernel, stride, pads)
    if min(out) < 1:
        raise Refusal(f"has a kernel {kernel} larger than its map {shape[1:]}", "a smaller one")
    used = (1 if out[0] == 1 else stride[0], 1 if out[1] == 1 else stride[1])
    return Window(kernel=kernel, stride=used, pads=pads, out=out)


def _pads(call: Call, shape: Shape, kernel: tuple[int, int], stride: tuple[int, int]) -> Pads:
    mode = call.text("auto_pad", "NOTSET")
    if mode == "NOTSET":
        pads = call.integers("pads", [0, 0, 0, 0])
        if len(pads) != 4:
            raise Refusal(f"has the pads {pads}", "four of them")
        return pads[0], pads[2], pads[1], pads[3]
    if mode == "VALID":
        return 0, 0, 0, 0
    if mode not in ("SAME_UPPER", "SAME_LOWER"):
        raise Refusal(f"has auto_pad {mode[:20]!a}", "explicit pads")
    pairs = []
    for size, taps, step in zip(shape[1:], kernel, stride, strict=True):
        total = max((-(-size // step) - 1) * step + taps - size, 0)
        small, large = total // 2, total - total // 2
        pairs.append((small, large) if mode == "SAME_UPPER" else (large, small))
    return pairs[0][0], pairs[0][1], pairs[1][0], pairs[1][1]


def _checked(window: Window, shape: Shape) -> Window:
    """Refuse what the Model's layers cannot hold, with the node's name."""
    whole = window.kernel == shape[1:] and not any(window.pads)
    if max(window.kernel) > MAX_KERNEL and not whole:
        raise Refusal(
            f"has the kernel {window.kernel}", f"up to {MAX_KERNEL} a side, or the whole map"
        )
    if max(window.stride) > MAX_STRIDE:
        raise Refusal(f"has the strides {window.stride}", f"up to {MAX_STRIDE}")
    top, bottom, left, right = window.pads
    if max(top, bottom) >= window.kernel[0] or max(left, right) >= window.kernel[1]:
        raise Refusal(f"has the pads {window.pads}", "pads smaller than the kernel")
    return window
