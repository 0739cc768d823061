# SPDX-License-Identifier: Apache-2.0
"""Batches: one image gives the single program; slow weights are held; what is refused."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from hlsgen import api, plan
from hlsgen.boards import load_board
from hlsgen.emit.project import build
from hlsgen.engines.program import Compute, Fetch, decode
from hlsgen.engines.rows import held_formats
from hlsgen.errors import ParameterError, ProjectError
from hlsgen.model.graph import Model
from hlsgen.model.store import save
from hlsgen.plan.batch import batch_design
from hlsgen.plan.design import Design, make_design
from hlsgen.plan.estimate import estimate
from hlsgen.plan.steps import Step
from hlsgen.run.project import batch_codes, load_project
from tests.designs import spec_of
from tests.models import random_model

pytestmark = pytest.mark.unit
BOARD = load_board("zedboard")
SPEC = spec_of(0, 0, 8, lanes_n=2, pixels_n=8, act_depth=256, ring_depth=80, record_depth=256)


def pointwise(seed: int) -> Model:
    """Small maps and many channels: most weights take longer to come than to be used."""
    return random_model(
        np.random.default_rng(seed), formats=held_formats(SPEC), layers=5, allow=("pointwise",),
        max_hw=5, max_channels=64,
    )  # fmt: skip


@cache
def network() -> Model:
    """All of its layers are slow, and one has more words than the ring holds."""
    return pointwise(3)


def computes(design: Design) -> list[Compute]:
    found = (step.descriptor for step in design.steps.steps)
    return [item for item in found if isinstance(item, Compute) and not item.pool]


def is_fetch(step: Step) -> bool:
    return isinstance(step.descriptor, Fetch)


def test_a_batch_of_one_is_the_single_program() -> None:
    model = network()
    single = plan.pack_project(make_design(model, SPEC, BOARD.name))
    one = plan.pack_project(batch_design(model, SPEC, BOARD, 1))
    assert one == single
    assert decode(one.program).images == 1


def test_slow_weights_are_held_for_all_images() -> None:
    model = network()
    design = batch_design(model, SPEC, BOARD, 3)
    one, three = (estimate(d, BOARD) for d in (batch_design(model, SPEC, BOARD, 1), design))
    assert three["weight_cycles"] == one["weight_cycles"] // 3
    assert three["cycles_per_frame"] < 0.95 * one["cycles_per_frame"]
    fetched = [step.descriptor for step in design.steps.steps if is_fetch(step)]
    for item in computes(design):  # each reads what the oldest FETCH brought that is not released
        own = fetched[0]
        assert (item.k, item.blocks) == (own.k, own.blocks)
        assert item.k * item.blocks <= SPEC.ring_depth
        assert item.blocks * SPEC.block_records_n <= SPEC.record_depth
        fetched = fetched if item.hold else fetched[1:]
    assert fetched == []
    held = [item.hold for item in computes(design)]
    assert held == [True, True, False] * (len(held) // 3)
    assert len(held) > 3 * len(model.layers)  # a layer in several pieces
    image = plan.pack_project(design)
    assert decode(image.program).images == image.images == design.steps.images == 3
    assert {item.image for item in image.checked} == {0, 1, 2}


def test_where_nothing_is_gained_images_follow_one_another() -> None:
    for seed in (0, 1):
        one, all_three = (batch_design(pointwise(seed), SPEC, BOARD, images) for images in (1, 3))
        assert not any(item.hold for item in computes(all_three))
        assert len(all_three.steps.steps) == 3 * len(one.steps.steps)
        cycles = [estimate(d, BOARD)["cycles_per_frame"] for d in (one, all_three)]
        assert cycles[1] <= cycles[0]


def test_no_fetch_runs_ahead_of_a_queue() -> None:
    """A FETCH that waits in a full queue must not keep the CONVs from those before it."""
    queue = 8  # QueueDepth of hg_queues
    steps = batch_design(network(), SPEC, BOARD, 3).steps.steps
    dealt = used = 0
    for step in steps:
        item = step.descriptor
        dealt += is_fetch(step)
        used += isinstance(item, Compute) and not item.pool and not item.hold
        assert 0 <= dealt - used <= queue
    assert dealt == used


@pytest.mark.parametrize("images", [0, 17])
def test_a_batch_has_bounds(images: int) -> None:
    with pytest.raises(ParameterError, match=rf"^Batch must be in 1\.\.16 images, not {images}$"):
        batch_design(network(), SPEC, BOARD, images)


def test_design_yaml_tells_the_batch(tmp_path: Path) -> None:
    save(network(), tmp_path / "model")
    design = tmp_path / "design.yaml"
    plan.write_design(batch_design(network(), SPEC, BOARD, 2), design)
    for batch, wanted in ((None, 2), (3, 3)):
        figures = api.estimate(tmp_path / "model", board=BOARD.name, design=design, batch=batch)
        assert figures["batch"] == wanted


def test_whole_batches_are_run(tmp_path: Path) -> None:
    build(batch_design(network(), SPEC, BOARD, 3), BOARD, tmp_path / "p")
    project = load_project(tmp_path / "p")
    assert project.images == 3
    assert len(batch_codes(project, None, None, 2)) == 6
    assert project.report_bytes(6) == 128 + 2 * 64 * project.report_slots
    rule = r"^Frames must be a multiple of the project's batch of 3, not 4 \(.*\); run fewer, or "
    with pytest.raises(ProjectError, match=rule):
        batch_codes(project, None, 4, 2)
