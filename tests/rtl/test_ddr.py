# SPDX-License-Identifier: Apache-2.0
"""The simulated DDR's figures, seen through copies of the whole accelerator (formats §10)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hlsgen.run.system import Job, Memory, bench_of, identification, run_system
from hlsgen.run.verilate import tail
from tests.rtl.bench import SIM
from tests.rtl.system import SMALL, run_all, system_sources
from tests.rtl.test_program import FRAME_BYTES, copy_job, header_of

FRAMES = 4


def _cycles(memories: list[Memory], folder: Path) -> list[int]:
    """Cycles of the copy on each memory, without a reset in between."""
    session = run_all(SMALL, [replace(copy_job(FRAMES), memory=item) for item in memories], folder)
    assert session.run.passed, tail(session.run.log, 40)
    return [header_of(outcome.report)["cycles"] for outcome in session.outcomes]


@pytest.mark.rtl
def test_bytes_are_bounded_and_latency_counts(tmp_path: Path) -> None:
    """A budget is kept, a latency is paid, a seed gives the same cycles, another one others.

    Stalls cost about the share of cycles that they take.
    """
    usual = Memory(bytes_per_cycle=34.1)
    seeds = [replace(usual, seed=seed) for seed in (2, 3)]
    slow = replace(usual, latency=80)
    rates = (4.0, 1.0)
    narrow = [replace(usual, bytes_per_cycle=rate) for rate in rates]
    stalled = replace(usual, stall=60)
    base, *others, late, first, second, halting, again = _cycles(
        [usual, *seeds, slow, *narrow, stalled, usual], tmp_path
    )
    assert again == base
    assert {base, *others} != {base}
    assert late >= base + 40 * FRAMES
    assert 1.5 * base < halting < 4 * base
    moved = 2 * FRAMES * FRAME_BYTES  # each byte is read and written
    for rate, cycles in zip(rates, (first, second), strict=True):
        assert cycles > 0.7 * moved / rate


def _hangs(job: Job, folder: Path, sources: tuple[Path, ...]) -> str:
    """The log of a job that must hang, behind one that ends."""
    bench = bench_of(sources, SMALL.weight_ports_n + 1)
    jobs = [identification(job), job, job]
    session = run_system(bench, jobs, search=SIM / "system", folder=folder, patience=2000)
    assert not session.run.passed
    assert not any(outcome.ended for outcome in session.outcomes[1:])
    assert "no progress: what waits for what is in the log" in session.run.log
    return session.run.log


@pytest.mark.rtl
def test_watchdog_names_what_waits(tmp_path: Path) -> None:
    """A program whose STORE waits for a LOAD that never comes ends in words, not in silence."""
    sources = system_sources(SMALL, tmp_path / "src")
    log = _hangs(copy_job(1, waits=2), tmp_path, sources)
    assert "hang: STORE took descriptor" in log
    assert "waits for LOADs 2 (done 1)" in log


DEAF = (  # to a start with 2 frames, to the registers while 3 frames are set
    ("start = start_q && !running_q", "start = start_q && !running_q && arg_value[0] != 2"),
    (
        "write = aw_valid && w_valid && !b_valid",
        "write = aw_valid && !b_valid && arg_value[0] != 3",
    ),
)


@pytest.mark.rtl
@pytest.mark.parametrize("frames", [2, 3], ids=["start", "register"])
def test_watchdog_sees_what_is_ignored(frames: int, tmp_path: Path) -> None:
    """Hardware that takes no start, or no write of a register, ends the simulation as well."""
    sources = system_sources(SMALL, tmp_path / "src")
    (control,) = [path for path in sources if path.name == "hg_control.sv"]
    text = control.read_text(encoding="utf-8")
    for sound, deaf in DEAF:
        assert text.count(f"assign {sound};") == 1
        text = text.replace(f"assign {sound};", f"assign {deaf};")
    broken = tmp_path / "src" / control.name
    broken.write_text(text, encoding="utf-8")
    others = [path for path in sources if path != control]
    log = _hangs(copy_job(frames), tmp_path, (*others, broken))
    assert "hang: the core does not run" in log
