# SPDX-License-Identifier: Apache-2.0
"""hg_add: every entry equals the golden model's, at the cycle of its cost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hlsgen.stages.add import FRACTION_BITS, AddLayer, AddSpec, golden
from tests.rtl.scripted import hex_lines, run_script

pytestmark = pytest.mark.rtl

# act_bits, drain, wide_codes
DESIGNS = {
    "w4_pairs": (4, 2, False),
    "w4_single": (4, 1, False),
    "w4_planes": (4, 2, True),
    "w8_pairs": (8, 2, False),
    "w8_single": (8, 1, False),
}
LAYERS, ENTRIES = 10, 60
Lines = list[list[tuple[int, int]]]


def random_layer(rng: np.random.Generator, spec: AddSpec) -> AddLayer:
    """Tables that end within the codes, at ties, or anywhere."""
    size, one = 1 << spec.code_bits, 1 << FRACTION_BITS
    planes = spec.code_bits // spec.act_bits
    shape = (2, planes, 1 << spec.act_bits)
    style = int(rng.integers(0, 3))
    if style == 0:  # sums near the codes
        tables = rng.integers(-size * one // 2 // planes, size * one // planes, shape)
    elif style == 1:  # every sum is a tie, or lies in the middle between two
        tables = rng.integers(-size // planes, 2 * size // planes, shape) * (one // 2)
    else:
        top = ((1 << 36) - 1) // (2 * planes)  # magnitudes of sums stay below 2**36
        ends = rng.choice([-top, top, 0, -1], shape)
        wide = rng.integers(-top, top + 1, shape)
        tables = np.where(rng.random(shape) < 0.3, ends, wide)
    lo = int(rng.integers(0, size // 2))
    return AddLayer(
        first=tables[0],
        second=tables[1],
        lo=lo,
        hi=int(rng.integers(lo, size)),
        tie_even=bool(rng.integers(0, 2)),
        tie_parity=int(rng.integers(0, 2)),
    )


def packed(fields: list[tuple[int, int]]) -> int:
    """Concatenate (value, width), the first one highest."""
    total = 0
    for value, width in fields:
        total = total << width | (value & ((1 << width) - 1))
    return total


def codes_bits(codes: np.ndarray, width: int) -> int:
    return sum(int(code) << width * index for index, code in enumerate(codes.reshape(-1)))


class Script:
    """Lines of the bench: a layer's entries, with the next layer's table writes between them."""

    def __init__(self, spec: AddSpec, seed: int) -> None:
        self.spec, self.rng = spec, np.random.default_rng(seed)
        self.lines: list[int] = []
        self.want: list[int] = []
        self.sel = 1

    def run(self) -> None:
        layers = [
            random_layer(self.rng, self.spec) if self.rng.random() < 0.8 else None
            for _ in range(LAYERS)
        ]
        writes = self._writes(layers[0])
        for index, layer in enumerate(layers):
            for write in writes:
                self._line(write=write)
            self._line(start=self._fields(layer))
            self._line()
            writes = self._writes(layers[index + 1]) if index + 1 < LAYERS else []
            for _ in range(ENTRIES):
                while self.rng.random() < 0.2:
                    self._line()
                self._entry(layer, writes.pop(0) if writes else None)
            for _ in range(self.spec.latency + 2):
                self._line()

    def _writes(self, layer: AddLayer | None) -> list[tuple[int, int]]:
        if layer is None:
            return []
        self.sel ^= 1
        entries = np.concatenate([layer.first, layer.second]).reshape(-1)
        base = self.sel << self._index_bits()
        return [(base | index, int(value)) for index, value in enumerate(entries)]

    def _index_bits(self) -> int:
        return self.spec.act_bits + self.spec.code_bits // self.spec.act_bits

    def _fields(self, layer: AddLayer | None) -> int:
        if layer is None:
            return int(self.rng.integers(0, 1 << 48))
        flags = 1 | int(layer.tie_even) << 1 | layer.tie_parity << 2
        return flags << 48 | layer.hi << 40 | layer.lo << 32

    def _entry(self, layer: AddLayer | None, write: tuple[int, int] | None) -> None:
        shape = (self.spec.drain_n, self.spec.lanes_n)
        top = 256 if layer is None else 1 << self.spec.code_bits
        first = self.rng.integers(0, top, shape)
        second = self.rng.integers(0, 1 << self.spec.code_bits, shape)
        tag = int(self.rng.integers(0, 1 << 7 + self.spec.lanes_n))
        codes = first if layer is None else golden(layer, first, second)
        width = 8 * first.size
        self.want.append(tag << width | codes_bits(codes, 8))
        entry = (tag << width | codes_bits(first, 8), codes_bits(second, self.spec.code_bits))
        self._line(write=write, entry=entry)

    def _line(
        self,
        start: int | None = None,
        write: tuple[int, int] | None = None,
        entry: tuple[int, int] | None = None,
    ) -> None:
        spec = self.spec
        lanes = spec.drain_n * spec.lanes_n
        index, value = write or (0, int(self.rng.integers(0, 1 << 36)))
        data, residual = entry or (int.from_bytes(self.rng.bytes(8), "little"), 0)
        fields = [
            (start is not None, 1),
            (start or 0, 64),
            (write is not None, 1),
            (index, self._index_bits() + 1),
            (value, 36),
            (entry is not None, 1),
            (data, 7 + spec.lanes_n + 8 * lanes),
            (residual, lanes * spec.code_bits),
        ]
        self.lines.append(packed(fields))


@pytest.mark.parametrize("name", DESIGNS, ids=list(DESIGNS))
def test_add_entries_match_golden(name: str, tmp_path: Path) -> None:
    act_bits, drain_n, wide_codes = DESIGNS[name]
    spec = AddSpec(act_bits=act_bits, drain_n=drain_n, wide_codes=wide_codes)
    params = {"ActBits": act_bits, "DrainN": drain_n, "AddPlanesN": 1 + wide_codes}
    for seed in (1, 2, 3):
        script = Script(spec, seed)
        script.run()
        (tmp_path / "lines.hex").write_text(hex_lines(script.lines))
        (tmp_path / "entries.hex").write_text(hex_lines(script.want))
        counts = {"lines": len(script.lines), "entries": len(script.want)}
        run_script("add", params, tmp_path, **counts)
