# SPDX-License-Identifier: Apache-2.0
"""Cycles of a frame from the schedule: walkers, waits, weight ring and drain.

One pass over a few frames in program order is enough: a descriptor waits only for earlier ones.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from hlsgen.boards import Board
from hlsgen.engines.mixed import MixedSpec
from hlsgen.engines.nodes import ConvNode, MoveNode
from hlsgen.engines.program import NO_WAIT, Compute, Fetch, Load, Op, OutputKind, Store
from hlsgen.plan.schedule import walker
from hlsgen.plan.steps import Step

# Measured on the SystemVerilog (int8 ResNet-8, ZedBoard default)
START_CYCLES = 26  # from a descriptor's start to the first word of its first tile
LATENCY_CYCLES = 60  # from the last word of a tile to its first result in memory
MOVE_CYCLES = 70  # of a LOAD or STORE beside its beats
IMAGE_ROW_CYCLES = 5  # of a row of an image
_FRAMES = 3
_WAITS = ((Op.LOAD, "wait_load"), (Op.CONV, "wait_compute"), (Op.STORE, "wait_store"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Cycles in steady state."""

    frame: int  # from frame to frame
    array: int  # that the array is busy with words
    weights: int  # that the weight ports need at full bandwidth
    ring: int  # least with both and rings of this depth, all else costing nothing
    layers: dict[str, int]  # cycles between the end of each layer and of the one before


@dataclass(slots=True)
class _Ring:
    """Space in the word and record rings: when each block was released.

    A block's words go one by one, cycle by cycle, in its last pass; its records stand for them.
    """

    words_n: int
    records_n: int
    blocks: deque[tuple[float, int, int]] = field(default_factory=deque)
    words: int = 0
    records: int = 0

    def room(self, words: int, records: int) -> tuple[float, float]:
        """Begin of the last pass that a block waits for, and the share of it still to come then."""
        at, share = 0.0, 1.0
        while self.blocks and (
            self.words + words > self.words_n or self.records + records > self.records_n
        ):
            early = min(
                (self.words_n - self.words) / words, (self.records_n - self.records) / records
            )
            released, old_words, old_records = self.blocks.popleft()
            self.words -= old_words
            self.records -= old_records
            at, share = max(at, released - old_words), 1.0 - max(0.0, min(1.0, early))
        self.words += words
        self.records += records
        return at, share


def frame_timing(steps: tuple[Step, ...], spec: MixedSpec, board: Board, clock_hz: float) -> Timing:
    """Simulate three frames; the last one counts."""
    run = _Run(spec=spec, port_cycles=_port_cycles(spec, board, clock_hz))
    for frame in range(_FRAMES):
        run.frame(steps, frame)
    ends = run.frame_ends
    return Timing(
        frame=round(ends[-1] - ends[-2]),
        array=sum(_busy(step.descriptor) for step in steps),
        weights=round(run.weight_cycles / _FRAMES),
        ring=_ring_cycles(steps, _Bound(spec=spec, port_cycles=run.port_cycles)),
        layers={name: round(cycles) for name, cycles in run.layers.items()},
    )


def _ring_cycles(steps: tuple[Step, ...], run: _Bound) -> int:
    """Cycles from the end of the array's last block to that of the next frame's."""
    for _ in range(_FRAMES):
        for step in steps:
            if isinstance(step.descriptor, Fetch):
                run._fetch(step.descriptor)
            elif isinstance(step.descriptor, Compute) and not step.descriptor.pool:
                run.blocks(step.descriptor)
        run.frame_ends.append(run.last)
    return round(run.frame_ends[-1] - run.frame_ends[-2])


def weight_bound(
    steps: tuple[Step, ...], spec: MixedSpec, board: Board, clock_hz: float
) -> list[str]:
    """Layers whose weights take longer to come than the array takes to use them, in order."""
    spare: dict[str, float] = {}
    for step in steps:
        item = step.descriptor
        if isinstance(step.node, ConvNode):
            cycles: float = _busy(item)
            if isinstance(item, Fetch):
                cycles = -item.port_beats * _port_cycles(spec, board, clock_hz)
            spare[step.node.layer] = spare.get(step.node.layer, 0.0) + cycles
    return [layer for layer, cycles in spare.items() if cycles < 0]


def _port_cycles(spec: MixedSpec, board: Board, clock_hz: float) -> float:
    """Cycles of a beat on every weight port."""
    return max(1.0, 8.0 * spec.weight_ports_n / board.ddr_bytes_per_cycle(clock_hz))


def _busy(descriptor: object) -> int:
    """Cycles in which the array takes a word."""
    if not isinstance(descriptor, Compute) or descriptor.pool:
        return 0
    issued = sum(tap.cs for tap in descriptor.taps)
    return descriptor.blocks * descriptor.tiles * descriptor.planes * issued


def _beats(item: Load | Store) -> int:
    """Cycles of a LOAD or STORE in which a beat moves; a row of an image costs some more."""
    beats = item.runs * item.rows * item.width
    return beats + (IMAGE_ROW_CYCLES * item.rows if item.row_beats else 0)


