# SPDX-License-Identifier: Apache-2.0
"""ResNet-8 (MLPerf Tiny's int8 network) on CIFAR-10: cycles, wall clock, accuracy."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.resources import estimated
from benchmarks.rows import OUT, Row, at_least, at_most, holds, outside
from hlsgen import api
from hlsgen.boards import load_board
from hlsgen.model import golden, store
from hlsgen.passes.quantize import accuracy, quantize
from hlsgen.plan.cost import resources, resources_by_stage
from hlsgen.run.project import load_project
from hlsgen.run.sim import sim as simulate
from hlsgen.run.system import Memory
from tests.cifar import ARCHIVE, images

BOARD = "zedboard"
FRAMES = 4
CSIM_FRAMES = 100
WIDE_BOARD = "zc706"
WIDE_DESIGN = "mixed: {act_bits: 4, wide_codes: true}\n"
WIDE_FRAMES = 20
WIDE_WITHIN = 0.02  # of the cycles that estimate says
EVERY = 10  # every tenth image calibrates, the others count


@cache
def frames() -> tuple[NDArray[Any], NDArray[Any]]:
    """The 1,000 images, uint8 [n, 32, 32, 3], and their labels."""
    return images(outside(ARCHIVE))


@cache
def model_folder() -> Path:
    """The imported network."""
    folder = OUT / "resnet8"
    api.import_model(outside("models/resnet8_int8/pretrainedResnet_quant.tflite"), folder)
    return folder


@cache
def input_file() -> Path:
    """The images as a file."""
    path = OUT / "cifar10.npy"
    OUT.mkdir(parents=True, exist_ok=True)
    np.save(path, frames()[0])
    return path


@cache
def project() -> tuple[Path, float]:
    """The project on the board's default design, and the seconds that its build took."""
    out = OUT / "resnet8_zedboard"
    figures = api.build(model_folder(), board=BOARD, output=out)
    return out, figures["seconds"]


@cache
def simulated() -> dict[str, Any]:
    """Figures of the simulated hardware."""
    return api.sim(project()[0], images=input_file(), frames=FRAMES)


def cycles() -> list[Row]:
    """Cycles of a frame in the steady state, and how near they come to the bound."""
    command = f"hlsgen sim resnet8_zedboard/ --input cifar10.npy --frames {FRAMES}"
    figures = simulated()
    reached = figures["cycles_per_frame"]
    bound = api.estimate(model_folder(), board=BOARD)["bound_cycles"]
    name = "ResNet-8 int8, ZedBoard, steady state"
    return [
        holds(f"{name}: every tensor equal", figures["equal"], equal_text(figures), command),
        at_most(name, 80_000, reached, "cycles", command),
        at_most(f"{name}: then", 45_000, reached, "cycles", command),
        at_most(f"{name}: over the bound", 1.10, reached / bound, f"x {bound:,}", command),
    ]


def wide_codes() -> list[Row]:
    """The int8 network, its adds among it, on a design of 4-bit activations, in both languages."""
    design, out = OUT / "wide_codes.yaml", OUT / f"resnet8_{WIDE_BOARD}_wide"
    OUT.mkdir(parents=True, exist_ok=True)
    design.write_text(WIDE_DESIGN, encoding="utf-8")
    api.build(model_folder(), board=WIDE_BOARD, output=out, design=design)
    counted = api.estimate(model_folder(), board=WIDE_BOARD, design=out / "design.yaml")
    spec = load_project(out).spec
    split = f"{spec.pot4_n}:{spec.fixed4_n}:{spec.fixed8_n}"
    size = f"{split}, {spec.lanes_n} lanes, {spec.pixels_n} pixels"
    name = f"ResNet-8 int8, ZC706, 4-bit activations with wide_codes ({size})"
    rows = []
    for run in (api.csim, api.sim):
        figures = run(out, images=input_file(), frames=WIDE_FRAMES)
        command = f"hlsgen {run.__name__} {out.name}/ --input cifar10.npy --frames {WIDE_FRAMES}"
        text = f"{name}, {run.__name__}: every tensor equal"
        rows.append(holds(text, figures["equal"], equal_text(figures), command))
    reached, asked = figures["cycles_per_frame"], counted["cycles_per_frame"]
    cycles = Row(
        what=f"{name}, steady state",
        asked=f"estimate: {asked:,} cycles within {100 * WIDE_WITHIN:.0f} %",
        reached=f"{reached:,} cycles",
        command=command,
        good=counted["fits"] and abs(reached - asked) <= WIDE_WITHIN * asked,
    )
    return [*rows, cycles]


def slow_memory() -> list[Row]:
    """The same with a slower memory: latency 80, 0.65 of the peak instead of 0.80."""
    board = load_board(BOARD)
    rate = board.ddr_bytes_per_cycle(board.clock_hz) * 0.65 / 0.80
    memory = Memory(bytes_per_cycle=rate, latency=80)
    figures = simulate(project()[0], frames()[0], FRAMES, memory=memory)
    row = at_most(
        "ResNet-8 int8, ZedBoard, latency 80, 0.65 of the peak", 80_000,
        figures["cycles_per_frame"], "cycles", "make bench (--only slow_memory)",
    )  # fmt: skip
    return [row]


