# SPDX-License-Identifier: Apache-2.0
"""Made-up proposal models and pictures for tests, and the compiled C++ of a design."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hlsgen.emit.hls import write_hls
from hlsgen.engines.proposal import ProposalSpec
from hlsgen.frontends.bing import binarise
from hlsgen.model.proposal import PUBLISHED_SIZES, SPACES, ProposalModel, Space
from hlsgen.run.csim_build import compile_program
from hlsgen.run.proposal_project import Start, make_start
from hlsgen.run.proposal_run import RunOutcome, run_starts
from hlsgen.run.proposal_streams import StreamVerdict, compare, expected_streams


def a_space(name: str = "bgr") -> Space:
    """A colour space with the published sizes and random numbers."""
    random = np.random.default_rng(1)
    basis, _ = binarise(random.normal(1e-4, 2e-4, (8, 8)))
    count = len(PUBLISHED_SIZES)
    return Space(
        name=name,
        basis=basis,
        coefficients=(5, 3),
        score_unit=1e-5,
        sizes=PUBLISHED_SIZES,
        slope=random.integers(-5000, 100_000, count),
        offset=random.integers(-(1 << 38), 0, count),
    )


def a_model() -> ProposalModel:
    """All three colour spaces."""
    spaces = tuple(a_space(name) for name in SPACES)
    return ProposalModel(name="made_up", spaces=spaces, fraction_bits=28)


def picture(width: int, height: int, seed: int = 2) -> np.ndarray:
    """Blocks of random colours for great gradients, and a flat part for equal scores."""
    noise = np.random.default_rng(seed).integers(0, 256, (height // 5 + 1, width // 5 + 1, 3))
    noise[len(noise) // 3 :, : len(noise[0]) // 2] = 77
    return np.kron(noise, np.ones((5, 5, 1), int))[:height, :width].astype(np.uint8)


def compiled(spec: ProposalSpec, folder: Path, *flags: str) -> Path:
    """The C simulation of a design; cached by content."""
    write_hls(spec, folder)
    return compile_program(folder, "proposal_main.cpp", flags)


Frames = tuple[Space, Sequence[np.ndarray]]


def starts_of(spec: ProposalSpec, frames: Sequence[Frames]) -> list[Start]:
    """A start for each colour space with its images of one size."""
    return [make_start(spec, space, images) for space, images in frames]


def verdicts(
    spec: ProposalSpec, program: Path, frames: Sequence[Frames]
) -> tuple[list[StreamVerdict], RunOutcome]:
    """Run the starts in one process and compare each with golden."""
    starts = starts_of(spec, frames)
    outcome = run_starts(program, starts)
    assert outcome.failure is None, outcome.failure
    found = []
    for (space, images), start, got in zip(frames, starts, outcome.starts, strict=True):
        assert got.refusal is None, got.refusal
        expected = [expected_streams(spec, space, start.plan, image) for image in images]
        found.append(compare(expected, got.streams))
    return found, outcome
