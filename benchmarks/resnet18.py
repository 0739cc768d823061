# SPDX-License-Identifier: Apache-2.0
"""ResNet-18 of ImageNet's size with 4-bit activations, and other networks on its hardware.

Weights are random (hlsgen zoo): what counts is equality, cycles and the use of the array. One
process simulates all runs of a design: a frame, two frames in a row, a frame with a slow memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import yaml

from benchmarks.rows import OUT, Row, at_least, at_most, holds, told
from hlsgen import api
from hlsgen.boards import Board, load_board
from hlsgen.report.summary import describe
from hlsgen.run.project import Project, input_codes, load_project
from hlsgen.run.sim import Result, Work, simulate_all
from hlsgen.run.system import Memory

COMMAND = "make bench (--only resnet18)"
BATCH = 4
OF_BOUND = (0.90, 0.95)  # of the least cycles that arithmetic and memory allow: first, then


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is asked of a design: cycles at a utilisation, and of its hardware: other networks."""

    board: str
    published_ms: float  # of a hand-made accelerator on that device at 100 MHz
    asked: tuple[tuple[int, float], ...]  # any of these: cycles, utilisation
    then: tuple[tuple[int, float], ...] = ()  # the next aim
    pixels: int | None = None  # of a tile, where it is not the board's default design
    others: tuple[tuple[str, int, float], ...] = ()  # name, input size, multiplier of channels
    batches: tuple[tuple[str, int, float], ...] = ()  # the same, of networks that run as batches

    @property
    def name(self) -> str:
        """Folder of the project."""
        return f"resnet18_{self.board}" + (f"_{self.pixels}" if self.pixels else "")


