# SPDX-License-Identifier: Apache-2.0
"""The layer program: a round trip of random descriptors, places of named fields, range checks."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hlsgen.engines import program as p
from hlsgen.errors import PlanError, ProjectError

pytestmark = pytest.mark.unit


def _values(draw: st.DrawFn, layout: p.Layout, cls: type) -> dict:
    types = {item.name: str(item.type) for item in fields(cls)}
    values = {}
    for name, bits in {**p._COMMON, **layout}.items():
        low = -(1 << (bits.width - 1)) if bits.signed else 0
        high = (1 << (bits.width - bits.signed)) - 1
        if types[name] in ("Buffer", "OutputKind"):
            high = 2
        values[name] = p._typed(types[name], draw(st.integers(low, high)))
    return values


@st.composite
def _descriptors(draw: st.DrawFn) -> p.Descriptor:
    cls = draw(st.sampled_from([p.Fetch, p.Load, p.Store, p.Compute]))
    values = _values(draw, cls.LAYOUT, cls)
    if cls is not p.Compute:
        return cls(**values)
    taps = tuple(
        p.Tap(
            **{
                name: draw(st.integers(-5 if bits.signed else 0, (1 << bits.width - 1) - 1))
                for name, bits in p.Tap.LAYOUT.items()
            }
        )
        for _ in range(draw(st.integers(0, 3)))
    )
    return p.Compute(**values, taps=taps, pool=draw(st.booleans()))


@given(st.lists(_descriptors(), max_size=5), st.integers(0, 2**64 - 1))
def test_program_round_trip(descriptors: list[p.Descriptor], layout_hash: int) -> None:
    program = p.Program(layout_hash=layout_hash, report_slots=3, descriptors=tuple(descriptors))
    assert p.decode(p.encode(program)) == program


def _store() -> p.Store:
    return p.Store(
        offset=0x80,
        buffer=p.Buffer.OUTPUT,
        run_bytes=256,
        runs=2,
        rows=5,
        width=6,
        base=7,
        run_stride=8,
        pitch=9,
        s=2,
        off_step=4,
        phase_stride=10,
        wait_compute=-2,
    )


def test_program_fields_lie_where_the_format_says() -> None:
    data = p.encode(p.Program(layout_hash=5, report_slots=1, descriptors=(_store(),)))
    beats = [int.from_bytes(data[i : i + 8], "little") for i in range(0, len(data), 8)]
    assert beats[:4] == [0x0001_0001_52504748, 5, 256, 1 | 1 << 16]
    assert beats[16] == 5 | 1 << 8 | 0xFFFF << 32
    assert beats[17] == 0x8000 | 0xFFFE << 16 | 0x8000 << 32
    assert beats[18] == 0x80 | 2 << 32
    assert beats[19] == 256 | 2 << 32 | 5 << 48
    assert beats[20] == 6 | 7 << 16 | 8 << 32 | 9 << 48
    assert beats[21] == 2 | 4 << 8 | 10 << 16


def test_program_refuses_a_field_out_of_range() -> None:
    program = p.Program(
        layout_hash=0, report_slots=0, descriptors=(replace(_store(), base=1 << 16),)
    )
    rule = r"^Program field base must be in 0\.\.65535, not 65536; the layer is too large for the "
    with pytest.raises(PlanError, match=rule + r"format$"):
        p.encode(program)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda d: b"XXXX" + d[4:], r"^Program must start with HGPR and version 1; build the .*$"),
        (lambda d: d[:-8], r"^Program must hold 256 bytes, not 248; build it again$"),
        (
            lambda d: d[:128] + b"\x09" + d[129:],
            r"^Program operation must be in 1\.\.5, not 9 \(byte 128\); build the project again$",
        ),
    ],
    ids=["magic", "size", "operation"],
)
def test_program_refuses_damage(change, sentence: str) -> None:
    data = p.encode(p.Program(layout_hash=0, report_slots=0, descriptors=(_store(),)))
    with pytest.raises(ProjectError, match=sentence):
        p.decode(change(data))
