# SPDX-License-Identifier: Apache-2.0
"""The proposal program as bytes: what the engine must know of a model and of an image's size.

docs/spec/formats.md §11 has every field; this is the only implementation on the host.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hlsgen.engines.proposal import PROGRAM_VERSION, Proposals, ProposalSpec, Size, sizes_of
from hlsgen.engines.proposal_jobs import Job, candidates_depth, fifo_depth, jobs, jobs_depth
from hlsgen.errors import ParameterError
from hlsgen.model.proposal import SPACES, Space
from hlsgen.stages import resize
from hlsgen.stages.boxes import BURST_RECORDS, RECORD_BYTES

MAGIC = 0x50504748  # HGPP
ALIGN = 128  # bytes: of a section, of an image's rows and of a frame's results
_PIXEL_BYTES = 3
_BEAT_BYTES = 8
_VALID = 1 << 40
VIDEO_START, VIDEO_END = 1 << 48, 1 << 49  # beside the 48 bits of TDATA: TUSER[0], TLAST
_VIDEO_ORDER = (1, 0, 2)  # of the colours of AMD's video: green lowest, then blue and red


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A program with what it holds."""

    data: bytes
    sizes: tuple[Size, ...]
    jobs: tuple[Job, ...]
    row_bytes: int  # from one source row to the next in memory


def row_bytes(width: int) -> int:
    """Bytes from row to row of a packed BGR image in memory."""
    return _aligned(_PIXEL_BYTES * width)


