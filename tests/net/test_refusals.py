# SPDX-License-Identifier: Apache-2.0
"""A real program with a field out of range: both realisations refuse it, name it and end."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from hlsgen.engines.program import Bits, Compute, Fetch, Load, Op, Tap, decode, operation
from hlsgen.run.csim import buffers_of
from hlsgen.run.csim_build import compile_program
from hlsgen.run.csim_run import run_program
from hlsgen.run.outcome import ending
from hlsgen.run.project import Project
from hlsgen.run.sim import simulate
from hlsgen.run.system import Job
from hlsgen.run.verilate import tail
from tests.features import features
from tests.models import random_codes, random_model
from tests.net.sim_build import job_of, projects_of, run_jobs, sim_project
from tests.random_networks import DESIGNS, network

pytestmark = pytest.mark.net
SPEC = DESIGNS["a8_small"]
DEPTH, RING, RECORDS = SPEC.act_depth, SPEC.ring_depth, SPEC.record_depth
assert DEPTH & (DEPTH - 1), "the depth must not be a power of two"
BLOCK = SPEC.block_records_n
TABLES = SPEC.table_records_n
FAR = DEPTH + 1  # no stride may be so long
FRAMES = 2
NO_FAULT = ("input", 0, 0)  # beats that fill up an interrupted burst write nothing: do not mind


@dataclass(frozen=True)
class Place:
    """One field to be changed: of the header, of a descriptor, or of its first tap."""

    bits: Bits
    value: int  # or, below zero, what is added
    tap: bool = False


FETCH, MOVE, COMPUTE, TAP = Fetch.LAYOUT, Load.LAYOUT, Compute.LAYOUT, Tap.LAYOUT
HOLD = Place(Bits(0, 24, 1), 1)
SLOT = Place(Bits(0, 32, 16), 1000)
IMAGE = [Place(MOVE["runs"], 1), Place(Bits(6, 0, 16), 1), Place(Bits(6, 16, 8), 1)]


def tap(name: str, value: int) -> Place:
    """A field of a descriptor's first tap."""
    return Place(TAP[name], value, tap=True)


