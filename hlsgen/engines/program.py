# SPDX-License-Identifier: Apache-2.0
"""The layer program: typed descriptors and their bytes (docs/spec/formats.md §6).

`encode` and `decode` are inverse to each other; every field is checked against its bits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import IntEnum
from typing import Any, ClassVar, TypeAlias

from hlsgen.engines.mixed import FORMAT_VERSION
from hlsgen.errors import PlanError, ProjectError

PROGRAM_MAGIC = 0x52504748  # "HGPR"
HEADER_BYTES = 128  # of a program of any engine
DESCRIPTOR_BYTES = 128
TAP_BYTES = 16
NO_WAIT = -32768
NO_REPORT = 0xFFFF


class Op(IntEnum):
    """Operation codes."""

    FETCH = 1
    LOAD = 2
    CONV = 3
    POOL = 4
    STORE = 5


class OutputKind(IntEnum):
    """What a CONV writes."""

    CODES = 0  # one plane of act_bits
    TWO_PLANES = 1  # 8-bit codes in two planes of 4 bits
    RAW = 2  # 32-bit accumulators


class Buffer(IntEnum):
    """External buffers of LOAD and STORE."""

    INPUT = 0
    SCRATCH = 1
    OUTPUT = 2


@dataclass(frozen=True, slots=True)
class Bits:
    """Place of a field: `width` bits from bit `low` of beat `beat`."""

    beat: int
    low: int
    width: int
    signed: bool = False

    def put(self, beats: list[int], value: int, name: str) -> None:
        """Write a value into its beat; a value out of range is a PlanError."""
        low = -(1 << (self.width - 1)) if self.signed else 0
        high = (1 << (self.width - self.signed)) - 1
        if not low <= value <= high:
            raise PlanError(
                f"Program field {name} must be in {low}..{high}, not {value}; "
                "the layer is too large for the format"
            )
        beats[self.beat] |= (value & ((1 << self.width) - 1)) << self.low

    def get(self, beats: Sequence[int]) -> int:
        """Read the value back."""
        value = beats[self.beat] >> self.low & ((1 << self.width) - 1)
        return value - (1 << self.width) if self.signed and value >> (self.width - 1) else value


Layout: TypeAlias = Mapping[str, Bits]
_COMMON: Layout = {
    "hold": Bits(0, 24, 1),
    "merge": Bits(0, 25, 1),
    "shared": Bits(0, 26, 1),
    "report_slot": Bits(0, 32, 16),
    "wait_load": Bits(1, 0, 16, signed=True),
    "wait_compute": Bits(1, 16, 16, signed=True),
    "wait_store": Bits(1, 32, 16, signed=True),
}
_OP, _VERSION, _ENGINE = Bits(0, 0, 8), Bits(0, 8, 8), Bits(0, 16, 8)
_TAPS_OFFSET, _TAPS_COUNT = Bits(2, 0, 32), Bits(2, 32, 16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap:
    """One kernel position of one source: 16 bytes (formats §3)."""

    base: int  # beats of a bank, phase included
    q: int  # pixels relative to the output pixel's number
    cs: int  # slices of lanes_n channels
    sub0: int = 0  # first slice within its beat
    cg_stride: int
    plane_stride: int = 0
    ylo: int  # output rows and columns for which the tap lies inside the map
    yhi: int
    xlo: int
    xhi: int

    LAYOUT: ClassVar[Layout] = {
        "base": Bits(0, 0, 16),
        "q": Bits(0, 16, 16, signed=True),
        "cs": Bits(0, 32, 12),
        "sub0": Bits(0, 44, 4),
        "cg_stride": Bits(0, 48, 16),
        "plane_stride": Bits(1, 0, 16),
        "ylo": Bits(1, 16, 12),
        "yhi": Bits(1, 28, 12),
        "xlo": Bits(1, 40, 12),
        "xhi": Bits(1, 52, 12),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Common:
    """What every descriptor has."""

    wait_load: int = NO_WAIT
    wait_compute: int = NO_WAIT
    wait_store: int = NO_WAIT
    report_slot: int = NO_REPORT
    hold: bool = False
    merge: bool = False
    shared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch(_Common):
    """Weights and records of `blocks` blocks of one stream of CONVs."""

    offset: int  # bytes in the weight buffer
    port_stride: int  # bytes from one port's stripe to the next
    blocks: int
    row_records: int
    k: int  # weight words of a block
    table_records: int = 0
    port_beats: int

    LAYOUT: ClassVar[Layout] = {
        "offset": Bits(2, 0, 32),
        "port_stride": Bits(2, 32, 32),
        "blocks": Bits(3, 0, 16),
        "row_records": Bits(3, 16, 16),
        "k": Bits(3, 32, 16),
        "table_records": Bits(3, 48, 16),
        "port_beats": Bits(4, 0, 32),
    }


_MOVE: Layout = {
    "offset": Bits(2, 0, 32),
    "buffer": Bits(2, 32, 8),
    "run_bytes": Bits(3, 0, 32),
    "runs": Bits(3, 32, 16),
    "rows": Bits(3, 48, 16),
    "width": Bits(4, 0, 16),
    "base": Bits(4, 16, 16),
    "run_stride": Bits(4, 32, 16),
    "pitch": Bits(4, 48, 16),
    "s": Bits(5, 0, 4),
    "off_step": Bits(5, 8, 8),
    "phase_stride": Bits(5, 16, 16),
}
_IMAGE: Layout = {
    "row_beats": Bits(6, 0, 16),
    "step": Bits(6, 16, 8),
    "lead": Bits(6, 24, 8),
    "pad": Bits(6, 32, 8),
    "tail": Bits(6, 40, 3),
    "two_planes": Bits(6, 43, 1),
    "plane_stride": Bits(6, 48, 16),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Load(_Common):
    """Runs of rows*width beats from a buffer into the activation memory.

    With `row_beats`, an image: the buffer holds rows of that many beats, `run_bytes` apart, and
    each row gives `width` beats of neighbouring pixels (formats §6).
    """

    offset: int  # bytes in the buffer
    buffer: Buffer
    run_bytes: int  # from run to run in the buffer
    runs: int
    rows: int
    width: int
    base: int
    run_stride: int  # beats of a bank from run to run
    pitch: int
    s: int
    off_step: int
    phase_stride: int
    row_beats: int = 0  # of an image's row; 0: no image
    step: int = 0  # bytes from one beat's first pixel to the next one's
    lead: int = 0  # bytes of padding in front of a row
    pad: int = 0  # code of padding
    tail: int = 0  # bytes of a row's last beat that hold pixels; 0: all
    two_planes: bool = False  # 8-bit codes as two planes of 4 bits
    plane_stride: int = 0

    LAYOUT: ClassVar[Layout] = {**_MOVE, **_IMAGE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Store(Load):
    """Runs of rows*width beats from the activation memory into a buffer."""

    LAYOUT: ClassVar[Layout] = _MOVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Compute(_Common):
    """A CONV or, with `pool`, a maximum POOL over `taps`."""

    pool: bool = False
    taps: tuple[Tap, ...]
    k: int = 0  # weight words of a block; 0 for a POOL
    blocks: int
    tiles: int
    planes: int
    kind: OutputKind = OutputKind.CODES
    pad0: int = 0  # pad code of plane 0
    pad1: int = 0
    wv: int  # virtual width
    wo: int
    ho: int
    p_div_wv: int
    p_mod_wv: int
    out_base: int
    out_cg_stride: int
    out_plane_stride: int = 0
    out_phase_stride: int = 0
    out_pitch: int
    out_s: int = 1
    out_off_step: int
    out_groups: int  # channel groups written
    res_base: int = 0
    res_cg_stride: int = 0
    res_two_planes: bool = False  # the residual has codes of 8 bits in two planes of 4
    res_plane_stride: int = 0
    add_lo: int = 0
    add_hi: int = 0
    add: bool = False
    add_tie_even: bool = False
    add_tie_parity: int = 0
    skew: bool = False  # plane 1 of the input lies B/2 banks further on

    LAYOUT: ClassVar[Layout] = {
        "skew": Bits(0, 27, 1),
        "k": Bits(2, 48, 16),
        "blocks": Bits(3, 0, 16),
        "tiles": Bits(3, 16, 16),
        "planes": Bits(3, 32, 8),
        "kind": Bits(3, 40, 8),
        "pad0": Bits(3, 48, 8),
        "pad1": Bits(3, 56, 8),
        "wv": Bits(4, 0, 16),
        "wo": Bits(4, 16, 16),
        "ho": Bits(4, 32, 16),
        "p_div_wv": Bits(4, 48, 8),
        "p_mod_wv": Bits(4, 56, 8),
        "out_base": Bits(5, 0, 16),
        "out_cg_stride": Bits(5, 16, 16),
        "out_plane_stride": Bits(5, 32, 16),
        "out_phase_stride": Bits(5, 48, 16),
        "out_pitch": Bits(6, 0, 16),
        "out_s": Bits(6, 16, 4),
        "out_off_step": Bits(6, 24, 8),
        "out_groups": Bits(6, 32, 16),
        "res_plane_stride": Bits(6, 48, 16),
        "res_base": Bits(7, 0, 16),
        "res_cg_stride": Bits(7, 16, 16),
        "add_lo": Bits(7, 32, 8),
        "add_hi": Bits(7, 40, 8),
        "add": Bits(7, 48, 1),
        "add_tie_even": Bits(7, 49, 1),
        "add_tie_parity": Bits(7, 50, 1),
        "res_two_planes": Bits(7, 51, 1),
    }

    @property
    def lone(self) -> bool:
        """Whether it writes a raw tensor of one pixel, of whose tile only the first pair drains."""
        return self.kind is OutputKind.RAW and self.wo == self.ho == 1


Descriptor: TypeAlias = Fetch | Load | Compute | Store
_CLASSES: dict[Op, type[Fetch] | type[Load] | type[Compute]] = {
    Op.FETCH: Fetch,
    Op.LOAD: Load,
    Op.STORE: Store,
    Op.CONV: Compute,
    Op.POOL: Compute,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What the hardware runs for each frame."""

    layout_hash: int
    report_slots: int
    descriptors: tuple[Descriptor, ...]
    images: int = 1  # of a frame

    def count(self, walker: Op) -> int:
        """Descriptors of a frame that a walker takes (CONV counts POOLs too)."""
        wanted = {Op.CONV, Op.POOL} if walker in (Op.CONV, Op.POOL) else {walker}
        return sum(operation(d) in wanted for d in self.descriptors)


