# SPDX-License-Identifier: Apache-2.0
"""The command line: arguments in, figures out. What the commands do is in api.py."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Annotated, TypeAlias

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


@app.command("import")
def import_(
    source: Source,
    output: Folder,
    test: Test = None,
    labels: Labels = None,
    json: Json = False,
) -> int:
    """Turn a quantised network from outside into a model folder."""
    return run_command(
        "Importing",
        lambda: api.import_model(source, output, test=test, labels=labels),
        as_json=json,
    )


@app.command()
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
) -> int:
    """Make a network of real size with random weights, or list what there is."""
    return run_command(
        "Making the network",
        lambda: api.zoo(
            name,
            output,
            board=board,
            slots=slots,
            ratio=ratio,
            act_bits=act_bits,
            seed=seed,
            size=size,
            width=width,
        ),
        as_json=json,
    )


@app.command()
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
) -> int:
    """Mix pot4, fixed4 and fixed8 rows inside every layer, without training."""
    return run_command(
        "Quantizing",
        lambda: api.quantize_model(
            model,
            output,
            board=board,
            slots=slots,
            ratio=ratio,
            act_bits=act_bits,
            calib=calib,
            test=test,
            labels=labels,
        ),
        as_json=json,
    )


@app.command()
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
) -> int:
    """Say in seconds whether the model fits the board, and what binds."""
    return run_command(
        "Estimating",
        lambda: api.estimate(
            model,
            board=board,
            design=design,
            batch=batch,
            image=image,
            lanes=lanes,
            top_k=top_k,
            camera=camera,
        ),
        as_json=json,
    )


@app.command()
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
) -> int:
    """Write the project: HLS C++, SystemVerilog, test bench, program and weights."""
    return run_command(
        "Building",
        lambda: api.build(
            model,
            board=board,
            output=output,
            design=design,
            batch=batch,
            image=image,
            lanes=lanes,
            top_k=top_k,
            camera=camera,
        ),
        as_json=json,
    )


@app.command()
def csim(
    project: Project,
    input_: Photos = None,
    frames: Frames = None,
    output: Values = None,
    space: SpaceName = None,
    draw: Draw = None,
    json: Json = False,
) -> int:
    """Run the C simulation and compare every tensor."""
    return run_command(
        "Simulating the C++",
        lambda: api.csim(
            project, images=input_, frames=frames, output=output, space=space, draw=draw
        ),
        as_json=json,
    )


@app.command()
def sim(
    project: Project,
    input_: Photos = None,
    frames: Frames = None,
    waves: Waves = False,
    junit: Junit = None,
    profile: Profile = None,
    output: Values = None,
    space: SpaceName = None,
    draw: Draw = None,
    json: Json = False,
) -> int:
    """Simulate the hardware cycle by cycle and compare every tensor."""
    return run_command(
        "Simulating the hardware",
        lambda: api.sim(
            project,
            images=input_,
            frames=frames,
            waves=waves,
            junit=junit,
            profile=profile,
            output=output,
            space=space,
            draw=draw,
        ),
        as_json=json,
    )


@app.command()
def synth(project: Project, json: Json = False) -> int:
    """Count LUT, FF, DSP48E1 and BRAM36 with Yosys."""
    return run_command("Synthesising", lambda: api.synth(project), as_json=json)


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


@app.command()
def boards(json: Json = False) -> int:
    """List the boards."""
    return run_command("Reading", api.boards, as_json=json)


@app.command()
def doctor(json: Json = False) -> int:
    """Say which outside tools are found, and what to install."""
    return run_command("Looking", api.doctor, as_json=json)


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
