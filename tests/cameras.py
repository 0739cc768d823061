# SPDX-License-Identifier: Apache-2.0
"""What cameras send in tests: good frames, and frames that are not of the program's size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hlsgen.engines.proposal import ProposalSpec
from hlsgen.engines.proposal_program import VIDEO_END, VIDEO_START, pack_video
from hlsgen.model.proposal import Space
from hlsgen.run.proposal_project import Start, make_start


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is wrong in a frame: words are xored, then one is taken out or put in."""

    row: int
    at: int  # beat of the row, from its end if negative, which is the bad one
    change: int = 0
    out: bool = False  # the row has a beat less


FAULTS = {
    "short line": Fault(row=4, at=-2, change=VIDEO_END, out=True),
    "long line": Fault(row=0, at=-1, change=VIDEO_END),
    "short frame": Fault(row=10, at=0, change=VIDEO_START),
    "start in a line": Fault(row=7, at=2, change=VIDEO_START),
    "long frame": Fault(row=0, at=0, change=VIDEO_START),  # the one before has a row more
}


def camera_video(images: Sequence[np.ndarray], pixels: int) -> np.ndarray:
    """Frames back to back, with anything in the pixel behind the last one of an odd line."""
    video = np.concatenate([pack_video(image, pixels) for image in images])
    if pixels == 2 and images[0].shape[1] % 2:
        video[(video & np.uint64(VIDEO_END)) != 0] |= np.uint64(0x5A5A5A << 24)
    return video


def break_video(
    video: np.ndarray, images: Sequence[np.ndarray], name: str
) -> tuple[np.ndarray, int, int]:
    """Frames of which the last has a fault, the row of it, and the beats that are taken."""
    fault = FAULTS[name]
    video = video.copy()
    frame = len(video) // len(images)
    row = frame // len(images[0])
    at = len(video) - frame + fault.row * row + fault.at % row
    video[at] ^= np.uint64(fault.change)
    if fault.out:
        video = np.delete(video, at + 1)
    return video, fault.row, at + 1


def camera_start(spec: ProposalSpec, space: Space, images: Sequence[np.ndarray]) -> Start:
    """A start with all that its camera sends."""
    start = make_start(spec, space, images)
    return replace(start, video=camera_video(images, spec.stream_pixels))


def broken(start: Start, name: str) -> tuple[Start, int, int]:
    """A start whose last frame has a fault, the row of it, and the beats that are taken."""
    video, row, taken = break_video(start.video, start.images, name)
    return replace(start, video=video), row, taken
