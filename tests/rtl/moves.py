# SPDX-License-Identifier: Apache-2.0
"""Random LOAD and STORE descriptors and their files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from hlsgen.engines.program import Buffer, Load, Program, encode
from tests.rtl.layouts import make_layout

MEMORY_BASE = 0x3000_0000  # of the benches' external memory
Move = TypeVar("Move", bound=Load)

# banks, depth
DESIGNS = {"b16": (16, 400), "b8": (8, 512), "b2": (2, 2000), "b4_odd_depth": (4, 777)}


def random_move(
    kind: type[Move],
    rng: np.random.Generator,
    banks_n: int,
    bounds: tuple[int, int],
    beat: int,
) -> tuple[Move, int]:
    """A move within bank addresses `bounds`; its runs lie from `beat` on, behind it `end`."""
    while True:
        runs, s = int(rng.integers(1, 5)), int(rng.integers(1, 5))
        rows, width = (int(v) for v in rng.integers(1, 20, 2))
        pitch = -(-width // s) + int(rng.integers(0, 4))
        base = bounds[0] + int(rng.integers(0, 8))
        layout, size = make_layout(banks_n, (1, runs, rows, width), s, pitch, base)
        gap = int(rng.integers(0, 3))
        if base + size + gap * runs <= bounds[1]:
            break
    # A run starts on a multiple of 128 bytes
    distance = -(-rows * width // 16) * 16 + 16 * int(rng.integers(0, 2))
    move = kind(
        offset=MEMORY_BASE + 8 * beat,
        buffer=Buffer.INPUT,
        run_bytes=8 * distance,
        runs=runs,
        rows=rows,
        width=width,
        base=base,
        run_stride=layout.cg_stride + gap,
        pitch=pitch,
        s=s,
        off_step=layout.off_step,
        phase_stride=layout.phase_stride,
    )
    return move, beat + runs * distance


def random_image(
    rng: np.random.Generator, act_bits: int, banks_n: int, bounds: tuple[int, int], beat: int
) -> tuple[Load, int]:
    """A LOAD of an image within bank addresses `bounds`; its rows lie from `beat` on."""
    while True:
        s = int(rng.integers(1, 3))
        rows, width = int(rng.integers(1, 12)), int(rng.integers(1, 24))
        pitch = -(-width // s) + int(rng.integers(0, 4))
        base = bounds[0] + int(rng.integers(0, 8))
        two_planes = act_bits == 4 and bool(rng.integers(0, 3))
        layout, size = make_layout(banks_n, (1 + two_planes, 1, rows, width), s, pitch, base)
        if base + size + 1 <= bounds[1]:  # plane 1 lies B/2 banks further on
            break
    row_beats = int(rng.integers(1, 20))
    distance = row_beats + int(rng.integers(0, 3))
    load = Load(
        offset=MEMORY_BASE + 8 * beat,
        buffer=Buffer.INPUT,
        run_bytes=8 * distance,
        runs=1,
        rows=rows,
        width=width,
        base=base,
        run_stride=0,
        pitch=pitch,
        s=s,
        off_step=layout.off_step,
        phase_stride=layout.phase_stride,
        row_beats=row_beats,
        step=int(rng.integers(1, 17)),
        lead=int(rng.choice([0, 1, 7, 8, 9, int(rng.integers(0, 256))])),
        pad=int(rng.integers(0, 256)),
        tail=int(rng.integers(0, 8)),
        two_planes=two_planes,
        plane_stride=layout.plane_stride,
    )
    return load, beat + rows * distance


def beats_of(move: Load) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Beats of the external memory that a move touches, [runs, rows*width]."""
    image = move.row_beats
    runs, beats = (move.rows, image) if image else (move.runs, move.rows * move.width)
    first = (move.offset - MEMORY_BASE) // 8 + move.run_bytes // 8 * np.arange(runs)
    return np.asarray(first[:, None] + np.arange(beats), np.int64)


def descriptors(moves: Sequence[Load]) -> list[int]:
    """Descriptors as numbers of 1024 bits."""
    data = encode(Program(layout_hash=0, report_slots=0, descriptors=tuple(moves)))
    ends = range(128, 128 * (len(moves) + 1), 128)
    return [int.from_bytes(data[at : at + 128], "little") for at in ends]
