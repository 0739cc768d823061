# SPDX-License-Identifier: Apache-2.0
"""The simulated DDR's figures, seen through copies of the whole accelerator (formats §10)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hlsgen.run.system import Memory
from tests.rtl.system import SMALL, run
from tests.rtl.test_program import FRAME_BYTES, copy_job, passed

FRAMES = 4


def _cycles(memory: Memory, folder: Path) -> int:
    job = replace(copy_job(FRAMES), memory=memory)
    return passed(run(SMALL, job, folder))["cycles"]


@pytest.mark.rtl
def test_bytes_are_bounded_and_latency_counts(tmp_path: Path) -> None:
    """A budget is kept, a latency is paid, a seed gives the same cycles, another one others."""
    usual = Memory(bytes_per_cycle=34.1)
    base = _cycles(usual, tmp_path)
    assert _cycles(usual, tmp_path) == base
    seeds = {_cycles(replace(usual, seed=seed), tmp_path) for seed in (1, 2, 3)}
    assert len(seeds) > 1
    assert _cycles(replace(usual, latency=80), tmp_path) >= base + 40 * FRAMES
    for rate in (4.0, 1.0):
        moved = 2 * FRAMES * FRAME_BYTES  # each byte is read and written
        assert _cycles(replace(usual, bytes_per_cycle=rate), tmp_path) > 0.7 * moved / rate


@pytest.mark.rtl
def test_watchdog_names_what_waits(tmp_path: Path) -> None:
    """A program whose STORE waits for a LOAD that never comes ends in words, not in silence."""
    job = replace(copy_job(1, waits=2), patience=2000)
    outcome = run(SMALL, job, tmp_path)
    assert not outcome.run.passed
    assert "hang: STORE took descriptor" in outcome.run.log
    assert "waits for LOADs 2 (done 1)" in outcome.run.log
