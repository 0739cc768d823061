# SPDX-License-Identifier: Apache-2.0
"""Random networks on fixed designs: the hardware equals golden at every tensor of every frame."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from hlsgen.run.sim import simulate
from hlsgen.run.system import Memory
from tests.models import random_codes, random_model
from tests.net.sim_build import sim_project
from tests.net.test_csim_random import DESIGNS, options, usable

pytestmark = pytest.mark.net
SEEDS = int(os.environ.get("HLSGEN_SIM_SEEDS", "5"))
FRAMES = 3  # waits reach over two frame boundaries
SLOW = Memory(bytes_per_cycle=9.0, latency=80, seed=5)


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("name", DESIGNS)
def test_hardware_equals_golden(name: str, seed: int, tmp_path: Path) -> None:
    """The DDR is the board's, or a slow one for odd seeds."""
    spec = DESIGNS[name]
    rng = np.random.default_rng(104729 * seed + sum(map(ord, name)))
    model = random_model(rng, formats=usable(spec), layers=5, **options(spec, seed))
    project = sim_project(model, spec, tmp_path)
    memory = SLOW if seed % 2 else None
    result = simulate(project, random_codes(model, rng, FRAMES), memory=memory)
    assert result.failure is None, result.failure
    assert result.verdict.first is None, str(result.verdict.first)
    assert result.verdict.tensors_compared == FRAMES * len(model.layers)
    assert len(result.frame_ends) == FRAMES
