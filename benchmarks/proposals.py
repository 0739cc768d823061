# SPDX-License-Identifier: Apache-2.0
"""Region proposals of photographs: cycles, wall clock, and OpenCV's on one core beside them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.opencv_bing import opencv_seconds
from benchmarks.resources import estimated
from benchmarks.rows import OUT, Row, at_most, holds, outside, told
from hlsgen import api
from hlsgen.boards import load_board
from hlsgen.model.proposal import SPACES
from hlsgen.photos import Picture, read_pictures
from hlsgen.plan.proposal_cost import proposal_resources, proposal_stages
from hlsgen.run.proposal_csim import csim_proposal
from hlsgen.run.proposal_project import load_proposal_project
from hlsgen.run.proposal_sim import sim_proposal
from hlsgen.run.system import Memory

BOARD, IMAGE = "zedboard", (500, 375)
ASKED = {3: 91_000, 5: 45_000}  # cycles of a frame by lanes
FRAMES = 4
PAUSES = (0, 20, 50)  # percent of the cycles in which a camera pauses
STALL, SEED = 40, 9  # percent of the cycles of every channel
SECONDS = 60  # of a photograph, once compiled
COMMAND = "make bench (--only proposals)"


def proposals() -> list[Row]:
    """Photographs one behind the other, of one size and of many, and beside OpenCV."""
    rows: list[Row] = []
    for lanes in ASKED:
        rows += _of_one_size(lanes)
    rows += [row for lanes in ASKED for row in _of_many_sizes(lanes)]
    return [*rows, *_from_camera(), *_beside_opencv()]


@cache
def project(lanes: int, camera: int = 0) -> Path:
    """The project of OpenCV's model for photographs of 500x375."""
    model, out = OUT / "bing", OUT / f"bing_{lanes}_lanes_camera_{camera}"
    if not model.is_dir():
        api.import_model(outside("bing"), model)
    image = f"{IMAGE[0]}x{IMAGE[1]}"
    api.build(model, board=BOARD, output=out, image=image, lanes=lanes, top_k=1000,
              camera=camera or None)  # fmt: skip
    return out


@cache
def photographs() -> tuple[Picture, ...]:
    """Those of VOC that fit the design."""
    found = read_pictures([outside("voc/images")])
    return tuple(item for item in found if np.less_equal(item.pixels.shape[1::-1], IMAGE).all())


def of_one_size() -> list[Picture]:
    """Some of the largest size."""
    found = [item for item in photographs() if item.pixels.shape[1::-1] == IMAGE]
    return found[:FRAMES]


def of_many_sizes() -> list[Picture]:
    """One of every size, two of them scaled down, and of the largest size two in a row."""
    first = {item.pixels.shape: item for item in reversed(photographs())}
    chosen = [*of_one_size()[:2], *(item for item in first.values())]
    small = [
        Picture(name=f"half {item.name}", pixels=np.ascontiguousarray(item.pixels[::2, ::2]))
        for item in chosen[-2:]
    ]
    return [*chosen, *small]


@cache
def simulated(lanes: int, space: str = SPACES[0]) -> dict[str, Any]:
    """Figures of photographs of one size."""
    return sim_proposal(project(lanes), of_one_size(), space=space)


def _of_one_size(lanes: int) -> list[Row]:
    name = f"Region proposals, 500x375, {lanes} lanes, ZedBoard"
    figures = simulated(lanes)
    spaces = [simulated(lanes, space) for space in SPACES]
    board = load_board(BOARD)
    rate = board.ddr_bytes_per_cycle(board.clock_hz) * 0.65 / 0.80
    slow = Memory(bytes_per_cycle=rate, latency=80)
    late = sim_proposal(project(lanes), of_one_size(), memory=slow)
    cycles, seconds = figures["cycles_per_frame"], figures["simulation_s"] / FRAMES
    predicted = figures["predicted_cycles"]
    return [
        holds(
            f"{name}: every stream equal", all(item["equal"] for item in spaces),
            "; ".join(map(_equal, spaces)), COMMAND,
        ),
        at_most(name, ASKED[lanes], cycles, "cycles", COMMAND),
        at_most(
            f"{name}: off the estimate", 2.0, abs(100 * (cycles / predicted - 1)), "%", COMMAND
        ),
        at_most(
            f"{name}: latency 80, 0.65 of the peak", ASKED[lanes], late["cycles_per_frame"],
            "cycles", COMMAND,
        ),
        at_most(f"{name}: simulation of a photograph", SECONDS, seconds, "s", COMMAND),
    ]  # fmt: skip


