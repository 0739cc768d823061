# SPDX-License-Identifier: Apache-2.0
"""Waits: they suffice, and the proof notices one that is missing or never met."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hlsgen.engines.program import NO_WAIT, Compute, Load
from hlsgen.engines.rows import held_formats
from hlsgen.errors import PlanError
from hlsgen.plan.design import Design, make_design
from hlsgen.plan.schedule import check_schedule
from hlsgen.plan.steps import Step
from tests.models import random_model
from tests.unit.test_plan_models import DESIGNS

pytestmark = pytest.mark.unit
WAITS = ("wait_load", "wait_compute", "wait_store")


@pytest.fixture(scope="module")
def design() -> Design:
    rng = np.random.default_rng(11)
    spec = DESIGNS["fixed8"]
    return make_design(random_model(rng, formats=held_formats(spec), layers=8), spec, "b")


def _changed(steps: tuple[Step, ...], index: int, **fields: int) -> list[Step]:
    found = list(steps)
    found[index] = replace(found[index], descriptor=replace(found[index].descriptor, **fields))
    return found


def test_the_waits_of_a_network_suffice(design: Design) -> None:
    check_schedule(design.steps.steps)


def test_a_wait_of_a_compute_that_is_dropped_is_noticed(design: Design) -> None:
    steps = design.steps.steps
    noticed = total = 0
    for index, step in enumerate(steps):
        for name in WAITS:
            if getattr(step.descriptor, name) == NO_WAIT or not step.writes:
                continue
            total += 1
            try:
                check_schedule(_changed(steps, index, **{name: NO_WAIT}))
            except PlanError as error:
                assert "which touch the same memory" in str(error)
                noticed += 1
    assert noticed > total // 2  # some are implied by others


def test_a_weakened_wait_across_frames_is_noticed(design: Design) -> None:
    steps = design.steps.steps
    index = next(i for i, step in enumerate(steps) if isinstance(step.descriptor, Load))
    wait = steps[index].descriptor.wait_compute
    assert wait < 0  # the next frame's LOAD overlaps this one's work
    with pytest.raises(PlanError, match=r"^Schedule must order descriptors \d+ and \d+ of frame "):
        check_schedule(_changed(steps, index, wait_compute=wait - 1))


def test_a_wait_that_is_never_met_is_noticed(design: Design) -> None:
    steps = design.steps.steps
    index = next(i for i, step in enumerate(steps) if isinstance(step.descriptor, Compute))
    computes = sum(isinstance(step.descriptor, Compute) for step in steps)
    rule = r"^Schedule must let every descriptor start, not hold [A-Z]+ descriptor \d+ of \d+ back "
    with pytest.raises(PlanError, match=rule):
        check_schedule(_changed(steps, index, wait_compute=computes))
