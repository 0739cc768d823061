# SPDX-License-Identifier: Apache-2.0
"""The profile: the report's counters agree with what the bench sees, descriptor by descriptor."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hlsgen.engines.program import Compute, Fetch, decode, operation
from hlsgen.engines.rows import held_formats
from hlsgen.run.profile import beats, entries, frame_bytes, profile_of, write_profile
from hlsgen.run.project import Project
from hlsgen.run.sim import Result, simulate
from hlsgen.run.system import Memory
from tests.models import random_codes, random_model
from tests.net.sim_build import sim_project
from tests.random_networks import DESIGNS

pytestmark = pytest.mark.net
FRAMES = 2
SLOW = Memory(bytes_per_cycle=9.0, latency=80, seed=5)  # every wait is met


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Result]:
    spec = DESIGNS["a8_small"]
    rng = np.random.default_rng(15)
    model = random_model(rng, formats=held_formats(spec), layers=6, narrow=0.2)
    project = sim_project(model, spec, tmp_path_factory.mktemp("profile"))
    result = simulate(project, random_codes(model, rng, FRAMES), memory=SLOW)
    assert result.failure is None, result.failure
    assert result.verdict.first is None, str(result.verdict.first)
    return project, result


def _steps(item: Compute) -> int:
    """Steps of the array that a CONV or POOL takes (formats §3)."""
    if item.pool:
        return item.blocks * item.tiles * len(item.taps)
    words = item.k * len(item.taps) if item.shared else item.k
    return item.blocks * item.tiles * item.planes * words


def test_report_agrees_with_the_bench(run: tuple[Project, Result]) -> None:
    """Start, end and busy cycles of every descriptor of every frame, exactly."""
    project, result = run
    descriptors = decode(project.program).descriptors
    seen = {(item.frame, item.descriptor): item for item in result.timings}
    found = entries(project, result.report, FRAMES)
    assert len(found) == len(seen) == FRAMES * len(descriptors)
    assert len({operation(item) for item in descriptors}) == 5, "the network must use every kind"
    for item in found:
        own, descriptor = seen[item.frame, item.descriptor], descriptors[item.descriptor]
        assert (item.start, item.end) == (own.start, own.end), item
        compute = isinstance(descriptor, Compute)
        assert item.busy == (_steps(descriptor) if compute else beats(descriptor)), item
        if not isinstance(descriptor, Fetch):
            assert item.busy == own.busy, item
        assert item.busy + item.wait_weights + item.wait_drain <= item.end - item.begin, item
    for wait in ("wait_weights", "wait_activations", "wait_drain"):
        assert any(getattr(item, wait) for item in found), f"nothing had to {wait}"


def test_profile_holds_every_descriptor(run: tuple[Project, Result], tmp_path: Path) -> None:
    project, result = run
    moved = frame_bytes(project)
    memory = {"bytes": moved, "bytes_per_cycle": 9.0, "share": 0.5}
    write_profile(profile_of(project, result.report, result.frame_ends, memory), tmp_path)
    content = json.loads((tmp_path / "profile.json").read_text())
    rows = content["descriptors"]
    assert {row["layer"] for row in rows} == {item.layer for item in project.checked}
    for lane, kind in {"fetch": "weights", "load": "loaded", "store": "stored"}.items():
        own = [row["bytes"] for row in rows if row["lane"] == lane]
        assert sum(own) == FRAMES * moved[kind] > 0
    assert content["frame_ends"] == list(result.frame_ends)
    assert (tmp_path / "profile.svg").read_text().count('class="bar"') >= 3 * FRAMES
