# SPDX-License-Identifier: Apache-2.0
"""Small designs of the mixed engine for tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hlsgen.boards import load_board
from hlsgen.engines.mixed import MixedSpec
from hlsgen.plan.default import base_spec

_PLAIN: dict[str, Any] = {
    "act_bits": 8,
    "lanes_n": 4,
    "pixels_n": 4,
    "drain_n": 1,
    "act_depth": 4096,
    "ring_depth": 1024,
    "record_depth": 512,
    "weight_ports_n": 1,
    "acc_w": 32,
    "mult_w": 34,
    "taps_n": 256,
}


def spec_of(pot4_n: int, fixed4_n: int, fixed8_n: int, **fields: Any) -> MixedSpec:
    """A design with these rows; every other field has a small default."""
    rows = {"pot4_n": pot4_n, "fixed4_n": fixed4_n, "fixed8_n": fixed8_n}
    return MixedSpec(**{**_PLAIN, **rows, **fields})


def digits_spec() -> MixedSpec:
    """A small design of the ZedBoard's rows with 4-bit activations."""
    spec = base_spec(4, False, load_board("zedboard"))
    return replace(spec, lanes_n=4, pixels_n=2, ring_depth=1024, act_depth=1024)
