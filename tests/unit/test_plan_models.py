# SPDX-License-Identifier: Apache-2.0
"""Whole random networks: the bytes of a project, run by a plain reading of the format."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hlsgen.engines.mixed import MixedSpec
from hlsgen.engines.rows import held_formats
from hlsgen.model import golden
from hlsgen.model.graph import Model
from hlsgen.plan.design import make_design
from hlsgen.plan.image import pack_input, pack_project, unpack_output
from tests.designs import spec_of
from tests.interpreter import Machine
from tests.models import random_codes, random_model

pytestmark = pytest.mark.unit

DESIGNS = {
    "fixed8": spec_of(0, 0, 16, lanes_n=4, pixels_n=6, weight_ports_n=3),
    "mixed8": spec_of(5, 2, 1, lanes_n=2, pixels_n=2, weight_ports_n=1),
    "wide8": spec_of(9, 4, 3, lanes_n=8, pixels_n=10, drain_n=2, weight_ports_n=2),
    "mixed4": spec_of(19, 12, 1, act_bits=4, lanes_n=8, pixels_n=6, weight_ports_n=3),
    "narrow4": spec_of(8, 4, 4, act_bits=4, lanes_n=1, pixels_n=4, mult_w=17),
    "one_lane": spec_of(0, 4, 4, lanes_n=1, pixels_n=8, drain_n=2),
}


def check(model: Model, spec: MixedSpec, frames: int = 2, seed: int = 1) -> int:
    """Run frames one after another in one machine; returns the tensors compared in each."""
    design = make_design(model, spec, "zedboard")
    image = pack_project(design)
    codes = random_codes(model, np.random.default_rng(seed), frames)
    wanted = golden.run(model, codes)
    data = pack_input(model, design, codes)
    machine = Machine(spec, image.program, image.weights, image.scratch_bytes, image.output_bytes)
    for frame in range(frames):
        size = image.input_bytes
        out = machine.run(data[frame * size : (frame + 1) * size])
        found = unpack_output(model, design, out, 1)
        for name, values in found.items():
            np.testing.assert_array_equal(values[0], wanted[name][frame], err_msg=name)
        seen = compare(model, image.checked, machine.monitored, wanted, frame)
        layers = {t for layer in model.layers for t in [layer.output]}
        aliased = {n for n in layers if n not in seen}
        assert aliased <= {
            layer.output for layer in model.layers if type(layer).__name__ == "Concat"
        }
    return len(seen)


def compare(model: Model, checked, monitored, wanted, frame: int) -> set[str]:
    joined: dict[str, np.ndarray] = {}
    for item in checked:
        for name, values in zip((item.tensor, item.sum), monitored[item.descriptor], strict=True):
            if name is None:
                continue
            tensor = model.tensors[name]
            whole = joined.setdefault(name, np.full(tensor.shape, -1 << 40))
            part = values + (0 if tensor.bits == 32 else tensor.lo)
            rows = whole[item.channel :, item.row :: item.row_step]
            rows = rows[: part.shape[0], : part.shape[1]]
            part = part[: rows.shape[0]]
            np.copyto(rows, part, where=part > -1 << 39)
    for name, values in joined.items():
        np.testing.assert_array_equal(values, wanted[name][frame], err_msg=name)
    return set(joined)


@pytest.mark.parametrize("name", DESIGNS)
@pytest.mark.parametrize("seed", range(8))
def test_random_networks_give_golden_codes(name: str, seed: int) -> None:
    spec = DESIGNS[name]
    options: dict[str, Any] = {}
    if spec.act_bits == 4:
        options = {"act_bits": 4}
    if spec.act_bits == 4 and spec.mult_w == 34 and seed % 2:  # 8-bit tensors in two planes
        options |= {"wide": 0.2, "allow": WIDE_BLOCKS}
    rng = np.random.default_rng(1000 * seed + sum(map(ord, name)))
    model = random_model(rng, formats=held_formats(spec), layers=5, **options)
    assert check(model, spec) > 0


WIDE_BLOCKS = ("conv", "depthwise", "group", "avgpool", "pointwise", "concat", "fc")
