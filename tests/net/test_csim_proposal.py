# SPDX-License-Identifier: Apache-2.0
"""HLS C++ of the proposal engine against golden: every stage's stream, starts back to back."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hlsgen.emit.hls import write_hls
from hlsgen.engines.proposal import ProposalSpec
from hlsgen.engines.proposal_jobs import Kind
from hlsgen.engines.proposal_program import unpack_results
from hlsgen.model.proposal import SPACES
from hlsgen.run.csim_build import compile_program
from hlsgen.run.proposal_project import Start
from hlsgen.run.proposal_run import run_starts
from hlsgen.run.proposal_streams import STREAMS, compare, expected_streams
from tests.proposals import Frames, a_space, compiled, picture, starts_of, verdicts

pytestmark = pytest.mark.net
DESIGNS = {
    "lanes1": ProposalSpec(
        width_max=70, height_max=60, lanes_n=1, attempts_n=2, limit_n=9, top_k=50
    ),
    "lanes3": ProposalSpec(width_max=121, height_max=90, ports_n=2, limit_n=40, top_k=203),
    "lanes8": ProposalSpec(
        width_max=120, height_max=90, lanes_n=8, attempts_n=1, limit_n=1, top_k=1
    ),
}
SIDES = ((64, 48), (8, 8), (70, 9), (9, 60), (33, 31), (17, 16))
SPEC = DESIGNS["lanes3"]


def frames_of(sides: tuple[tuple[int, int], ...]) -> list[Frames]:
    """Two frames of each size in each colour space, one size behind the other."""
    return [
        (a_space(name), [picture(*side, seed=number + 1), picture(*side, seed=number + 50)])
        for number, (side, name) in enumerate((side, name) for side in sides for name in SPACES)
    ]


@pytest.mark.parametrize("name", DESIGNS)
def test_csim_proposal_equals_golden(name: str, tmp_path: Path) -> None:
    spec = DESIGNS[name]
    frames = frames_of((*SIDES, (spec.width_max, spec.height_max)))
    found, _ = verdicts(spec, compiled(spec, tmp_path), frames)
    assert [str(verdict.first) for verdict in found if verdict.first is not None] == []
    assert all(verdict.tensors_compared == 2 * len(STREAMS) for verdict in found)
    assert not found[-1].degenerate


def test_csim_proposal_declared_widths_suffice(tmp_path: Path) -> None:
    program = compiled(SPEC, tmp_path, "-DHG_AP_TYPES")
    found, _ = verdicts(SPEC, program, frames_of(((70, 61),)))
    assert [verdict.first for verdict in found] == [None] * len(SPACES)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(SPEC, tmp_path_factory.mktemp("hls"))


@pytest.fixture(scope="module")
def start() -> Start:
    return starts_of(SPEC, [(a_space(), [picture(70, 61), picture(70, 61, 3)])])[0]


def test_csim_proposal_reports_its_frames(program: Path, start: Start) -> None:
    outcome = run_starts(program, [start]).starts[0]
    assert struct.unpack_from("<IH2xQ", outcome.report) == (0x50524748, 1, SPEC.layout_hash())
    beats = struct.unpack_from("<6Q", outcome.report)
    sizes = (3, 2, 8, len(SPEC.sizes))
    assert beats[3] == 2 and beats[5].to_bytes(8, "little")[:4] == bytes(sizes)
    assert (beats[5] >> 32 & 0xFFFF, beats[5] >> 48) == (SPEC.limit_n, SPEC.top_k)
    for number, streams in enumerate(outcome.streams):
        entry = struct.unpack_from("<8Q", outcome.report, 128 + 64 * number)
        found = unpack_results(outcome.output[number * start.output_stride :][: 203 * 16])
        assert entry[5:] == (len(streams["suppress"]), number << 16, len(found.values))
        assert not any(entry[:5])


def changed(start: Start, offset: int, content: bytes) -> Start:
    data = bytearray(start.plan.data)
    data[offset : offset + len(content)] = content
    return replace(start, plan=replace(start.plan, data=bytes(data)))


def refusal(program: Path, start: Start) -> str | None:
    outcome = run_starts(program, [start])
    assert outcome.failure is None
    assert not any(len(rows) for s in outcome.starts[0].streams for rows in list(s.values())[:-1])
    return outcome.starts[0].refusal


HEADER = {  # offset, bytes, status
    "magic": (0, b"X", 1),
    "version": (4, b"\x02", 2),
    "layout hash": (8, b"\xff\xff", 3),
    "sizes": (6, b"\x1d", 5),
    "width": (24, b"\x07\x00", 5),
    "height": (26, b"\xff\x00", 5),
    "beats of a row": (28, b"\x1c\x00", 5),
    "k": (52, b"\x00\x00", 5),
    "columns": (54, b"\xff\xff", 5),
    "jobs": (20, b"\xff\xff", 5),
}


@pytest.mark.parametrize("name", HEADER)
def test_csim_proposal_refuses_a_wrong_header(name: str, program: Path, start: Start) -> None:
    offset, content, status = HEADER[name]
    found = refusal(program, changed(start, offset, content))
    assert found is not None and found.startswith(f"status {status} at job 0: ")


JOBS = {  # byte, mask, value
    "kind": (0, 0xFC, 0x03),
    "slot": (0, 0x03, 0xFC),
    "weight": (5, 0x00, 0x03),
    "first row": (3, 0x0F, 0xF0),
    "beats": (6, 0x00, 0x00),
}


@pytest.mark.parametrize("name", JOBS)
def test_csim_proposal_refuses_a_bad_job(name: str, program: Path, start: Start) -> None:
    byte, mask, value = JOBS[name]
    index = next(i for i, job in enumerate(start.plan.jobs) if job.kind == Kind.PUSH)
    at = struct.unpack_from("<I", start.plan.data, 64)[0] + 8 * index + byte
    content = bytes([start.plan.data[at] & mask | value])
    found = refusal(program, changed(start, at, content))
    assert found is not None and found.startswith(f"status 5 at job {index}: ")


def test_csim_proposal_identifies_itself(program: Path, start: Start) -> None:
    """A program of no sizes, whatever its hash."""
    empty = changed(changed(start, 6, b"\0"), 8, bytes(8))
    assert refusal(program, empty) is None
    report = run_starts(program, [empty]).starts[0].report
    assert struct.unpack_from("<QQ", report, 8) == (SPEC.layout_hash(), 0)
    assert struct.unpack_from("<Q", report, 24) == (0,)


# By stage: file, what stands there, what stands there with a switch.
MUTATIONS = {
    "resize": ("resize.hpp", "+ (1 << 15))", "+ (mutated('r') ? 0 : 1 << 15))"),
    "colour": ("colour.hpp", "value == green", "value == (mutated('c') ? blue : green)"),
    "gradient": ("gradient.hpp", "down, 255) : 0", "down, mutated('g') ? 254 : 255) : 0"),
    "score": ("score.hpp", "63 - WINDOW * y - x", "63 - WINDOW * y - (mutated('s') ? 7 - x : x)"),
    "suppress": ("suppress.hpp", "= dy > 0 ||", "= (dy > 0 && !mutated('n')) ||"),
    "limit": ("heap.hpp", "right ? child + 1", "right && !mutated('l') ? child + 1"),
    "calibrate": ("calibrate.hpp", "+ line.offset)", "+ (mutated('v') ? 0 : line.offset))"),
    "top": ("calibrate.hpp", "K::LowBits) + low;", "K::LowBits) + (mutated('t') ? 0 : low);"),
    "boxes": ("boxes.hpp", "beat_t(left + 1)", "beat_t(left + (mutated('b') ? 0 : 1))"),
}
LETTERS = dict(zip(MUTATIONS, "rcgsnlvtb", strict=True))
SWITCH = """#include <cstdlib>
inline bool mutated(char stage) {
    static const char chosen = *std::getenv("HG_MUTATION");
    return chosen == stage;
}
"""


@pytest.fixture(scope="module")
def mutants(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One program with every mutation, each behind its switch."""
    folder = tmp_path_factory.mktemp("mutants")
    write_hls(SPEC, folder)
    for name, right, wrong in MUTATIONS.values():
        text = (folder / name).read_text()
        assert text.count(right) == 1, right
        (folder / name).write_text(text.replace(right, wrong))
    types = (folder / "types.hpp").read_text()
    (folder / "types.hpp").write_text(
        types.replace("namespace hg {", f"{SWITCH}namespace hg {{", 1)
    )
    return compile_program(folder, "proposal_main.cpp")


