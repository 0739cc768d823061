# SPDX-License-Identifier: Apache-2.0
"""Scaled-down networks of the zoo on small 4-bit designs: C simulation equals golden."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hlsgen.frontends.zoo import load_zoo
from hlsgen.passes.slots import Slots
from hlsgen.run.csim import simulate
from hlsgen.run.project import input_codes
from tests.designs import spec_of
from tests.net.csim_build import project_of

pytestmark = pytest.mark.net

SPEC = spec_of(19, 12, 1, act_bits=4, lanes_n=8, pixels_n=6, weight_ports_n=3)
SLOTS = Slots(pot4=19, fixed4=12, fixed8=1)
FRAMES = 2


@pytest.mark.parametrize(
    ("name", "size", "act_depth"),
    [("resnet18", 56, 4096), ("resnet18", 96, 512), ("mobilenet", 56, 4096), ("vgg11", 32, 4096)],
    ids=str,
)
def test_csim_equals_golden_at_every_tensor(
    name: str, size: int, act_depth: int, tmp_path: Path
) -> None:
    model = load_zoo(name, slots=SLOTS, size=size, width=0.25)
    project = project_of(model, replace(SPEC, act_depth=act_depth), tmp_path)
    bands = {item.row for item in project.checked} - {0}
    assert bool(bands) == (act_depth == 512)  # maps too large for the memory go row by row
    result = simulate(project, input_codes(model, None, FRAMES))
    assert result.failure is None
    assert result.verdict.first is None, str(result.verdict.first)
    assert result.verdict.degenerate == ()
    assert result.verdict.tensors_compared == FRAMES * len(model.layers)
    assert result.verdict.equal
