# SPDX-License-Identifier: Apache-2.0
"""Hardware of another design is refused by the name of what differs."""

from __future__ import annotations

import re
import struct

import pytest

from hlsgen.engines.proposal import ProposalSpec
from hlsgen.run.identity import mismatch
from tests.designs import spec_of

pytestmark = pytest.mark.unit
SPEC = spec_of(3, 2, 3, lanes_n=2, pixels_n=6, weight_ports_n=2, drain_n=2)
SOUND = struct.pack(
    "<IHHQQQQ6B2x", 0x50524748, 1, 0, SPEC.layout_hash(), 0, 0, 99, 8, 2, 6, 8, 2, 2
)


def planted(at: int, value: int) -> bytes:
    return SOUND[:at] + bytes([value]) + SOUND[at + 1 :]


HASH = SPEC.layout_hash()
WRONG = {
    "nothing": (b"", r"^the hardware did not identify itself$"),
    "magic": (planted(0, 0), r"^the identification must begin with 0x50524748, not 0x50524700$"),
    "version": (planted(4, 2), r"^the hardware must have version 1, not 2$"),
    "hash": (
        planted(8, HASH & 255 ^ 1),
        rf"^the hardware must have layout {HASH:016x}, not {HASH ^ 1:016x}$",
    ),
    "status": (planted(16, 6), r"^the identification must end with status 0, not 6$"),
    "act_bits": (planted(40, 4), r"^the hardware must have act_bits 8, not 4$"),
    "lanes_n": (planted(41, 4), r"^the hardware must have lanes_n 2, not 4$"),
    "pixels_n": (planted(42, 8), r"^the hardware must have pixels_n 6, not 8$"),
    "rows_n": (planted(43, 16), r"^the hardware must have rows_n 8, not 16$"),
    "weight_ports_n": (planted(44, 1), r"^the hardware must have weight_ports_n 2, not 1$"),
    "drain_n": (planted(45, 1), r"^the hardware must have drain_n 2, not 1$"),
}


def test_the_right_hardware_is_taken() -> None:
    assert mismatch(SPEC, SOUND.ljust(128, b"\0")) is None


@pytest.mark.parametrize("name", WRONG)
def test_other_hardware_is_refused(name: str) -> None:
    identity, sentence = WRONG[name]
    found = mismatch(SPEC, identity)
    assert found is not None and re.search(sentence, found), found


PROPOSAL = ProposalSpec(lanes_n=4, ports_n=2, attempts_n=6, limit_n=300, top_k=2000, sizes=(0, 7))
ANSWER = struct.pack(
    "<IHHQQQQ4B2H", 0x50524748, 1, 0, PROPOSAL.layout_hash(), 0, 0, 99, 4, 2, 6, 2, 300, 2000
)
OTHERS = {  # a byte, and what differs in it
    **{"lanes_n": (40, 1), "ports_n": (41, 1), "stream_pixels": (41, 16), "attempts_n": (42, 1)},
    **{"sizes": (43, 1), "limit_n": (45, 1), "top_k": (46, 1)},
}


def test_hardware_of_proposals_is_told_from_others() -> None:
    assert mismatch(PROPOSAL, ANSWER.ljust(128, b"\0")) is None
    for name, (at, bit) in OTHERS.items():
        other = ANSWER[:at] + bytes([ANSWER[at] ^ bit]) + ANSWER[at + 1 :]
        assert re.match(rf"^the hardware must have {name} \d+, not \d+$", mismatch(PROPOSAL, other))
    assert mismatch(PROPOSAL, ANSWER[:44]) == "the hardware did not identify itself"


def test_all_that_differs_is_named() -> None:
    found = mismatch(SPEC, planted(40, 4)[:45] + b"\1" + SOUND[46:])
    assert found == "the hardware must have act_bits 8, not 4; drain_n 2, not 1"
