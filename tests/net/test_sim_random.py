# SPDX-License-Identifier: Apache-2.0
"""Random networks on fixed designs: the hardware equals golden at every tensor of every frame.

A simulation runs many networks one after the other, each by its program alone: what one leaves in
the hardware must not reach the next. Before the first one registers and memories hold random
values.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hlsgen.errors import ProjectError
from hlsgen.run.sim import Work, simulate_all
from hlsgen.run.system import Memory
from tests.net.sim_build import projects_of, wrong
from tests.random_networks import BATCHES, DESIGNS, network

pytestmark = pytest.mark.net
SLOW = Memory(bytes_per_cycle=9.0, latency=80, seed=5)
SEQUENCE_DESIGN = "a8_small"


@pytest.mark.parametrize("seeds", BATCHES, ids=str)
@pytest.mark.parametrize("name", DESIGNS)
def test_hardware_equals_golden(name: str, seeds: range, tmp_path: Path) -> None:
    """The DDR is the board's, or a slow one for odd seeds."""
    networks = [network(name, seed) for seed in seeds]
    projects = projects_of(networks, DESIGNS[name], tmp_path)
    works = [
        Work(project=project, codes=item.codes, memory=SLOW if item.seed % 2 else None)
        for item, project in zip(networks, projects, strict=True)
    ]
    results = simulate_all(works, state_seed=1 + seeds[0])
    found = [
        wrong(item, result.verdict, result.failure)
        for item, result in zip(networks, results, strict=True)
    ]
    assert [text for text in found if text] == []
    for item, result in zip(networks, results, strict=True):
        assert len(result.frame_ends) == len(item.codes) // item.image.images


def test_a_second_model_runs_by_its_program_alone(tmp_path: Path) -> None:
    """Models A, B and A again on one hardware without a reset: A's runs agree to the cycle.

    So does A alone in a process of its own: nothing depends on what ran before.
    """
    networks = [network(SEQUENCE_DESIGN, seed) for seed in (0, 3)]
    a, b = projects_of(networks, DESIGNS[SEQUENCE_DESIGN], tmp_path)
    works = [Work(project=a, codes=networks[0].codes), Work(project=b, codes=networks[1].codes)]
    first, second, third = simulate_all([*works, works[0]], state_seed=5)
    for item, result in zip([*networks, networks[0]], (first, second, third), strict=True):
        assert wrong(item, result.verdict, result.failure) is None
    assert first.frame_ends == third.frame_ends
    assert first.report == third.report
    assert second.report != first.report
    (alone,) = simulate_all(works[:1], state_seed=6)
    assert alone.report == first.report
    for name, codes in first.outputs.items():
        np.testing.assert_array_equal(codes, third.outputs[name])


def test_projects_of_one_simulation_share_a_design(tmp_path: Path) -> None:
    works = []
    for name in ("a8_small", "a8_wide"):
        (project,) = projects_of([network(name, 0)], DESIGNS[name], tmp_path / name)
        works.append(Work(project=project, codes=network(name, 0).codes))
    with pytest.raises(
        ProjectError,
        match=r"^Projects of one simulation must have the design of random, not another one "
        r"\(random\); simulate them one by one$",
    ):
        simulate_all(works)
