# SPDX-License-Identifier: Apache-2.0
"""A project of the proposal engine: read back, its starts, and what they must leave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hlsgen.engines.proposal import Proposals, ProposalSpec, check_image
from hlsgen.engines.proposal_program import (
    Plan,
    pack_image,
    pack_video,
    plan,
    unpack_results,
)
from hlsgen.engines.report import report_bytes
from hlsgen.errors import ModelError, ParameterError
from hlsgen.model import store
from hlsgen.model.pictures import picture_pixels
from hlsgen.model.proposal import ProposalModel, Space
from hlsgen.photos import Picture
from hlsgen.plan import read_design
from hlsgen.run.outcome import refusal
from hlsgen.run.project import read_manifest
from hlsgen.run.proposal_streams import Rows, StreamVerdict, compare, expected_streams, joined
from hlsgen.stages.boxes import BURST_RECORDS, RECORD_BYTES

_DEFAULT_FRAMES = 2
_COLUMNS = 6  # of a box: corners, value, size


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProposalProject:
    """A project of the proposal engine as it lies in its folder."""

    folder: Path
    model: ProposalModel
    spec: ProposalSpec
    manifest: dict[str, Any]

    def space(self, name: str | None) -> Space:
        """A colour space by its name, or the first one."""
        return self.model.spaces[0] if name is None else self.model.space(name)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Start:
    """One start of the engine: frames of one size, one behind the other."""

    plan: Plan
    images: tuple[NDArray[np.uint8], ...]  # (height, width, 3) each
    output_stride: int  # bytes from the results of a frame to those of the next
    video: NDArray[np.uint64]  # beats of a camera (`pack_video`); none: the frames are in memory

    @property
    def input_stride(self) -> int:
        """Bytes from a frame to the next one."""
        return 0 if self.video.size else len(self.images[0]) * self.plan.row_bytes

    @property
    def input(self) -> bytes:
        """The frames as they lie in memory."""
        return b"" if self.video.size else b"".join(pack_image(image) for image in self.images)

    @property
    def report_bytes(self) -> int:
        """Bytes of the report: its header and an entry a frame."""
        return report_bytes(slots=1, frames=len(self.images))

    def results(self, output: bytes) -> list[bytes]:
        """The records of each frame."""
        places = range(0, len(self.images) * self.output_stride, self.output_stride)
        return [output[at : at + self.output_stride] for at in places]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StartOutcome:
    """What a start left."""

    output: bytes
    report: bytes
    streams: tuple[Mapping[str, Rows], ...]  # of each frame
    beats_taken: int  # of the camera

    @property
    def refusal(self) -> str | None:
        """Why the program was refused (formats §8), or None."""
        return refusal(self.report, "job")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """What starts left beside what they had to."""

    verdict: StreamVerdict
    found: tuple[Proposals, ...]  # of every frame, empty of one that did not end
    failure: str | None  # the first refusal


def load_proposal_project(folder: Path) -> ProposalProject:
    """Read a project that `build` wrote; every file must be as it was written."""
    manifest = read_manifest(folder, "proposal")
    design = read_design(folder / "design.yaml")
    fields = {} if design.proposal is None else design.proposal.model_dump(exclude_none=True)
    return ProposalProject(
        folder=folder,
        model=store.load_proposal(folder / "model"),
        spec=ProposalSpec(**{**fields, "sizes": tuple(fields["sizes"])}),
        manifest=manifest,
    )


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


def make_start(spec: ProposalSpec, space: Space, images: Sequence[NDArray[np.uint8]]) -> Start:
    """A start for frames that have one size."""
    height, width = images[0].shape[:2]
    return Start(
        plan=plan(spec, space, width, height),
        images=tuple(images),
        video=_video(spec, images),
        output_stride=-(-spec.top_k // BURST_RECORDS) * BURST_RECORDS * RECORD_BYTES,
    )


def _video(spec: ProposalSpec, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint64]:
    """What a camera sends, in designs that have one."""
    if not spec.stream_pixels:
        return np.zeros(0, np.uint64)
    return np.concatenate([pack_video(image, spec.stream_pixels) for image in images])


def starts_of(
    spec: ProposalSpec, space: Space, images: Sequence[NDArray[np.uint8]]
) -> Iterator[Start]:
    """Starts for images in their order: those of one size behind each other share one."""
    run: list[NDArray[np.uint8]] = []
    for image in images:
        if run and image.shape != run[-1].shape:
            yield make_start(spec, space, run)
            run = []
        run.append(image)
    yield make_start(spec, space, run)


def judged(
    spec: ProposalSpec,
    space: Space,
    starts: Sequence[Start],
    left: Sequence[StartOutcome],
    first_frame: int = 0,
) -> Judged:
    """Compare what starts left with golden; those that left nothing are missing."""
    verdicts: list[StreamVerdict] = []
    found: list[Proposals] = []
    for number, start in enumerate(starts):
        own = left[number] if number < len(left) else None
        verdicts += _verdicts(spec, space, start, own, first_frame)
        first_frame += len(start.images)
        found += _boxes(start, own)
    return Judged(
        verdict=joined(verdicts),
        found=tuple(found),
        failure=next((item.refusal for item in left if item.refusal), None),
    )


def _verdicts(
    spec: ProposalSpec, space: Space, start: Start, left: StartOutcome | None, first_frame: int
) -> Iterator[StreamVerdict]:
    """Frame by frame, so that golden's streams of one are held at a time.

    The last one takes what came of frames that nobody expects.
    """
    streams = left.streams if left else ()
    last = len(start.images) - 1
    for frame, image in enumerate(start.images):
        expected = expected_streams(spec, space, start.plan, image)
        own = streams[frame:] if frame == last else streams[frame : frame + 1]
        yield compare([expected], own, first_frame + frame)


def _boxes(start: Start, left: StartOutcome | None) -> Iterator[Proposals]:
    """Boxes of every frame of a start; none of one whose records were not all written."""
    for frame in range(len(start.images)):
        written = left is not None and "boxes" in left.streams[frame]
        data = start.results(left.output)[frame] if left is not None and written else b""
        yield unpack_results(data)


def figures_of(
    project: ProposalProject, space: Space, shown: Sequence[Picture], result: Judged
) -> dict[str, Any]:
    """The figures that C simulation and simulation share.

    `values` holds the boxes, [frames, k, 6]: corners, value in the source's numbers, index of the
    size; 0 where there is none.
    """
    verdict = result.verdict
    values = np.zeros((len(result.found), project.spec.top_k, _COLUMNS))
    for number, item in enumerate(result.found):
        count = min(len(item.values), project.spec.top_k)
        values[number, :count, :4] = item.boxes[:count]
        values[number, :count, 4] = item.values[:count] / 2.0**project.model.fraction_bits
        values[number, :count, 5] = item.sizes[:count]
    return {
        "equal": verdict.equal and result.failure is None,
        "frames": len(shown),
        "tensors_compared": verdict.tensors_compared,
        "space": space.name,
        "difference": None if verdict.first is None else str(verdict.first),
        "differences": verdict.differences,
        "degenerate": [f"{stage} of frame {frame}" for frame, stage in verdict.degenerate],
        "failure": result.failure,
        "outputs": {"boxes": [project.spec.top_k, _COLUMNS]},
        "boxes": [len(found.values) for found in result.found],
        "values": values,
        "pictures": list(shown),
    }
