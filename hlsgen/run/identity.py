# SPDX-License-Identifier: Apache-2.0
"""What the hardware says of itself before its first job (formats §8), against what is expected."""

from __future__ import annotations

import struct

from hlsgen.engines.mixed import FORMAT_VERSION, MixedSpec
from hlsgen.engines.proposal import ProposalSpec
from hlsgen.engines.report import REPORT_MAGIC

_HEADER = struct.Struct("<IHxxQB23x")
_MIXED = struct.Struct("<6B2x")
_PROPOSAL = struct.Struct("<4B2H")


def capabilities(spec: MixedSpec | ProposalSpec) -> dict[str, int]:
    """What the hardware of a design says of itself, in the order of beat 5."""
    if isinstance(spec, ProposalSpec):
        return {
            "lanes_n": spec.lanes_n,
            "ports_n": spec.ports_n,
            "stream_pixels": spec.stream_pixels,
            "attempts_n": spec.attempts_n,
            "sizes": len(spec.sizes),
            "limit_n": spec.limit_n,
            "top_k": spec.top_k,
        }
    fields = ("act_bits", "lanes_n", "pixels_n", "rows_n", "weight_ports_n", "drain_n")
    return {name: int(getattr(spec, name)) for name in fields}


def mismatch(spec: MixedSpec | ProposalSpec, identity: bytes) -> str | None:
    """Why a program for `spec` must not run on hardware with this report of an empty program."""
    words = _PROPOSAL if isinstance(spec, ProposalSpec) else _MIXED
    if len(identity) < _HEADER.size + words.size:
        return "the hardware did not identify itself"
    magic, version, layout, status = _HEADER.unpack_from(identity)
    if magic != REPORT_MAGIC:
        return f"the identification must begin with {REPORT_MAGIC:#x}, not {magic:#x}"
    if version != FORMAT_VERSION:
        return f"the hardware must have version {FORMAT_VERSION}, not {version}"
    found = words.unpack_from(identity, _HEADER.size)
    if isinstance(spec, ProposalSpec):
        lanes, ports, *others = found
        found = (lanes, ports & 15, ports >> 4, *others)
    unlike = [
        f"{name} {want}, not {got}"
        for (name, want), got in zip(capabilities(spec).items(), found, strict=True)
        if want != got
    ]
    if unlike:
        return f"the hardware must have {'; '.join(unlike)}"
    if layout != spec.layout_hash():
        return f"the hardware must have layout {spec.layout_hash():016x}, not {layout:016x}"
    return f"the identification must end with status 0, not {status}" if status else None
