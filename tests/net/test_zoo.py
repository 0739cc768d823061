# SPDX-License-Identifier: Apache-2.0
"""Scaled-down networks of the zoo on one small 4-bit design: golden = C simulation = hardware.

The hardware runs two of them in one process: they differ in program and weights alone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from hlsgen.engines.program import Load, decode
from hlsgen.frontends.zoo import load_zoo
from hlsgen.passes.slots import Slots
from hlsgen.run import csim
from hlsgen.run.project import Project, input_codes
from hlsgen.run.sim import Result, Work, simulate_all
from tests.net.csim_build import project_of
from tests.net.sim_build import sim_project
from tests.random_networks import DESIGNS

pytestmark = pytest.mark.net

SPEC = DESIGNS["a4_mixed"]
SLOTS = Slots(pot4=SPEC.pot4_n, fixed4=SPEC.fixed4_n, fixed8=SPEC.fixed8_n)
FRAMES = 2
# Name, height and width of the input, multiplier of the channels, whether maps need row bands
NETWORKS = (
    ("resnet18", 56, 0.25, False),
    ("resnet18", 176, 0.125, True),
    ("mobilenet", 56, 0.25, False),
    ("vgg11", 32, 0.125, False),
)
SIMULATED = ("resnet18-176", "mobilenet-56")  # a frame each; larger ones, and VGG-11: make bench


def check(project: Project, result: Result | csim.Result, frames: int = FRAMES) -> None:
    """Every tensor of every frame was seen and equals golden."""
    assert result.failure is None, result.failure
    assert result.verdict.first is None, str(result.verdict.first)
    assert result.verdict.degenerate == ()
    assert result.verdict.tensors_compared == frames * len(project.model.layers)
    assert result.verdict.equal


def image_loads(project: Project) -> Counter[int]:
    """LOADs of the folded input, by the remainder of their first row modulo the stride."""
    loads = [one for one in decode(project.program).descriptors if isinstance(one, Load)]
    return Counter(
        load.offset % load.run_bytes // (8 * load.row_beats) for load in loads if load.row_beats
    )


def test_networks_of_the_zoo_share_the_hardware(tmp_path: Path) -> None:
    works = []
    for name, size, width, banded in NETWORKS:
        model = load_zoo(name, slots=SLOTS, size=size, width=width)
        project = sim_project(model, SPEC, tmp_path / f"{name}-{size}")
        loads = image_loads(project)
        assert len(loads) == (1 if name == "vgg11" else 2)  # a remainder each: the stem's stride
        assert all(count > 1 for count in loads.values()) == banded
        assert any(item.row for item in project.checked) == banded
        works.append(Work(project=project, codes=input_codes(model, None, FRAMES)))
    for work in works:
        check(work.project, csim.simulate(work.project, work.codes))
    works = [
        replace(work, codes=work.codes[:1])
        for work in works
        if work.project.folder.name in SIMULATED
    ]
    for work, result in zip(works, simulate_all(works), strict=True):
        check(work.project, result, frames=1)
        assert len(result.frame_ends) == 1
    assert len(works) == len(SIMULATED)


def test_csim_equals_golden_in_a_small_memory(tmp_path: Path) -> None:
    """The classifier's accumulators alone fill this memory; the maps take turns in it."""
    check_in_bands(96, 0.25, 512, {"pool01"}, tmp_path)


def test_csim_equals_golden_where_bands_add_a_tensor_of_other_bands(tmp_path: Path) -> None:
    """The pooled map is written in many bands and added in few, whose rows are others."""
    check_in_bands(224, 0.125, 1152, {"pool01", "block02_second"}, tmp_path)


def check_in_bands(size: int, width: float, depth: int, banded: set[str], folder: Path) -> None:
    """A ResNet-18 in a memory in which these tensors are written band by band."""
    model = load_zoo("resnet18", slots=SLOTS, size=size, width=width)
    project = project_of(model, replace(SPEC, act_depth=depth), folder)
    assert banded <= {item.tensor for item in project.checked if item.row}
    check(project, csim.simulate(project, input_codes(model, None, FRAMES)))
