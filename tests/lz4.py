# SPDX-License-Identifier: Apache-2.0
"""Decoder of the LZ4 block format, which holds a block to its rules."""

from __future__ import annotations


def length(block: bytes, at: int, nibble: int) -> tuple[int, int]:
    total = nibble
    while nibble == 15:
        total, at = total + block[at], at + 1
        if block[at - 1] < 255:
            break
    return total, at


def decoded(block: bytes) -> bytes:
    """The block format's rules, those about its end included."""
    out, at, last_match = bytearray(), 0, 0
    while True:
        token = block[at]
        literals, at = length(block, at + 1, token >> 4)
        out += block[at : at + literals]
        at += literals
        if at == len(block):
            assert last_match == 0 or literals >= 5
            return bytes(out)
        back = block[at] | block[at + 1] << 8
        match, at = length(block, at + 2, token & 15)
        assert 1 <= back <= len(out)
        last_match = len(out)
        for _ in range(match + 4):
            out.append(out[-back])