def _of_many_sizes(lanes: int) -> list[Row]:
    """Golden = hardware under stalls, and golden = C++, on every stream of every photograph."""
    shown = of_many_sizes()
    sizes = len({item.pixels.shape for item in shown})
    memory = Memory(bytes_per_cycle=simulated(lanes)["memory"]["bytes_per_cycle"], stall=STALL,
                    seed=SEED)  # fmt: skip
    hardware = sim_proposal(project(lanes), shown, memory=memory)
    software = csim_proposal(project(lanes), shown)
    name = f"Region proposals, {lanes} lanes: {len(shown)} photographs of {sizes} sizes"
    stalls = f"{name} in a row, {STALL} % stalls: every stream equal"
    return [
        holds(stalls, hardware["equal"], _equal(hardware), COMMAND),
        holds(f"{name}, C++: every stream equal", software["equal"], _equal(software), COMMAND),
    ]


def _from_camera() -> Iterator[Row]:
    """Cycles of a photograph from a camera of two pixels a beat, which pauses by chance."""
    folder = project(min(ASKED), camera=2)
    rate = simulated(min(ASKED))["memory"]["bytes_per_cycle"]
    for pause in PAUSES:
        memory = Memory(bytes_per_cycle=rate, stall=pause, seed=SEED)
        figures = sim_proposal(folder, of_one_size(), memory=memory)
        name = f"Region proposals from a camera, {min(ASKED)} lanes, pauses in {pause} %"
        reached = f"{figures['cycles_per_frame']:,} cycles, {_equal(figures)}"
        yield holds(f"{name}: every stream equal", figures["equal"], reached, COMMAND)


def synth() -> list[Row]:
    """Whether the engine fits the device with room beside it, counted by Yosys."""
    rows: list[Row] = []
    for lanes in ASKED:
        figures = api.synth(project(lanes))
        counts = ", ".join(f"{key} {figures[key]:,}" for key in ("lut", "ff", "dsp", "bram36"))
        spec, command = load_proposal_project(project(lanes)).spec, "hlsgen synth out/"
        name = f"Region proposals, {lanes} lanes"
        rows.append(holds(f"{name}: fit {figures['device']}", figures["fits"], counts, command))
        rows += estimated(name, proposal_resources(spec), proposal_stages(spec), figures, command)
    return rows


def _beside_opencv() -> list[Row]:
    """Photographs a second: simulated hardware, and OpenCV without reading its model."""
    name = "500x375 photographs a second, bgr (three colour spaces)"
    clock = load_board(BOARD).clock_hz
    rows = []
    for lanes in ASKED:
        cycles = [simulated(lanes, space)["cycles_per_frame"] for space in SPACES]
        reached = _per_second(*(count / clock for count in cycles))
        rows.append(told(f"{name}: hardware, {lanes} lanes, 100 MHz", reached, COMMAND))
    frames = np.stack([item.pixels for item in of_one_size()])
    seconds = opencv_seconds(outside("bing"), OUT / "opencv", frames)
    reached = "OpenCV is absent" if seconds is None else _per_second(*seconds.values())
    return [*rows, told(f"{name}: OpenCV on one core", reached, COMMAND)]


def _per_second(first: float, *others: float) -> str:
    """Frames of one colour space a second, and of all of them."""
    return f"{1 / first:,.0f} ({1 / (first + sum(others)):,.0f})"


def _equal(figures: dict[str, Any]) -> str:
    wrong = figures["failure"] or figures["difference"] or figures["degenerate"]
    text = f"{figures['tensors_compared']} streams of {figures['frames']} photographs"
    return text if figures["equal"] else f"{text}: {str(wrong).splitlines()[0]}"
