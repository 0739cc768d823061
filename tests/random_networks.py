# SPDX-License-Identifier: Apache-2.0
"""The random networks that C++ and hardware must compute as golden does, on designs that stay.

Every network is told by its design and its seed. Its seed also says which hard case it must hold;
`tests/net/test_random_coverage.py` counts that each case comes up in the programs.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hlsgen.engines.lower import lower
from hlsgen.engines.mixed import MixedSpec
from hlsgen.engines.nodes import ConvNode
from hlsgen.engines.rows import held_formats
from hlsgen.errors import FitError
from hlsgen.model.graph import Model
from hlsgen.plan.batch import cuts, one_by_one
from hlsgen.plan.design import Design, make_design, scheduled
from hlsgen.plan.image import Image, pack_project
from hlsgen.plan.pieces import in_pieces
from tests.designs import spec_of
from tests.models import random_codes, random_model

# Activation memories are so small that the larger networks must be cut into bands; all but one,
# on which the networks of the zoo run as well
DESIGNS = {
    "a8_fixed8": spec_of(0, 0, 16, lanes_n=4, pixels_n=6, weight_ports_n=3, act_depth=96),
    "a8_small": spec_of(5, 2, 1, lanes_n=2, pixels_n=2, weight_ports_n=1, act_depth=320),
    "a8_wide": spec_of(9, 4, 3, lanes_n=8, pixels_n=10, drain_n=2, weight_ports_n=3, act_depth=56),
    "a4_mixed": spec_of(
        19, 12, 1, act_bits=4, lanes_n=8, pixels_n=6, weight_ports_n=3, act_depth=2048
    ),
    "a4_narrow": spec_of(
        8, 4, 4, act_bits=4, lanes_n=1, pixels_n=4, mult_w=17, ring_depth=4096, act_depth=160
    ),
    "a4_full": spec_of(
        9,
        6,
        1,
        act_bits=4,
        lanes_n=16,
        pixels_n=2,
        weight_ports_n=4,
        ring_depth=1500,
        act_depth=288,
        wide_codes=True,
    ),
}
LARGE_DEPTH = 1024  # of a memory that holds every network whole
SEEDS = 50
BATCHES = (range(SEEDS // 2), range(SEEDS // 2, SEEDS))  # of a simulation each
FRAMES = 3  # waits reach over two frame boundaries
_BATCH_TURN = 7  # the last of so many seeds runs two batches
_IMAGES = {20: 5, 41: 5, 48: 6}  # of the batches of some seeds; usually 2 or 3
_ONE_BY_ONE = (41,)  # seeds whose batches run image after image
_PLAIN = ("conv", "depthwise", "group", "pointwise", "concat", "avgpool")
_WIDE = (*_PLAIN, "fc")  # what 8-bit tensors in two planes can be read by
_LARGE_MAPS = {"max_hw": 28, "max_channels": 12, "layers": 4, "allow": _PLAIN}  # for bands
# By seed: blocks that the network begins with, and other options
_CASES: tuple[dict[str, Any], ...] = (
    {"must": ("fork",)},
    {"must": ("large", "group")},
    {"must": ("strided", "depthwise")},
    {"must": ("add", "avgpool"), "outputs": 2},
    {"must": ("conv", "strided"), **_LARGE_MAPS},
    {"must": ("concat", "strided")},
    {"outputs": 2},
    {"must": ("pool", "strided"), **_LARGE_MAPS},
    {"must": ("depthwise", "fork"), "outputs": 2},
    {"requants": ("uneven", "two_step")},  # rows in pieces
)
_TRIES = 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Network:
    """A network with its bytes on a design and the frames to run."""

    seed: int
    model: Model
    image: Image
    codes: NDArray[Any]


def options(spec: MixedSpec, seed: int) -> dict[str, Any]:
    """What the network of a seed holds on a design."""
    chosen = {"layers": 5, **_CASES[seed % len(_CASES)]}
    if spec.act_bits == 8:
        return {**chosen, "narrow": 0.2}
    turn = seed // len(_CASES)
    if spec.wide_codes and turn in (1, 3, 4):  # and so in residual adds and maxima
        must = (*chosen.get("must", ()), "pool", "add")
        return {**chosen, "must": must, "act_bits": 4, "wide": 0.5}
    if spec.mult_w == 34 and turn % 2:  # 8-bit tensors in two planes
        must = tuple(block for block in chosen.get("must", ()) if block not in ("add", "pool"))
        return {"allow": _WIDE, **chosen, "must": must, "act_bits": 4, "wide": 0.3}
    return {**chosen, "act_bits": 1 if turn == 2 else 4}


def _design(model: Model, spec: MixedSpec, seed: int) -> Design:
    if seed % _BATCH_TURN < _BATCH_TURN - 1:
        return make_design(model, spec, "zedboard")
    images = _IMAGES.get(seed, 2 + seed % 2)
    if seed not in _ONE_BY_ONE:
        return batch_of(model, spec, images, seed)
    single = make_design(model, spec, "zedboard").lowered
    return scheduled(model, spec, "zedboard", one_by_one(single, spec, images))


def batch_of(model: Model, spec: MixedSpec, images: int, seed: int) -> Design:
    """A batch in which some layer's weights are held: where it is cut depends on the seed."""
    plain = lower(model, spec)
    layers = [node.layer for node in plain.nodes if isinstance(node, ConvNode)]
    first = seed % len(layers)
    ways = [way for at in (first, 0) for way in cuts(plain, spec, images, layers[at:])]
    for way in ways[seed % 2 :] + ways[: seed % 2]:  # over DDR, or on chip
        with suppress(FitError):
            return scheduled(model, spec, "zedboard", way)
    raise FitError(f"no batch of {images} has room")


@cache
def network(name: str, seed: int) -> Network:
    """The network of a seed on one of the designs."""
    return drawn_network(DESIGNS[name], seed, tuple(map(ord, name)))


def drawn_network(spec: MixedSpec, seed: int, entropy: tuple[int, ...] = ()) -> Network:
    """The first network drawn from a seed that has room on a design; if it can be, in bands."""
    found: Network | None = None
    large = spec.act_depth >= LARGE_DEPTH
    for draw in range(_TRIES):
        rng = np.random.default_rng([seed, draw, *entropy])
        chosen = options(spec, seed)
        given = random_model(rng, formats=held_formats(spec), **chosen)
        model, split = in_pieces(given, spec.mult_limit)
        try:
            design = replace(_design(model, spec, seed), split=split)
        except FitError:
            continue
        banded = any(value.band0 for value in design.lowered.values.values())
        if found is None or banded:
            image = pack_project(design)
            codes = random_codes(model, rng, 2 * image.images if image.images > 1 else FRAMES)
            found = Network(seed=seed, model=model, image=image, codes=codes)
        if banded or large or not chosen.items() >= _LARGE_MAPS.items():
            return found
    assert found is not None, f"{_TRIES} networks of seed {seed} have no room on {spec}"
    return found
