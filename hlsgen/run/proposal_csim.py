# SPDX-License-Identifier: Apache-2.0
"""C simulation of a proposal project: photographs through its C++, every stage against golden."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hlsgen.engines.proposal import Proposals, ProposalSpec, check_image
from hlsgen.engines.proposal_program import unpack_results
from hlsgen.errors import ModelError, ParameterError
from hlsgen.model import store
from hlsgen.model.pictures import picture_pixels
from hlsgen.model.proposal import ProposalModel, Space
from hlsgen.photos import Picture
from hlsgen.plan import read_design
from hlsgen.run.csim_build import compile_program
from hlsgen.run.project import read_manifest
from hlsgen.run.proposal_run import Start, make_start, run_starts
from hlsgen.run.proposal_streams import StreamVerdict, compare, expected_streams, joined

_BATCH = 8  # frames of a process: their streams are held in memory
_DEFAULT_FRAMES = 2
_MAIN = "proposal_main.cpp"
_COLUMNS = 6  # of a box: corners, value, size


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProposalProject:
    """A project of the proposal engine as it lies in its folder."""

    folder: Path
    model: ProposalModel
    spec: ProposalSpec
    manifest: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProposalResult:
    """Outcome of a C simulation; `found` has the boxes of every frame that ran."""

    verdict: StreamVerdict
    found: tuple[Proposals, ...]
    seconds: float
    failure: str | None


def load_proposal_project(folder: Path) -> ProposalProject:
    """Read a project that `build` wrote; every file must be as it was written."""
    manifest = read_manifest(folder)
    design = read_design(folder / "design.yaml")
    fields = {} if design.proposal is None else design.proposal.model_dump(exclude_none=True)
    return ProposalProject(
        folder=folder,
        model=store.load_proposal(folder / "model"),
        spec=ProposalSpec(**{**fields, "sizes": tuple(fields["sizes"])}),
        manifest=manifest,
    )


def csim_proposal(
    folder: Path,
    pictures: Sequence[Picture] | None = None,
    frames: int | None = None,
    space: str | None = None,
) -> dict[str, Any]:
    """Run photographs through the project's C++ and compare every stage's stream with golden.

    Returns the keys of DESIGN §7; `values` holds the boxes [frames, k, 6] (corners, value, index of
    the size; 0 where there is none), `pictures` what was run.
    """
    begin = time.perf_counter()
    project = load_proposal_project(folder)
    chosen = project.model.spaces[0] if space is None else project.model.space(space)
    shown = checked_pictures(project.spec, pictures, frames)
    program = compile_program(project.folder / "hls", _MAIN)
    compiled = time.perf_counter()
    result = simulate_proposal(project, chosen, [item.pixels for item in shown], program)
    verdict = result.verdict
    return {
        "equal": verdict.equal and result.failure is None,
        "frames": len(shown),
        "tensors_compared": verdict.tensors_compared,
        "space": chosen.name,
        "difference": None if verdict.first is None else str(verdict.first),
        "differences": verdict.differences,
        "degenerate": list(verdict.degenerate),
        "failure": result.failure,
        "outputs": {"boxes": [project.spec.top_k, _COLUMNS]},
        "boxes": [len(found.values) for found in result.found],
        "compile_s": round(compiled - begin, 3),
        "simulation_s": round(result.seconds, 3),
        "frames_per_second": round(len(shown) / max(result.seconds, 1e-9), 1),
        "wall_s": round(time.perf_counter() - begin, 3),
        "values": _values(project, result.found),
        "pictures": shown,
    }


def checked_pictures(
    spec: ProposalSpec, pictures: Sequence[Picture] | None, frames: int | None
) -> list[Picture]:
    """The pictures to run: those given, each of which the design must take, or made-up ones."""
    if pictures is None:
        height, width = spec.height_max, spec.width_max
        made = picture_pixels(frames or _DEFAULT_FRAMES, height, width)
        return [Picture(name=f"made up {i}", pixels=pixels) for i, pixels in enumerate(made)]
    if frames is not None and len(pictures) < frames:
        raise ModelError(
            f"Input must hold at least the {frames} frames asked for, not {len(pictures)}; "
            "lower --frames"
        )
    shown = list(pictures[:frames])
    for item in shown:
        try:
            check_image(item.pixels, spec)
        except ParameterError as error:
            raise ParameterError(f"{error} ({item.name})") from error
    return shown


def simulate_proposal(
    project: ProposalProject,
    space: Space,
    images: Sequence[NDArray[np.uint8]],
    program: Path,
) -> ProposalResult:
    """Run images, those of one size behind each other as frames of one start."""
    verdicts: list[StreamVerdict] = []
    found: list[Proposals] = []
    seconds, failure = 0.0, None
    for at in range(0, len(images), _BATCH):
        starts = list(_starts(project.spec, space, images[at : at + _BATCH]))
        outcome = run_starts(program, starts)
        seconds += outcome.seconds
        failure = failure or outcome.failure
        for start, left in zip(starts, outcome.starts, strict=False):
            failure = failure or left.refusal
            expected = [
                expected_streams(project.spec, space, start.plan, image) for image in start.images
            ]
            first_frame = at + sum(len(other.images) for other in starts[: starts.index(start)])
            verdicts.append(compare(expected, left.streams, first_frame))
            found += [
                unpack_results(left.output[i * start.output_stride :][: start.output_stride])
                for i in range(len(start.images))
            ]
    nothing = StreamVerdict(tensors_compared=0, differences=0, first=None, degenerate=())
    return ProposalResult(
        verdict=joined(verdicts) if verdicts else nothing,
        found=tuple(found),
        seconds=seconds,
        failure=failure,
    )


def _starts(
    spec: ProposalSpec, space: Space, images: Sequence[NDArray[np.uint8]]
) -> Iterator[Start]:
    """Starts for images in their order."""
    run: list[NDArray[np.uint8]] = []
    for image in images:
        if run and image.shape != run[-1].shape:
            yield make_start(spec, space, run)
            run = []
        run.append(image)
    yield make_start(spec, space, run)


def _values(project: ProposalProject, found: Sequence[Proposals]) -> NDArray[np.float64]:
    """Boxes with their calibrated values in the source's numbers."""
    values = np.zeros((len(found), project.spec.top_k, _COLUMNS))
    for number, item in enumerate(found):
        count = len(item.values)
        values[number, :count, :4] = item.boxes
        values[number, :count, 4] = item.values / 2.0**project.model.fraction_bits
        values[number, :count, 5] = item.sizes
    return values
