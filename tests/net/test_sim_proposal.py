# SPDX-License-Identifier: Apache-2.0
"""The proposal engine on simulated hardware: every stage's stream of every frame equals golden."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hlsgen import api
from hlsgen.emit.project import write_rtl, write_sim
from hlsgen.engines.proposal import ProposalSpec
from hlsgen.engines.proposal_jobs import DDR, predict
from hlsgen.model.proposal import SPACES, Space
from hlsgen.model.store import save
from hlsgen.run.proposal_profile import frame_entries
from hlsgen.run.proposal_project import ProposalProject, Start, judged, make_start, starts_of
from hlsgen.run.proposal_sim import ProposalRun, sim_proposal, simulate_starts
from hlsgen.run.proposal_streams import STREAMS, StreamVerdict
from hlsgen.run.system import Memory
from tests.bing import real_model
from tests.conftest import shared_data
from tests.proposals import a_model, a_space, picture

pytestmark = pytest.mark.net
Image = pytest.importorskip("PIL.Image", reason="photographs need pillow")
ONE_PORT = ProposalSpec(width_max=121, height_max=91, limit_n=40, top_k=203)
TWO_PORTS = ProposalSpec(
    width_max=90, height_max=121, lanes_n=5, ports_n=2, attempts_n=3, limit_n=30, top_k=64
)
DESIGNS = {"lanes3": ONE_PORT, "lanes5": TWO_PORTS}
SLOW = Memory(bytes_per_cycle=9.0, latency=80, seed=5, stall=30)
BOARD = {"board": {"ddr_bytes_per_cycle": 34.112, "clock_hz": 100_000_000}}
Frames = tuple[Space, Sequence[np.ndarray]]


def project(
    spec: ProposalSpec, folder: Path, others: Mapping[str, int] | None = None
) -> ProposalProject:
    """A design's hardware and bench on disk; every model and image size is a program for it."""
    write_rtl(spec, folder / "rtl", others)
    write_sim(spec, folder / "sim")
    return ProposalProject(folder=folder, model=a_model(), spec=spec, manifest=BOARD)


def verdicts(spec: ProposalSpec, work: Sequence[Frames], run: ProposalRun) -> list[StreamVerdict]:
    """Each start against golden."""
    assert run.failure is None, run.failure
    pairs = zip(work, run.starts, run.left, strict=True)
    return [judged(spec, space, [start], [left]).verdict for (space, _), start, left in pairs]


def run_frames(
    built: ProposalProject, work: Sequence[Frames], memory: Memory | None = None, seed: int = 1
) -> ProposalRun:
    """Starts one after the other, from registers and memories of random content."""
    starts = [make_start(built.spec, space, images) for space, images in work]
    return simulate_starts(built, starts, memory=memory, state_seed=seed)


