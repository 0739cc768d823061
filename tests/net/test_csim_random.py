# SPDX-License-Identifier: Apache-2.0
"""Random networks on fixed designs: C simulation equals golden at every tensor of every frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hlsgen.engines.mixed import MixedSpec
from hlsgen.engines.rows import _ELEMENTS
from hlsgen.model.numbers import Format
from hlsgen.run.csim import simulate
from hlsgen.run.csim_build import compile_program
from tests.designs import spec_of
from tests.models import random_codes, random_model
from tests.net.csim_build import project_of

pytestmark = pytest.mark.net

DESIGNS = {
    "a8_fixed8": spec_of(0, 0, 16, lanes_n=4, pixels_n=6, weight_ports_n=3),
    "a8_small": spec_of(5, 2, 1, lanes_n=2, pixels_n=2, weight_ports_n=1),
    "a8_wide": spec_of(9, 4, 3, lanes_n=8, pixels_n=10, drain_n=2, weight_ports_n=2),
    "a8_one_lane": spec_of(0, 4, 4, lanes_n=1, pixels_n=8, drain_n=2, ring_depth=4096),
    "a4_mixed": spec_of(19, 12, 1, act_bits=4, lanes_n=8, pixels_n=6, weight_ports_n=3),
    "a4_narrow": spec_of(8, 4, 4, act_bits=4, lanes_n=1, pixels_n=4, mult_w=17, ring_depth=4096),
    "a4_full": spec_of(27, 16, 5, act_bits=4, lanes_n=16, pixels_n=2, weight_ports_n=2),
}
WIDE_BLOCKS = ("conv", "depthwise", "group", "avgpool", "pointwise", "concat", "fc")
SEEDS = 6
WIDTH_SEEDS = 4  # of networks with the exact types, which are slow
FRAMES = 3  # waits reach over two frame boundaries


def usable(spec: MixedSpec) -> tuple[Format, ...]:
    """Formats that a design's slots can hold."""
    held = {spec.slot_kind(slot) for slot in range(spec.rows_n)}
    return tuple(fmt for fmt in Format if held & set(_ELEMENTS[fmt]))


def options(spec: MixedSpec, seed: int) -> dict[str, Any]:
    """What the network of a seed may hold on a design."""
    if spec.act_bits == 8:
        return {"narrow": 0.2}
    if spec.mult_w == 34 and seed % 2:  # 8-bit tensors in two planes
        return {"act_bits": 4, "wide": 0.3, "allow": WIDE_BLOCKS}
    return {"act_bits": 1 if seed % 5 == 4 else 4}


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("name", DESIGNS)
def test_csim_equals_golden(name: str, seed: int, tmp_path: Path) -> None:
    spec = DESIGNS[name]
    rng = np.random.default_rng(7919 * seed + sum(map(ord, name)))
    model = random_model(rng, formats=usable(spec), layers=5, **options(spec, seed))
    project = project_of(model, spec, tmp_path)
    result = simulate(project, random_codes(model, rng, FRAMES))
    assert result.failure is None
    assert result.verdict.first is None, str(result.verdict.first)
    assert result.verdict.tensors_compared == FRAMES * len(model.layers)


@pytest.mark.parametrize("name", DESIGNS)
def test_declared_widths_equal_golden(name: str, tmp_path: Path) -> None:
    """Native integers are what csim runs; the widths that are synthesised must hold as much."""
    spec = DESIGNS[name]
    for seed in range(WIDTH_SEEDS):
        rng = np.random.default_rng(6007 * seed + sum(map(ord, name)))
        model = random_model(rng, formats=usable(spec), layers=4, **options(spec, seed))
        project = project_of(model, spec, tmp_path)
        program = compile_program(tmp_path / "hls", flags=("-DHG_AP_TYPES",))
        result = simulate(project, random_codes(model, rng, 1), program)
        assert result.failure is None
        assert result.verdict.first is None, str(result.verdict.first)
        assert result.verdict.tensors_compared == len(model.layers)
