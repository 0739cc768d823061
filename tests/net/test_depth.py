# SPDX-License-Identifier: Apache-2.0
"""A depth that is no power of two: only invalid pixels have an address outside (formats §3)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hlsgen.engines.program import Compute, Tap, decode
from hlsgen.engines.rows import held_formats
from hlsgen.run.csim import simulate as csim
from hlsgen.run.sim import Work, simulate_all
from tests.models import random_codes, random_model
from tests.net.sim_build import sim_project
from tests.net.test_refusals import SPEC
from tests.unit.test_plan_models import check

pytestmark = pytest.mark.net
MODELS = 6
FRAMES = 2


def addresses(item: Compute, tap: Tap) -> tuple[np.ndarray, np.ndarray]:
    """Address of every read of a tap, and whether its pixel is valid."""
    o = np.arange(item.tiles * SPEC.pixels_n)
    oy, ox = o // item.wv, o % item.wv
    valid = (tap.ylo <= oy) & (oy <= tap.yhi) & (tap.xlo <= ox) & (ox <= tap.xhi)
    ends = tap.sub0 + np.arange(1 if item.pool else tap.cs)
    groups = np.arange(item.blocks) if item.pool else ends // SPEC.slices_n
    starts = tap.base + groups * tap.cg_stride + (o[:, None] + tap.q) // SPEC.banks_n
    both = [starts + plane * tap.plane_stride for plane in range(item.planes)]
    return np.stack(both), np.broadcast_to(valid[:, None], starts.shape)


def outside(program: bytes) -> int:
    """Reads of invalid pixels outside the memory; those of valid ones must lie inside."""
    found = 0
    for item in decode(program).descriptors:
        for tap in item.taps if isinstance(item, Compute) else ():
            at, valid = addresses(item, tap)
            far = (at < 0) | (at >= SPEC.act_depth)
            assert not (far & valid).any()
            found += int(far.sum())
    return found


def test_addresses_outside_the_memory_are_harmless(tmp_path: Path) -> None:
    """The interpreter, C simulation and the hardware equal golden on the same networks."""
    assert SPEC.act_depth & (SPEC.act_depth - 1)
    works = []
    for seed in range(MODELS):
        rng = np.random.default_rng(40 + seed)
        model = random_model(
            rng, formats=held_formats(SPEC), layers=5, max_kernel=5, max_channels=10
        )
        project = sim_project(model, SPEC, tmp_path / str(seed))
        works.append(Work(project=project, codes=random_codes(model, rng, FRAMES)))
    assert sum(outside(work.project.program) for work in works) > 0
    for work, hardware in zip(works, simulate_all(works), strict=True):
        check(work.project.model, SPEC)
        for result in (csim(work.project, work.codes), hardware):
            assert result.failure is None, result.failure
            assert result.verdict.first is None, str(result.verdict.first)
            assert result.verdict.tensors_compared == FRAMES * len(work.project.model.layers)
