# SPDX-License-Identifier: Apache-2.0
"""A whole accelerator in the bench: for each job memory regions in, output, report, trace out."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from hlsgen.engines.program import HEADER_BYTES
from hlsgen.engines.report import REPORT_HEADER_BYTES
from hlsgen.run.verilate import Bench, Run, compile_bench, run_bench

_FIRST_ADDRESS = 0x0123_4000  # no region starts at zero
_GAP = 0x1000
_PATIENCE = 20_000  # cycles without progress until the watchdog strikes
_GUARD = 128  # bytes at least between regions; a transfer there is a fault
PUBLIC = (
    "clk", "rst_n", "strobes", "awvalid", "awready", "awaddr", "wvalid", "wready", "wdata",
    "bvalid", "bready", "arvalid", "arready", "araddr", "rvalid", "rready", "rdata", "irq", "hang",
    "run", "ddr_num", "ddr_den", "latency", "seed", "stall",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """The simulated DDR: bytes a cycle over all ports, least latency in cycles.

    `stall` is the share of cycles, in percent, in which a channel of a port refuses or stays
    silent, by chance, and a camera too; `seed` is that of chance and of the latency's jitter.
    """

    bytes_per_cycle: float
    latency: int = 40
    seed: int = 1
    stall: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a driver puts into memory and into the registers for one start."""

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
    fault: tuple[str, int, int] | None = None  # buffer, byte offset, 1 = reads fail, 2 = writes
    video: bytes = b""  # what a camera sends: a word of 8 bytes a beat, highest byte first


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a job left; one behind a job that did not end was never started."""

    ended: bool  # with its interrupt, and no rule broken
    output: bytes
    report: bytes
    trace: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Jobs that ran one after the other in one process."""

    run: Run
    compile_s: float
    outcomes: tuple[Outcome, ...]


def identification(job: Job) -> Job:
    """The start with a program of zero descriptors that a driver makes before its first job."""
    return Job(
        program=job.program[:6] + bytes(2) + job.program[8:HEADER_BYTES], weights=b"",
        input=b"", output_bytes=0, scratch_bytes=0, report_bytes=REPORT_HEADER_BYTES, frames=0,
        in_stride=0, out_stride=0, memory=job.memory,
    )  # fmt: skip


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
    bench: Bench,
    jobs: Sequence[Job],
    *,
    search: Path,
    folder: Path,
    waves: Path | None = None,
    patience: int = _PATIENCE,
    state_seed: int | None = None,
) -> Session:
    """Compile (cached) and run jobs in `folder`, in order and with one reset before the first.

    `search` holds tb_system.py. No two jobs have an address in common, and one that reaches into
    another's memory reads an error. The first job that fails ends the session.
    """
    program, compile_s = compile_bench(bench)
    starts, address = [], _FIRST_ADDRESS
    for number, job in enumerate(jobs, 1):
        place = folder / str(number)
        place.mkdir()
        regions = _regions(job, address)
        address = max(_behind(region) for region in regions.values())
        _write_memory(job, regions, place)
        starts.append(_start(job, regions, place))
    (folder / "job.json").write_text(json.dumps(starts), encoding="utf-8")
    run = run_bench(
        program,
        bench,
        module="tb_system",
        search=[search],
        folder=folder,
        plusargs=(f"+folder={folder}", f"+patience={patience}"),
        environment={"HLSGEN_JOB": str(folder / "job.json")},
        waves=waves,
        state_seed=state_seed,
    )
    places = [folder / str(number) for number in range(1, len(jobs) + 1)]
    ended = [(place / "ended").is_file() for place in places]
    if not run.passed and all(ended):
        ended[-1] = False  # what broke behind the last job is its fault
    outcomes = [_outcome(place, good) for place, good in zip(places, ended, strict=True)]
    return Session(run=run, compile_s=compile_s, outcomes=tuple(outcomes))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Region:
    address: int
    size: int
    data: bytes


def _regions(job: Job, address: int) -> dict[str, _Region]:
    """The buffers, each on a multiple of 128 bytes, from `address` on."""
    wanted = {
        "program": (job.program, 0),
        "weights": (job.weights, 0),
        "input": (job.input, 0),
        "output": (b"", job.output_bytes),
        "scratch": (b"", job.scratch_bytes),
        "report": (b"", job.report_bytes),
    }
    found: dict[str, _Region] = {}
    for name, (data, size) in wanted.items():
        size = -(-max(len(data), size) // 8) * 8
        found[name] = _Region(address=address, size=size, data=data)
        address = _behind(found[name])
    return found


def _behind(region: _Region) -> int:
    """Where the next region may begin: what lies between is a fault, so that one sees it."""
    return -(-(region.address + region.size + _GUARD) // _GAP) * _GAP + 128


def _write_memory(job: Job, regions: dict[str, _Region], folder: Path) -> None:
    lines: list[str] = []
    for name, region in regions.items():
        path = ""
        if region.data:
            path = str(folder / f"{name}.in")
            Path(path).write_bytes(region.data)
        lines.append(f"load {region.address} {region.size} {path}")
    for name in ("output", "report"):
        if regions[name].size:
            place = folder / f"{name}.bin"
            lines.append(f"dump {regions[name].address} {regions[name].size} {place}")
    if job.fault is not None:
        buffer, offset, kind = job.fault
        lines.append(f"fault {regions[buffer].address + offset} {kind}")
    if job.video:
        head = struct.pack(">II", job.memory.seed, job.memory.stall)  # of hg_video.sv
        (folder / "video.bin").write_bytes(head + job.video)
    (folder / "memory.txt").write_text("\n".join([*lines, ""]), encoding="utf-8")


def _start(job: Job, regions: dict[str, _Region], folder: Path) -> dict[str, Any]:
    """A run of tb_system.py."""
    rate = Fraction(job.memory.bytes_per_cycle).limit_denominator(1000)
    values = {"frames": job.frames, "in_stride": job.in_stride, "out_stride": job.out_stride}
    return {
        "registers": {name: region.address for name, region in regions.items()} | values,
        "bench": {
            "ddr_num": rate.numerator,
            "ddr_den": rate.denominator,
            "latency": job.memory.latency,
            "seed": job.memory.seed,
            "stall": job.memory.stall,
            "strobes": int(job.fault is None),
        },
        "ended": str(folder / "ended"),
    }


def _outcome(folder: Path, ended: bool) -> Outcome:
    return Outcome(
        ended=ended,
        output=_read(folder / "output.bin"),
        report=_read(folder / "report.bin"),
        trace=folder / "trace.bin",
    )


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""
