# SPDX-License-Identifier: Apache-2.0
"""Random networks on fixed designs: C simulation equals golden at every tensor of every frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from hlsgen.run.csim import simulate
from hlsgen.run.csim_build import compile_program
from tests.net.sim_build import projects_of, wrong
from tests.random_networks import BATCHES, DESIGNS, Network, network

pytestmark = pytest.mark.net
# Of networks with the exact types, which are slow: codes of every width, add, stride, fork
WIDTH_SEEDS = (0, 3, 12, 25)
WIDTH_DESIGNS = ("a8_wide", "a4_narrow", "a4_full")  # every kind of row, lanes 1 to 16, mult_w 17


def differences(
    name: str, networks: Sequence[Network], folder: Path, flags: Sequence[str] = ()
) -> list[str]:
    """What is wrong with networks on a design."""
    projects = projects_of(networks, DESIGNS[name], folder)
    program = compile_program(folder / "hls", flags=flags)
    found = []
    for item, project in zip(networks, projects, strict=True):
        result = simulate(project, item.codes, program)
        found.append(wrong(item, result.verdict, result.failure))
    return [text for text in found if text is not None]


@pytest.mark.parametrize("seeds", BATCHES, ids=str)
@pytest.mark.parametrize("name", DESIGNS)
def test_csim_equals_golden(name: str, seeds: range, tmp_path: Path) -> None:
    assert differences(name, [network(name, seed) for seed in seeds], tmp_path) == []


@pytest.mark.parametrize("name", WIDTH_DESIGNS)
def test_declared_widths_equal_golden(name: str, tmp_path: Path) -> None:
    """Native integers are what csim runs; the widths that are synthesised must hold as much."""
    networks = [network(name, seed) for seed in WIDTH_SEEDS]
    short = [replace(item, codes=item.codes[:1]) for item in networks]
    assert differences(name, short, tmp_path, ("-DHG_AP_TYPES",)) == []
