# SPDX-License-Identifier: Apache-2.0
"""The command line: arguments in, figures out. What the commands do is in api.py."""

from __future__ import annotations

import functools
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer
from typer.exceptions import TyperException

from hlsgen import api
from hlsgen.console import BAD_INPUT, report_error, run_command, run_steps

app = typer.Typer(
    name="hlsgen",
    help="Quantised neural networks to FPGA accelerators for Zynq-7000. Exit codes: 0 good, "
    "1 the check failed, 2 bad input.",
    add_completion=False,
    pretty_exceptions_enable=False,
)

Json: TypeAlias = Annotated[bool, typer.Option("--json", help="print one JSON object")]
Folder: TypeAlias = Annotated[Path, typer.Option("--output", "-o", help="folder to write")]
Source: TypeAlias = Annotated[
    Path, typer.Argument(help="int8 .tflite or QONNX .onnx file, or a folder of BING files")
]
Model: TypeAlias = Annotated[Path, typer.Argument(help="folder of an imported model")]
Project: TypeAlias = Annotated[Path, typer.Argument(help="folder that build wrote")]
Board: TypeAlias = Annotated[str, typer.Option(help="a name (hlsgen boards) or a board.yaml")]
AnyBoard: TypeAlias = Annotated[str | None, typer.Option("--board", help="its default slots")]
Design: TypeAlias = Annotated[Path | None, typer.Option(help="design.yaml, may be partial")]
Values: TypeAlias = Annotated[Path | None, typer.Option("--output", help=".npy to write")]
Frames: TypeAlias = Annotated[int | None, typer.Option(help="frames to run")]
Test: TypeAlias = Annotated[Path | None, typer.Option(help=".npy frames for the accuracy")]
Labels: TypeAlias = Annotated[Path | None, typer.Option(help=".npy class numbers")]
Slots: TypeAlias = Annotated[str | None, typer.Option(help="pot4:fixed4:fixed8 rows, 41:20:3")]
Ratio: TypeAlias = Annotated[str | None, typer.Option(help="the same in percent, 65:30:5")]
Bits: TypeAlias = Annotated[int, typer.Option(help="bits of the activations, 4 or 8")]
Calib: TypeAlias = Annotated[Path | None, typer.Option(help=".npy calibration frames")]
Name: TypeAlias = Annotated[str | None, typer.Argument(help="a network; none: list them")]
NewModel: TypeAlias = Annotated[Path | None, typer.Option("--output", "-o", help="folder to write")]
Seed: TypeAlias = Annotated[int, typer.Option(help="of the random weights")]
Size: TypeAlias = Annotated[int | None, typer.Option(help="height and width of the input")]
Width: TypeAlias = Annotated[float, typer.Option(help="multiplier of the channel counts, 0.25")]
Photos: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        "--input",
        help=".npy, frames first; region proposals: photographs, folders; may be repeated",
    ),
]
ImageSize: TypeAlias = Annotated[
    str | None, typer.Option("--image", help="region proposals: largest image, 500x375")
]
Lanes: TypeAlias = Annotated[
    int | None, typer.Option("--lanes", help="region proposals: pixels of a cycle, 1 to 8")
]
Boxes: TypeAlias = Annotated[
    int | None, typer.Option("--top-k", help="region proposals: boxes of an image")
]
Camera: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--camera", help="region proposals: image from an AXI4-Stream of 1 or 2 pixels a beat"
    ),
]
SpaceName: TypeAlias = Annotated[
    str | None, typer.Option("--space", help="region proposals: bgr, hsv or gray")
]
Draw: TypeAlias = Annotated[
    Path | None,
    typer.Option("--draw", help="region proposals: picture to write with the best boxes"),
]
Batch: TypeAlias = Annotated[
    int | None, typer.Option("--batch", help="images that late layers' weights are kept for, 1..16")
]
Waves: TypeAlias = Annotated[bool, typer.Option("--waves", help="write FST waves")]
Profile: TypeAlias = Annotated[
    Path | None, typer.Option(help="folder for profile.json and profile.svg: cycles by layer")
]
Voc: TypeAlias = Annotated[Path, typer.Option(help="folder with annotations/ and images/")]
Plot: TypeAlias = Annotated[Path | None, typer.Option(help=".svg of recall by boxes to write")]
TopK: TypeAlias = Annotated[int, typer.Option(help="boxes of an image")]
Limit: TypeAlias = Annotated[int, typer.Option(help="boxes of a window size")]
Attempts: TypeAlias = Annotated[int | None, typer.Option(help="of streamed suppression at a row")]
Junit: TypeAlias = Annotated[Path | None, typer.Option(help="JUnit file to write")]


