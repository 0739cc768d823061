# SPDX-License-Identifier: Apache-2.0
"""hg_residual on hg_actmem: entries in the order of the requantisation, read two tiles ahead."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from hlsgen.engines.program import Compute, Program, Tap, encode
from tests.rtl.scripted import hex_lines, run_script

pytestmark = pytest.mark.rtl

# act_bits, (pot4, fixed4, fixed8), pixels, drain, banks, depth
DESIGNS = {
    "zc706": (4, (41, 20, 3), 10, 2, 16, 1024),
    "w4_one_group": (4, (10, 4, 2), 6, 2, 8, 700),
    "w4_planes": (4, (20, 10, 2), 6, 2, 8, 1400),
    "w8": (8, (0, 4, 12), 16, 2, 16, 500),
    "w8_one_lane": (8, (13, 2, 9), 2, 1, 2, 2000),
    "w8_two_banks": (8, (4, 2, 2), 2, 2, 2, 1000),
}
WIDE = ("w4_planes",)  # designs with codes of two planes
# From job_start to the first pop, without the entries of a tile
LATENCY = 6
_TAP = Tap(base=0, q=0, cs=1, cg_stride=0, ylo=0, yhi=0, xlo=0, xhi=0)


def random_job(rng: np.random.Generator, name: str, add: bool) -> Compute:
    """A CONV that adds a residual tensor with pitch Wv, which lies within the banks."""
    bits, rows, pixels, _, banks, depth = DESIGNS[name]
    groups = sum(rows) * bits // 64
    while True:
        blocks = int(rng.integers(1, 4))
        ho, wo = (int(v) for v in rng.integers(1, 12, 2))
        wv = wo + int(rng.integers(0, 3))
        tiles = -(-((ho - 1) * wv + wo) // pixels)
        base, gap = int(rng.integers(0, 9)), int(rng.integers(0, 4))
        cg_stride = -(-tiles * pixels // banks) + gap
        two = name in WIDE and bool(rng.random() < 0.6)
        plane_stride = cg_stride * blocks * groups + int(rng.integers(0, 4)) if two else 0
        if base + plane_stride + cg_stride * blocks * groups <= depth:
            break
    return Compute(
        taps=(_TAP,),
        k=1,
        blocks=blocks,
        tiles=tiles,
        planes=1,
        wv=wv,
        wo=wo,
        ho=ho,
        p_div_wv=pixels // wv,
        p_mod_wv=pixels % wv,
        out_base=0,
        out_cg_stride=0,
        out_pitch=wv,
        out_off_step=0,
        out_groups=blocks * groups,
        res_base=base,
        res_cg_stride=cg_stride,
        res_two_planes=two,
        res_plane_stride=plane_stride,
        add=add,
    )


def entries(name: str, banks: NDArray[np.uint64], job: Compute) -> list[int]:
    """Codes of an entry's pixels, the first one lowest; order block, tile, pixels, group."""
    bits, rows, pixels, drain, banks_n, _ = DESIGNS[name]
    groups = sum(rows) * bits // 64
    found = []
    for block, tile, pair, group in np.ndindex(job.blocks, job.tiles, pixels // drain, groups):
        value = 0
        for r in range(drain):
            o = tile * pixels + pair * drain + r
            row = job.res_base + (block * groups + group) * job.res_cg_stride + o // banks_n
            beat = int(banks[o % banks_n, row])
            if name in WIDE:
                high = int(banks[o % banks_n, row + job.res_plane_stride])
                beat = joined(beat, high if job.res_two_planes else 0)
            value |= beat << (128 if name in WIDE else 64) * r
        found.append(value)
    return found


def joined(low: int, high: int) -> int:
    """Two beats of 4-bit lanes as one of bytes."""
    lanes = range(16)
    return sum((low >> 4 * n & 15 | (high >> 4 * n & 15) << 4) << 8 * n for n in lanes)


@pytest.mark.parametrize("name", DESIGNS, ids=list(DESIGNS))
@pytest.mark.parametrize(("seed", "stall", "hold"), [(1, 0, 0), (2, 40, 0), (3, 60, 1500)])
def test_residual_entries_in_order(
    name: str, seed: int, stall: int, hold: int, tmp_path: Path
) -> None:
    bits, rows, pixels, drain, banks_n, depth = DESIGNS[name]
    rng = np.random.default_rng(seed)
    banks = rng.integers(0, 1 << 63, (banks_n, depth), np.uint64)
    # The first one adds: it is cut off by a reset
    jobs = [random_job(rng, name, n == 0 or bool(rng.random() < 0.8)) for n in range(9)]
    want = [value for job in jobs if job.add for value in entries(name, banks, job)]
    program = encode(Program(layout_hash=0, report_slots=0, descriptors=tuple(jobs)))
    beats = [program[at : at + 128] for at in range(128, 128 * (len(jobs) + 1), 128)]
    (tmp_path / "jobs.hex").write_text(hex_lines(int.from_bytes(b, "little") for b in beats))
    (tmp_path / "act.hex").write_text(hex_lines(banks.reshape(-1)))
    (tmp_path / "want.hex").write_text(hex_lines(want))
    params = dict(zip(("Pot4N", "Fixed4N", "Fixed8N"), rows, strict=True))
    params |= {"ActBits": bits, "PixelsN": pixels, "DrainN": drain}
    params |= {"BanksN": banks_n, "ActDepth": depth, "AddPlanesN": 1 + (name in WIDE)}
    counts = {"jobs": len(jobs), "entries": len(want)}
    log = run_script("residual", params, tmp_path, stall=stall, seed=seed, hold=hold, **counts)
    if stall == 0:
        found = [int(value) for value in re.findall(r"JOB \d+ cycles (\d+)", log)]
        adds = [job for job in jobs if job.add]
        tile = pixels // drain * (sum(rows) * bits // 64)
        wanted = [cycles(name, job, tile) for job in adds]
        assert found[-len(adds) :] == wanted


def cycles(name: str, job: Compute, tile: int) -> int:
    """An entry a cycle behind the first tile, or every other one where it is two reads."""
    reads = 2 if job.res_two_planes else 1
    return LATENCY + (name in WIDE) + reads * tile * job.blocks * job.tiles + tile
