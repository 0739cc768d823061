# SPDX-License-Identifier: Apache-2.0
"""The random networks reach the hard cases, on every design that can meet them."""

from __future__ import annotations

from collections import Counter

import pytest

from hlsgen.model import golden
from hlsgen.run.compare import is_degenerate
from tests.features import features
from tests.random_networks import BATCHES, DESIGNS, LARGE_DEPTH, Network, network

pytestmark = pytest.mark.unit
# Networks of a design at least that hold a case
EVERYWHERE = {
    "add of unequal scales": 5,
    "asymmetric pads": 20,
    "average pool": 5,
    "concatenation by a copy": 5,
    "depthwise": 10,
    "groups": 2,
    "image after image": 1,
    "input in two layouts": 2,
    "load from scratch": 3,
    "maximum pool": 4,
    "moved in 3 column phases": 2,
    "more than four images": 3,
    "moved in 4 column phases": 1,
    "raw": 10,
    "residual add": 5,
    "rows in pieces": 3,
    "rows in turns": 5,
    "stride 3": 5,
    "stride 4": 5,
    "two outputs": 10,
    "weights held": 6,
    "written in column phases": 10,
}
SMALL_MEMORY = {"row bands": 5, "spill to scratch": 3}
FOLDED = {"image": 5}  # with more than one lane
TWO_PLANES = {"two planes read": 10, "two planes written": 10}
WIDE_CODES = {
    "residual of two planes": 5,
    "sum of two planes": 5,
    "narrow sum of two planes": 2,
    "maximum of two planes": 4,
}
# Of all designs together
TOGETHER = {
    "add by a copy": 5,
    "concatenation in place": 5,
    "image of two planes": 4,
    "kernel 8": 5,
    "kernel 9": 5,
    "kernel 10": 5,
    "kernel 11": 5,
    "several blocks": 50,
    "several passes": 50,
}
DEGENERATE_MOST = 0.3  # of the networks: equality would prove too little there


def networks(name: str) -> list[Network]:
    return [network(name, seed) for seeds in BATCHES for seed in seeds]


def counted(name: str) -> Counter[str]:
    return Counter(case for item in networks(name) for case in features(item.model, item.image))


def missed(found: Counter[str], wanted: dict[str, int]) -> dict[str, int]:
    return {case: found[case] for case, least in wanted.items() if found[case] < least}


@pytest.mark.parametrize("name", DESIGNS)
def test_every_design_meets_the_hard_cases(name: str) -> None:
    assert len(networks(name)) >= 50
    spec = DESIGNS[name]
    wanted = EVERYWHERE | (FOLDED if spec.lanes_n > 1 else {})
    wanted |= SMALL_MEMORY if spec.act_depth < LARGE_DEPTH else {}
    wanted |= TWO_PLANES if spec.act_bits == 4 and spec.mult_w == 34 else {}
    wanted |= WIDE_CODES if spec.wide_codes else {}
    assert missed(counted(name), wanted) == {}


def test_all_designs_together_meet_the_rare_cases() -> None:
    assert missed(sum((counted(name) for name in DESIGNS), Counter()), TOGETHER) == {}


@pytest.mark.parametrize("name", DESIGNS)
def test_most_networks_can_show_errors(name: str) -> None:
    degenerate = []
    for item in networks(name):
        values = golden.run(item.model, item.codes)
        counted = {split.tensor for split in item.image.split}
        if any(
            is_degenerate(
                layer, item.model.tensors, values[layer.output], counted=layer.output in counted
            )
            for layer in item.model.layers
        ):
            degenerate.append(item.seed)
    assert len(degenerate) <= DEGENERATE_MOST * len(networks(name)), degenerate
