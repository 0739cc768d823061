# SPDX-License-Identifier: Apache-2.0
"""The commands as functions: each returns the figures that `--json` prints.

Every heavy import waits for the function that needs it, so that `hlsgen boards` starts fast and
a missing optional package is met only by the command that uses it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hlsgen.boards import Board, board_names, load_board
from hlsgen.errors import ParameterError, ProjectError
from hlsgen.frames import read_frames, read_labels, write_frames

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hlsgen.model.graph import Model
    from hlsgen.passes.slots import Slots
    from hlsgen.photos import Picture
    from hlsgen.plan import Design, ProposalChoices, ProposalDesign

Figures = dict[str, Any]
Inputs = Path | Sequence[Path] | None  # one file, several files or folders, none


def import_model(
    source: Path, output: Path, *, test: Path | None = None, labels: Path | None = None
) -> Figures:
    """Import a source model into a model folder; accuracy if labelled frames are given."""
    from hlsgen.frontends.dispatch import load
    from hlsgen.model.proposal import ProposalModel
    from hlsgen.model.store import save
    from hlsgen.report.summary import describe

    _check_apart(source, output)
    model = load(source)
    figures: Figures = {"model": str(output), **describe(model)}
    if labels is not None:
        if isinstance(model, ProposalModel):
            raise ParameterError("Labels must go with a classifier; proposals have hlsgen recall")
        figures["accuracy"] = {"float": None, "integer": _accuracy(model, test, labels)}
    save(model, output)
    return figures


def zoo(
    name: str | None = None,
    output: Path | None = None,
    *,
    board: str | None = None,
    slots: str | None = None,
    ratio: str | None = None,
    act_bits: int = 4,
    seed: int = 0,
    size: int | None = None,
    width: float = 1.0,
) -> Figures:
    """Make a network of real size with seeded random weights; without a name say what there is."""
    from hlsgen.frontends import zoo_tables
    from hlsgen.frontends.zoo import load_zoo
    from hlsgen.model import store
    from hlsgen.report.summary import describe

    if name is None:
        return {"networks": [zoo_tables.figures(known) for known in zoo_tables.NETWORKS]}
    table = zoo_tables.network(name)
    if output is None:
        raise ParameterError("Zoo must get --output for the model's folder; e.g. -o model/")
    split = choose_slots(board=board, slots=slots, ratio=ratio, command="Zoo")
    model = load_zoo(name, slots=split, act_bits=act_bits, seed=seed, size=size, width=width)
    store.save(model, output)
    figures: Figures = {"model": str(output), **describe(model), "slots": str(split)}
    figures |= {"ratio": ratio, "act_bits": act_bits, "seed": seed, "width": width}
    return figures | {"snapped": zoo_tables.snapped_channels(table, width)}


def quantize_model(
    model: Path,
    output: Path,
    *,
    board: str | None = None,
    slots: str | None = None,
    ratio: str | None = None,
    act_bits: int = 8,
    calib: Path | None = None,
    test: Path | None = None,
    labels: Path | None = None,
) -> Figures:
    """Assign mixed rows; the accuracy before and after is measured on `test` (default: `calib`)."""
    from hlsgen.model import golden, store
    from hlsgen.passes.quantize import quantize
    from hlsgen.report.summary import describe

    _check_apart(model, output)
    split = choose_slots(board=board, slots=slots, ratio=ratio)
    source = store.load(model)
    codes = None if calib is None else golden.preprocess(source, read_frames(calib))
    mixed = quantize(source, slots=split, act_bits=act_bits, calib=codes)
    figures: Figures = {"model": str(output), **describe(mixed), "slots": str(split)}
    figures |= {"ratio": ratio, "act_bits": act_bits}
    if labels is not None:
        before, after = (_accuracy(m, test or calib, labels) for m in (source, mixed))
        figures["accuracy"] = {"float": None, "before": before, "integer": after}
        notes = {"accuracy_before": before, "accuracy_after": after}
        mixed = replace(mixed, notes={**mixed.notes, **notes})
    store.save(mixed, output)
    return figures


def choose_slots(
    *, board: str | None, slots: str | None, ratio: str | None, command: str = "Quantize"
) -> Slots:
    """Slots as given, or the board's, or the board's T rows split nearest to a ratio."""
    from hlsgen.passes.slots import Slots, parse_slots, snap_ratio

    if slots is not None and ratio is not None:
        raise ParameterError(f"{command} must get --slots or --ratio, not both; leave one out")
    if slots is not None:
        return parse_slots(slots)
    if board is None:
        raise ParameterError(
            f"{command} must get --slots, or --board for its default slots (with --ratio: for its "
            f"number of rows); boards: {', '.join(board_names())}"
        )
    default = load_board(board).resources.slots
    usual = Slots(pot4=default.pot4, fixed4=default.fixed4, fixed8=default.fixed8)
    return usual if ratio is None else snap_ratio(ratio, usual.total)


def estimate(
    model: Path,
    *,
    board: str,
    design: Path | None = None,
    batch: int | None = None,
    image: str | None = None,
    lanes: int | None = None,
    top_k: int | None = None,
    camera: int | None = None,
) -> Figures:
    """Say whether the model fits the board, what binds, and how fast it would be."""
    from hlsgen import plan
    from hlsgen.report.figures import Estimate, plain

    target = load_board(board)
    choices = plan.ProposalChoices(image=image, lanes=lanes, top_k=top_k, camera=camera)
    source, planned = _planned(model, target, design, batch, choices)
    if isinstance(planned, plan.ProposalDesign):
        found = plan.estimate_proposal(planned, source, target)
    else:
        found = plan.estimate(planned, target)
    figures: Figures = {**found, "board": target.name, "ddr_assumed": target.ddr.assumed}
    return Estimate(figures={key: plain(value) for key, value in figures.items()}).figures


def build(
    model: Path,
    *,
    board: str,
    output: Path,
    design: Path | None = None,
    batch: int | None = None,
    image: str | None = None,
    lanes: int | None = None,
    top_k: int | None = None,
    camera: int | None = None,
) -> Figures:
    """Write the project: HLS C++, SystemVerilog, test bench, program and weights."""
    from hlsgen import emit, plan

    start = time.perf_counter()
    _check_apart(model, output)
    target = load_board(board)
    choices = plan.ProposalChoices(image=image, lanes=lanes, top_k=top_k, camera=camera)
    source, planned = _planned(model, target, design, batch, choices)
    if isinstance(planned, plan.ProposalDesign):
        plan.require_proposal_fit(planned, source, target)
        manifest = emit.build_proposal(source, planned, target, output)
    else:
        plan.require_fit(planned, target)
        manifest = emit.build(planned, target, output)
    seconds = round(time.perf_counter() - start, 3)
    figures: Figures = {"project": str(output), "design": str(output / "design.yaml")}
    figures |= {"seconds": seconds, "engines": [manifest["engine"]], "board": target.name}
    if isinstance(planned, plan.Design):
        figures |= plan.split_figures(planned)
    return figures


def _planned(
    model: Path, board: Board, design: Path | None, batch: int | None, choices: ProposalChoices
) -> tuple[Any, Design | ProposalDesign]:
    """A model and its design, each of its own kind."""
    from hlsgen import plan
    from hlsgen.model import store
    from hlsgen.model.proposal import ProposalModel

    source = store.load_any(model)
    given = None if design is None else plan.read_design(design)
    if isinstance(source, ProposalModel):
        if batch is not None:
            raise ParameterError(f"Option --batch must go with a graph of layers ({model})")
        return source, plan.plan_proposal(source, board, given, choices)
    if choices.given:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in choices.given)
        raise ParameterError(
            f"Options {options} must go with region proposals, not with a graph of layers "
            f"({model}); leave them out"
        )
    return source, plan.plan(source, board, given, batch)


def csim(
    project: Path,
    *,
    images: Inputs = None,
    frames: int | None = None,
    output: Path | None = None,
    space: str | None = None,
    draw: Path | None = None,
    draw_boxes: int = 10,
) -> Figures:
    """Run the C simulation and compare every tensor with the integer model."""
    if _engine(project, frames) == "proposal":
        from hlsgen.run.proposal_csim import csim_proposal

        result = csim_proposal(project, _pictures(images), frames, space)
        return _recorded("csim", project, _drawn(result, draw, draw_boxes), output)
    x = _layer_frames(images, frames, {"--space": space, "--draw": draw})
    from hlsgen.run.csim import csim as simulate

    return _recorded("csim", project, simulate(project, x, frames), output)


def sim(
    project: Path,
    *,
    images: Inputs = None,
    frames: int | None = None,
    waves: bool = False,
    junit: Path | None = None,
    profile: Path | None = None,
    output: Path | None = None,
    space: str | None = None,
    draw: Path | None = None,
    draw_boxes: int = 10,
) -> Figures:
    """Run the hardware cycle by cycle and compare every tensor with the integer model."""
    if _engine(project, frames) == "proposal":
        from hlsgen.run.proposal_sim import sim_proposal

        pictures = _pictures(images)
        result = sim_proposal(
            project, pictures, frames, space, waves=waves, junit=junit, profile=profile
        )
        return _recorded("sim", project, _drawn(result, draw, draw_boxes), output)
    x = _layer_frames(images, frames, {"--space": space, "--draw": draw})
    from hlsgen.run.sim import sim as simulate

    result = simulate(project, x, frames, waves=waves, junit=junit, profile=profile)
    return _recorded("sim", project, result, output)


def synth(project: Path) -> Figures:
    """Count LUT, FF, DSP48E1 and BRAM36 with Yosys, stage by stage."""
    _check_project(project)
    from hlsgen.run.project import read_manifest
    from hlsgen.run.synth import synth as count

    read_manifest(project)
    return _recorded("synth", project, count(project), None)


def recall(
    model: Path,
    *,
    voc: Path,
    plot: Path | None = None,
    top_k: int = 2000,
    limit: int = 130,
    attempts: int | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Figures:
    """Measure how many annotated objects the proposals meet, exact and streamed suppression."""
    from hlsgen.engines.proposal import ProposalSpec
    from hlsgen.files import write_text
    from hlsgen.model import store
    from hlsgen.recall.measure import recall_at, table
    from hlsgen.recall.plot import draw
    from hlsgen.recall.run import measure
    from hlsgen.recall.voc import read_voc

    spec = ProposalSpec(top_k=top_k, limit_n=limit)
    if attempts is not None:
        spec = replace(spec, attempts_n=attempts)
    photos = read_voc(voc)
    curves = measure(store.load_proposal(model), photos, spec, progress)
    if plot is not None:
        write_text(plot, draw(curves, top_k))
    return {
        "recall": table(curves[-1].ranks),
        "images": len(photos),
        "boxes": sum(len(photo.boxes) for photo in photos),
        "attempts": spec.attempts_n,
        "limit": limit,
        "top_k": top_k,
        "plot": None if plot is None else str(plot),
        "curves": [
            {
                "space": curve.space,
                "suppression": curve.suppression,
                "1": round(recall_at(curve.ranks, 1), 4),
                **table(curve.ranks),
                "kept": round(sum(curve.kept) / len(curve.kept), 4),  # of exact's first 1,000
            }
            for curve in curves
        ],
    }


def boards() -> Figures:
    """The boards and what they have."""
    return {"boards": [_board_figures(load_board(name)) for name in board_names()]}


def doctor() -> Figures:
    """Which outside tools are found, and how to get the others."""
    from hlsgen.doctor import TOOLS

    found = [
        {
            "name": tool.name,
            "found": where is not None,
            "where": where,
            "needed_for": list(tool.needed_for),
            "install": tool.install,
        }
        for tool, where in ((tool, tool.find()) for tool in TOOLS)
    ]
    missing = [str(tool["name"]) for tool in found if not tool["found"]]
    return {"python": sys.version.split()[0], "tools": found, "missing": missing}


def _accuracy(model: Model, frames: Path | None, labels: Path) -> float:
    from hlsgen.model import golden
    from hlsgen.passes.quantize import accuracy

    if frames is None:
        raise ParameterError("Accuracy must have frames for its --labels; give --test images.npy")
    codes = golden.preprocess(model, read_frames(frames))
    return accuracy(model, codes, read_labels(labels, len(codes)))


def _pictures(images: Inputs) -> list[Picture] | None:
    """Photographs of an input; None if there is none."""
    from hlsgen.photos import read_pictures

    paths = [images] if isinstance(images, Path) else list(images or ())
    return read_pictures(paths) if paths else None


def _layer_frames(
    images: Inputs, frames: int | None, others: Mapping[str, Any]
) -> NDArray[Any] | None:
    """Frames for a graph of layers, which the options of photographs must not go with."""
    for name, value in others.items():
        if value is not None:
            raise ParameterError(f"Option {name} must go with a project of region proposals")
    paths = [images] if isinstance(images, Path) else list(images or ())
    if len(paths) > 1:
        raise ParameterError(f"Input must be one .npy file of frames, not {len(paths)} files")
    return read_frames(paths[0], frames) if paths else None


def _drawn(result: Figures, draw: Path | None, most: int) -> Figures:
    """The figures without the photographs, which are written with their best boxes if wanted."""
    from hlsgen.photos import draw_each

    shown = result.pop("pictures")
    if draw is not None:
        pairs = zip(result["values"], result["boxes"], strict=True)
        draw_each(draw, shown, [values[: min(most, count)] for values, count in pairs])
    return result


def _engine(project: Path, frames: int | None) -> str:
    """Which engine a project has that is to run some frames; its files are checked later."""
    from hlsgen.run.project import read_engine

    if frames is not None and frames < 1:
        raise ParameterError(f"Frames must be at least 1, not {frames}")
    _check_project(project)
    return read_engine(project)


def _check_project(folder: Path) -> None:
    if not (folder / "manifest.json").is_file():
        raise ProjectError(
            f"Project must be a folder that hlsgen build wrote, not {folder}; "
            "run hlsgen build MODEL/ --board BOARD -o PROJECT/"
        )


def _check_apart(source: Path, output: Path) -> None:
    """The output folder is replaced whole: nothing that is read may lie in it, nor it in that."""
    given, made = source.resolve(), output.resolve()
    if made in (given, *given.parents) or (given in made.parents and given.is_dir()):
        raise ProjectError(
            f"Output folder must lie apart from the input {source}, not {output}; "
            "choose another name"
        )


def _recorded(command: str, project: Path, result: Figures, output: Path | None) -> Figures:
    """Write `values` (the de-quantised outputs) where asked, the other figures into the report."""
    from hlsgen.report.figures import Measurement, plain, record

    if output is not None:
        write_frames(output, result["values"])
    figures = {key: plain(value) for key, value in result.items() if key != "values"}
    record(project, Measurement(command=command, figures=figures))
    return figures


def _board_figures(board: Board) -> Figures:
    have = board.resources
    return {
        "name": board.name,
        "title": board.title,
        "part": board.part,
        "lut": have.lut,
        "ff": have.ff,
        "dsp": have.dsp48e1,
        "bram36": have.bram36,
        "slots": f"{have.slots.pot4}:{have.slots.fixed4}:{have.slots.fixed8}",
        "clock_hz": board.clock_hz,
        "ddr": board.ddr.kind,
        "ddr_bits": board.ddr.data_bits,
        "ddr_peak_bytes_per_s": board.ddr.peak_bytes_per_s,
        "ddr_bytes_per_cycle": board.ddr_bytes_per_cycle(board.clock_hz),
        "ddr_assumed": board.ddr.assumed,
    }
