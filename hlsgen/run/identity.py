# SPDX-License-Identifier: Apache-2.0
"""What the hardware says of itself before its first job (formats §8), against what is expected."""

from __future__ import annotations

import struct

from hlsgen.engines.mixed import FORMAT_VERSION, MixedSpec
from hlsgen.engines.program import REPORT_MAGIC

_HEADER = struct.Struct("<IHxxQB23x6B")
_FIELDS = ("act_bits", "lanes_n", "pixels_n", "rows_n", "weight_ports_n", "drain_n")


def mismatch(spec: MixedSpec, identity: bytes) -> str | None:
    """Why a program for `spec` must not run on hardware with this report of zero descriptors."""
    if len(identity) < _HEADER.size:
        return "the hardware did not identify itself"
    magic, version, layout, status, *found = _HEADER.unpack_from(identity)
    if magic != REPORT_MAGIC:
        return f"the identification must begin with {REPORT_MAGIC:#x}, not {magic:#x}"
    if version != FORMAT_VERSION:
        return f"the hardware must have version {FORMAT_VERSION}, not {version}"
    wanted = [getattr(spec, name) for name in _FIELDS]
    unlike = [
        f"{name} {want}, not {got}"
        for name, want, got in zip(_FIELDS, wanted, found, strict=True)
        if want != got
    ]
    if unlike:
        return f"the hardware must have {'; '.join(unlike)}"
    if layout != spec.layout_hash():
        return f"the hardware must have layout {spec.layout_hash():016x}, not {layout:016x}"
    return f"the identification must end with status 0, not {status}" if status else None