MOVES = {
    "buffer": [Place(MOVE["buffer"], 3)],
    "offset": [Place(MOVE["offset"], 4)],
    "run bytes": [Place(MOVE["run_bytes"], 4)],
    "runs": [Place(MOVE["runs"], 0)],
    "rows": [Place(MOVE["rows"], 0)],
    "width": [Place(MOVE["width"], 0)],
    "base": [Place(MOVE["base"], DEPTH)],
    "run stride": [Place(MOVE["run_stride"], FAR)],
    "no phases": [Place(MOVE["s"], 0)],
    "phases": [Place(MOVE["s"], 5)],
    "phase stride": [Place(MOVE["phase_stride"], FAR)],
    "slot": [SLOT],
}
COMPUTES = {
    "no taps": [Place(Bits(2, 32, 16), 0)],
    "taps": [Place(Bits(2, 32, 16), SPEC.taps_n + 1)],
    "taps offset": [Place(Bits(2, 0, 32), -8)],
    "blocks": [Place(COMPUTE["blocks"], 0)],
    "tiles": [Place(COMPUTE["tiles"], 0)],
    "no planes": [Place(COMPUTE["planes"], 0)],
    "planes": [Place(COMPUTE["planes"], 2)],
    "kind": [Place(COMPUTE["kind"], 3)],
    "two planes of 8 bits": [Place(COMPUTE["kind"], 1)],
    "narrow": [Place(COMPUTE["wo"], 5000)],
    "no columns": [Place(COMPUTE["wo"], 0)],
    "columns": [
        Place(COMPUTE["wv"], 4097), Place(COMPUTE["p_div_wv"], 0),
        Place(COMPUTE["p_mod_wv"], SPEC.pixels_n),
    ],
    "no rows": [Place(COMPUTE["ho"], 0)],
    "rows": [Place(COMPUTE["ho"], 4097)],
    "rows of a tile": [Place(COMPUTE["p_div_wv"], 9)],
    "columns of a tile": [Place(COMPUTE["p_mod_wv"], 9)],
    "output base": [Place(COMPUTE["out_base"], DEPTH)],
    "output groups": [Place(COMPUTE["out_cg_stride"], FAR)],
    "output planes": [Place(COMPUTE["out_plane_stride"], FAR)],
    "output phases": [Place(COMPUTE["out_phase_stride"], FAR)],
    "phases": [Place(COMPUTE["out_s"], 5)],
    "residual base": [Place(COMPUTE["res_base"], DEPTH)],
    "residual groups": [Place(COMPUTE["res_cg_stride"], FAR)],
    "tap base": [tap("base", DEPTH)],
    "tap groups": [tap("cg_stride", FAR)],
    "tap planes": [tap("plane_stride", FAR)],
    "slot": [SLOT],
}  # fmt: skip
CASES: dict[tuple[Op, str], list[Place]] = {
    (Op.LOAD, "image of several runs"): [*IMAGE, Place(MOVE["runs"], 2)],
    (Op.LOAD, "image without steps"): [*IMAGE, Place(Bits(6, 16, 8), 0)],
    (Op.LOAD, "image of far steps"): [*IMAGE, Place(Bits(6, 16, 8), 17)],
    (Op.LOAD, "image of two planes"): [*IMAGE, Place(Bits(6, 43, 1), 1)],
    (Op.LOAD, "image of far planes"): [*IMAGE, Place(Bits(6, 48, 16), FAR)],
    (Op.STORE, "image"): [Place(Bits(6, 0, 16), 1)],
    (Op.FETCH, "offset"): [Place(FETCH["offset"], 4)],
    (Op.FETCH, "port stride"): [Place(FETCH["port_stride"], 4)],
    (Op.FETCH, "blocks"): [Place(FETCH["blocks"], 0)],
    (Op.FETCH, "rows"): [Place(FETCH["row_records"], 7)],
    (Op.FETCH, "no words"): [Place(FETCH["k"], 0)],
    (Op.FETCH, "words"): [Place(FETCH["k"], RING + 1)],
    (Op.FETCH, "tables"): [Place(FETCH["table_records"], TABLES - 1)],
    (Op.FETCH, "no beats"): [Place(FETCH["port_beats"], 0)],
    (Op.FETCH, "a beat less"): [Place(FETCH["port_beats"], -1)],
    (Op.FETCH, "half the beats"): [Place(FETCH["port_beats"], 20)],
    (Op.FETCH, "another word"): [Place(FETCH["k"], -1)],
    (Op.FETCH, "slot"): [SLOT],
    **{(Op.LOAD, name): places for name, places in MOVES.items()},
    **{(Op.STORE, name): MOVES[name] for name in ("buffer", "width", "phase stride")},
    **{(Op.CONV, name): places for name, places in COMPUTES.items()},
    **{(Op.POOL, name): COMPUTES[name] for name in ("taps", "tiles", "planes", "tap planes")},
    (Op.POOL, "codes of another kind"): [Place(COMPUTE["kind"], 2)],
    (Op.POOL, "add"): [Place(COMPUTE["add"], 1)],
    (Op.CONV, "no words"): [Place(COMPUTE["k"], 0)],
    (Op.CONV, "words"): [Place(COMPUTE["k"], RING + 1)],
    (Op.CONV, "a word less"): [Place(COMPUTE["k"], -1)],
    (Op.CONV, "add to raw sums"): [Place(COMPUTE["add"], 1), Place(COMPUTE["kind"], 2)],
    (Op.CONV, "held records"): [HOLD, Place(COMPUTE["blocks"], RECORDS // BLOCK + 1)],
    (Op.CONV, "held words"): [
        HOLD,
        Place(COMPUTE["blocks"], RECORDS // BLOCK),
        Place(COMPUTE["k"], RING // (RECORDS // BLOCK) + 1),
    ],
    (Op.CONV, "held tables"): [
        HOLD,
        Place(COMPUTE["add"], 1),
        Place(COMPUTE["blocks"], (RECORDS - TABLES) // BLOCK + 1),
    ],
    (Op.CONV, "no slices"): [tap("cs", 0)],
    (Op.CONV, "slices"): [tap("cs", 4000)],
    (Op.CONV, "sub-slice"): [tap("sub0", 4)],
}


WIDE = "a4_full"  # a design with wide_codes, and a network with sums and maxima of two planes
WIDE_SEED = 31
WIDE_CASES: dict[tuple[Op, str], list[Place]] = {
    (Op.CONV, "residual planes"): [Place(COMPUTE["res_plane_stride"], DESIGNS[WIDE].act_depth + 1)],
    (Op.CONV, "add to raw sums"): [Place(COMPUTE["add"], 1), Place(COMPUTE["kind"], 2)],
    (Op.POOL, "planes"): [Place(COMPUTE["planes"], 3)],
    (Op.POOL, "raw maxima"): [Place(COMPUTE["kind"], 2)],
    (Op.FETCH, "tables of one plane"): [Place(FETCH["table_records"], 11)],
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A small network with a residual add, pooling by maximum and by average."""
    allow = ("conv", "add", "pool", "avgpool", "conv")
    model = random_model(np.random.default_rng(3), layers=8, allow=allow, raw_last=False)
    return sim_project(model, SPEC, tmp_path_factory.mktemp("project"))


def with_bits(program: bytes, at: int, bits: Bits, value: int) -> bytes:
    """One field changed of the record that begins at a byte."""
    at += 8 * bits.beat
    beat = int.from_bytes(program[at : at + 8], "little")
    mask = (1 << bits.width) - 1
    old = beat >> bits.low & mask
    new = old + value if value < 0 else value
    beat = beat & ~(mask << bits.low) | new << bits.low
    return program[:at] + beat.to_bytes(8, "little") + program[at + 8 :]


def spoil(program: bytes, op: Op, places: list[Place]) -> tuple[bytes, int]:
    """A program whose first descriptor of this operation breaks a rule, and that one's index."""
    index = [operation(item) for item in decode(program).descriptors].index(op)
    start = 128 * (index + 1)
    taps = int.from_bytes(program[start + 16 : start + 20], "little")
    spoilt = program
    for place in places:
        spoilt = with_bits(spoilt, taps if place.tap else start, place.bits, place.value)
    assert spoilt != program
    return spoilt, index


def verdicts(
    project: Project, jobs: Sequence[Job], folder: Path, **options: int
) -> list[tuple[int, int]]:
    """Status and index that the hardware reports of each job, all of which must end."""
    session = run_jobs(project, jobs, folder, **options)
    assert session.run.passed, tail(session.run.log, 40)
    found = [struct.unpack_from("<I12xB3xH", outcome.report) for outcome in session.outcomes]
    assert all(magic == 0x50524748 for magic, _, _ in found)
    return [(status, index) for _, status, index in found]


@pytest.fixture(scope="module")
def codes(project: Project) -> np.ndarray:
    return random_codes(project.model, np.random.default_rng(6), FRAMES)


@pytest.mark.parametrize(("op", "name"), CASES)
def test_csim_refuses_a_field_out_of_range(
    op: Op, name: str, project: Project, codes: np.ndarray
) -> None:
    program, index = spoil(project.program, op, CASES[op, name])
    buffers = buffers_of(replace(project, program=program), codes)
    outcome = run_program(compile_program(project.folder / "hls"), buffers)
    assert outcome.failure is None
    assert ending(outcome.report) == (5, index)


def test_hardware_refuses_a_field_out_of_range(
    project: Project, codes: np.ndarray, tmp_path: Path
) -> None:
    """Every case in one session, and a sound program behind all of them."""
    spoilt = [spoil(project.program, op, places) for (op, _), places in CASES.items()]
    programs = [*(program for program, _ in spoilt), project.program]
    jobs = [job_of(project, codes, program=program, fault=NO_FAULT) for program in programs]
    found = verdicts(project, jobs, tmp_path)
    wanted = dict(zip(CASES, [(5, index) for _, index in spoilt], strict=True))
    assert dict(zip(CASES, found[:-1], strict=True)) == wanted
    assert found[-1] == (0, 0)


def test_codes_of_two_planes_have_their_own_rules(tmp_path: Path) -> None:
    """In C++ and in hardware; the network itself, with sums and maxima of two planes, runs."""
    item = network(WIDE, WIDE_SEED)
    assert {"sum of two planes", "maximum of two planes"} <= features(item.model, item.image)
    (project,) = projects_of([item], DESIGNS[WIDE], tmp_path / "project")
    spoilt = [spoil(project.program, op, places) for (op, _), places in WIDE_CASES.items()]
    wanted = [(5, index) for _, index in spoilt] + [(0, 0)]
    programs = [*(program for program, _ in spoilt), project.program]
    binary = compile_program(project.folder / "hls")
    buffers = [buffers_of(replace(project, program=one), item.codes) for one in programs]
    found = [ending(run_program(binary, each).report) for each in buffers]
    assert found == wanted
    jobs = [job_of(project, item.codes, program=one, fault=NO_FAULT) for one in programs]
    assert verdicts(project, jobs, tmp_path) == wanted


def test_a_standstill_ends_the_run(project: Project, codes: np.ndarray, tmp_path: Path) -> None:
    """A STORE that waits for more layers than there are; the last one that started is named."""
    kinds = [operation(item) for item in decode(project.program).descriptors]
    start = 128 * (kinds.index(Op.STORE) + 1)
    program = with_bits(project.program, start, Bits(1, 16, 16), 100)
    last = max(i for i, op in enumerate(kinds) if op in (Op.CONV, Op.POOL))
    jobs = [job_of(project, codes[:1], program=one) for one in (program, project.program)]
    assert verdicts(project, jobs, tmp_path, patience=1 << 21) == [(8, last), (0, 0)]


def test_a_program_that_holds_what_fits_runs(
    project: Project, codes: np.ndarray, tmp_path: Path
) -> None:
    """The last CONV may keep its words: no rule is broken."""
    kinds = [operation(item) for item in decode(project.program).descriptors]
    index = max(i for i, op in enumerate(kinds) if op is Op.CONV)
    program = with_bits(project.program, 128 * (index + 1), HOLD.bits, 1)
    job = job_of(project, codes[:1], program=program)
    assert verdicts(project, [job], tmp_path) == [(0, 0)]


def test_a_write_error_of_the_report_names_its_slot(
    project: Project, codes: np.ndarray, tmp_path: Path
) -> None:
    """That is the descriptor's index; nothing is lost where the entry's response ends the run."""
    slots = [item.report_slot for item in decode(project.program).descriptors]
    assert slots == list(range(len(slots)))
    places = [(0, 0), (0, 4), (FRAMES - 1, slots[-2]), (FRAMES - 1, slots[-1])]
    jobs = [
        job_of(project, codes, fault=("report", 136 + 64 * (frame * len(slots) + slot), 2))
        for frame, slot in places
    ]
    assert verdicts(project, jobs, tmp_path) == [(7, slot) for _, slot in places]


def test_hardware_of_another_layout_is_refused_by_name(
    project: Project, codes: np.ndarray, tmp_path: Path
) -> None:
    """A program for a deeper memory does not start on this one, whatever its header says."""
    other = replace(project, spec=replace(SPEC, act_depth=2 * DEPTH))
    wanted, found = other.spec.layout_hash(), SPEC.layout_hash()
    failure = simulate(other, codes[:1]).failure
    assert failure == f"the hardware must have layout {wanted:016x}, not {found:016x}"
