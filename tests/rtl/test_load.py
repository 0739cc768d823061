# SPDX-License-Identifier: Apache-2.0
"""hg_load on hg_actmem: the whole memory equals the golden model's, in the cycles of `cost`."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from hlsgen.engines.program import Load
from hlsgen.errors import ParameterError
from hlsgen.stages.load import LoadSpec, cost, golden, places
from tests.rtl.layouts import Layout, place
from tests.rtl.moves import DESIGNS, beats_of, descriptors, random_image, random_move
from tests.rtl.scripted import hex_lines, run_script

pytestmark = pytest.mark.rtl


@pytest.mark.parametrize("name", DESIGNS, ids=list(DESIGNS))
@pytest.mark.parametrize(("seed", "stall"), [(1, 0), (2, 30), (3, 75)])
def test_load_memory_matches_golden(name: str, seed: int, stall: int, tmp_path: Path) -> None:
    banks_n, depth = DESIGNS[name]
    act_bits = 4 if name in ("b16", "b2") else 8
    spec = LoadSpec(act_bits=act_bits, banks_n=banks_n, act_depth=depth)
    rng = np.random.default_rng(seed)
    start = rng.integers(0, 1 << 63, (banks_n, depth), np.uint64)
    dram = rng.integers(0, 1 << 63, 1 << 16, np.uint64)
    banks, jobs, beat = start, [], 16
    for number in range(24):
        if number % 3:
            job, beat = random_move(Load, rng, banks_n, (0, depth), beat)
        else:
            job, beat = random_image(rng, act_bits, banks_n, (0, depth), beat)
        jobs.append(job)
        banks = golden(spec, banks, job, dram[beats_of(job)])
    (tmp_path / "jobs.hex").write_text(hex_lines(descriptors(jobs)))
    (tmp_path / "act.hex").write_text(hex_lines(start.reshape(-1)))
    (tmp_path / "want.hex").write_text(hex_lines(banks.reshape(-1)))
    (tmp_path / "dram.hex").write_text(hex_lines(dram))
    params = {"ActBits": act_bits, "BanksN": banks_n, "ActDepth": depth}
    log = run_script("load", params, tmp_path, jobs=len(jobs), stall=stall, seed=seed)
    if stall == 0:
        found = [int(value) for value in re.findall(r"JOB \d+ cycles (\d+)", log)]
        assert found[-len(jobs) :] == [cost(spec, job).cycles for job in jobs]


def test_load_places_follow_the_formula() -> None:
    """Pixel by pixel, by another reading of formats §2; no two beats share a place."""
    rng = np.random.default_rng(5)
    for banks_n in (2, 4, 8, 16):
        spec = LoadSpec(banks_n=banks_n, act_depth=4096)
        for _ in range(20):
            job, _ = random_move(Load, rng, banks_n, (0, 4096), 0)
            layout = Layout(
                base=job.base,
                cg_stride=job.run_stride,
                plane_stride=0,
                phase_stride=job.phase_stride,
                pitch=job.pitch,
                s=job.s,
                off_step=job.off_step,
            )
            bank, address = places(spec, job)
            for run, y, x in np.ndindex(job.runs, job.rows, job.width):
                want_bank, want = place(layout, banks_n, y, x)
                at = run, y * job.width + x
                assert (bank[at], address[at]) == (want_bank, want + run * job.run_stride)
            assert len({*zip(bank.flat, address.flat, strict=True)}) == bank.size


@pytest.mark.parametrize(
    ("banks_n", "depth", "sentence"),
    [
        (3, 64, r"^Load banks_n must be a power of two of at least 2, not 3$"),
        (4, 1, r"^Load act_depth must be in 2..65536, not 1$"),
    ],
)
def test_load_refuses(banks_n: int, depth: int, sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        LoadSpec(banks_n=banks_n, act_depth=depth)


def test_load_refuses_beats_of_another_shape() -> None:
    spec = LoadSpec(banks_n=2, act_depth=4096)
    job, _ = random_move(Load, np.random.default_rng(0), 2, (0, 4096), 0)
    wanted = re.escape(str((job.runs, job.rows * job.width)))
    with pytest.raises(ParameterError, match=rf"^Load beats must have shape {wanted}, not \(3,\)$"):
        golden(spec, np.zeros((2, 4096), np.uint64), job, np.zeros(3, np.uint64))
