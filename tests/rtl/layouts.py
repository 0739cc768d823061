# SPDX-License-Identifier: Apache-2.0
"""Tensors in banks and taps of kernels, straight from docs/spec/formats.md §2 and §3."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hlsgen.engines.program import Tap


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where a tensor lies in the banks (formats §2)."""

    base: int
    cg_stride: int
    plane_stride: int
    phase_stride: int
    pitch: int
    s: int
    off_step: int


def place(layout: Layout, banks_n: int, y: int, x: int) -> tuple[int, int]:
    """Bank and address of a pixel, without plane and group."""
    s = layout.s
    phase = (y % s) * s + x % s
    q = (y // s) * layout.pitch + x // s + (x % s) * layout.off_step
    return q % banks_n, layout.base + phase * layout.phase_stride + q // banks_n


def make_layout(
    banks_n: int, shape: tuple[int, int, int, int], s: int, pitch: int, base: int
) -> tuple[Layout, int]:
    """Layout of [planes, groups, H, W] beats and the beats of a bank it takes."""
    planes, groups, height, _ = shape
    step = banks_n // s
    rows = -(-height // s)
    phase = -(-(rows * pitch + (s - 1) * step) // banks_n)
    group = phase * s * s
    layout = Layout(
        base=base,
        cg_stride=group,
        plane_stride=group * groups,
        phase_stride=phase,
        pitch=pitch,
        s=s,
        off_step=step,
    )
    return layout, group * groups * planes


def fill(banks: NDArray[np.uint64], layout: Layout, beats: NDArray[np.uint64]) -> None:
    """Write beats [planes, groups, H, W] into the banks [B, D]."""
    planes, groups, height, width = beats.shape
    for y in range(height):
        for x in range(width):
            bank, address = place(layout, banks.shape[0], y, x)
            for p in range(planes):
                for g in range(groups):
                    at = address + p * layout.plane_stride + g * layout.cg_stride
                    banks[bank, at] = beats[p, g, y, x]


def kernel_taps(
    layout: Layout,
    *,
    kernel: tuple[int, int],
    pads: tuple[int, int],
    size: tuple[int, int],
    out: tuple[int, int],
    slices: int,
    sub0: int = 0,
) -> tuple[Tap, ...]:
    """Taps of a kernel over a tensor whose layout has the kernel's stride (formats §3)."""
    s = layout.s
    taps = []
    for ky in range(kernel[0]):
        for kx in range(kernel[1]):
            dy, ph = divmod(ky - pads[0], s)
            dx, pw = divmod(kx - pads[1], s)
            ylo, yhi = _range(s, ky - pads[0], size[0], out[0])
            xlo, xhi = _range(s, kx - pads[1], size[1], out[1])
            taps.append(
                Tap(
                    base=layout.base + (ph * s + pw) * layout.phase_stride,
                    q=dy * layout.pitch + dx + pw * layout.off_step,
                    cs=slices,
                    sub0=sub0,
                    cg_stride=layout.cg_stride,
                    plane_stride=layout.plane_stride,
                    ylo=ylo,
                    yhi=yhi,
                    xlo=xlo,
                    xhi=xhi,
                )
            )
    return tuple(taps)


def _range(s: int, offset: int, size: int, out: int) -> tuple[int, int]:
    """First and last output row whose input row s*o + offset lies in 0..size-1."""
    good = [o for o in range(out) if 0 <= s * o + offset < size]
    return (good[0], good[-1]) if good else (1, 0)
