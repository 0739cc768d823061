# SPDX-License-Identifier: Apache-2.0
"""OpenCV's ObjectnessBING on one core; it prints how long each colour space of an image took.

python -m benchmarks.opencv_bing TRAINED SCRATCH FRAMES.npy ROUNDS
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.resnet8 import one_core

SPACES = ("MAXBGR", "HSV", "I")
ROUNDS = 10  # the least time counts: the machine may be busy
_TIME = re.compile(r"predicting an image \((\w+)\) is ([0-9.e+-]+)s")


def opencv_seconds(
    trained: Path, scratch: Path, frames: NDArray[np.uint8]
) -> dict[str, float] | None:
    """Seconds of a frame by colour space, as OpenCV counts them; None if it is not installed."""
    scratch.mkdir(parents=True, exist_ok=True)
    np.save(scratch / "frames.npy", frames)
    files = (str(trained), str(scratch), str(scratch / "frames.npy"))
    command = [sys.executable, "-m", "benchmarks.opencv_bing", *files, str(ROUNDS)]
    with one_core():
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "No module named 'cv2'" in done.stderr:
        return None
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
    return least(done.stdout, len(frames))


def least(printed: str, frames: int) -> dict[str, float]:
    """Mean over the frames of the least time of all rounds, by colour space."""
    found: dict[str, float] = {}
    for space in SPACES:
        times = [float(item[2]) for item in _TIME.finditer(printed) if item[1] == space]
        rounds = np.array(times).reshape(-1, frames)
        found[space] = float(rounds.min(axis=0).mean())
    return found


def main(trained: str, scratch: str, frames: str, rounds: str) -> None:
    """Run every frame, one behind the other, several times."""
    import cv2

    cv2.setNumThreads(1)
    bing = cv2.saliency.ObjectnessBING_create()
    bing.setTrainingPath(trained)
    bing.setBBResDir(f"{scratch}/")
    for _ in range(int(rounds)):
        for frame in np.load(frames, allow_pickle=False):
            bing.computeSaliency(frame)


if __name__ == "__main__":
    main(*sys.argv[1:])