def simulation() -> list[Row]:
    """Seconds to compile the simulation and to run a frame of it."""
    figures = simulated()
    command = f"hlsgen sim resnet8_zedboard/ --frames {FRAMES} (empty HLSGEN_CACHE)"
    return [
        at_most("Simulation of ResNet-8: compile", 90, figures["compile_s"], "s", command),
        at_most(
            "Simulation of ResNet-8: one frame", 5, figures["simulation_s"] / FRAMES, "s", command
        ),
    ]


def csim() -> list[Row]:
    """Frames a second of the C simulation on one core."""
    with one_core():
        figures = api.csim(project()[0], images=input_file(), frames=CSIM_FRAMES)
    command = f"taskset -c 0 hlsgen csim resnet8_zedboard/ --frames {CSIM_FRAMES}"
    name = "C simulation of ResNet-8, one core"
    return [
        holds(f"{name}: every tensor equal", figures["equal"], equal_text(figures), command),
        at_least(name, 10, figures["frames_per_second"], "frames/s", command),
    ]


def build() -> list[Row]:
    """Seconds of build."""
    command = "hlsgen build resnet8/ --board zedboard -o resnet8_zedboard/"
    return [at_most("build of ResNet-8", 3, project()[1], "s", command)]


def synth() -> list[Row]:
    """Whether the default design fits the device, counted by Yosys, and what estimate is off."""
    folder, command = project()[0], "hlsgen synth resnet8_zedboard/"
    figures = api.synth(folder)
    counts = ", ".join(f"{key} {figures[key]:,}" for key in ("lut", "ff", "dsp", "bram36"))
    name = f"ResNet-8 int8 design fits {figures['device']}"
    spec = load_project(folder).spec
    rows = estimated("ResNet-8", resources(spec), resources_by_stage(spec), figures, command)
    return [holds(name, figures["fits"], counts, command), *rows]


def golden_seconds() -> list[Row]:
    """Seconds of the integer model for all images."""
    model = store.load(model_folder())
    codes = golden.preprocess(model, frames()[0])
    start = time.perf_counter()
    golden.run(model, codes, keep=model.outputs)
    seconds = (time.perf_counter() - start) * 1000 / len(codes)
    command = "make bench (--only golden)"
    return [at_most("Integer model: 1,000 ResNet-8 frames", 60, seconds, "s", command)]


def accuracies() -> list[Row]:
    """Accuracy in float, int8 and mixed; a tenth of the images calibrates, the rest counts."""
    pixels, labels = frames()
    model = store.load(model_folder())
    codes = golden.preprocess(model, pixels)
    chosen = np.arange(len(labels)) % EVERY == 0
    calib, counted = codes[chosen], codes[~chosen]
    rows = [
        _accuracy("float", _float_accuracy(pixels[~chosen], labels[~chosen]), "LiteRT"),
        _accuracy("int8", accuracy(model, counted, labels[~chosen]), "hlsgen import --test"),
    ]
    for board in (BOARD, "zc706"):
        slots = api.choose_slots(board=board, slots=None, ratio=None)
        for bits in (8, 4):
            mixed = quantize(model, slots=slots, act_bits=bits, calib=calib)
            reached = accuracy(mixed, counted, labels[~chosen])
            command = f"hlsgen quantize resnet8/ --board {board} --act-bits {bits} --calib --test"
            rows.append(_accuracy(f"mixed {slots}, A{bits}", reached, command))
    return rows


@contextmanager
def one_core() -> Iterator[None]:
    """Keep this process and its children on one core."""
    usual = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(usual)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, usual)


def equal_text(figures: dict[str, Any]) -> str:
    """How many tensors of how many frames were compared, and the first that is wrong."""
    wrong = figures.get("failure") or figures.get("difference") or "not every tensor was seen"
    text = f"{figures['tensors_compared']} tensors, {figures['frames']} frames"
    return text if figures["equal"] else f"{text}: {str(wrong).splitlines()[0]}"


def _accuracy(name: str, share: float, command: str) -> Row:
    what = f"ResNet-8 accuracy, {name}"
    return Row(what=what, asked="reported", reached=f"{100 * share:.1f} %", command=command)


def _float_accuracy(pixels: NDArray[Any], labels: NDArray[Any]) -> float:
    from ai_edge_litert.interpreter import Interpreter

    path = outside("models/resnet8_int8/pretrainedResnet.tflite")
    net = Interpreter(str(path))
    net.resize_tensor_input(net.get_input_details()[0]["index"], list(pixels.shape))
    net.allocate_tensors()
    net.set_tensor(net.get_input_details()[0]["index"], pixels.astype(np.float32))
    net.invoke()
    logits = net.get_tensor(net.get_output_details()[0]["index"])
    return float((logits.argmax(axis=1) == labels).mean())
