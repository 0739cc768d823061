# SPDX-License-Identifier: Apache-2.0
"""hg_writer on hg_actmem: the whole memory equals the golden model's after random descriptors."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from hlsgen.engines.program import Compute, OutputKind, Program, Tap, encode
from hlsgen.stages.writer import WriterSpec, cost, golden
from tests.rtl.layouts import make_layout
from tests.rtl.scripted import hex_lines, run_script

pytestmark = pytest.mark.rtl

# act_bits, (pot4, fixed4, fixed8), pixels, drain, depth
DESIGNS = {
    "zc706": (4, (41, 20, 3), 10, 2, 512),
    "w4_one_group": (4, (10, 4, 2), 6, 2, 400),
    "w8": (8, (0, 4, 12), 16, 2, 300),
    "w8_one_lane": (8, (13, 2, 9), 2, 1, 1000),
}
# Cycles of an entry's way from the FIFO's input to the memory, at least
LATENCY = 8
_TAP = Tap(base=0, q=0, cs=1, cg_stride=0, ylo=0, yhi=0, xlo=0, xhi=0)


def spec_of(name: str) -> WriterSpec:
    bits, rows, pixels, drain, depth = DESIGNS[name]
    return WriterSpec(
        act_bits=bits, rows_n=sum(rows), pixels_n=pixels, drain_n=drain, act_depth=depth
    )


def random_job(rng: np.random.Generator, spec: WriterSpec) -> Compute:
    """A random output tensor that fits."""
    while True:
        pool = rng.random() < 0.2
        kinds = [0, 0, 2] if spec.act_bits == 8 else [0, 0, 1, 2]
        kind = OutputKind(int(rng.choice([kind for kind in kinds if kind < 2 or not pool])))
        planes = {0: 1, 1: 2, 2: 32 // spec.act_bits}[int(kind)]
        groups = 1 if pool else spec.rows_n // spec.group_lanes_n
        blocks = int(rng.integers(1, 4))
        written = blocks * groups - int(rng.integers(0, groups))
        ho, wo = (int(v) for v in rng.integers(1, 14 if rng.random() < 0.8 else 2, 2))
        wv = wo + int(rng.integers(0, 4))
        s = int(rng.integers(1, 5))
        pitch = -(-wo // s) + int(rng.integers(0, 3))
        base = int(rng.integers(0, 8))
        layout, size = make_layout(spec.banks_n, (planes, written, ho, wo), s, pitch, base)
        if base + size <= spec.act_depth:
            break
    return Compute(
        pool=pool,
        taps=(_TAP,),
        blocks=blocks,
        tiles=-(-((ho - 1) * wv + wo) // spec.pixels_n),
        planes=1,
        kind=kind,
        wv=wv,
        wo=wo,
        ho=ho,
        p_div_wv=spec.pixels_n // wv,
        p_mod_wv=spec.pixels_n % wv,
        out_base=base,
        out_cg_stride=layout.cg_stride,
        out_plane_stride=layout.plane_stride,
        out_phase_stride=layout.phase_stride,
        out_pitch=pitch,
        out_s=s,
        out_off_step=layout.off_step,
        out_groups=written,
        merge=not pool and bool(rng.random() < 0.3),
    )


def lone_job(rng: np.random.Generator, spec: WriterSpec) -> Compute:
    """A raw tensor of one pixel, of whose tile only the first entries come."""
    while not (job := random_job(rng, spec)).lone:
        pass
    return job


def entry_lines(spec: WriterSpec, data: NDArray[np.uint8], mask: NDArray[np.bool_]) -> list[int]:
    """Entries as numbers: mask above data, pixel 0 and lane 0 lowest."""
    flat = data.reshape(-1, spec.drain_n * spec.group_lanes_n)
    bits = mask.reshape(-1, spec.group_lanes_n)
    width = 8 * flat.shape[1]
    weights = [1 << n for n in range(spec.group_lanes_n)]
    return [
        int.from_bytes(bytes(row), "little")
        | sum(w for w, on in zip(weights, lane, strict=True) if on) << width
        for row, lane in zip(flat, bits, strict=True)
    ]


@pytest.mark.parametrize("name", DESIGNS, ids=list(DESIGNS))
def test_writer_memory_matches_golden(name: str, tmp_path: Path) -> None:
    spec, (bits, rows, pixels, drain, depth) = spec_of(name), DESIGNS[name]
    params = dict(zip(("Pot4N", "Fixed4N", "Fixed8N"), rows, strict=True))
    params |= {"ActBits": bits, "PixelsN": pixels, "DrainN": drain, "ActDepth": depth}
    params["BanksN"] = spec.banks_n
    for seed, stall in ((1, 0), (2, 40)):
        rng = np.random.default_rng(seed)
        start = rng.integers(0, 1 << 63, (spec.banks_n, depth), np.uint64)
        jobs = [*(random_job(rng, spec) for _ in range(14)), lone_job(rng, spec)]
        banks, lines = start, []
        for job in jobs:
            shape = (*spec.entries(job), spec.group_lanes_n)
            data = rng.integers(0, 256, (*shape[:-1], drain, shape[-1]), np.uint8)
            mask = rng.random(shape) < (0.5 if job.merge else 1.1)
            banks = golden(spec, banks, job, data, mask)
            lines += entry_lines(spec, data, mask)
        program = encode(Program(layout_hash=0, report_slots=0, descriptors=tuple(jobs)))
        beats = [program[i : i + 128] for i in range(128, 128 * (len(jobs) + 1), 128)]
        (tmp_path / "jobs.hex").write_text(hex_lines(int.from_bytes(b, "little") for b in beats))
        (tmp_path / "act.hex").write_text(hex_lines(start.reshape(-1)))
        (tmp_path / "want.hex").write_text(hex_lines(banks.reshape(-1)))
        (tmp_path / "entries.hex").write_text(hex_lines(lines))
        log = run_script("writer", params, tmp_path, jobs=len(jobs), stall=stall, seed=seed)
        if stall == 0:
            found = [int(value) for value in re.findall(r"JOB \d+ cycles (\d+)", log)]
            _check_cycles(spec, jobs, found)


def _check_cycles(spec: WriterSpec, jobs: list[Compute], found: list[int]) -> None:
    """Exact but for the phase of a pair of pixels; a raw tile also waits for the one before."""
    assert len(found) == len(jobs)
    for job, cycles in zip(jobs, found, strict=True):
        slack = 10 * job.tiles * job.blocks if job.kind == OutputKind.RAW else 0
        assert LATENCY <= cycles - cost(spec, job).cycles <= LATENCY + 1 + slack
