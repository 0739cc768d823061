# SPDX-License-Identifier: Apache-2.0
"""The mixed engine's design parameters (docs/spec/formats.md §1) and what follows from them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from hlsgen.errors import ParameterError
from hlsgen.model.numbers import Format

FORMAT_VERSION = 1
RECORD_BEATS = 3
_ROWS_MAX = 128
_DEPTH_MAX = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedSpec:
    """Sizes of one mixed engine; every field is a parameter of the hardware."""

    act_bits: int  # bits of an activation container, 4 or 8
    pot4_n: int  # rows of the array that compute power-of-two weights only
    fixed4_n: int  # rows for 4-bit weights, even
    fixed8_n: int  # rows for weights of any format
    lanes_n: int  # input channels of a cycle
    pixels_n: int  # output pixels of a tile
    drain_n: int  # pixels requantised in a cycle
    act_depth: int  # beats of one bank of the activation memory
    ring_depth: int  # weight words in the ring
    record_depth: int  # records in the record ring
    weight_ports_n: int  # memory ports for weights
    acc_w: int  # bits of an accumulator
    mult_w: int  # bits of the requantisation multiplier, 17 or 34
    taps_n: int = 128  # most taps of one layer
    wide_codes: bool = False  # with act_bits 4: Add and MaxPool take codes of 8 bits too

    def __post_init__(self) -> None:
        self._check_integers()
        self._check_array()
        self._check_memories()

    def _check_integers(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name == "wide_codes":
                _flag(item.name, value)
            elif not isinstance(value, int) or isinstance(value, bool):
                raise ParameterError(f"Mixed {item.name} must be an integer, not {value!r}")

    def _check_array(self) -> None:
        _one_of("act_bits", self.act_bits, (4, 8))
        if self.wide_codes and self.act_bits == 8:
            raise ParameterError(
                "Mixed wide_codes must be false where act_bits is 8, not true; leave it out"
            )
        for name in ("pot4_n", "fixed4_n", "fixed8_n"):
            _within(name, getattr(self, name), 0, _ROWS_MAX)
        if self.fixed4_n % 2:
            raise ParameterError(f"Mixed fixed4_n must be even, not {self.fixed4_n}")
        if self.rows_n % self.group_lanes_n or not 0 < self.rows_n <= _ROWS_MAX:
            raise ParameterError(
                f"Mixed pot4_n + fixed4_n + fixed8_n must be a multiple of {self.group_lanes_n} "
                f"(channels of a beat) up to {_ROWS_MAX}, not {self.rows_n}"
            )
        _one_of("lanes_n", self.lanes_n, tuple(_divisors(self.group_lanes_n)))
        _one_of("pixels_n", self.pixels_n, tuple(range(2, 17, 2)))
        _one_of("drain_n", self.drain_n, (1, 2))
        _within("acc_w", self.acc_w, 16, 32)
        _one_of("mult_w", self.mult_w, (17, 34))

    def _check_memories(self) -> None:
        _within("act_depth", self.act_depth, 16, _DEPTH_MAX)
        _within("ring_depth", self.ring_depth, 16, _DEPTH_MAX)
        _power("record_depth", self.record_depth, self.block_records_n + self.table_records_n)
        _one_of("weight_ports_n", self.weight_ports_n, (1, 2, 3, 4))
        if self.weight_ports_n > self.word_beats_n:  # a bank of the ring takes a beat a cycle
            raise ParameterError(
                f"Mixed weight_ports_n must be at most the {self.word_beats_n} beats of a weight "
                f"word, not {self.weight_ports_n}; add rows or lanes, or take fewer ports"
            )
        _within("taps_n", self.taps_n, 1, 256)

    @property
    def rows_n(self) -> int:
        """Rows of the array, T: the output channels of a block."""
        return self.pot4_n + self.fixed4_n + self.fixed8_n

    @property
    def group_lanes_n(self) -> int:
        """Channels of one 64-bit beat, G."""
        return 64 // self.act_bits

    @property
    def row_groups_n(self) -> int:
        """Groups of rows, Tg: the beats of a pixel that a block writes."""
        return self.rows_n // self.group_lanes_n

    @property
    def slices_n(self) -> int:
        """Slices of `lanes_n` channels in a beat, G/N."""
        return self.group_lanes_n // self.lanes_n

    @property
    def banks_n(self) -> int:
        """Banks of the activation memory, B."""
        return 1 << (self.pixels_n - 1).bit_length()

    @property
    def word_bits(self) -> int:
        """Bits of one weight word."""
        return self.lanes_n * (4 * (self.pot4_n + self.fixed4_n) + 8 * self.fixed8_n)

    @property
    def word_beats_n(self) -> int:
        """Beats of one weight word, NB."""
        return -(-self.word_bits // 64)

    @property
    def block_records_n(self) -> int:
        """Records of a block: one header and a row record for each step and lane."""
        return self.rows_n + 1

    @property
    def table_records_n(self) -> int:
        """Records that hold the tables of a residual add."""
        return -(-self.table_entries_n // RECORD_BEATS)

    @property
    def table_entries_n(self) -> int:
        """Entries of the tables of a residual add: by code, or by plane and code of the plane."""
        return 2 * self.add_planes_n << self.act_bits

    @property
    def add_planes_n(self) -> int:
        """Planes of the codes that an Add or a MaxPool takes."""
        return 2 if self.wide_codes else 1

    @property
    def products_n(self) -> int:
        """Products of a cycle."""
        return self.rows_n * self.lanes_n * self.pixels_n

    @property
    def requant_lanes_n(self) -> int:
        """Lanes of requantisation, R."""
        return self.group_lanes_n * self.drain_n

    @property
    def dsp_n(self) -> int:
        """DSP48E1 blocks of the array and the requantisation (DESIGN §4: packing)."""
        pairs = self.lanes_n * self.pixels_n // 2
        fixed4 = self.fixed4_n // 2 * pairs if self.act_bits == 4 else self.fixed4_n * pairs
        multiplier = 1 if self.mult_w == 17 else 2
        return fixed4 + self.fixed8_n * pairs + self.requant_lanes_n * multiplier

    @property
    def mult_limit(self) -> int:
        """Requantisation multipliers are below this."""
        return 1 << min(self.mult_w, 32)

    def drain_cycles(self, *, raw: bool, lone: bool = False) -> int:
        """Cycles in which the sums of a tile are requantised; `lone`: as of a descriptor."""
        pairs = 1 if lone else self.pixels_n // self.drain_n
        return pairs * self.row_groups_n * (4 if raw else 1)

    def slot_kind(self, slot: int) -> Format:
        """Processing element of a slot: POT4, FIXED4 or FIXED8."""
        if slot < self.pot4_n:
            return Format.POT4
        return Format.FIXED4 if slot < self.pot4_n + self.fixed4_n else Format.FIXED8

    def planes_n(self, bits: int) -> int:
        """Planes of a tensor of `bits` bits (formats §2)."""
        return -(-bits // self.act_bits)

    def channel_groups_n(self, channels: int) -> int:
        """Beats that hold `channels` channels of one pixel."""
        return -(-channels // self.group_lanes_n)

    def layout_hash(self) -> int:
        """Number that a bitstream and a program must share (formats §1)."""
        content = {**asdict(self), "version": FORMAT_VERSION}
        if not self.wide_codes:  # designs without it keep the number that they had
            del content["wide_codes"]
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return int.from_bytes(hashlib.sha256(canonical.encode()).digest()[:8], "little")

    def to_dict(self) -> dict[str, int]:
        """The fields by name, as `from_dict` reads them."""
        return dict(asdict(self))

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> MixedSpec:
        """Build a spec from its fields by name; unknown and missing names are refused."""
        known = {item.name for item in fields(cls)}
        unknown = sorted(map(str, set(content) - known))
        if unknown:
            raise ParameterError(
                f"Mixed fields must be among {', '.join(sorted(known))}, not {', '.join(unknown)}"
            )
        missing = sorted(known - set(content) - {"taps_n", "wide_codes"})
        if missing:
            raise ParameterError(
                f"Mixed fields must all be given, not without {', '.join(missing)}"
            )
        return cls(**content)


def _divisors(value: int) -> list[int]:
    return [d for d in range(1, value + 1) if value % d == 0]


def _one_of(name: str, value: int, allowed: tuple[int, ...]) -> None:
    if value not in allowed:
        raise ParameterError(
            f"Mixed {name} must be one of {', '.join(map(str, allowed))}, not {value}"
        )


def _flag(name: str, value: object) -> None:
    if not isinstance(value, bool):
        raise ParameterError(f"Mixed {name} must be true or false, not {value!r}")


def _within(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise ParameterError(f"Mixed {name} must be in {low}..{high}, not {value}")


def _power(name: str, value: int, least: int) -> None:
    if value & (value - 1) or not least <= value <= _DEPTH_MAX:
        raise ParameterError(
            f"Mixed {name} must be a power of two in {least}..{_DEPTH_MAX}, not {value}"
        )
