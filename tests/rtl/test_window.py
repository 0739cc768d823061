# SPDX-License-Identifier: Apache-2.0
"""hg_window with hg_sequencer on hg_actmem: every k-step equals the golden model's."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from hlsgen.engines.program import Compute, OutputKind, Program, encode
from hlsgen.stages.window import Steps, WindowSpec, cost, golden
from tests.rtl.layouts import fill, kernel_taps, make_layout
from tests.rtl.scripted import hex_lines, run_script

pytestmark = pytest.mark.rtl

# act_bits, (pot4, fixed4, fixed8), lanes, pixels, drain, depth, ring, taps; WIDE: with WideCodes
DESIGNS = {
    "zc706": (4, (41, 20, 3), 8, 10, 2, 4096, 512, 128),
    "w4_odd": (4, (10, 4, 2), 16, 6, 2, 400, 64, 128),
    "w8": (8, (0, 4, 12), 8, 16, 2, 300, 128, 256),
    "w8_small": (8, (3, 2, 3), 2, 2, 1, 1000, 77, 128),
    "w4_lane1": (4, (8, 4, 4), 1, 4, 1, 700, 1024, 121),
}
WIDE = ("w4_odd",)


# Fields of the output, which the window does not read
_NOWHERE = {"out_base": 0, "out_cg_stride": 0, "out_off_step": 0, "out_groups": 1}


def spec_of(name: str) -> WindowSpec:
    bits, rows, lanes, pixels, drain, depth, ring, taps = DESIGNS[name]
    return WindowSpec(
        act_bits=bits,
        rows_n=sum(rows),
        lanes_n=lanes,
        pixels_n=pixels,
        drain_n=drain,
        act_depth=depth,
        ring_depth=ring,
        taps_n=taps,
    )


def random_beats(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.uint64]:
    """Beats of a tensor."""
    beats = rng.integers(0, 1 << 63, shape, np.uint64) * np.uint64(2)
    return beats | rng.integers(0, 2, beats.shape, np.uint64)


def random_job(
    rng: np.random.Generator, spec: WindowSpec, banks: NDArray[np.uint64], *, wide: bool
) -> Compute:
    """A random convolution or pool (of two planes too if `wide`) that fits, with its tensor."""
    while True:
        s = int(rng.integers(1, 5)) if rng.random() < 0.6 else 1
        limit = 11 if rng.random() < 0.15 else 4
        ky, kx = (int(v) for v in rng.integers(1, limit + 1, 2))
        h, w = (int(v) for v in rng.integers(1, 14, 2))
        if one := rng.random() < 0.15:  # pixel, as in a fully connected layer
            ky, kx, h, w = 1, 1, 1, 1
        pt, pl = int(rng.integers(0, ky)), int(rng.integers(0, kx))
        pb, pr = int(rng.integers(0, ky)), int(rng.integers(0, kx))
        ho, wo = (h + pt + pb - ky) // s + 1, (w + pl + pr - kx) // s + 1
        groups, pool = int(rng.integers(1, 4)), rng.random() < 0.25
        planes = 1 if pool > wide or spec.act_bits == 8 else int(rng.integers(1, 3))
        if ho < 1 or wo < 1 or ky * kx > spec.taps_n:
            continue
        wv, base = max(wo, -(-w // s)) + int(rng.integers(0, 3)), int(rng.integers(0, 8))
        layout, size = make_layout(spec.banks_n, (planes, groups, h, w), s, wv, base)
        slices = int(rng.integers(1, groups * spec.slices_n + 1))
        sub0 = int(rng.integers(0, spec.slices_n)) if rng.random() < 0.2 else 0
        slices = min(slices, groups * spec.slices_n - sub0)
        slices, sub0 = (1, 0) if pool else (slices, sub0)
        shared = not pool and rng.random() < 0.15
        k, blocks = slices * (1 if shared else ky * kx), groups if pool else int(rng.integers(1, 4))
        skew = planes > 1 and rng.random() < 0.5
        if base + size + skew <= spec.act_depth and k * blocks <= spec.ring_depth:
            break
    fill(banks, layout, random_beats(rng, (planes, groups, h, w)))
    taps = kernel_taps(
        layout, kernel=(ky, kx), pads=(pt, pl), size=(h, w), out=(ho, wo), slices=slices, sub0=sub0
    )
    raw = not pool and rng.random() < (0.5 if one else 0.1)
    pads = rng.integers(0, 1 << spec.act_bits, 2)
    return Compute(
        pool=pool,
        taps=taps,
        k=0 if pool else k,
        blocks=blocks,
        tiles=-(-((ho - 1) * wv + wo) // spec.pixels_n),
        planes=planes,
        kind=OutputKind.RAW if raw else OutputKind.CODES,
        pad0=int(pads[0]),
        pad1=int(pads[1]),
        wv=wv,
        wo=wo,
        ho=ho,
        p_div_wv=spec.pixels_n // wv,
        p_mod_wv=spec.pixels_n % wv,
        out_pitch=wv,
        **_NOWHERE,
        add=not pool and rng.random() < 0.3,
        hold=not pool and rng.random() < 0.2,
        shared=shared,
        skew=skew,
    )


def write_files(
    folder: Path, spec: WindowSpec, banks: NDArray[np.uint64], jobs: list[Compute]
) -> dict[str, int]:
    """Files of the bench: memory, descriptors, taps, steps."""
    data = encode(Program(layout_hash=0, report_slots=0, descriptors=tuple(jobs)))
    beats = [int.from_bytes(data[i : i + 128], "little") for i in range(128, len(data), 128)]
    taps = []
    for index, job in enumerate(jobs):
        start = beats[index] >> 128 & 0xFFFFFFFF
        ends = range(start, start + 16 * len(job.taps), 16)
        taps += [int.from_bytes(data[at : at + 16], "little") for at in ends]
    lines: list[int] = []
    word, parity = 0, 0
    for job in jobs:
        steps = golden(spec, banks, job)
        lines += step_lines(spec, job, steps, word, parity)
        if not job.pool:
            word += 0 if job.hold else job.k * job.blocks
            parity = (parity + job.blocks) % 2
    (folder / "act.hex").write_text(hex_lines(banks.reshape(-1)))
    (folder / "jobs.hex").write_text(hex_lines(beats[: len(jobs)]))
    (folder / "taps.hex").write_text(hex_lines(taps))
    (folder / "steps.hex").write_text(hex_lines(lines))
    return {"jobs": len(jobs), "steps": len(lines)}


def step_lines(spec: WindowSpec, job: Compute, steps: Steps, word: int, parity: int) -> list[int]:
    """Expected steps as numbers, in the order of tb_window's concatenation."""
    acts_w = spec.pixels_n * 64
    lines = []
    flat = steps.acts.reshape(len(steps.word), -1)
    for i in range(len(flat)):
        acts = sum(int(v) << (spec.act_bits * n) for n, v in enumerate(flat[i]))
        mask = sum(int(v) << n for n, v in enumerate(steps.mask[i]))
        number = 0 if job.pool else (word + int(steps.word[i])) & 0xFFFFFFFF
        blk = 0 if job.pool else (parity + int(steps.block[i])) % 2
        flags = 0
        shift = steps.low[i] if job.pool else steps.shift[i]
        for bit in (job.pool, steps.first[i], shift, steps.last[i], blk):
            flags = flags << 1 | int(bit)
        lines.append(((flags << spec.pixels_n | mask) << 32 | number) << acts_w | acts)
    return lines


