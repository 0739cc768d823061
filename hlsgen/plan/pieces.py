# SPDX-License-Identifier: Apache-2.0
"""Rows whose steps no record gives, computed in pieces: a step function is a sum of shorter ones.

A convolution with such rows computes each of them once for every run of its steps that has a
record; a convolution with weights of one adds the pieces of each row. Exact, Model to Model, and
proven of every row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from hlsgen.engines.convdata import reach_of
from hlsgen.engines.requant_fit import find_records
from hlsgen.engines.steps_fit import fit_steps
from hlsgen.errors import PlanError
from hlsgen.model.graph import Conv, IntArray, Layer, Model, Raw, Tensor, Thresholds, TwoStep
from hlsgen.model.numbers import Format
from hlsgen.model.requant import UNREACHABLE, step_table
from hlsgen.model.store_read import MAX_ELEMENTS
from hlsgen.model.verify import MAX_CHANNELS, verify
from hlsgen.naming import Namer
from hlsgen.plan.pieces_proof import prove_pieces


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A layer that is computed in pieces."""

    layer: str
    tensor: str  # of the pieces
    adder: str  # the layer that adds them up
    rows: int
    rows_split: int  # that have no record as they are
    rows_made: int  # that are computed
    pieces: int  # of a row at most


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pieces:
    """The rows of a convolution as runs of steps, each of which has a record."""

    runs: tuple[tuple[IntArray, ...], ...]  # of each row: the steps within reach
    rows_split: int
    rows_made: int  # groups have equally many
    passed: IntArray  # [rows], steps that every accumulator has passed
    requant: Thresholds  # of the rows as they are


def in_pieces(model: Model, mult_limit: int) -> tuple[Model, tuple[Split, ...]]:
    """Return a Model of the same outputs whose rows all have records, and what was split.

    It is the same Model if nothing was. Multipliers of records are below `mult_limit`.
    """
    found: dict[str, _Pieces] = {}
    for layer in model.layers:
        pieces = _pieces(layer, model.tensors, mult_limit) if isinstance(layer, Conv) else None
        if pieces is not None:
            found[layer.name] = pieces
    if not found:
        return model, ()
    _check_size(model, found)
    tensors = dict(model.tensors)
    layers: list[Layer] = []
    splits: list[Split] = []
    fresh = _names((*model.tensors, *(layer.name for layer in model.layers)))
    for index, layer in enumerate(model.layers):
        if not isinstance(layer, Conv) or layer.name not in found:
            layers.append(layer)
            continue
        names = (
            fresh.name(f"{layer.output}:pieces", index),
            fresh.name(f"{layer.name}:sum", index),
        )
        tensor, own = _in_pieces(layer, found[layer.name], tensors[layer.output], names)
        tensors[tensor.name] = tensor
        prove_pieces(layer, *own, tensors)
        layers += own
        splits.append(_split(layer, found[layer.name], names))
    made = replace(model, tensors=tensors, layers=tuple(layers))
    verify(made)
    return made, tuple(splits)


