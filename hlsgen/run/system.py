# SPDX-License-Identifier: Apache-2.0
"""One run of a whole accelerator in the bench: memory regions in, output, report and trace out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from hlsgen.run.verilate import Bench, Run, compile_bench, run_bench

_FIRST_ADDRESS = 0x0123_4000  # no region starts at zero
_GAP = 0x1000
_GUARD = 128  # bytes at least between regions; a transfer there is a fault
PUBLIC = (
    "clk", "rst_n", "strobes", "awvalid", "awready", "awaddr", "wvalid", "wready", "wdata",
    "bvalid", "bready", "arvalid", "arready", "araddr", "rvalid", "rready", "rdata", "irq", "hang",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """The simulated DDR: bytes a cycle over all ports, least latency in cycles, seed of jitter."""

    bytes_per_cycle: float
    latency: int = 40
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a driver puts into memory and into the registers."""

    program: bytes
    weights: bytes
    input: bytes
    output_bytes: int  # of all frames
    scratch_bytes: int
    report_bytes: int
    frames: int
    in_stride: int
    out_stride: int
    memory: Memory
    identify: bool = False  # run a program of zero descriptors first
    fault: tuple[str, int, int] | None = None  # buffer, byte offset, 1 = reads fail, 2 = writes
    patience: int = 20_000  # cycles without progress until the watchdog strikes


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run left."""

    run: Run
    compile_s: float
    output: bytes
    report: bytes
    trace: Path
    identity: bytes = field(default=b"")


def bench_of(sources: Sequence[Path], ports_n: int, *, waves: bool = False) -> Bench:
    """The bench of a project: its SystemVerilog, its simulation sources, PortsN AXI masters."""
    return Bench(
        top="hg_bench",
        sources=tuple(sources),
        public=PUBLIC,
        parameters={"PortsN": str(ports_n)},
        waves=waves,
    )


def run_system(
    bench: Bench, job: Job, *, search: Path, folder: Path, waves: Path | None = None
) -> Outcome:
    """Compile (cached) and run in `folder`; `search` holds tb_system.py."""
    program, compile_s = compile_bench(bench)
    regions = _regions(job)
    _write_memory(job, regions, folder)
    runs = [_registers(job, regions, "program", "report", job.frames)]
    if job.identify:
        runs.insert(0, _registers(job, regions, "identify", "identity", 0))
    text = json.dumps({"runs": runs, "strobes": job.fault is None})
    (folder / "job.json").write_text(text, encoding="utf-8")
    rate = Fraction(job.memory.bytes_per_cycle).limit_denominator(1000)
    run = run_bench(
        program,
        bench,
        module="tb_system",
        search=[search],
        folder=folder,
        plusargs=(
            f"+memory={folder / 'memory.txt'}",
            f"+trace={folder / 'trace.bin'}",
            f"+ddr_num={rate.numerator}",
            f"+ddr_den={rate.denominator}",
            f"+latency={job.memory.latency}",
            f"+seed={job.memory.seed}",
            f"+patience={job.patience}",
        ),
        environment={"HLSGEN_JOB": str(folder / "job.json")},
        waves=waves,
    )
    return Outcome(
        run=run,
        compile_s=compile_s,
        output=_read(folder / "output.bin"),
        report=_read(folder / "report.bin"),
        identity=_read(folder / "identity.bin"),
        trace=folder / "trace.bin",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Region:
    address: int
    size: int
    data: bytes


def _regions(job: Job) -> dict[str, _Region]:
    """Addresses of the buffers, each on a multiple of 128 bytes."""
    identify = job.program[:6] + bytes(2) + job.program[8:128]
    wanted = {
        "program": (job.program, 0),
        "weights": (job.weights, 0),
        "input": (job.input, 0),
        "output": (b"", job.output_bytes),
        "scratch": (b"", job.scratch_bytes),
        "report": (b"", job.report_bytes),
        "identify": (identify, 0),
        "identity": (b"", 128),
    }
    found: dict[str, _Region] = {}
    address = _FIRST_ADDRESS
    for name, (data, size) in wanted.items():
        size = -(-max(len(data), size) // 8) * 8
        found[name] = _Region(address=address, size=size, data=data)
        # What lies between regions is a fault, so that a transfer too long is seen
        address = -(-(address + size + _GUARD) // _GAP) * _GAP + 128
    return found


def _write_memory(job: Job, regions: dict[str, _Region], folder: Path) -> None:
    lines: list[str] = []
    for name, region in regions.items():
        path = ""
        if region.data:
            path = str(folder / f"{name}.in")
            Path(path).write_bytes(region.data)
        lines.append(f"load {region.address} {region.size} {path}")
    for name in ("output", "report", "identity"):
        size = regions[name].size
        lines.append(f"dump {regions[name].address} {size} {folder / name}.bin")
    if job.fault is not None:
        buffer, offset, kind = job.fault
        lines.append(f"fault {regions[buffer].address + offset} {kind}")
    (folder / "memory.txt").write_text("\n".join([*lines, ""]), encoding="utf-8")


def _registers(
    job: Job, regions: dict[str, _Region], program: str, report: str, frames: int
) -> dict[str, int]:
    names = {name: name for name in ("weights", "input", "output", "scratch")}
    places = {**names, "program": program, "report": report}
    return {register: regions[name].address for register, name in places.items()} | {
        "frames": frames,
        "in_stride": job.in_stride,
        "out_stride": job.out_stride,
    }


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""
