# SPDX-License-Identifier: Apache-2.0
"""What every start of an engine leaves: a report whose header says how it ended (formats §8)."""

from __future__ import annotations

import struct

from hlsgen.engines.report import REPORT_MAGIC

_HEADER = struct.Struct("<IHHQB3xH")
_STATUSES = (
    "good",
    "the program's magic is wrong",
    "a version is not 1",
    "the program is for another design",
    "an operation is unknown",
    "a field is out of range",
    "a read failed",
    "a write failed",
    "nothing moved for 2^20 cycles (2^28 with a camera)",
    "the camera's frame is not of the program's size",
)
_STREAM = 9  # whose index is a row of the image


def ending(report: bytes) -> tuple[int, int] | None:
    """Status of a start and the index that it is about; None if there is no header."""
    if len(report) < _HEADER.size:
        return None
    magic, _, _, _, status, index = _HEADER.unpack_from(report)
    return (status, index) if magic == REPORT_MAGIC else None


def refusal(report: bytes, unit: str) -> str | None:
    """Why a start did not end well, or None; `unit` is what the report's index counts."""
    end = ending(report)
    if end is None:
        return "the report was never written"
    status, index = end
    if not status:
        return None
    if status == _STREAM:
        unit = "row"
    text = _STATUSES[status] if status < len(_STATUSES) else "an unknown status"
    return f"status {status} at {unit} {index}: {text}"