@dataclass(slots=True)
class _Run:
    spec: MixedSpec
    port_cycles: float
    free: dict[Op, float] = field(default_factory=dict)
    done: dict[Op, list[float]] = field(default_factory=dict)
    arrivals: deque[float] = field(default_factory=deque)
    ring: _Ring | None = None
    pending: deque[tuple[int, int]] = field(default_factory=deque)
    held: deque[tuple[int, int]] = field(default_factory=deque)  # blocks left in the rings
    fetch_at: float = 0.0
    weight_cycles: float = 0.0
    frame_ends: list[float] = field(default_factory=list)
    layers: dict[str, float] = field(default_factory=dict)
    last: float = 0.0

    def frame(self, steps: tuple[Step, ...], frame: int) -> None:
        """Run the descriptors of one frame."""
        counts = {op: sum(walker(step.descriptor) is op for step in steps) for op, _ in _WAITS}
        self.layers = {}
        for step in steps:
            item = step.descriptor
            if isinstance(item, Fetch):
                self._fetch(item)
                continue
            at = self._ready(step, frame, counts)
            if isinstance(item, Compute):
                end = self._compute(item, at)
                name = "" if isinstance(step.node, MoveNode) else step.node.layer
                self.layers[name] = self.layers.get(name, 0.0) + max(0.0, end - self.last)
                self.last = max(self.last, end)
            elif isinstance(item, Load | Store):
                end = at + MOVE_CYCLES + _beats(item)
                self.free[walker(item)] = end
            self.done.setdefault(walker(item), []).append(end)
        self.frame_ends.append(max(times[-1] for times in self.done.values()))

    def _ready(self, step: Step, frame: int, counts: dict[Op, int]) -> float:
        at = self.free.get(walker(step.descriptor), 0.0)
        for op, name in _WAITS:
            wait = getattr(step.descriptor, name)
            if wait != NO_WAIT and (needed := frame * counts[op] + wait) > 0:
                at = max(at, self.done[op][needed - 1])
        return at

    def _fetch(self, item: Fetch) -> None:
        """Blocks join the queue; their words arrive when the ring has room."""
        block = item.port_beats / item.blocks * self.port_cycles
        self.weight_cycles += item.blocks * block
        for _ in range(item.blocks):
            self.pending.append((item.k, item.row_records + 1))
            self.arrivals.append(block)

    def _compute(self, item: Compute, at: float) -> float:
        at += START_CYCLES
        if item.pool:
            writes = self._places() * (2 if item.kind is OutputKind.TWO_PLANES else 1)
            tile = max(item.planes * len(item.taps), writes)
            end = at + item.blocks * item.tiles * tile
        else:
            end = at
            held = bool(self.held)
            for _ in range(item.blocks):
                end = self._block(item, end, held=held)
        done = end + LATENCY_CYCLES + self._drain(item)
        self.free[Op.CONV] = done  # the next one touches memory when this one is complete
        return done

    def _block(self, item: Compute, at: float, *, held: bool) -> float:
        """End of a block, whose words come from memory or were held by the CONV before."""
        ring = self.ring or _Ring(self.spec.ring_depth, self.spec.record_depth)
        self.ring = ring
        tile = self._tile(item)
        end = at + item.tiles * tile
        words, records = (self.held if held else self.pending).popleft()
        if not held:
            room, share = ring.room(words, records)
            cycles = self.arrivals.popleft()
            # Words come no faster than the pass before releases them
            self.fetch_at = max(self.fetch_at + cycles, room + share * max(cycles, words))
            end = max(end, self.fetch_at + (item.tiles - 1) * tile + item.planes)
        if item.hold:
            self.held.append((words, records))
        else:
            ring.blocks.append((end, words, records))
        return end

    def _tile(self, item: Compute) -> int:
        """Cycles from tile to tile: words, drain, places of the pixels, writes to memory."""
        spec, raw = self.spec, item.kind is OutputKind.RAW
        issued = item.planes * sum(tap.cs for tap in item.taps)
        beats = spec.row_groups_n * (4 if raw else 1) * (3 if item.merge else 1)
        if spec.act_bits == 4 and item.kind is not OutputKind.CODES:
            beats *= 2
        pixels = spec.drain_n if item.lone else spec.pixels_n
        writes = pixels * beats // spec.drain_n
        reads = 2 * self._drain(item) if item.res_two_planes else 0
        return max(issued, self._drain(item), self._places(), writes, reads)

    def _places(self) -> int:
        """Cycles in which the pixels of a tile get their places in memory."""
        return self.spec.pixels_n // self.spec.drain_n

    def _drain(self, item: Compute) -> int:
        raw = item.kind is OutputKind.RAW
        return self.spec.drain_cycles(raw=raw, lone=item.lone)


class _Bound(_Run):
    """Array and weight ports with their rings; nothing has a latency or takes a cycle beside."""

    def blocks(self, item: Compute) -> None:
        """Run the blocks of a CONV behind those of the one before."""
        held = bool(self.held)
        for _ in range(item.blocks):
            self.last = self._block(item, self.last, held=held)

    def _tile(self, item: Compute) -> int:
        return item.planes * sum(tap.cs for tap in item.taps)
