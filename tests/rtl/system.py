# SPDX-License-Identifier: Apache-2.0
"""A small whole accelerator for tests of program, control and the copies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hlsgen.emit.rtl import bench_files, dut_text, top_context, top_text
from hlsgen.engines.mixed import MixedSpec
from hlsgen.engines.proposal import ProposalSpec
from hlsgen.run.system import Job, Outcome, Session, bench_of, run_system
from hlsgen.run.verilate import tail
from tests.rtl.bench import RTL, SIM

SMALL = MixedSpec(
    act_bits=8, pot4_n=2, fixed4_n=2, fixed8_n=4, lanes_n=2, pixels_n=4, drain_n=1, act_depth=256,
    ring_depth=64, record_depth=256, weight_ports_n=1, acc_w=28, mult_w=17, taps_n=64,
)  # fmt: skip


def system_sources(spec: MixedSpec | ProposalSpec, folder: Path) -> tuple[Path, ...]:
    """All sources of an accelerator's bench; the generated ones are written into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    dut = dut_text(spec)
    for name, text in (("hlsgen_top", top_text(spec)), ("hg_dut", dut)):
        (folder / f"{name}.sv").write_text(text, encoding="utf-8")
    generated = (folder / "hlsgen_top.sv", folder / "hg_dut.sv")
    return (*sorted(RTL.glob("*.sv")), *bench_files(dut), *generated)


def run_all(
    spec: MixedSpec | ProposalSpec, jobs: Sequence[Job], folder: Path, **options: int
) -> Session:
    """Run jobs on the accelerator of a spec, one after the other."""
    bench = bench_of(system_sources(spec, folder / "src"), top_context(spec).ports_n)
    return run_system(bench, jobs, search=SIM / "system", folder=folder, **options)


def run(spec: MixedSpec, job: Job, folder: Path) -> Outcome:
    """Run one job, which must end."""
    session = run_all(spec, [job], folder)
    assert session.run.passed, tail(session.run.log, 40)
    return session.outcomes[0]
