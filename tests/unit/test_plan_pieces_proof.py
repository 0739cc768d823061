# SPDX-License-Identifier: Apache-2.0
"""Rows in pieces are proven when they are planned, and bounded before they are made."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hlsgen.errors import PlanError
from hlsgen.model.graph import Conv, Thresholds
from hlsgen.model.requant import UNREACHABLE
from hlsgen.plan import pieces as pieces_module
from hlsgen.plan.pieces import in_pieces
from hlsgen.plan.pieces_proof import prove_pieces
from hlsgen.run.compare import Comparison
from tests.unit.test_plan_pieces import WIDE, levels_of, network, output

pytestmark = pytest.mark.unit
REFUSED = (
    r"^Rows in pieces must be at most 65536 and weights with theirs at most 160000000, not \d+ and "
    r"\d+ \(layer conv\); give its output fewer codes or uniform steps$"
)


def _changed(kind: str, each: Conv, total: Conv) -> tuple[Conv, Conv]:
    """The two layers of pieces with one fault."""
    assert isinstance(each.requant, Thresholds)
    levels, weights = each.requant.levels.copy(), total.weights.copy()
    if kind == "passed":
        return each, replace(total, bias=0 * total.bias)
    if kind == "run":
        levels[2, 0] -= 1
        return replace(each, requant=replace(each.requant, levels=levels)), total
    if kind == "step":
        levels[1, np.flatnonzero(levels[1] != UNREACHABLE)[-1]] = UNREACHABLE
        return replace(each, requant=replace(each.requant, levels=levels)), total
    if kind == "weight":
        return replace(each, weights=np.roll(each.weights, 1, axis=3)), total
    if kind == "bias":
        return replace(each, bias=each.bias + 1), total
    if kind == "lost":
        weights[0, 0] = 0
    else:
        weights[0, 1] += 1 if kind == "twice" else 0
        weights[1, 0] += 1 if kind == "shared" else 0
    return each, replace(total, weights=weights)


FAULTS = {
    "passed": r"^Pieces must add up to code \d+ at accumulator -?\d+, not \d+ \(row \d, layer conv",
    "run": r"^Pieces must add up to code ",
    "step": r"^Pieces must add up to code ",
    "lost": r"^Pieces must add up to code ",
    "weight": r"^Pieces must have the accumulators of their row \(layer conv\); report this as a d",
    "bias": r"^Pieces must have the accumulators of their row ",
    "twice": r"^Pieces must be added once at most \(layer conv\); report this as a defect$",
    "shared": r"^Pieces must be added once at most ",
}


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("groups", [1, 2])
def test_the_proof_notices_a_fault(kind: str, groups: int) -> None:
    out = output(4, 4)
    levels = np.sort(np.random.default_rng(2).integers(-200_000, 200_000, (4, 15)), axis=1)
    levels[:, 0] = -UNREACHABLE  # passed by all
    model = network(Thresholds(levels=levels, first=0), out, groups, channels=4)
    made, split = in_pieces(model, WIDE)
    conv, (each, total) = model.layers[0], made.layers
    assert split and isinstance(conv, Conv)
    assert isinstance(each, Conv) and isinstance(total, Conv)
    prove_pieces(conv, each, total, made.tensors)
    with pytest.raises(PlanError, match=FAULTS[kind]):
        prove_pieces(conv, *_changed(kind, each, total), made.tensors)


def test_planning_proves_the_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    levels = np.array([[-UNREACHABLE, -90_000, -60_000, -30_000, 5, 30_000]])
    model = network(Thresholds(levels=levels, first=0), output(1, 3), channels=4)
    assert in_pieces(model, WIDE)[1]
    sound = pieces_module._sum
    monkeypatch.setattr(
        pieces_module, "_sum", lambda *args: replace(sound(*args), bias=np.zeros(1, np.int64))
    )
    with pytest.raises(PlanError, match=r"report this as a defect$"):
        in_pieces(model, WIDE)


def test_what_no_project_can_hold_is_refused_before_it_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows, channels = 60, 512
    levels = levels_of(np.random.default_rng(1), "random", 1, 255)
    plain = network(Thresholds(levels=levels, first=0), output(1, 8), channels=channels)
    conv = plain.layers[0]
    assert isinstance(conv, Conv)
    wide = replace(
        conv,
        weights=np.repeat(np.sign(conv.weights) * 100, rows, axis=0),
        formats=conv.formats * rows,
        row_scale=np.ones(rows),
        bias=np.zeros(rows, np.int64),
        requant=Thresholds(levels=np.repeat(levels, rows, axis=0), first=0),
    )
    tensors = {**plain.tensors, "out": output(rows, 8)}
    monkeypatch.setattr(pieces_module, "_in_pieces", lambda *_: pytest.fail("made"))
    model = replace(plain, layers=(wide,), tensors=tensors)
    with pytest.raises(PlanError, match=REFUSED):
        in_pieces(model, WIDE)
    monkeypatch.setattr(pieces_module, "MAX_ELEMENTS", 1 << 40)
    monkeypatch.setattr(pieces_module, "MAX_CHANNELS", 3600)
    with pytest.raises(PlanError, match=r"must be at most 3600 and weights"):
        in_pieces(model, WIDE)


def test_a_comparison_knows_counted_tensors() -> None:
    """Pieces at their ends, seen as golden gives them."""
    steps = np.repeat([3, 500, 70_000], 5).cumsum()
    made, (split,) = in_pieces(network(Thresholds(levels=steps[None], first=0), output(1, 4)), WIDE)
    tensor = made.tensors[split.tensor]
    values = {name: np.zeros((1, *item.shape), np.int64) for name, item in made.tensors.items()}
    values[tensor.name] = np.full((8, *tensor.shape), 5)
    for counted, named in ((frozenset(), True), (frozenset({tensor.name}), False)):
        values[tensor.name][0].flat[:3] = [0, 1, 2]
        values[tensor.name][1].flat[0] = 3
        verdict = Comparison(made, values, counted=counted).verdict()
        assert (tensor.name in verdict.degenerate) is named
