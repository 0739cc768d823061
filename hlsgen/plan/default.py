# SPDX-License-Identifier: Apache-2.0
"""The design that a board gets when nobody says otherwise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hlsgen.boards import Board
from hlsgen.engines.lower import RAW_BITS, lower
from hlsgen.engines.mixed import MixedSpec
from hlsgen.engines.nodes import ConvNode, Lowered, PoolNode
from hlsgen.engines.segments import issued_words, used_positions
from hlsgen.model.graph import Add, Conv, MaxPool, Model
from hlsgen.model.numbers import Format
from hlsgen.plan.bands import with_bands
from hlsgen.plan.cost import resources
from hlsgen.plan.design import Design, make_design
from hlsgen.plan.memory import fits, needed_depth
from hlsgen.plan.timing import frame_timing

_LARGE_DSP = 600  # devices above this take the large array
_BRAM_DEPTH = 1024  # beats of a bank in two BRAM36
_BRAM_SHARE = 0.97  # of the BRAM36 at most
_RING_STEP = 512  # words of the ring in a block RAM's depth
_ACT_SHARES = (4 / 8, 3 / 8)  # of the room for activations, tried beside all of it
_DEPTH_MAX = 1 << 16
_RING_LEAST = 512

# by (act_bits, every row fixed8, large device): lanes_n, pixels_n, drain_n, ring_depth. The large
# device at 4 bits has room for 16 pixels, with nearly all its DSP; but from some 10 on the late
# layers of a large network wait for weights, of which four ports bring 32 bytes a cycle, so that
# 1.6 times the array gives 1.4 times the speed. It is an override, not the default.
_SHAPES: dict[tuple[int, bool, bool], tuple[int, int, int, int]] = {
    (8, True, False): (4, 6, 1, 2048),
    (8, True, True): (8, 12, 2, 2048),
    (8, False, False): (4, 4, 1, 2048),
    (8, False, True): (4, 10, 2, 4096),
    (4, True, False): (8, 2, 1, 2048),
    (4, True, True): (8, 10, 2, 4096),
    (4, False, False): (8, 6, 1, 2048),
    (4, False, True): (8, 10, 2, 4096),
}
_FIXED8_ROWS = 16


def default_design(model: Model, board: Board) -> Design:
    """The design on which the model runs fastest among those that suit the board's device."""
    lowered, specs = _candidates(model, board)
    return _fastest(model, lowered, specs, board)


def default_spec(model: Model, board: Board) -> MixedSpec:
    """The spec of the default design, also where the model does not fit it."""
    lowered, specs = _candidates(model, board)
    return specs[0] if len(specs) == 1 else _fastest(model, lowered, specs, board).spec


def _fastest(model: Model, lowered: Lowered, specs: list[MixedSpec], board: Board) -> Design:
    def cycles(design: Design) -> int:
        return frame_timing(design.steps.steps, design.spec, board, board.clock_hz).frame

    designs = [make_design(model, spec, board.name, lowered) for spec in specs]
    return min(designs, key=cycles) if len(designs) > 1 else designs[0]


def _candidates(model: Model, board: Board) -> tuple[Lowered, list[MixedSpec]]:
    """The lowered model, and arrays that suit the device with ways to split its block memory."""
    spec = base_spec(model_act_bits(model), only_fixed8(model), board)
    lowered = lower(model, spec)
    spec = replace(
        spec,
        taps_n=128 if _most_taps(lowered) <= 128 else 256,
        acc_w=max(spec.acc_w, _accumulator_bits(lowered, spec)),
    )
    least = 1 << (_largest_block(lowered, spec) - 1).bit_length()
    depth = max(spec.ring_depth, least)
    while True:  # a shallower ring leaves more memory to the activations
        found = replace(spec, ring_depth=depth)
        found = replace(found, act_depth=_act_depth(lowered, found, board))
        if depth // 2 < max(least, _RING_LEAST) or fits(with_bands(lowered, found), found):
            break
        depth //= 2
    nodes = (node for node in lowered.nodes if isinstance(node, ConvNode))
    words = sum(issued_words(node, spec) for node in nodes)
    if words <= found.ring_depth and needed_depth(lowered, found) <= found.act_depth:
        return lowered, [found]
    own = [found] if fits(with_bands(lowered, found), found) else []
    return lowered, own + _splits(lowered, found, board, range(least, words + _RING_STEP)) or [
        found
    ]


