# SPDX-License-Identifier: Apache-2.0
"""Weight fetch: the stream of a FETCH as records and weight words (formats §4, §5).

Wp ports move a beat each in lockstep; beat g of the padded stream is beat g div Wp of port
g mod Wp. Each record, and the run of words of a block, begins on a multiple of Wp beats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hlsgen.errors import ParameterError

RECORD_BEATS = 3
_BEAT_BYTES = 8
_FIFO_BEATS = 256  # of a port: what may be in flight


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchSpec:
    """Sizes of the fetch; each field is a parameter of hg_fetch."""

    word_bits: int  # bits of a weight word
    weight_ports_n: int  # memory ports
    ring_depth: int  # weight words of the ring
    record_depth: int  # records of their ring

    def __post_init__(self) -> None:
        rules = (
            (self.word_bits >= 1, "word_bits", "at least 1"),
            (
                1 <= self.weight_ports_n <= min(4, self.word_beats_n),
                "weight_ports_n",
                f"in 1..{min(4, self.word_beats_n)} (a port brings at most a beat of a word)",
            ),
            (2 <= self.ring_depth <= 1 << 16, "ring_depth", "in 2..65536"),
            (_power(self.record_depth), "record_depth", "a power of two in 2..65536"),
        )
        for good, name, rule in rules:
            if not good:
                raise ParameterError(f"Fetch {name} must be {rule}, not {getattr(self, name)!r}")

    @property
    def word_beats_n(self) -> int:
        """Beats of a weight word, NB."""
        return -(-self.word_bits // 64)

    @property
    def banks_n(self) -> int:
        """Banks of the ring: 72 bits wide, so that the first beats lie beside the others."""
        return self.word_beats_n - (self.word_beats_n + 1 - self.weight_ports_n) // 9

    @property
    def record_cycles(self) -> int:
        """Cycles of one record."""
        return -(-RECORD_BEATS // self.weight_ports_n)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchJob:
    """Counts of a FETCH descriptor."""

    blocks: int
    row_records: int  # of a block; its header record comes on top
    k: int  # weight words of a block
    table_records: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What a FETCH brings, in order."""

    records: tuple[int, ...]  # 192 bits
    words: tuple[int, ...]  # word_bits


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchCost:
    """Cycles of a FETCH at a beat a port and cycle; resources."""

    cycles: int
    lut: int
    ff: int
    bram36: float


def golden(spec: FetchSpec, job: FetchJob, ports: Sequence[bytes]) -> Fetched:
    """Split the ports' bytes into records and weight words."""
    beats = [
        port[i : i + _BEAT_BYTES] for i in range(0, len(ports[0]), _BEAT_BYTES) for port in ports
    ]
    stream = iter(beats)
    records: list[int] = []
    words: list[int] = []
    for block in range(job.blocks):
        for _ in range((job.table_records if block == 0 else 0) + 1 + job.row_records):
            cycle = [next(stream) for _ in range(spec.record_cycles * spec.weight_ports_n)]
            records.append(int.from_bytes(b"".join(cycle[:RECORD_BEATS]), "little"))
        run = [next(stream) for _ in range(_run_cycles(spec, job) * spec.weight_ports_n)]
        for word in range(job.k):
            part = run[word * spec.word_beats_n : (word + 1) * spec.word_beats_n]
            value = int.from_bytes(b"".join(part), "little")
            words.append(value & ((1 << spec.word_bits) - 1))
    return Fetched(records=tuple(records), words=tuple(words))


def cost(spec: FetchSpec, job: FetchJob | None = None) -> FetchCost:
    """Cycles when memory and rings never stall, and resources as Yosys counts them (7 series)."""
    # One port writes its beats straight; several rotate them to the ring's banks
    beat_lut = {1: 11, 2: 90}.get(spec.weight_ports_n, 78)
    blocks = -(-spec.ring_depth // 512)
    ring = 2 * spec.banks_n * blocks
    beat_lut += joining_luts(64, blocks)
    records = _halves(64 * RECORD_BEATS, spec.record_depth)
    fifos = 2 * spec.weight_ports_n * -(-_FIFO_BEATS // 512)
    return FetchCost(
        cycles=0 if job is None else _cycles(spec, job),
        lut=beat_lut * spec.word_beats_n + 275 + 205 * spec.weight_ports_n,
        ff=141 * spec.word_beats_n + 80 * spec.banks_n + 810 + 75 * spec.weight_ports_n,
        bram36=(ring + records + fifos) / 2,
    )


def joining_luts(bits: int, blocks: int) -> int:
    """LUTs behind memories that stand in a row: a power of two of them needs none."""
    odd = blocks // (blocks & -blocks)
    return 0 if odd == 1 else bits * -(-(odd - 1) // 3) + odd


def _halves(bits: int, depth: int) -> int:
    """Halves of BRAM36 of a memory: the better of RAMB36 and RAMB18 for its depth."""
    shapes = ((2, 72, 512), (1, 36, 512))  # halves, most bits, words at those
    counts = []
    for halves, width, words in shapes:
        fold = max(0, (-(-depth // words) - 1).bit_length())
        narrow = width >> fold
        if narrow < 9:  # the parity bits serve no narrow words
            narrow = max(1, width * 8 // 9 >> fold)
        counts.append(halves * -(-bits // narrow))
    return min(counts)


def _cycles(spec: FetchSpec, job: FetchJob) -> int:
    """A cycle to begin, then every cycle takes a beat of each port."""
    records = job.table_records + job.blocks * (1 + job.row_records)
    return 1 + records * spec.record_cycles + job.blocks * _run_cycles(spec, job)


def _run_cycles(spec: FetchSpec, job: FetchJob) -> int:
    return -(-job.k * spec.word_beats_n // spec.weight_ports_n)


def _power(value: int) -> bool:
    return 2 <= value <= 1 << 16 and value & (value - 1) == 0
