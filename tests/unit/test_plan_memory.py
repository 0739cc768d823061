# SPDX-License-Identifier: Apache-2.0
"""Activation memory: nothing alive overlaps, addresses stay inside, small memories get bands."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hlsgen.engines.lower import lower
from hlsgen.engines.nodes import MoveNode, reads, writes
from hlsgen.engines.rows import held_formats
from hlsgen.errors import FitError, PlanError
from hlsgen.model.numbers import Format
from hlsgen.plan.design import Design, make_design
from hlsgen.plan.memory import needed_depth
from tests.designs import spec_of
from tests.models import random_model
from tests.unit.test_plan_models import DESIGNS, check

pytestmark = pytest.mark.unit


def _cells(design: Design, value: str) -> set[tuple[int, int]]:
    """Every (bank, address) of a value, pixel by pixel, from the format's formula."""
    layout, tensor = design.memory.layouts[value], design.lowered.values[value].tensor
    y, x = np.mgrid[: tensor.shape[1], : tensor.shape[2]]
    s, banks = layout.s, design.spec.banks_n
    q = y // s * layout.pitch + x // s + x % s * layout.off_step
    found: set[tuple[int, int]] = set()
    for plane in range(layout.planes):
        for group in range(layout.groups):
            address = layout.base + plane * layout.plane_stride + group * layout.cg_stride
            address = address + (y % s * s + x % s) * layout.phase_stride + q // banks
            cells = set(zip((q % banks).ravel().tolist(), address.ravel().tolist(), strict=True))
            assert len(cells) == y.size and not cells & found
            found |= cells
    return found


@pytest.mark.parametrize("name", DESIGNS)
def test_values_alive_together_share_no_cell(name: str) -> None:
    spec = DESIGNS[name]
    rng = np.random.default_rng(sum(map(ord, name)))
    options = {"act_bits": 4} if spec.act_bits == 4 else {}
    design = make_design(
        random_model(rng, formats=held_formats(spec), layers=7, **options), spec, "b"
    )
    nodes, root = design.lowered.nodes, design.lowered.root
    cells = {value: _cells(design, value) for value in design.memory.layouts}
    for content in cells.values():
        assert max(address for _, address in content) < min(design.memory.depth, spec.act_depth)
    for index, node in enumerate(nodes):
        touched = {*reads(node), *([writes(node)] if writes(node) else [])}
        later = {name for other in nodes[index + 1 :] for name in reads(other)}
        made = {writes(other) for other in nodes[: index + 1]}
        alive = sorted(touched | (later & made))
        for a in alive:
            for b in alive:
                if root(a) != root(b):
                    assert not cells[a] & cells[b], (index, a, b)


def _banded(seed: int) -> int:
    """Runs of a network in ever smaller memories that needed bands."""
    spec = list(DESIGNS.values())[seed % len(DESIGNS)]
    options = {"act_bits": 4} if spec.act_bits == 4 else {}
    model = random_model(
        np.random.default_rng(9000 + seed),
        formats=held_formats(spec),
        layers=4,
        max_hw=40,
        max_channels=12,
        max_stride=2,
        allow=("conv", "pool", "pointwise", "add"),
        **options,
    )
    whole = needed_depth(lower(model, spec), spec, 1)
    banded = 0
    for share in (0.9, 0.75, 0.6, 0.45):
        small = replace(spec, act_depth=max(16, int(whole * share)))
        try:
            design = make_design(model, small, "b")
        except FitError:
            break
        assert design.memory.depth <= small.act_depth
        banded += any(value.band0 for value in design.lowered.values.values())
        check(model, small, frames=1)
    return banded


def test_a_small_memory_gets_bands_and_the_same_codes() -> None:
    assert sum(_banded(seed) for seed in range(14)) >= 5


def test_readers_of_unlike_strides_get_a_copy() -> None:
    rng = np.random.default_rng(5)
    spec = DESIGNS["fixed8"]
    for _ in range(40):
        model = random_model(rng, formats=held_formats(spec), layers=6, allow=("add", "conv"))
        lowered = lower(model, spec)
        copies = [n for n in lowered.nodes if isinstance(n, MoveNode) and "@" in n.value]
        if any(node.buffer.name == "SCRATCH" for node in copies):
            check(model, spec, frames=2)
            return
    raise AssertionError("no network with a copy through scratch was drawn")


def test_memory_that_is_too_small_is_refused_by_layer() -> None:
    spec = spec_of(0, 0, 16, act_depth=16)
    rng = np.random.default_rng(3)
    model = random_model(rng, formats=(Format.FIXED8,), max_hw=12, layers=5, allow=("add",))
    rule = (
        r"^Design act_depth must be at least \d+ for the activations of the model, not 16 "
        r"\(layer \w+\); choose a deeper act_depth or a larger board$"
    )
    with pytest.raises(FitError, match=rule):
        make_design(model, spec, "b")


def test_a_map_too_wide_for_the_bounds_of_a_tap_is_named() -> None:
    """4,096 columns fit, one more does not: pixels behind them would count as padding."""
    model = random_model(np.random.default_rng(3), layers=1, allow=("pool",))
    spec = spec_of(0, 0, 8, act_depth=16384)
    wide = {n: replace(t, shape=(t.shape[0], 1, 4096)) for n, t in model.tensors.items()}
    make_design(replace(model, tensors=wide), spec, "zedboard")
    wider = {n: replace(t, shape=(t.shape[0], 1, 4097)) for n, t in model.tensors.items()}
    rule = (
        r"^Layer output must have at most 4096 rows and columns \(with the padding of its "
        r"readers\), not 1x\d+ \(layer last_1\); cut the image into pieces$"
    )
    with pytest.raises(PlanError, match=rule):
        make_design(replace(model, tensors=wider), spec, "zedboard")