def _splits(lowered: Lowered, found: MixedSpec, board: Board, words: range) -> list[MixedSpec]:
    """The same array with the BRAM36 split otherwise: what activations leave, the ring takes."""
    choices = []
    for share in _ACT_SHARES:
        depth = -(-int(share * found.act_depth) // _BRAM_DEPTH) * _BRAM_DEPTH
        spec = replace(found, act_depth=depth, ring_depth=_RING_STEP)
        used = resources(spec).bram36
        step = resources(replace(spec, ring_depth=2 * _RING_STEP)).bram36 - used
        steps = 1 + int((_BRAM_SHARE * board.resources.bram36 - used) / step)
        spec = replace(spec, ring_depth=min(_RING_STEP * steps, words.stop - 1, _DEPTH_MAX))
        room = spec.ring_depth in words and _usable(spec, board)
        if room and fits(with_bands(lowered, spec), spec):
            choices.append(spec)
    return choices


def base_spec(act_bits: int, fixed8: bool, board: Board) -> MixedSpec:
    """The board's array for an activation width, before a model has been looked at."""
    large = board.resources.dsp48e1 > _LARGE_DSP
    lanes_n, pixels_n, drain_n, ring_depth = _SHAPES[act_bits, fixed8, large]
    slots = board.resources.slots
    return MixedSpec(
        act_bits=act_bits,
        pot4_n=0 if fixed8 else slots.pot4,
        fixed4_n=0 if fixed8 else slots.fixed4,
        fixed8_n=_FIXED8_ROWS if fixed8 else slots.fixed8,
        lanes_n=lanes_n,
        pixels_n=pixels_n,
        drain_n=drain_n,
        act_depth=_BRAM_DEPTH,
        ring_depth=ring_depth,
        record_depth=512 if not large else 1024 if act_bits == 8 else 2048,
        weight_ports_n=4 if large and act_bits == 4 else 3,
        acc_w=32 if act_bits == 8 else 26,
        mult_w=34,
    )


def default_mult_limit(board: Board) -> int:
    """Multipliers of a default design's records are below this, whatever the model."""
    return base_spec(8, False, board).mult_limit


def model_act_bits(model: Model) -> int:
    """Container width: 4 when only the input and outputs have more bits, and no Add or MaxPool."""
    wide = {
        name
        for name, tensor in model.tensors.items()
        if tensor.bits > 4 and tensor.bits != RAW_BITS
    }
    for layer in model.layers:
        if isinstance(layer, Add | MaxPool) and wide & {*layer.inputs, layer.output}:
            return 8
    return 4 if wide <= {model.input, *model.outputs} else 8


def only_fixed8(model: Model) -> bool:
    """Whether rows of 8 bits are met by none of 4 (binary and ternary rows run anywhere)."""
    formats = {fmt for layer in model.layers if isinstance(layer, Conv) for fmt in layer.formats}
    return Format.FIXED8 in formats and not formats & {Format.POT4, Format.FIXED4, Format.SP2_4}


def _most_taps(lowered: Lowered) -> int:
    most = 1
    for node in lowered.nodes:
        if isinstance(node, ConvNode):
            most = max(most, len(node.sources) * len(used_positions(node.window)))
        elif isinstance(node, PoolNode):
            most = max(most, len(used_positions(node.window)))
    return most


def _largest_block(lowered: Lowered, spec: MixedSpec) -> int:
    """Weight words of the largest block, or a little more."""
    words = 1
    for node in lowered.nodes:
        if isinstance(node, ConvNode):
            positions = len(used_positions(node.window))
            slices = sum(-(-s.weights.shape[1] // spec.lanes_n) for s in node.sources)
            if node.groups > 1:  # a block reads the channels of its rows' groups
                each = node.sources[0].weights.shape[1]
                rows_each = len(node.formats) // node.groups
                groups = min(node.groups, -(-spec.rows_n // rows_each) + 1)
                slices = -(-groups * each // spec.lanes_n) + 1
            words = max(words, positions * slices)
    return words


def _accumulator_bits(lowered: Lowered, spec: MixedSpec) -> int:
    """Bits of the worst sum; at most 32 (a model that needs more is refused by name)."""
    worst = 1
    for node in lowered.nodes:
        if isinstance(node, ConvNode):
            bound = np.zeros(len(node.formats), np.int64)
            for source in node.sources:
                tensor = lowered.values[source.value].tensor
                top = 1 << spec.act_bits * spec.planes_n(tensor.bits)
                bound += np.abs(source.weights).sum(axis=(1, 2, 3)) * top
            worst = max(worst, int(bound.max()))
    return min(32, worst.bit_length() + 1)


def _act_depth(lowered: Lowered, spec: MixedSpec, board: Board) -> int:
    """Enough for the activations in whole BRAM36, within what the rest leaves of the device.

    Block RAMs that do not make up a power of two cost LUTs, of which there may be too few.
    """
    rest = resources(replace(spec, act_depth=_BRAM_DEPTH)).bram36 - 2 * spec.banks_n
    left = int(_BRAM_SHARE * board.resources.bram36 - rest)
    wanted = -(-needed_depth(lowered, spec) // _BRAM_DEPTH)
    most = max(1, min(wanted, left // (2 * spec.banks_n), _DEPTH_MAX // _BRAM_DEPTH))
    depths = (blocks * _BRAM_DEPTH for blocks in range(most, 0, -1))
    usable = (depth for depth in depths if _usable(replace(spec, act_depth=depth), board))
    return next(usable, most * _BRAM_DEPTH)


def _usable(spec: MixedSpec, board: Board) -> bool:
    """Whether the device has the LUTs."""
    return resources(spec).shares(board)["lut"] <= 1