def a_photo(width: int, height: int, name: str = "2007_000033") -> np.ndarray:
    """A photograph scaled down, blue first."""
    with Image.open(shared_data(f"voc/images/{name}.jpg")) as image:
        small = image.resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(small, np.uint8)[..., ::-1].copy()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the project out/ of the real model, and photographs of odd size."""
    root = tmp_path_factory.mktemp("photographs")
    save(real_model(), root / "bing")
    design = root / "design.yaml"
    design.write_text(
        f"proposal: {{width_max: {ONE_PORT.width_max}, height_max: {ONE_PORT.height_max}, "
        f"limit_n: {ONE_PORT.limit_n}, top_k: {ONE_PORT.top_k}}}\n"
    )
    api.build(root / "bing", board="zedboard", output=root / "out", design=design)
    (root / "photos").mkdir()
    for name, number in {"a": "2007_000033", "b": "2007_000042"}.items():
        image = Image.fromarray(a_photo(121, 91, number)[..., ::-1].copy())
        image.save(root / "photos" / f"{name}.png")
    return root


def test_sim_of_photographs(place: Path, tmp_path: Path) -> None:
    """Two photographs back to back: equal, as fast as predicted, drawn, in the report."""
    figures = api.sim(
        place / "out",
        images=[place / "photos"],
        draw=tmp_path / "boxes.png",
        junit=tmp_path / "sim.xml",
        profile=tmp_path / "profile",
        output=tmp_path / "values.npy",
    )
    assert figures["equal"] is True, figures["failure"] or figures["difference"]
    assert (figures["frames"], figures["tensors_compared"]) == (2, 2 * len(STREAMS))
    assert figures["boxes"] == [ONE_PORT.top_k] * 2
    predicted = predict(ONE_PORT, real_model().spaces[0].sizes, 121, 91, DDR).cycles_per_frame
    assert figures["predicted_cycles"] == predicted
    assert figures["cycles_per_frame"] == pytest.approx(predicted, rel=0.02)
    assert [row["name"] for row in figures["layers"]] == ["jobs", *STREAMS[:-1]]
    assert {"name", "cycles", "busy", "waits"} <= set(figures["layers"][0])
    assert [row["frame"] for row in figures["profile"]] == ["a.png", "b.png"]
    drawn = np.asarray(Image.open(tmp_path / "boxes_1.png"))
    assert (drawn != np.asarray(Image.open(place / "photos" / "b.png"))).any()
    assert np.load(tmp_path / "values.npy").shape == (2, ONE_PORT.top_k, 6)
    suite = ElementTree.parse(tmp_path / "sim.xml").getroot()[0]
    assert (suite.get("failures"), suite.get("tests")) == ("0", str(1 + 2 * len(STREAMS)))
    profile = json.loads((tmp_path / "profile" / "profile.json").read_text())
    assert profile["frames"] == 2 and profile["frame_ends"][1] == sum(figures["cycles"])
    jobs = [item for item in profile["stages"] if item["lane"] == "jobs"]
    assert [item["busy"] for item in jobs] == [row["beats"] for row in figures["profile"]]
    picture_text = (tmp_path / "profile" / "profile.svg").read_text()
    assert picture_text.count('class="bar"') == 2 * len(STREAMS)
    report = json.loads((place / "out" / "report.json").read_text())
    assert report["measurements"]["sim"]["equal"] is True


def test_what_is_predicted_is_for_the_memory_of_the_board(place: Path) -> None:
    figures = sim_proposal(place / "out", None, 1, memory=SLOW)
    assert figures["failure"] is None and figures["predicted_cycles"] is None


SIDES = {
    "lanes3": ((121, 91), (8, 8), (64, 48), (70, 9), (9, 60), (33, 31), (121, 91)),
    "lanes5": ((90, 121), (17, 16), (8, 64), (90, 30), (61, 70)),
}


@pytest.mark.parametrize("name", DESIGNS)
def test_sizes_and_spaces_follow_one_another(name: str, tmp_path: Path) -> None:
    """Programs of all sizes and colour spaces in a row, from a memory that stalls by chance."""
    work: list[Frames] = []
    for number, side in enumerate(SIDES[name]):
        images = [picture(*side, seed=number + 1), picture(*side, seed=number + 50)]
        work.append((a_space(SPACES[number % len(SPACES)]), images[: 1 + number % 2]))
    work.append((a_space(), [picture(*SIDES[name][0], seed=seed) for seed in range(3)]))
    built = project(DESIGNS[name], tmp_path)
    run = run_frames(built, work, SLOW, seed=3)
    found = verdicts(built.spec, work, run)
    assert [str(verdict.first) for verdict in found if verdict.first is not None] == []
    assert [verdict.tensors_compared for verdict in found] == [
        len(images) * len(STREAMS) for _, images in work
    ]
    assert found[0].equal and found[-1].equal, (found[0].degenerate, found[-1].degenerate)


def test_report_agrees_with_the_bench(tmp_path: Path) -> None:
    """What the hardware counts of every frame is what the monitors counted beside it."""
    work = [(a_space(), [picture(121, 91, seed=seed) for seed in range(4)])]
    work.append((a_space("hsv"), [picture(40, 30, seed=seed) for seed in range(4)]))
    built = project(ONE_PORT, tmp_path)
    run = run_frames(built, work, SLOW)
    assert all(verdict.first is None for verdict in verdicts(built.spec, work, run))
    for start, left, trace in zip(run.starts, run.left, run.traces, strict=True):
        entries = frame_entries(left.report, len(start.images))
        assert [item.start for item in entries] == list(trace.frame_begins)
        assert [item.end for item in entries] == list(trace.frame_ends)
        assert [item.beats for item in entries] == [item.beats for item in trace.work]
        assert [item.wait_rows for item in entries] == [item.wait_rows for item in trace.work]
        assert [item.wait_bank for item in entries] == [item.wait_bank for item in trace.work]
        assert [item.points for item in entries] == [len(s["suppress"]) for s in left.streams]
        assert [item.records for item in entries] == [len(s["top"]) for s in left.streams]
    waits = [item for trace in run.traces for item in trace.work]
    assert any(item.wait_rows for item in waits) and any(item.wait_bank for item in waits)


def test_a_start_depends_on_its_program_alone(tmp_path: Path) -> None:
    """A, B and A again without a reset: the same streams and the same cycles, also alone."""
    a, b = (a_space(), [picture(121, 91)]), (a_space("hsv"), [picture(64, 48, 4)])
    built = project(ONE_PORT, tmp_path)
    run = run_frames(built, [a, b, a], seed=5)
    assert all(verdict.equal for verdict in verdicts(built.spec, [a, b, a], run))
    assert run.left[0].report == run.left[2].report != run.left[1].report
    assert run_frames(built, [a], seed=6).left[0].report == run.left[0].report


@pytest.mark.parametrize("kind", ["header", "job"])
def test_sim_says_why_a_program_is_refused(kind: str, tmp_path: Path) -> None:
    built = project(ONE_PORT, tmp_path)
    start = make_start(built.spec, a_space(), [picture(64, 48)])
    data = bytearray(start.plan.data)
    at = 24 if kind == "header" else int.from_bytes(data[64:68], "little") + 5 + 8 * 7
    data[at] = 7 if kind == "header" else 3  # width, and a weight above 256
    bad = replace(start, plan=replace(start.plan, data=bytes(data)))
    run = simulate_starts(built, [bad])
    index = 0 if kind == "header" else 7
    assert run.failure is not None
    assert run.failure.startswith(f"status 5 at job {index}: a field is out of range")
    verdict = judged(built.spec, a_space(), [bad], run.left).verdict
    assert not verdict.equal and verdict.tensors_compared == 0


# By stage: module, what stands there, what stands there with a switch.
MUTATIONS = {
    "resize": ("hg_resize_lane", "+ 16'd128", "+ (@ ? 16'd0 : 16'd128)"),
    "colour": ("hg_colour_hsv", "most_q3 == pixel_q3[1]", "most_q3 == pixel_q3[@ ? 0 : 1]"),
    "gradient": ("hg_gradient_lane", "? 8'd255", "? (@ ? 8'd254 : 8'd255)"),
    "score": ("hg_score_lane", "second_q6 + first_q6", "second_q6 + first_q6 + PartW'(@)"),
    "suppress": ("hg_suppress_first", "== MIDDLE\n", "== MIDDLE && !(@ && both[l][1][i][4])\n"),
    "limit": (
        *("hg_rank", "s_key({point_score, ~point_place})"),
        "s_key({point_score, @ ? point_place : ~point_place})",
    ),
    "calibrate": ("hg_calibrate", "+ 48'(offset_q2)", "+ (@ ? 48'd0 : 48'(offset_q2))"),
    "top": ("hg_rank", "{value_side[SideW-1], value,", "{value_side[SideW-1], value ^ 32'(@),"),
    "boxes": ("hg_boxes", "x1_q         <= left + 1'b1", "x1_q <= left + CoordinateW'(!@)"),
}
SWITCH = """package mutation_pkg;
  import "DPI-C" function int hg_mutated(input string stage);