def _check_size(model: Model, found: dict[str, _Pieces]) -> None:
    """Refuse what no project can hold before it is made."""
    weights = sum(layer.weights.size for layer in model.layers if isinstance(layer, Conv))
    for layer in model.layers:
        if not isinstance(layer, Conv) or layer.name not in found:
            continue
        rows, made = len(layer.weights), found[layer.name].rows_made
        weights += (made - rows) * layer.weights[0].size + rows * (made // layer.groups)
        if made > MAX_CHANNELS or weights > MAX_ELEMENTS:
            raise PlanError(
                f"Rows in pieces must be at most {MAX_CHANNELS} and weights with theirs at most "
                f"{MAX_ELEMENTS}, not {made} and {weights} (layer {layer.name}); give its output "
                "fewer codes or uniform steps"
            )


def _split(conv: Conv, pieces: _Pieces, names: tuple[str, str]) -> Split:
    return Split(
        layer=conv.name,
        tensor=names[0],
        adder=names[1],
        rows=len(pieces.runs),
        rows_split=pieces.rows_split,
        rows_made=pieces.rows_made,
        pieces=max(map(len, pieces.runs)),
    )


def _names(taken: tuple[str, ...]) -> Namer:
    namer = Namer()
    for name in dict.fromkeys(taken):
        namer.name(name, 0)
    return namer


def _pieces(conv: Conv, tensors: dict[str, Tensor], mult_limit: int) -> _Pieces | None:
    """The runs of a convolution's rows; None when every row has a record as it is."""
    if isinstance(conv.requant, Raw):
        return None
    source, target = tensors[conv.input], tensors[conv.output]
    reach = reach_of(conv.bias, (conv.weights,), (source,))
    good = find_records(conv.requant, target, reach, mult_limit)[1]
    if good.all():
        return None
    requant = _thresholds(conv.requant, target)
    rows = [
        (levels, int(low), int(high))
        for levels, low, high in zip(requant.levels, reach.low, reach.high, strict=True)
    ]
    runs = tuple(tuple(_cut(*row, mult_limit)) for row in rows)
    counts = np.array([len(own) for own in runs]).reshape(conv.groups, -1).sum(axis=1)
    return _Pieces(
        runs=runs,
        rows_split=int(np.count_nonzero(~good)),
        rows_made=conv.groups * int(counts.max()),
        passed=np.array([np.count_nonzero(levels <= low) for levels, low, _ in rows], np.int64),
        requant=requant,
    )


def _thresholds(requant: Thresholds | TwoStep, target: Tensor) -> Thresholds:
    if isinstance(requant, Thresholds):
        return requant
    table = step_table(requant, target.zero_point, requant.lo, requant.hi)
    return Thresholds(levels=table, first=requant.lo)


def _cut(levels: IntArray, low: int, high: int, mult_limit: int) -> Iterator[IntArray]:
    """The steps within reach, in the longest runs that have a record, one after the other."""
    left = levels[(levels > low) & (levels <= high)]
    while left.size:
        size = _longest(left, low, high, mult_limit)
        yield left[:size]
        left = left[size:]


def _longest(steps: IntArray, low: int, high: int, mult_limit: int) -> int:
    """Length of the longest run from the first step on; any one step has a record."""

    def fits(size: int) -> bool:
        return fit_steps(steps[:size], low, high, mult_limit) is not None

    if fits(steps.size):
        return steps.size
    good, bad = 1, steps.size
    while bad - good > 1:
        size = min(2 * good, (good + bad) // 2)
        good, bad = (size, bad) if fits(size) else (good, size)
    return good


def _in_pieces(
    conv: Conv, pieces: _Pieces, target: Tensor, names: tuple[str, str]
) -> tuple[Tensor, tuple[Conv, Conv]]:
    """The tensor of all pieces, the convolution that computes it and the one that adds."""
    rows, runs = _placed(pieces, conv.groups)
    levels = np.full((len(rows), max(1, *(run.size for run in runs))), UNREACHABLE)
    for place, run in enumerate(runs):
        levels[place, : run.size] = run
    tensor = Tensor(
        name=names[0],
        shape=(len(rows), *target.shape[1:]),
        bits=levels.shape[1].bit_length(),
        signed=False,
        scale=target.scale,
    )
    each = replace(
        conv,
        output=tensor.name,
        weights=conv.weights[rows],
        formats=tuple(conv.formats[row] for row in rows),
        row_scale=conv.row_scale[rows],
        bias=conv.bias[rows],
        requant=Thresholds(levels=levels, first=0),
    )
    used = np.flatnonzero([run.size > 0 for run in runs])
    weights = np.zeros((len(pieces.runs), len(rows) // conv.groups, 1, 1), np.int64)
    weights[rows[used], used % weights.shape[1]] = 1
    return tensor, (each, _sum(conv, pieces, names, weights))


def _placed(pieces: _Pieces, groups: int) -> tuple[IntArray, list[IntArray]]:
    """Row and run of each piece. Groups have equally many: short ones are filled with no steps."""
    size, most = len(pieces.runs) // groups, pieces.rows_made // groups
    starts = range(0, len(pieces.runs), size)
    own = [
        [(row, run) for row in range(at, at + size) for run in pieces.runs[row]] for at in starts
    ]
    nothing = np.zeros(0, np.int64)
    for at, group in zip(starts, own, strict=True):
        group += [(at, nothing)] * (most - len(group))
    placed = [item for group in own for item in group]
    return np.array([row for row, _ in placed], np.int64), [run for _, run in placed]


def _sum(conv: Conv, pieces: _Pieces, names: tuple[str, str], weights: IntArray) -> Conv:
    """Adds up the pieces of each row: every step that a piece has passed is a code more."""
    rows, steps = pieces.requant.levels.shape
    levels = np.tile(np.arange(1, steps + 1), (rows, 1))
    return Conv(
        name=names[1],
        input=names[0],
        output=conv.output,
        weights=weights,
        formats=(Format.TERNARY,) * rows,
        row_scale=np.ones(rows),
        bias=pieces.passed,
        requant=replace(pieces.requant, levels=levels),
        groups=conv.groups,
    )
