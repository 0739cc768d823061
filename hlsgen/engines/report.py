# SPDX-License-Identifier: Apache-2.0
"""The report of a run, of all engines: where its parts lie (docs/spec/formats.md §8 and §11)."""

from __future__ import annotations

import struct

from hlsgen.errors import ProjectError

REPORT_MAGIC = 0x50524748  # "HGRP"
REPORT_HEADER_BYTES = 128
_ENTRY = struct.Struct("<8Q")
_PLACE = 6  # beat of an entry that says where it stands
REPORT_ENTRY_BYTES = _ENTRY.size


def report_bytes(slots: int, frames: int) -> int:
    """Bytes of the report of a run, with an entry for each slot in each frame."""
    return REPORT_HEADER_BYTES + REPORT_ENTRY_BYTES * slots * frames


def read_entry(report: bytes, slots: int, frame: int, slot: int = 0) -> tuple[int, ...]:
    """The beats of an entry, its place apart, which must be its own."""
    at = report_bytes(slots, frame) + REPORT_ENTRY_BYTES * slot
    beats = list(_ENTRY.unpack_from(report, at))
    place, wanted = beats.pop(_PLACE), frame << 16 | slot
    if place != wanted:
        raise ProjectError(
            f"Report entry {slot} of frame {frame} must hold its place {wanted}, not {place}; "
            "report this as a defect"
        )
    return tuple(beats)