def plan(spec: ProposalSpec, space: Space, width: int, height: int) -> Plan:
    """The program of a colour space for images of one size."""
    if width > spec.width_max or height > spec.height_max:
        raise ParameterError(
            f"Image must be at most {spec.width_max}x{spec.height_max} (the built size), "
            f"not {width}x{height}; scale it or build for a larger one"
        )
    sizes = sizes_of(space.sizes, width, height)
    if len(sizes) > len(spec.sizes) or spec.beats(sizes) > spec.line_depth:
        raise ParameterError(
            f"Sizes must be at most {len(spec.sizes)} in {spec.line_depth} beats (what was built), "
            f"not {len(sizes)} in {spec.beats(sizes)} (colour space {space.name}); build again"
        )
    work = jobs(spec, sizes, height)
    if len(work) > (room := jobs_depth(spec)):
        raise ParameterError(
            f"Jobs of an image must be at most {room} (what was built), not {len(work)} "
            f"({width}x{height}); build for a larger one"
        )
    if (waiting := candidates_depth(spec, sizes, height)) > (depth := fifo_depth(spec)):
        raise ParameterError(
            f"Points that may wait for the limit must be at most {depth} (what was built), "
            f"not {waiting} ({width}x{height}); build for a larger image"
        )
    records = b"".join(_size_records(spec, space, sizes))
    columns = b"".join(_column_words(spec, sizes, width))
    listed = b"".join(_job_word(job) for job in work)
    places = [ALIGN]
    for section in (records, columns, listed):
        places.append(places[-1] + _aligned(len(section)))
    basis = [basis_bits(signs) for signs in space.basis]
    header = struct.pack(
        "<IHBBQIIHHHHQQhhHHIII",
        MAGIC,
        PROGRAM_VERSION,
        len(sizes),
        SPACES.index(space.name),
        spec.layout_hash(),
        places[-1],
        len(work),
        width,
        height,
        -(-_PIXEL_BYTES * width // _BEAT_BYTES),
        row_bytes(width) // ALIGN,
        *basis,
        *space.coefficients,
        spec.top_k,
        len(columns) // _BEAT_BYTES,
        *places[:3],
    )
    data = b"".join(_padded(part) for part in (header, records, columns, listed))
    return Plan(data=data, sizes=sizes, jobs=work, row_bytes=row_bytes(width))


def pack_image(image: NDArray[np.uint8]) -> bytes:
    """A BGR image as it lies in memory: rows of packed pixels, each on a multiple of 128 bytes."""
    height, width = image.shape[:2]
    rows = np.zeros((height, row_bytes(width)), np.uint8)
    rows[:, : _PIXEL_BYTES * width] = image.reshape(height, -1)
    return rows.tobytes()


def pack_video(image: NDArray[np.uint8], pixels: int) -> NDArray[np.uint64]:
    """A BGR image as beats of AXI4-Stream video: TDATA, then start of frame and end of line."""
    height, width = image.shape[:2]
    beats = -(-width // pixels)
    lanes = np.zeros((height, beats * pixels, _PIXEL_BYTES), np.uint64)
    lanes[:, :width] = image[..., _VIDEO_ORDER]
    shifts = 8 * np.arange(_PIXEL_BYTES * pixels, dtype=np.uint64)
    words = (lanes.reshape(height, beats, -1) << shifts).sum(axis=2, dtype=np.uint64)
    words[0, 0] |= np.uint64(VIDEO_START)
    words[:, -1] |= np.uint64(VIDEO_END)
    return np.asarray(words.ravel())


def pack_results(spec: ProposalSpec, found: Proposals) -> bytes:
    """A frame's results as they lie in memory, best first; places behind the last box are 0."""
    words = np.zeros((-(-spec.top_k // BURST_RECORDS) * BURST_RECORDS, 2), np.uint64)
    count = len(found.values)
    corners = found.boxes.astype(np.uint64)
    for number in range(4):
        words[:count, 0] |= corners[:, number] << np.uint64(16 * number)
    low = found.values.astype(np.int32).view(np.uint32).astype(np.uint64)
    words[:count, 1] = low | found.sizes.astype(np.uint64) << np.uint64(32) | np.uint64(_VALID)
    return words.tobytes()


def unpack_results(data: bytes) -> Proposals:
    """Boxes, values and sizes of a frame's results."""
    words = np.frombuffer(data, "<u8").reshape(-1, RECORD_BYTES // _BEAT_BYTES)
    words = words[(words[:, 1] & np.uint64(_VALID)) != 0]
    corners = words[:, :1] >> np.arange(0, 64, 16, dtype=np.uint64) & np.uint64(0xFFFF)
    return Proposals(
        boxes=corners.astype(np.int64),
        values=words[:, 1].astype(np.uint32).view(np.int32).astype(np.int64),
        sizes=(words[:, 1] >> np.uint64(32) & np.uint64(0xFF)).astype(np.int64),
    )


def _size_records(spec: ProposalSpec, space: Space, sizes: Sequence[Size]) -> Iterator[bytes]:
    base = 0
    for size in sizes:
        beats = -(-size.map[0] // spec.lanes_n)
        (window_x, window_y), (step_x, step_y) = size.window, size.step
        place = window_x | window_y << 16 | step_x << 32 | step_y << 48 | size.index << 58
        line = int(space.slope[size.index]), int(space.offset[size.index])
        yield struct.pack("<HHHHQqq", *size.map, base, beats, place, *line)
        base += beats


def _column_words(spec: ProposalSpec, sizes: Sequence[Size], width: int) -> Iterator[bytes]:
    """Taps of every lane, two to a 64-bit word; lanes behind the last pixel hold 0."""
    lanes = spec.lanes_n + spec.lanes_n % 2
    for size in sizes:
        found = resize.taps(width, size.map[0])
        table = np.zeros((-(-size.map[0] // spec.lanes_n), lanes), "<u4")
        entries = np.zeros(table.shape[0] * spec.lanes_n, "<u4")
        entries[: size.map[0]] = found.first | found.weight << 16
        table[:, : spec.lanes_n] = entries.reshape(-1, spec.lanes_n)
        yield table.tobytes()


def _job_word(job: Job) -> bytes:
    fields = (
        (job.kind, 0, 2),
        (job.slot, 2, 6),
        (job.row, 8, 12),
        (job.first, 20, 12),
        (job.weight, 32, 9),
        (job.beats, 48, 12),
    )
    word = 0
    for number, low, bits in fields:
        if not 0 <= number < 1 << bits:
            raise ParameterError(f"Job field must fit {bits} bits, not {number} ({job})")
        word |= number << low
    return struct.pack("<Q", word)


def basis_bits(signs: NDArray[np.int8]) -> int:
    """A basis as a word: upper left weight in the most significant bit, 1 for +1."""
    return int("".join("1" if sign > 0 else "0" for sign in signs.ravel()), 2)


def _aligned(size: int) -> int:
    return -(-size // ALIGN) * ALIGN


def _padded(part: bytes) -> bytes:
    return part + bytes(_aligned(len(part)) - len(part))