_MAGIC, _HEADER_VERSION, _N = Bits(0, 0, 32), Bits(0, 32, 16), Bits(0, 48, 16)
_HASH, _BYTES = Bits(1, 0, 64), Bits(2, 0, 32)
_LOADS, _COMPUTES = Bits(2, 32, 16), Bits(2, 48, 16)
_STORES, _SLOTS, _MORE = Bits(3, 0, 16), Bits(3, 16, 16), Bits(3, 32, 8)


def operation(descriptor: Descriptor) -> Op:
    """Return the operation code of a descriptor."""
    if isinstance(descriptor, Compute):
        return Op.POOL if descriptor.pool else Op.CONV
    if isinstance(descriptor, Store):
        return Op.STORE
    return Op.LOAD if isinstance(descriptor, Load) else Op.FETCH


def encode(program: Program) -> bytes:
    """Return the bytes of a program: header, descriptors, taps (equal tap lists stored once)."""
    start = HEADER_BYTES + DESCRIPTOR_BYTES * len(program.descriptors)
    chunks: list[bytes] = []
    places: dict[tuple[Tap, ...], int] = {}
    for descriptor in program.descriptors:
        if isinstance(descriptor, Compute) and descriptor.taps not in places:
            places[descriptor.taps] = start + sum(map(len, chunks))
            chunks.append(b"".join(_tap_bytes(tap) for tap in descriptor.taps))
    total = start + sum(map(len, chunks))
    body = [_descriptor_bytes(descriptor, places) for descriptor in program.descriptors]
    return b"".join([_header(program, total), *body, *chunks])