TARGETS = (
    Target(
        board="zc706",
        published_ms=8.6,
        asked=((430_000, 0.80),),
        then=((320_000, 0.0), (430_000, 0.87)),
        others=(("mobilenet", 224, 1.0), ("vgg11", 64, 0.5), ("resnet8", 32, 1.0)),
        batches=(("resnet18", 224, 1.0), ("vgg11", 64, 0.5)),
    ),
    Target(
        board="zc706",
        published_ms=8.6,
        asked=((320_000, 0.0), (430_000, 0.87)),
        pixels=16,
        batches=(("resnet18", 224, 1.0),),
    ),
    Target(
        board="zedboard",
        published_ms=40.7,
        asked=((2_000_000, 0.0),),
        then=((1_300_000, 0.90),),
        others=(("mobilenet", 224, 1.0), ("vgg11", 64, 0.5), ("resnet8", 32, 1.0)),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Runs:
    """The runs of a design's hardware in one process."""

    one: Result
    two: Result
    slow: Result  # latency 80, 0.65 of the peak instead of 0.80
    others: tuple[tuple[Work, Result], ...]
    batches: tuple[tuple[Work, Result], ...]
    project: Project
    bound: int
    ring_bound: int  # the same under the chosen ring depth, from layer to layer
    estimated: int  # cycles of a frame, as `hlsgen estimate` has them
    cycles: int  # of all runs together


def networks() -> list[Row]:
    """Every row of every board."""
    return [row for target in TARGETS for row in rows(target, runs(target))]


def rows(target: Target, found: Runs) -> Iterator[Row]:
    """The table of a design."""
    board = load_board(target.board)
    name = f"ResNet-18 A4, {board.title}"
    if target.pixels:
        name += f", {target.pixels} pixels"
    cycles = found.one.frame_ends[0]
    equal = all(good(result) for result in (found.one, found.two, found.slow))
    tensors = f"{found.one.verdict.tensors_compared} tensors a frame"
    yield holds(f"{name}: every tensor equal in three runs", equal, tensors, COMMAND)
    yield software(target, name)
    yield _frame(f"{name}, one frame", target, target.asked, board, found)
    if target.then:
        yield _frame(f"{name}: then", target, target.then, board, found)
    bounds = {"": found.bound, " under its ring": found.ring_bound}
    for words, bound in bounds.items():
        for share in OF_BOUND:
            row = at_least(
                f"{name}: of the bound {bound:,}{words}", share, bound / cycles, "", COMMAND
            )
            yield replace(row, good=row.good and bound <= cycles)  # else it is no bound
    off = 100 * abs(found.estimated / cycles - 1)
    what = f"{name}: estimate of {found.estimated:,} cycles off by"
    yield at_most(what, 2, off, "%", COMMAND)
    first, second = found.two.frame_ends
    yield told(f"{name}, two frames", f"latency {first:,}, then {second - first:,} cycles", COMMAND)
    yield told(
        f"{name}, latency 80, 0.65 of the peak", f"{found.slow.frame_ends[0]:,} cycles", COMMAND
    )
    yield told(f"{name}: compile the simulation", f"{found.one.compile_s:.1f} s", COMMAND)
    seconds = found.one.seconds / found.cycles
    yield told(
        f"{name}: simulate a frame",
        f"{seconds * cycles:.1f} s, {1e-3 / seconds:.1f} k cycles/s",
        COMMAND,
    )
    for work, result in found.others:
        other = f"{work.project.model.name} on the hardware of {name}"
        reached = f"{result.frame_ends[0]:,} cycles, {utilisation(work.project, result):.3f} used"
        yield holds(f"{other}: equal", good(result), reached, COMMAND)
    for work, result in found.batches:
        other = f"{work.project.model.name} on the hardware of {name}, a batch of {BATCH}"
        cycles = result.frame_ends[0]
        reached = f"{cycles:,} cycles, {cycles // BATCH:,} a frame"
        yield holds(f"{other}: equal", good(result), reached, COMMAND)


def software(target: Target, name: str) -> Row:
    """The C++ of a design that `runs` built, on a frame."""
    figures = api.csim(OUT / target.name, frames=1)
    reached = f"{figures['tensors_compared']} tensors, {figures['simulation_s']:.1f} s a frame"
    return holds(f"{name}: every tensor equal in C++", figures["equal"], reached, COMMAND)


def _frame(
    what: str, target: Target, aims: tuple[tuple[int, float], ...], board: Board, found: Runs
) -> Row:
    """Cycles and use of the array against any of some aims."""
    cycles, use = found.one.frame_ends[0], utilisation(found.project, found.one)
    asked = (f"<= {most:,}" + (f" at >= {least:g}" if least else "") for most, least in aims)
    return Row(
        what=what,
        published=f"{target.published_ms} ms (from memory)",
        asked=" or ".join(asked),
        reached=f"{cycles:,} at {use:.3f}: {1000 * cycles / board.clock_hz:.2f} ms",
        command=COMMAND,
        good=any(cycles <= most and use >= least for most, least in aims),
    )


def runs(target: Target) -> Runs:
    """Build and simulate."""
    model, folder = zoo("resnet18", target.board), OUT / target.name
    api.build(model, board=target.board, output=folder, design=_design(target))
    figures = api.estimate(model, board=target.board, design=folder / "design.yaml")
    project = load_project(folder)
    codes = input_codes(project.model, None, 2)
    board = load_board(target.board)
    rate = board.ddr_bytes_per_cycle(board.clock_hz) * 0.65 / 0.80
    works = [
        Work(project=project, codes=codes[:1]),
        Work(project=project, codes=codes),
        Work(project=project, codes=codes[:1], memory=Memory(bytes_per_cycle=rate, latency=80)),
        *(other(target, folder / "design.yaml", *each) for each in target.others),
        *(other(target, folder / "design.yaml", *each, batch=BATCH) for each in target.batches),
    ]
    results = simulate_all(works)
    pairs = tuple(zip(works, results, strict=True))
    behind = len(works) - len(target.batches)
    return Runs(
        one=results[0], two=results[1], slow=results[2],
        others=pairs[3:behind], batches=pairs[behind:],
        project=project, bound=figures["bound_cycles"],
        ring_bound=figures["ring_bound_cycles"], estimated=figures["cycles_per_frame"],
        cycles=sum(result.frame_ends[-1] for result in results if result.frame_ends),
    )  # fmt: skip


def _design(target: Target) -> Path | None:
    """A design.yaml of what differs from the board's default design."""
    if target.pixels is None:
        return None
    path = OUT / f"{target.name}.yaml"
    path.write_text(yaml.safe_dump({"mixed": {"pixels_n": target.pixels, "mult_w": 17}}))
    return path


def other(target: Target, design: Path, name: str, size: int, width: float, batch: int = 1) -> Work:
    """Another network, or a batch, on a design that is there already."""
    folder = OUT / f"{name}_{target.name}_{batch}"
    model = zoo(name, target.board, size, width)
    api.build(model, board=target.board, output=folder, design=design, batch=batch)
    project = load_project(folder)
    return Work(project=project, codes=input_codes(project.model, None, batch))


@cache
def zoo(name: str, board: str, size: int | None = None, width: float = 1.0) -> Path:
    """A network of the zoo in the formats of a board's default design."""
    folder = OUT / f"zoo_{name}_{board}"
    api.zoo(name, folder, board=board, size=size, width=width)
    return folder


def good(result: Result) -> bool:
    """Whether a run ended and every tensor equals the integer model."""
    return result.failure is None and result.verdict.equal


def utilisation(project: Project, result: Result) -> float:
    """Products of a frame over what the array could do in its cycles."""
    products: int = describe(project.model)["macs"]
    return products / (project.spec.products_n * result.frame_ends[0])
