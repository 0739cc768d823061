# SPDX-License-Identifier: Apache-2.0
"""Batches: early layers image by image, late ones piece by piece of their weights, all images each.

Weights of late layers may take longer to come than one image takes to use them. A piece is some
blocks of a layer; its words stay in the ring until every image of the batch has read them. What
the late layers read of all images is kept on chip, or in DDR where it has no room.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise, takewhile

from hlsgen.boards import Board
from hlsgen.engines.lower import lower
from hlsgen.engines.mixed import MixedSpec
from hlsgen.engines.nodes import ConvNode, Lowered, MoveNode, Node, Piece, PoolNode, Value
from hlsgen.engines.program import Buffer
from hlsgen.engines.segments import Segment, segments_of
from hlsgen.errors import FitError, ParameterError
from hlsgen.model.graph import Model
from hlsgen.plan.bands import with_bands
from hlsgen.plan.design import Design, scheduled
from hlsgen.plan.memory import beats_across, fits
from hlsgen.plan.timing import frame_timing, weight_bound

IMAGES_MAX = 16
_ROOM_MIN = 16  # beats of a bank, as of a design
_LAYERS_AHEAD = 2  # under which the next image is loaded


def batch_design(model: Model, spec: MixedSpec, board: Board, images: int) -> Design:
    """The fastest program of a batch: image after image throughout, or together from a layer on."""
    if not 1 <= images <= IMAGES_MAX:
        raise ParameterError(f"Batch must be in 1..{IMAGES_MAX} images, not {images}")

    def cycles(design: Design) -> int:
        return frame_timing(design.steps.steps, spec, board, board.clock_hz).frame

    plain = lower(model, spec)
    single = scheduled(model, spec, board.name, with_bands(plain, spec))
    if images == 1:
        return single
    found = [scheduled(model, spec, board.name, one_by_one(single.lowered, spec, images))]
    slow = weight_bound(single.steps.steps, spec, board, board.clock_hz)
    for lowered in cuts(plain, spec, images, slow):
        with suppress(FitError):
            found.append(scheduled(model, spec, board.name, lowered))
    return min(found, key=cycles)


def one_by_one(lowered: Lowered, spec: MixedSpec, images: int) -> Lowered:
    """The nodes of a frame for each image."""
    return _Batch(lowered=lowered, spec=spec, images=images, at=len(lowered.nodes)).whole()


def cuts(plain: Lowered, spec: MixedSpec, images: int, slow: Sequence[str]) -> Iterator[Lowered]:
    """Nodes of batches cut before a slow layer, what crosses the cut kept on chip or in DDR.

    A cut behind another one is tried where less crosses it. Bands are made for what room is left.
    """
    least = spec.act_depth
    for layer in slow:
        crosses = sum(beats_across(plain, spec, _index(plain, layer)).values())
        if crosses >= least:
            continue
        least = crosses
        for spilled in (True, False):
            room = spec.act_depth - (0 if spilled else (images - 1) * crosses)
            if room < _ROOM_MIN:
                continue
            banded = with_bands(plain, replace(spec, act_depth=room))
            at = _index(banded, layer)
            if _possible(banded, beats_across(banded, spec, at), spilled=spilled):
                yield _Batch(
                    lowered=banded,
                    spec=spec,
                    images=images,
                    at=at,
                    spilled=spilled,
                    slow=frozenset(slow),
                ).whole()


def _possible(lowered: Lowered, roots: Iterable[str], *, spilled: bool) -> bool:
    """Whether what crosses a cut is whole; what came from the input does not go back to DDR."""
    moves = (node for node in lowered.nodes if isinstance(node, MoveNode))
    loaded = {lowered.root(node.value) for node in moves if _loads_input(node)}
    return not any("#" in root or (spilled and root in loaded) for root in roots)


def _loads_input(node: Node) -> bool:
    return isinstance(node, MoveNode) and node.buffer is Buffer.INPUT


def _index(lowered: Lowered, layer: str) -> int:
    nodes = enumerate(lowered.nodes)
    return next(i for i, node in nodes if not isinstance(node, MoveNode) and node.layer == layer)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Batch:
    lowered: Lowered  # of one image
    spec: MixedSpec
    images: int
    at: int  # first late node
    spilled: bool = False  # what late nodes read of earlier ones goes through DDR
    slow: frozenset[str] = frozenset()

    def whole(self) -> Lowered:
        """The nodes of all images, of which each is loaded as early as the memory lets it."""
        for roots in (2, 1):
            found = self._whole(roots)
            if fits(found, self.spec):
                return found
        return self._whole(0)

    def _whole(self, early_roots: int) -> Lowered:
        """The last image is the first of the late ones: what they read of it is on the chip."""
        carried = tuple(beats_across(self.lowered, self.spec, self.at))
        values: dict[str, Value] = {}
        s: dict[str, int] = {}
        nodes: list[Node] = []
        last = self.images - 1
        for image in range(self.images):
            self._values(values, s, image, "")
            own = [_renamed(node, _suffix(image)) for node in self.lowered.nodes[: self.at]]
            loads = _first_loads(own, values, early_roots)
            at = _behind_last_loads(nodes)
            nodes[at:at] = own[:loads]
            nodes += own[loads:]
            if self.spilled and image != last:
                self._values(values, s, image, "~")
                nodes += self._moves(carried, image, store=True)
        if self.spilled:
            for image in range(last):
                nodes += self._moves(carried, image, store=False)
        for node in self.lowered.nodes[self.at :]:
            nodes += self._late(node, carried)
        return Lowered(values=values, nodes=tuple(nodes), s=s, images=self.images)

    def _values(self, values: dict[str, Value], s: dict[str, int], image: int, mark: str) -> None:
        suffix = _suffix(image) + mark
        for name, value in self.lowered.values.items():
            root = value.root + suffix
            values[name + suffix] = replace(value, name=name + suffix, root=root, image=image)
            s[root] = self.lowered.s[value.root]

    def _moves(self, roots: tuple[str, ...], image: int, *, store: bool) -> Iterator[Node]:
        suffix = _suffix(image) + ("" if store else "~")
        for root in roots:
            tensor = self.lowered.values[root].tensor.name
            yield MoveNode(store=store, value=root + suffix, buffer=Buffer.SCRATCH, tensor=tensor)

    def _late(self, node: Node, carried: tuple[str, ...]) -> Iterator[Node]:
        """A late node of all images; a convolution's pieces one after the other."""
        order = (self.images - 1, *range(self.images - 1))
        for piece in self._pieces(node):
            for image in order:
                own = _renamed(node, _suffix(image), self._reloaded(carried, image))
                if isinstance(own, ConvNode) and piece is not None:
                    first, last = image == order[0], image == order[-1]
                    own = replace(own, piece=replace(piece, first=first, last=last))
                yield own

    def _reloaded(self, carried: tuple[str, ...], image: int) -> frozenset[str]:
        """Values that a late node finds in their copies from DDR."""
        if not self.spilled or image == self.images - 1:
            return frozenset()
        return frozenset(n for n, v in self.lowered.values.items() if v.root in carried)

    def _pieces(self, node: Node) -> list[Piece] | list[None]:
        if not isinstance(node, ConvNode) or node.window.parts_n > 1:
            return [None]
        table = 0 if node.add is None else self.spec.table_records_n
        pieces: list[Piece] = []
        for number, segment in enumerate(segments_of(node, self.spec)):
            own = list(_split(segment, number, table, self.spec))
            if len(own) > 1 and node.layer not in self.slow:
                return [None]
            pieces += own
        return pieces


