# SPDX-License-Identifier: Apache-2.0
"""Handwritten digits through a generated accelerator: model, C++, hardware, resources, one table.

    make demo            # or: .venv/bin/python examples/digits/demo.py [--frames N] [--board B]

Everything lies in build/demo afterwards: the model folders and the project.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import network
import numpy as np
from rich.console import Console
from rich.table import Table

from hlsgen import api
from hlsgen.boards import Board, load_board
from hlsgen.errors import HlsgenError
from hlsgen.model import golden, store
from hlsgen.model.graph import Conv, Model
from hlsgen.passes.quantize import accuracy, quantize
from hlsgen.report.summary import format_mix

OUT = Path(__file__).resolve().parents[2] / "build" / "demo"
DESIGN = Path(__file__).resolve().parent / "design.yaml"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Results:
    """Figures of the run, as the commands' --json gives them."""

    csim: dict[str, Any]
    sim: dict[str, Any]
    synth: dict[str, Any]


def main() -> int:
    """Run the way once; 0 if every tensor was equal and the design fits."""
    args = arguments()
    console = Console(width=None if sys.stdout.isatty() else 118)
    try:
        return demonstrate(console, args.board, args.frames)
    except HlsgenError as error:
        console.print(f"[red]{error}[/red]", highlight=False)
        return 2


def arguments() -> argparse.Namespace:
    """Command line of the demo."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--board", default="zedboard")
    parser.add_argument("--frames", type=int, default=20, help="digits through the hardware")
    return parser.parse_args()


def demonstrate(console: Console, board_name: str, frames: int) -> int:
    """Quantise, build, simulate twice, count, and print the table."""
    start = time.perf_counter()
    board = load_board(board_name)
    digits = network.load()
    model = mixed_model(digits, board)
    OUT.mkdir(parents=True, exist_ok=True)
    store.save(model, OUT / "model")
    images = OUT / "images.npy"
    np.save(images, digits.images)
    project = OUT / "project"
    api.build(OUT / "model", board=board.name, output=project, design=DESIGN)
    console.print(f"project written to {project}", highlight=False)
    results = run(console, project, images, frames)
    console.print(layer_table(model, results))
    show_figures(console, digits, model, board, results)
    console.print(f"{time.perf_counter() - start:.0f} s in all", highlight=False)
    good = results.csim["equal"] and results.sim["equal"] and results.synth["fits"]
    return 0 if good else 1


def run(console: Console, project: Path, images: Path, frames: int) -> Results:
    """Both simulations, and beside them the resource counts on the second core."""
    with ThreadPoolExecutor(max_workers=1) as beside:
        synth = beside.submit(api.synth, project)
        console.print("C++: every held-out digit ...", highlight=False)
        csim = api.csim(project, images=images)
        console.print(f"hardware: {frames} digits, cycle by cycle ...", highlight=False)
        sim = api.sim(project, images=images, frames=frames, output=OUT / "logits.npy")
        console.print("resources: Yosys ...", highlight=False)
        return Results(csim=csim, sim=sim, synth=synth.result())


def mixed_model(digits: network.Digits, board: Board) -> Model:
    """Rows mixed for the board's slots, activations of 4 bits."""
    slots = api.choose_slots(board=board.name, slots=None, ratio=None)
    source = network.int8_model(digits)
    codes = golden.preprocess(source, digits.calibration)
    return quantize(source, slots=slots, act_bits=4, calib=codes)


def layer_table(model: Model, results: Results) -> Table:
    """Per layer: shape, format mix, cycles, array utilisation, equal or not."""
    table = Table(title=f"{model.name}: one frame, layer by layer")
    for name in ("layer", "output", "rows", "cycles", "busy", "utilisation", "equal"):
        table.add_column(name, justify="left" if name in ("layer", "output", "rows") else "right")
    convs = {layer.name: layer for layer in model.layers if isinstance(layer, Conv)}
    for row in results.sim["layers"]:
        conv = convs.get(row["name"])
        shape = "" if conv is None else "x".join(map(str, model.tensors[conv.output].shape))
        table.add_row(
            row["name"],
            shape,
            "" if conv is None else format_mix(conv),
            f"{row['cycles']:,}",
            f"{row['busy']:,}",
            f"{100 * row['utilisation']:.1f} %",
            "NO" if conv is not None and conv.output in results.sim["different"] else "yes",
        )
    return table


def show_figures(
    console: Console, digits: network.Digits, model: Model, board: Board, results: Results
) -> None:
    """Accuracy, speed and resources."""
    codes = golden.preprocess(model, digits.images)
    hardware = np.load(OUT / "logits.npy")
    labels = digits.labels[: len(hardware)]
    right = int((hardware.reshape(len(hardware), -1).argmax(1) == labels).sum())
    sim, synth = results.sim, results.synth
    cycles = sim["cycles_per_frame"]
    lines = (
        f"accuracy   float {100 * network.float_accuracy(digits):.1f} %, "
        f"integer {100 * accuracy(model, codes, digits.labels):.1f} % of {len(codes)} held-out "
        f"digits; hardware {right} of {len(hardware)}",
        f"equality   C++ {results.csim['tensors_compared']} tensors, "
        f"hardware {sim['tensors_compared']} tensors: "
        f"{'all equal' if results.csim['equal'] and sim['equal'] else 'NOT EQUAL'}",
        f"speed      {cycles:,.0f} cycles a frame, "
        f"{board.clock_hz / cycles:,.0f} frames a second at {board.clock_hz / 1e6:.0f} MHz; "
        f"first frame {sim['latency_cycles']:,} cycles",
        f"resources  {share(synth, board)} of {synth['device']}",
    )
    for line in lines:
        console.print(line, highlight=False)


def share(synth: dict[str, Any], board: Board) -> str:
    """Counts with the device's share."""
    have = board.resources
    of = {"lut": have.lut, "ff": have.ff, "dsp": have.dsp48e1, "bram36": have.bram36}
    return ", ".join(
        f"{key.upper()} {synth[key]:,} ({100 * synth[key] / total:.0f} %)"
        for key, total in of.items()
    )


if __name__ == "__main__":
    sys.exit(main())
