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

from hlsgen.model.graph import Concat, Model, Tensor

_RAW_BITS = 32
_DISTINCT = 4  # codes a tensor must show, if its format and size allow


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which part of a tensor one compute descriptor writes."""

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

    @property
    def equal(self) -> bool:
        """True only if everything was compared, nothing differs and nothing was degenerate."""
        return not (self.differences or self.first or self.degenerate or self.missing)


@dataclass(slots=True)
class _Seen:
    """Coverage and differences of one tensor."""

    layer: str
    order: int
    covered: NDArray[np.bool_]  # [frames, channels, height, width]
    differences: int = 0
    first: Difference | None = None


@dataclass(slots=True)
class Comparison:
    """Collects observations of frames 0..n-1 of one batch.

    `expected` holds golden's codes of every tensor, [frames, channels, height, width].
    """

    model: Model
    expected: Mapping[str, NDArray[Any]]
    _seen: dict[str, _Seen] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for order, layer in enumerate(self.model.layers):
            shape = self.expected[layer.output].shape
            covered = np.zeros(shape, bool)
            self._seen[layer.output] = _Seen(layer=layer.name, order=order, covered=covered)

    def add(self, observation: Observation) -> None:
        """Compare one observation; channels behind the tensor's last one are ignored."""
        place = observation.place
        tensor, seen = self.model.tensors[place.tensor], self._seen.get(place.tensor)
        if seen is None:  # a copy of the input, say
            return
        part = (
            slice(place.channel, place.channel + observation.values.shape[0]),
            slice(place.row, None, place.row_step),
        )
        wanted = self.expected[place.tensor][observation.frame][part]
        rows = min(wanted.shape[1], observation.values.shape[1])
        wanted = wanted[:, :rows]
        channels = wanted.shape[0]
        values = observation.values[:channels, :rows].astype(np.int64)
        written = observation.written[:channels, :rows]
        got = values if tensor.bits == _RAW_BITS else values + tensor.lo
        seen.covered[observation.frame][part][:, :rows] |= written
        wrong = written & (got != wanted)
        if wrong.any():
            self._note(seen, observation, got, wanted, wrong)

    def _note(
        self,
        seen: _Seen,
        observation: Observation,
        got: NDArray[Any],
        wanted: NDArray[Any],
        wrong: NDArray[np.bool_],
    ) -> None:
        seen.differences += int(np.count_nonzero(wrong))
        if seen.first is not None and seen.first.frame <= observation.frame:
            return
        place = observation.place
        channel, row, column = (int(i) for i in np.argwhere(wrong)[0])
        seen.first = Difference(
            layer=seen.layer,
            tensor=place.tensor,
            frame=observation.frame,
            index=(place.channel + channel, place.row + row * place.row_step, column),
            got=int(got[channel, row, column]),
            expected=int(wanted[channel, row, column]),
        )

    def verdict(self) -> Verdict:
        """Say what was equal, what was not and what was not seen."""
        self._join()
        whole = {name: seen.covered.all(axis=(1, 2, 3)) for name, seen in self._seen.items()}
        missing = tuple(name for name, frames in whole.items() if not frames.all())
        by_order = sorted(self._seen.values(), key=lambda seen: seen.order)
        firsts = [seen.first for seen in by_order if seen.first is not None]
        first = firsts[0] if firsts else None
        if first is None and missing:
            first = self._hole(missing[0])
        return Verdict(
            tensors_compared=int(sum(frames.sum() for frames in whole.values())),
            differences=sum(seen.differences for seen in by_order),
            first=first,
            degenerate=tuple(
                name
                for name in self._seen
                if is_degenerate(self.model.tensors[name], self.expected[name])
            ),
            missing=missing,
        )

    def _join(self) -> None:
        """A concatenation written in place is seen where its sources were."""
        for layer in self.model.layers:
            if not isinstance(layer, Concat):
                continue
            known = [self._seen[name].covered for name in layer.sources if name in self._seen]
            if len(known) == len(layer.sources):
                self._seen[layer.output].covered |= np.concatenate(known, axis=1)

    def _hole(self, name: str) -> Difference:
        seen = self._seen[name]
        frame, channel, row, column = (int(i) for i in np.argwhere(~seen.covered)[0])
        return Difference(
            layer=seen.layer,
            tensor=name,
            frame=frame,
            index=(channel, row, column),
            got=None,
            expected=int(self.expected[name][frame, channel, row, column]),
        )


def is_degenerate(tensor: Tensor, codes: NDArray[Any]) -> bool:
    """Whether a tensor could hide errors: too few distinct codes, or half of it saturated.

    Codes at a clamped zero (the lowest code of a tensor whose zero point it is) are values of a
    rectifier, not saturation. Binary formats only need both of their codes.
    """
    if tensor.bits == _RAW_BITS:
        return np.unique(codes).size < min(_DISTINCT, codes.size)
    if np.unique(codes).size < min(_DISTINCT, 1 << tensor.bits, codes.size):
        return True
    if tensor.bits == 1:
        return False
    saturated = np.count_nonzero(codes == tensor.hi)
    if tensor.zero_point != tensor.lo:
        saturated += np.count_nonzero(codes == tensor.lo)
    return bool(2 * saturated > codes.size)


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
