# SPDX-License-Identifier: Apache-2.0
"""Comparison of what a simulation wrote with the integer golden model, tensor by tensor.

Every element of every layer's tensor must be seen in every frame; the first difference is named by
layer, frame, index and both values. An expected tensor that could hide errors is degenerate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hlsgen.model.graph import Add, Concat, Conv, Layer, Model, Tensor, Thresholds, TwoStep

_RAW_BITS = 32
_DISTINCT = 4  # codes a tensor must show, if its format and size allow


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which part of a tensor one compute descriptor writes, and for which layer.

    A layer may take several passes; a later one overwrites what an earlier one left open.
    """

    layer: str = ""  # "": the tensor's own
    tensor: str
    channel: int = 0  # of lane 0 of the first channel group
    row: int = 0
    row_step: int = 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Observation:
    """Values that a simulation wrote: stored codes, or sums of a raw tensor."""

    frame: int
    place: Place
    values: NDArray[Any]  # [channels, rows, columns]
    written: NDArray[np.bool_]  # same shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One differing element."""

    layer: str
    tensor: str
    frame: int
    index: tuple[int, int, int]  # channel, row, column
    got: int | None  # None: never written
    expected: int

    def __str__(self) -> str:
        got = "nothing" if self.got is None else str(self.got)
        channel, row, column = self.index
        return (
            f"layer {self.layer}, tensor {self.tensor} [{channel},{row},{column}], "
            f"frame {self.frame}: got {got}, expected {self.expected}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Outcome of a comparison."""

    tensors_compared: int  # tensors times frames, each seen whole
    differences: int  # elements
    first: Difference | None
    degenerate: tuple[str, ...]
    missing: tuple[str, ...]  # tensors never seen whole in some frame
    different: tuple[str, ...] = ()  # tensors with a difference

    @property
    def equal(self) -> bool:
        """True only if everything was compared, nothing differs and nothing was degenerate."""
        return not (self.differences or self.first or self.degenerate or self.missing)


@dataclass(slots=True, kw_only=True)
class _Seen:
    """What a layer wrote of one tensor, all frames; later writes win."""

    layer: str
    tensor: str
    values: NDArray[np.int64]  # [frames, channels, height, width]
    covered: NDArray[np.bool_]


@dataclass(slots=True)
class Comparison:
    """Collects observations of frames 0..n-1 of one batch.

    `expected` holds golden's codes of every tensor, [frames, channels, height, width].
    """

    model: Model
    expected: Mapping[str, NDArray[Any]]
    first_frame: int = 0  # number of the batch's first frame, for messages
    counted: frozenset[str] = frozenset()  # tensors whose codes a layer only adds up
    _seen: dict[tuple[str, str], _Seen] = field(default_factory=dict)

    def add(self, observation: Observation) -> None:
        """Take one observation; channels behind the tensor's last one are ignored."""
        place = observation.place
        seen = self._of(place.layer, place.tensor)
        where = (
            observation.frame,
            slice(place.channel, place.channel + observation.values.shape[0]),
            slice(place.row, None, place.row_step),
        )
        channels, rows = seen.values[where].shape[:2]
        values = observation.values[:channels, :rows].astype(np.int64)
        rows = values.shape[1]  # a band of rows ends before the tensor does
        written = observation.written[:channels, :rows]
        tensor = self.model.tensors[place.tensor]
        codes = values if tensor.bits == _RAW_BITS else values + tensor.lo
        part = (*where, slice(0, values.shape[2]))
        np.copyto(seen.values[part][:, :rows], codes, where=written)
        seen.covered[part][:, :rows] |= written

    def add_outputs(self, outputs: Mapping[str, NDArray[Any]]) -> None:
        """Take what STOREs left of whole output tensors, [frames, ...], as of a layer."""
        for name, values in outputs.items():
            tensor = self.model.tensors[name]
            stored = values if tensor.bits == _RAW_BITS else values - tensor.lo
            place = Place(layer="output buffer", tensor=name)
            for frame, one in enumerate(stored):
                whole = np.ones(one.shape, bool)
                self.add(Observation(frame=frame, place=place, values=one, written=whole))

    def _of(self, layer: str, tensor: str) -> _Seen:
        key = (layer, tensor)
        if key not in self._seen:
            shape = self.expected[tensor].shape
            self._seen[key] = _Seen(
                layer=layer,
                tensor=tensor,
                values=np.zeros(shape, np.int64),
                covered=np.zeros(shape, bool),
            )
        return self._seen[key]

    def verdict(self) -> Verdict:
        """Say what was equal, what was not and what was not seen."""
        outputs = [layer.output for layer in self.model.layers]
        covered = self._coverage()
        whole = {name: covered[name].all(axis=(1, 2, 3)) for name in outputs}
        wrong = {
            key: seen.covered & (seen.values != self.expected[seen.tensor])
            for key, seen in self._seen.items()
        }
        missing = tuple(name for name, frames in whole.items() if not frames.all())
        return Verdict(
            tensors_compared=int(sum(frames.sum() for frames in whole.values())),
            differences=sum(int(np.count_nonzero(mask)) for mask in wrong.values()),
            first=self._first(wrong) or self._hole(missing, covered),
            degenerate=tuple(
                layer.output for layer in self.model.layers if self._is_degenerate(layer)
            ),
            missing=missing,
            different=tuple(sorted({key[1] for key, mask in wrong.items() if mask.any()})),
        )

    def _is_degenerate(self, layer: Layer) -> bool:
        codes, counted = self.expected[layer.output], layer.output in self.counted
        return is_degenerate(layer, self.model.tensors, codes, counted=counted)

    def _coverage(self) -> dict[str, NDArray[np.bool_]]:
        """What was seen of every tensor; a concatenation is also seen where its sources were."""
        covered = {name: np.zeros(array.shape, bool) for name, array in self.expected.items()}
        covered[self.model.input][:] = True
        for seen in self._seen.values():
            covered[seen.tensor] |= seen.covered
        for layer in self.model.layers:
            if isinstance(layer, Concat):
                covered[layer.output] |= np.concatenate(
                    [covered[name] for name in layer.sources], axis=1
                )
        return covered

    def _first(self, wrong: Mapping[tuple[str, str], NDArray[np.bool_]]) -> Difference | None:
        """The first difference: by layer in execution order, then frame, then index."""
        order = {layer.output: i for i, layer in enumerate(self.model.layers)}
        for key in sorted(wrong, key=lambda key: order.get(key[1], -1)):
            if wrong[key].any():
                return self._difference(key[0], key[1], wrong[key], self._seen[key].values)
        return None

    def _hole(
        self, missing: tuple[str, ...], covered: Mapping[str, NDArray[np.bool_]]
    ) -> Difference | None:
        if not missing:
            return None
        return self._difference("", missing[0], ~covered[missing[0]], None)

    def _difference(
        self, layer: str, tensor: str, mask: NDArray[np.bool_], got: NDArray[Any] | None
    ) -> Difference:
        at = np.unravel_index(int(mask.argmax()), mask.shape)
        frame, channel, row, column = (int(i) for i in at)
        own = {layer.output: layer.name for layer in self.model.layers}
        return Difference(
            layer=layer or own.get(tensor, tensor),
            tensor=tensor,
            frame=self.first_frame + frame,
            index=(channel, row, column),
            got=None if got is None else int(got[at]),
            expected=int(self.expected[tensor][at]),
        )


def codes_of(layer: Layer, tensors: Mapping[str, Tensor]) -> tuple[int, int, int]:
    """Lowest and highest code that a layer can give, and how many codes it has.

    A format may use fewer codes than its bits allow (ternary ones in 2 bits, say).
    """
    tensor = tensors[layer.output]
    if isinstance(layer, Add):
        low, high = int(layer.table.min()), int(layer.table.max())
    elif isinstance(layer, Conv) and isinstance(layer.requant, TwoStep):
        low, high = layer.requant.lo, layer.requant.hi
    elif isinstance(layer, Conv) and isinstance(layer.requant, Thresholds):
        ends = [layer.requant.first, layer.requant.first]
        ends[1] += layer.requant.step * layer.requant.levels.shape[1]
        low, high = min(ends), max(ends)
        return low, high, layer.requant.levels.shape[1] + 1
    else:
        low, high = tensor.lo, tensor.hi
    return low, high, 2 if tensor.bipolar else high - low + 1


def is_degenerate(
    layer: Layer, tensors: Mapping[str, Tensor], codes: NDArray[Any], *, counted: bool = False
) -> bool:
    """Whether a layer's tensor could hide errors: too few distinct codes, or half saturated.

    Codes at a clamped zero (the lowest code, where it is the zero point) are values of a
    rectifier, not saturation; formats of two or three codes know no saturation. Nor do the codes
    of a `counted` tensor, pieces of rows: where one ends the next goes on, and their sum is judged.
    """
    tensor = tensors[layer.output]
    low, high, count = codes_of(layer, tensors)
    if np.unique(codes).size < min(_DISTINCT, count, codes.size):
        return True
    if counted or tensor.bits == _RAW_BITS or count < _DISTINCT:
        return False
    saturated = int(np.count_nonzero(codes == high))
    if tensor.zero_point != low:
        saturated += int(np.count_nonzero(codes == low))
    return 2 * saturated > codes.size


def joined(parts: list[Verdict]) -> Verdict:
    """The verdict over batches of frames, in order; degenerate only where every batch is."""
    degenerate = set(parts[0].degenerate).intersection(*(part.degenerate for part in parts))
    firsts = [part.first for part in parts if part.first is not None]
    return Verdict(
        tensors_compared=sum(part.tensors_compared for part in parts),
        differences=sum(part.differences for part in parts),
        first=firsts[0] if firsts else None,
        degenerate=tuple(name for name in parts[0].degenerate if name in degenerate),
        missing=tuple(dict.fromkeys(name for part in parts for name in part.missing)),
    )


__all__ = [
    "Comparison",
    "Difference",
    "Observation",
    "Place",
    "Verdict",
    "is_degenerate",
    "joined",
]
