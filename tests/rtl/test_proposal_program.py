# SPDX-License-Identifier: Apache-2.0
"""hg_proposal_program: tables, settings and checks of formats §11, start behind start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from hlsgen.engines.proposal import ProposalSpec
from hlsgen.engines.proposal_jobs import Kind
from hlsgen.engines.proposal_program import Plan, plan
from hlsgen.model.proposal import SPACES
from tests.rtl.beats import ROOM, joined, random_space
from tests.rtl.scripted import hex_lines, run_script

pytestmark = pytest.mark.rtl

SPEC = replace(ROOM, lanes_n=5, top_k=77)
JOBS_DEPTH = 512
BASE = 0x3000_0000
HASH = 0x0123_4567_89AB_CDEF  # of the bench
GAP = 128
READ, FIELD = 6, 5


@dataclass(frozen=True, kw_only=True)
class Start:
    """A program as it lies in memory, and how its start must end."""

    data: bytes
    status: int = 0
    index: int = 0
    frames: int = 2
    runs: bool = True
    reads: bool = True  # the tables, not only the header
    bad_at: int | None = None  # offset of a beat whose response is an error
    other: int = 0  # status of a fault outside the program while it runs
    ready_after: int = 0


def made(size: tuple[int, int], seed: int) -> Plan:
    random = np.random.default_rng(seed)
    found = plan(SPEC, random_space(random, SPACES[seed % len(SPACES)]), *size)
    return replace(found, data=changed(found.data, 8, HASH.to_bytes(8, "little")))


def field(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "little")


def settings(data: bytes) -> int:
    """The settings of a header in the order of the bench."""
    return joined(
        (data[6] - 1, 6), (data[7], 2), (field(data, 20, 2), 16),
        *((field(data, at, 2), 16) for at in (24, 26, 28, 30)),
        *((field(data, at, 8), 64) for at in (32, 40)),
        *((field(data, at, 2), 16) for at in (48, 50)),
    )  # fmt: skip


def writes(data: bytes) -> Iterator[int]:
    """Beats of the tables in the order of the sections."""
    sizes, columns, jobs = data[6], field(data, 54, 2), field(data, 20, 4)
    pairs = -(-SPEC.lanes_n // 2)
    at = [field(data, place, 4) for place in (56, 60, 64)]
    for kind, count, parts in ((0, 4 * sizes, 4), (1, columns, pairs), (2, jobs, 1)):
        for number in range(count):
            word = field(data, at[kind] + 8 * number, 8)
            yield joined((kind, 2), (number // parts, 16), (number % parts, 2), (word, 64))


def changed(data: bytes, at: int, content: bytes) -> bytes:
    return data[:at] + content + data[at + len(content) :]


HEADER = {  # offset, bytes, status
    "magic": (3, b"X", 1),
    "version": (5, b"\x01", 2),
    "layout hash": (15, b"\x00", 3),
    "space": (7, b"\x03", FIELD),
    "sizes": (6, b"\x0b", FIELD),
    "narrow": (24, b"\x07\x00\x21\x00\x03", FIELD),
    "wide": (24, b"\x47\x00\x21\x00\x1b", FIELD),
    "low": (26, b"\x07\x00", FIELD),
    "high": (26, b"\x29\x00", FIELD),
    "row beats": (28, b"\x13", FIELD),
    "k": (52, b"\x4c", FIELD),
    "columns": (54, (3 * SPEC.line_depth + 1).to_bytes(2, "little"), FIELD),
    "no jobs": (20, bytes(4), FIELD),
    "jobs": (20, (JOBS_DEPTH + 1).to_bytes(2, "little"), FIELD),
    "many jobs": (22, b"\x01", FIELD),
}


def bad_jobs(work: Plan) -> Iterator[Start]:
    """One broken rule each, in the first, a middle and the last job."""
    jobs_at = field(work.data, 64, 4)
    last = len(work.jobs) - 1
    push = next(i for i, job in enumerate(work.jobs) if job.kind == Kind.PUSH)
    for index, byte, mask, value in (
        (0, 0, 0xFC, 0x03),  # kind
        (push, 0, 0x03, len(work.sizes) << 2),  # slot
        (push, 4, 0x00, 0x01),  # weight 257 with the next line's bit
        (last, 3, 0x0F, 0x30),  # first source row
        (1, 6, 0x00, 0x00),  # no beats
    ):
        at = jobs_at + 8 * index
        data = changed(work.data, at + byte, bytes([work.data[at + byte] & mask | value]))
        if byte == 4:
            data = changed(data, at + 5, b"\x01")
        yield Start(data=data, status=FIELD, index=index, runs=False)
    word = field(work.data, jobs_at + 8 * push, 8)
    beats = (word >> 48) + 1  # not those of its slot; an idle job may have any number
    for kind, status in ((1, FIELD), (2, 0)):
        new = word & ~3 & (1 << 48) - 1 | kind | beats << 48
        data = changed(work.data, jobs_at + 8 * push, new.to_bytes(8, "little"))
        yield Start(data=data, status=status, index=push if status else 0, runs=not status)
    height = field(work.data, 26, 2)
    new = word & ~(0xFFF << 20) | (height - 1) << 20  # its lower row would be behind the image
    data = changed(work.data, jobs_at + 8 * push, new.to_bytes(8, "little"))
    yield Start(data=data, status=FIELD, index=push, runs=False)


def starts() -> Iterator[Start]:
    work = made((53, 33), 1)
    yield Start(data=work.data)
    yield Start(data=made((70, 40), 2).data, frames=5, ready_after=2500)
    yield Start(data=made((8, 9), 3).data, frames=1)
    for at, content, status in HEADER.values():
        data = changed(work.data, at, content)
        yield Start(data=data, status=status, runs=False, reads=False)
    yield from bad_jobs(work)
    yield Start(data=work.data)
    yield Start(data=work.data, frames=0, runs=False)
    # Identification: of no sizes, whatever its hash and fields; not whatever its version
    empty = changed(changed(work.data, 6, b"\0"), 8, bytes(8))
    yield Start(data=changed(empty, 24, bytes(8))[:128], runs=False, reads=False)
    yield Start(data=changed(empty, 4, b"\x07")[:128], status=2, runs=False, reads=False)
    jobs_at = field(work.data, 64, 4)
    yield Start(data=work.data, bad_at=8, status=READ, runs=False)
    yield Start(data=work.data, bad_at=field(work.data, 60, 4), status=READ, runs=False)
    for index in (0, 1, 6, len(work.jobs) - 1):
        at = jobs_at + 8 * index
        yield Start(data=work.data, bad_at=at, status=READ, index=index, runs=False)
    yield Start(data=work.data, other=7, status=7, index=77)
    yield Start(data=changed(work.data, 54, bytes(2)))  # no column table
    yield Start(data=work.data)


def _files(found: list[Start], folder: Path) -> None:
    """The memory, the starts and what they write."""
    dram, wants, lines = bytearray(), list[int](), list[int]()
    for start in found:
        good = list(writes(start.data)) if start.reads else []
        address = BASE + len(dram)
        bad = 0 if start.bad_at is None else address + start.bad_at
        lines.append(
            joined(
                (address, 32), (start.frames, 32), (len(wants), 32), (bad, 32),
                (start.ready_after, 32), (start.other, 8), (start.status, 8), (start.index, 16),
                (len(good), 32), (start.runs, 1), (settings(start.data), 248),
            )
        )  # fmt: skip
        wants += good
        dram += start.data + bytes(GAP)
    (folder / "dram.hex").write_text(hex_lines(np.frombuffer(bytes(dram), "<u8")))
    (folder / "starts.hex").write_text(hex_lines(lines))
    (folder / "wants.hex").write_text(hex_lines(wants))


def parameters(spec: ProposalSpec) -> dict[str, int]:
    return {
        "WidthMax": spec.width_max, "HeightMax": spec.height_max,
        "LanesN": spec.lanes_n, "TopK": spec.top_k, "SizesN": len(spec.sizes),
        "LineDepth": spec.line_depth, "JobsDepth": JOBS_DEPTH,
    }  # fmt: skip


@pytest.mark.parametrize("stall", (0, 40))
def test_programs_are_read_and_checked(stall: int, tmp_path: Path) -> None:
    found = list(starts())
    _files(found, tmp_path)
    run_script(
        "proposal_program", parameters(SPEC), tmp_path, starts=len(found),
        latency=7 + stall, stall=stall, seed=1 + stall,
    )  # fmt: skip