def test_csim_proposal_mutants_are_sound_without_a_mutation(
    mutants: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HG_MUTATION", "-")
    found, _ = verdicts(SPEC, mutants, [(a_space("hsv"), [picture(121, 90)])])
    assert found[0].equal, found[0]


@pytest.mark.parametrize("stage", MUTATIONS)
def test_csim_proposal_names_the_stage_of_a_mutation(
    stage: str, mutants: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HG_MUTATION", LETTERS[stage])
    found, _ = verdicts(SPEC, mutants, [(a_space("hsv"), [picture(121, 90)])])
    first = found[0].first
    assert first is not None and not found[0].equal
    assert first.stage == stage
    assert first.got != first.expected
    assert str(first).startswith(f"stage {stage}, ")


def test_csim_proposal_differences_have_a_place(start: Start) -> None:
    """The place of a pixel is its size, row and column; a lost entry is nothing."""
    image = start.images[0]
    expected = expected_streams(SPEC, a_space(), start.plan, image)
    got = {name: rows.copy() for name, rows in expected.streams.items()}
    slot, row, entries = expected.places["score"][7]
    before = sum(place[2] for place in expected.places["score"][:7])
    got["score"][before + 3] += 1
    got["limit"] = got["limit"][:-1]
    verdict = compare([expected], [got])
    right = int(expected.streams["score"][before + 3, 0])
    assert entries > 3 and verdict.differences == 2
    assert verdict.tensors_compared == len(STREAMS) - 1
    assert str(verdict.first) == (
        f"stage score, size {expected.sizes[slot]} [{row},3], frame 0: "
        f"got {right + 1}, expected {right}"
    )
    alone = compare([expected], [{**expected.streams, "limit": got["limit"]}])
    assert str(alone.first).startswith(f"stage limit, entry {len(got['limit'])}, frame 0: got noth")


def test_csim_proposal_flat_images_prove_nothing(program: Path) -> None:
    flat = np.full((61, 70, 3), 90, np.uint8)
    found, _ = verdicts(SPEC, program, [(a_space(), [flat])])
    assert found[0].first is None and not found[0].equal
    stages = {stage for _, stage in found[0].degenerate}
    assert {"resize", "gradient", "score"} <= stages