def _split(segment: Segment, number: int, table: int, spec: MixedSpec) -> Iterator[Piece]:
    """Pieces of a segment, as few as the rings allow and alike."""
    blocks = len(segment.blocks)
    records = (spec.record_depth - table) // spec.block_records_n
    most = min(spec.ring_depth // segment.k, records)
    count = -(-blocks // most)
    starts = [blocks * index // count for index in range(count + 1)]
    for start, end in pairwise(starts):
        yield Piece(segment=number, block0=start, blocks=end - start)


def _first_loads(nodes: Sequence[Node], values: Mapping[str, Value], roots: int) -> int:
    """Number of the LOADs of the input that an image begins with, of the first few roots."""
    loads = takewhile(_loads_input, nodes)
    owners = [values[node.value].root for node in loads if isinstance(node, MoveNode)]
    early = list(dict.fromkeys(owners))[:roots]
    return sum(owner in early for owner in owners)


def _behind_last_loads(nodes: Sequence[Node]) -> int:
    """Where the next image is loaded: under the last layers of an image."""
    computes = [index for index, node in enumerate(nodes) if not isinstance(node, MoveNode)]
    return computes[-_LAYERS_AHEAD] if len(computes) >= _LAYERS_AHEAD else len(nodes)


def _suffix(image: int) -> str:
    return f"~{image}" if image else ""


def _renamed(node: Node, suffix: str, reloaded: frozenset[str] = frozenset()) -> Node:
    """The node of an image; values that were reloaded have a further mark."""

    def name(old: str) -> str:
        return old + suffix + ("~" if old in reloaded else "")

    if isinstance(node, MoveNode):
        return replace(node, value=name(node.value))
    if isinstance(node, PoolNode):
        return replace(node, input=name(node.input), output=name(node.output))
    return replace(
        node,
        sources=tuple(replace(source, value=name(source.value)) for source in node.sources),
        output=name(node.output),
        residual=None if node.residual is None else name(node.residual),
    )