def command(
    doing: str, work: Callable[..., dict[str, Any]], name: str | None = None
) -> Callable[[Callable[..., None]], Callable[..., int]]:
    """A command of this name, or the function's: `work` is called with the options as they stand.

    The function that is decorated says which options there are, their defaults, and the help.
    """

    def register(options: Callable[..., None]) -> Callable[..., int]:
        @functools.wraps(options)
        def run(*, json: bool, **given: Any) -> int:
            return run_command(doing, lambda: work(**given), as_json=json)

        return app.command(name)(run)

    return register


@command("Importing", api.import_model, "import")
def import_(
    source: Source,
    output: Folder,
    test: Test = None,
    labels: Labels = None,
    json: Json = False,
) -> None:
    """Turn a quantised network from outside into a model folder."""


@command("Making the network", api.zoo)
def zoo(
    name: Name = None,
    output: NewModel = None,
    board: AnyBoard = None,
    slots: Slots = None,
    ratio: Ratio = None,
    act_bits: Bits = 4,
    seed: Seed = 0,
    size: Size = None,
    width: Width = 1.0,
    json: Json = False,
) -> None:
    """Make a network of real size with random weights, or list what there is."""


@command("Quantizing", api.quantize_model)
def quantize(
    model: Model,
    output: Folder,
    board: AnyBoard = None,
    slots: Slots = None,
    ratio: Ratio = None,
    act_bits: Bits = 8,
    calib: Calib = None,
    test: Test = None,
    labels: Labels = None,
    json: Json = False,
) -> None:
    """Mix pot4, fixed4 and fixed8 rows inside every layer, without training."""


@command("Estimating", api.estimate)
def estimate(
    model: Model,
    board: Board,
    design: Design = None,
    batch: Batch = None,
    image: ImageSize = None,
    lanes: Lanes = None,
    top_k: Boxes = None,
    camera: Camera = None,
    json: Json = False,
) -> None:
    """Say in seconds whether the model fits the board, and what binds."""


@command("Building", api.build)
def build(
    model: Model,
    output: Folder,
    board: Board,
    design: Design = None,
    batch: Batch = None,
    image: ImageSize = None,
    lanes: Lanes = None,
    top_k: Boxes = None,
    camera: Camera = None,
    json: Json = False,
) -> None:
    """Write the project: HLS C++, SystemVerilog, test bench, program and weights."""


@command("Simulating the C++", api.csim)
def csim(
    project: Project,
    images: Photos = None,
    frames: Frames = None,
    output: Values = None,
    space: SpaceName = None,
    draw: Draw = None,
    json: Json = False,
) -> None:
    """Run the C simulation and compare every tensor."""


@command("Simulating the hardware", api.sim)
def sim(
    project: Project,
    images: Photos = None,
    frames: Frames = None,
    waves: Waves = False,
    junit: Junit = None,
    profile: Profile = None,
    output: Values = None,
    space: SpaceName = None,
    draw: Draw = None,
    json: Json = False,
) -> None:
    """Simulate the hardware cycle by cycle and compare every tensor."""


@command("Synthesising", api.synth)
def synth(project: Project, json: Json = False) -> None:
    """Count LUT, FF, DSP48E1 and BRAM36 with Yosys."""


@app.command()
def recall(
    model: Model,
    voc: Voc,
    plot: Plot = None,
    top_k: TopK = 2000,
    limit: Limit = 130,
    attempts: Attempts = None,
    json: Json = False,
) -> int:
    """Measure the recall of region proposals on annotated photographs."""
    return run_steps(
        "Measuring recall",
        lambda progress: api.recall(
            model,
            voc=voc,
            plot=plot,
            top_k=top_k,
            limit=limit,
            attempts=attempts,
            progress=progress,
        ),
        as_json=json,
    )


@command("Reading", api.boards)
def boards(json: Json = False) -> None:
    """List the boards."""


@command("Looking", api.doctor)
def doctor(json: Json = False) -> None:
    """Say which outside tools are found, and what to install."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # tidy up, as for Ctrl-C
    given = sys.argv[1:] if arguments is None else arguments
    try:
        code = app(given, standalone_mode=False)
    except TyperException as error:  # a wrong option, a missing argument
        report_error(f"{error.format_message()} (hlsgen --help)", "--json" in given)
        code = BAD_INPUT
    sys.exit(code)