endpackage
"""
SWITCH_CPP = """#include <cstdlib>
#include <cstring>
extern "C" int hg_mutated(const char* stage) {
  return std::strcmp(std::getenv("HG_MUTATION"), stage) == 0;
}
"""


@pytest.fixture(scope="module")
def mutants(tmp_path_factory: pytest.TempPathFactory) -> ProposalProject:
    """One hardware with every mutation, each behind its switch."""
    built = project(ONE_PORT, tmp_path_factory.mktemp("mutants"))
    for stage, (module, right, wrong) in MUTATIONS.items():
        path = built.folder / "rtl" / f"{module}.sv"
        text = path.read_text()
        assert text.count(right) == 1, right
        switch = f'(mutation_pkg::hg_mutated("{stage}") != 0)'
        path.write_text(text.replace(right, wrong.replace("@", switch)))
    (built.folder / "sim" / "mutation_pkg.sv").write_text(SWITCH)
    (built.folder / "sim" / "mutation.cpp").write_text(SWITCH_CPP)
    return built


def mutated(mutants: ProposalProject) -> StreamVerdict:
    work = [(a_space("hsv"), [picture(121, 91)])]
    return verdicts(mutants.spec, work, run_frames(mutants, work))[0]


def test_sim_mutants_are_sound_without_a_mutation(
    mutants: ProposalProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HG_MUTATION", "-")
    verdict = mutated(mutants)
    assert verdict.equal, verdict


@pytest.mark.parametrize("stage", MUTATIONS)
def test_sim_names_the_stage_of_a_mutation(
    stage: str, mutants: ProposalProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HG_MUTATION", stage)
    verdict = mutated(mutants)
    first = verdict.first
    assert first is not None and not verdict.equal
    assert first.stage == stage and str(first).startswith(f"stage {stage}, ")
    assert (0, stage) in verdict.different


def test_a_hang_says_what_waits(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first job that needs the last source rows, for which the row cache never has room."""

    def hanging(*arguments: Any) -> list[Start]:
        (start,) = starts_of(*arguments)
        data = bytearray(start.plan.data)
        at = int.from_bytes(data[64:68], "little")
        job = int.from_bytes(data[at : at + 8], "little") & ~(0xFFF << 20)
        data[at : at + 8] = (job | (ONE_PORT.height_max - 2) << 20).to_bytes(8, "little")
        return [replace(start, plan=replace(start.plan, data=bytes(data)))]

    monkeypatch.setattr("hlsgen.run.proposal_sim.starts_of", hanging)
    figures = api.sim(place / "out", images=place / "photos" / "a.png", junit=tmp_path / "sim.xml")
    assert figures["equal"] is False and figures["tensors_compared"] == 0
    assert "hang: row jobs wait for source rows" in figures["failure"]
    assert (figures["profile"], figures["layers"], figures["cycles"]) == ([], [], [])
    assert "no progress" in (place / "out" / "sim.log").read_text()
    suite = ElementTree.parse(tmp_path / "sim.xml").getroot()[0]
    assert suite.get("failures") == str(1 + len(STREAMS))


def test_frames_that_nobody_asked_for_are_differences(tmp_path: Path) -> None:
    """A start that leaves a frame more than it was given is not equal."""
    images = [picture(121, 91, seed=seed) for seed in (1, 2)]
    work = [(a_space(), images)]
    built = project(ONE_PORT, tmp_path)
    run = run_frames(built, work)
    assert verdicts(built.spec, work, run)[0].equal
    fewer = replace(run.starts[0], images=run.starts[0].images[:1])
    verdict = judged(built.spec, work[0][0], [fewer], run.left).verdict
    assert not verdict.equal and verdict.first is None and verdict.differences > 0