def params_of(name: str) -> dict[str, int]:
    bits, rows, lanes, pixels, drain, depth, ring, taps = DESIGNS[name]
    values = (bits, *rows, lanes, pixels, spec_of(name).banks_n, drain, depth, ring, taps)
    names = ("ActBits", "Pot4N", "Fixed4N", "Fixed8N", "LanesN", "PixelsN", "BanksN", "DrainN")
    params = dict(zip((*names, "ActDepth", "RingDepth", "TapsN"), values, strict=True))
    return params | {"WideCodes": int(name in WIDE)}


def cycles_of(log: str) -> list[int]:
    """Cycles from the first to the last k-step of each descriptor, both counted."""
    found = re.findall(r"JOB \d+ first (\d+) last (\d+) done", log)
    return [int(last) - int(first) + 1 for first, last in found]


@pytest.mark.parametrize("name", DESIGNS, ids=list(DESIGNS))
def test_window_steps_match_golden(name: str, tmp_path: Path) -> None:
    spec = spec_of(name)
    for seed, stall in ((1, 0), (2, 30), (3, 80)):
        rng = np.random.default_rng(seed)
        banks = np.zeros((spec.banks_n, spec.act_depth), np.uint64)
        jobs = []
        for _ in range(12):
            # Each job sees the memory as it lies at the end: later tensors win
            jobs.append(random_job(rng, spec, banks, wide=name in WIDE))
        counts = write_files(tmp_path, spec, banks, jobs)
        log = run_script("window", params_of(name), tmp_path, stall=stall, seed=seed, **counts)
        if stall == 0:
            _check_cycles(spec, jobs, cycles_of(log))


def _check_cycles(spec: WindowSpec, jobs: list[Compute], found: list[int]) -> None:
    """Exact; an add may wait for its first residual beats. The first descriptor is unprepared."""
    assert len(found) == len(jobs)
    for job, cycles in list(zip(jobs, found, strict=True))[1:]:
        assert 0 <= cycles - cost(spec, job).cycles <= (3 if job.add else 0)