def decode(data: bytes) -> Program:
    """Return the program that `encode` turned into these bytes."""
    count, program = decode_header(data)
    starts = range(HEADER_BYTES, HEADER_BYTES + DESCRIPTOR_BYTES * count, DESCRIPTOR_BYTES)
    return replace(program, descriptors=tuple(_decode_descriptor(data, at) for at in starts))


def decode_header(data: bytes) -> tuple[int, Program]:
    """The number of descriptors, and the program without them."""
    header = _beats(data, 0, HEADER_BYTES)
    if _MAGIC.get(header) != PROGRAM_MAGIC or _HEADER_VERSION.get(header) != FORMAT_VERSION:
        raise ProjectError("Program must start with HGPR and version 1; build the project again")
    if _BYTES.get(header) != len(data):
        raise ProjectError(
            f"Program must hold {_BYTES.get(header)} bytes, not {len(data)}; build it again"
        )
    return _N.get(header), Program(
        layout_hash=_HASH.get(header),
        report_slots=_SLOTS.get(header),
        images=1 + _MORE.get(header),
        descriptors=(),
    )


def _header(program: Program, total: int) -> bytes:
    beats = [0] * (HEADER_BYTES // 8)
    _MAGIC.put(beats, PROGRAM_MAGIC, "magic")
    _HEADER_VERSION.put(beats, FORMAT_VERSION, "version")
    _N.put(beats, len(program.descriptors), "descriptors")
    _HASH.put(beats, program.layout_hash, "layout_hash")
    _BYTES.put(beats, total, "bytes")
    _LOADS.put(beats, program.count(Op.LOAD), "loads")
    _COMPUTES.put(beats, program.count(Op.CONV), "computes")
    _STORES.put(beats, program.count(Op.STORE), "stores")
    _SLOTS.put(beats, program.report_slots, "report_slots")
    _MORE.put(beats, program.images - 1, "images")
    return _packed(beats)


def _descriptor_bytes(descriptor: Descriptor, places: Mapping[tuple[Tap, ...], int]) -> bytes:
    beats = [0] * (DESCRIPTOR_BYTES // 8)
    _OP.put(beats, operation(descriptor), "op")
    _VERSION.put(beats, FORMAT_VERSION, "version")
    for name, bits in {**_COMMON, **descriptor.LAYOUT}.items():
        bits.put(beats, int(getattr(descriptor, name)), name)
    if isinstance(descriptor, Compute):
        _TAPS_OFFSET.put(beats, places[descriptor.taps], "taps offset")
        _TAPS_COUNT.put(beats, len(descriptor.taps), "taps")
    return _packed(beats)


def _decode_descriptor(data: bytes, start: int) -> Descriptor:
    beats = _beats(data, start, DESCRIPTOR_BYTES)
    try:
        op = Op(_OP.get(beats))
    except ValueError as error:
        raise ProjectError(
            f"Program operation must be in 1..5, not {_OP.get(beats)} (byte {start}); "
            "build the project again"
        ) from error
    cls = _CLASSES[op]
    types = {item.name: item.type for item in fields(cls)}
    values: dict[str, Any] = {
        name: _typed(str(types[name]), bits.get(beats))
        for name, bits in {**_COMMON, **cls.LAYOUT}.items()
    }
    if cls is Compute:
        first, count = _TAPS_OFFSET.get(beats), _TAPS_COUNT.get(beats)
        ends = range(first, first + TAP_BYTES * count, TAP_BYTES)
        values |= {"pool": op is Op.POOL, "taps": tuple(_decode_tap(data, at) for at in ends)}
    return cls(**values)


def _typed(annotation: str, value: int) -> Any:
    kinds: dict[str, Any] = {"bool": bool, "Buffer": Buffer, "OutputKind": OutputKind}
    return kinds.get(annotation, int)(value)


def _tap_bytes(tap: Tap) -> bytes:
    beats = [0, 0]
    for name, bits in Tap.LAYOUT.items():
        bits.put(beats, getattr(tap, name), f"tap {name}")
    return _packed(beats)


def _decode_tap(data: bytes, start: int) -> Tap:
    beats = _beats(data, start, TAP_BYTES)
    return Tap(**{name: bits.get(beats) for name, bits in Tap.LAYOUT.items()})


def _beats(data: bytes, start: int, size: int) -> list[int]:
    if start + size > len(data):
        raise ProjectError(f"Program must not end at byte {len(data)}; build the project again")
    return [int.from_bytes(data[at : at + 8], "little") for at in range(start, start + size, 8)]


def _packed(beats: Sequence[int]) -> bytes:
    return b"".join(beat.to_bytes(8, "little") for beat in beats)
