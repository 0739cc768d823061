# SPDX-License-Identifier: Apache-2.0
"""Reads a mapped netlist (Yosys' JSON): cells of the whole hierarchy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

# LUTs that a cell takes in a 7-series slice (UG474)
_LUTS = {f"LUT{n}": 1 for n in range(1, 7)} | {
    "SRL16E": 1,
    "SRLC16E": 1,
    "SRLC32E": 1,
    "RAM32X1S": 1,
    "RAM64X1S": 1,
    "RAM32X1D": 2,
    "RAM64X1D": 2,
    "RAM128X1S": 2,
    "RAM128X1D": 4,
    "RAM256X1S": 4,
    "RAM32M": 4,
    "RAM64M": 4,
}
LUT_MEMORY = tuple(name for name in _LUTS if name.startswith(("RAM", "SRL")))
FLIP_FLOPS = ("FDRE", "FDSE", "FDCE", "FDPE", "FDRE_1", "FDSE_1", "FDCE_1", "FDPE_1")
BRAM = {"RAMB36E1": 2, "RAMB18E1": 1}  # in halves
_DSP = ("DSP48E1",)
_OTHER = ("CARRY4", "MUXF7", "MUXF8", "INV", "GND", "VCC", "BUFG", "BUF", "$scopeinfo")
COMBINATIONAL = {*(f"LUT{n}" for n in range(1, 7)), "CARRY4", "MUXF7", "MUXF8", "INV", "BUF"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Resources of a module with everything below it."""

    lut: int = 0
    ff: int = 0
    dsp: int = 0
    bram_halves: int = 0
    lut_memory: int = 0  # part of lut: shift registers and distributed memory

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            lut=self.lut + other.lut,
            ff=self.ff + other.ff,
            dsp=self.dsp + other.dsp,
            bram_halves=self.bram_halves + other.bram_halves,
            lut_memory=self.lut_memory + other.lut_memory,
        )

    @property
    def figures(self) -> dict[str, float]:
        """The counts as `synth` prints them."""
        bram36 = self.bram_halves / 2
        return {"lut": self.lut, "ff": self.ff, "dsp": self.dsp, "bram36": bram36}


class Netlist:
    """A mapped design; modules that several instances share stand once."""

    def __init__(self, content: Mapping[str, Any], top: str) -> None:
        self.modules: Mapping[str, Any] = content["modules"]
        self.top = top
        self._counts: dict[str, Counts] = {}

    def counts(self, module: str) -> Counts:
        """Resources of a module, instances below it included."""
        if module not in self._counts:
            cells = Counter(cell["type"] for cell in self.modules[module]["cells"].values())
            total = _own(cells)
            for name, number in cells.items():
                if name in self.modules and name not in _LUTS:
                    below = self.counts(name)
                    total = sum([below] * number, total)
            self._counts[module] = total
        return self._counts[module]

    def instances(self, module: str) -> dict[str, str]:
        """Instances directly below a module: name -> module."""
        cells = self.modules[module]["cells"]
        return {
            name: cell["type"] for name, cell in cells.items() if cell["type"] in self._own_modules
        }

    @cached_property
    def _own_modules(self) -> set[str]:
        return {
            name
            for name, module in self.modules.items()
            if "blackbox" not in module["attributes"] and not _primitive(name)
        }

    def black_boxes(self) -> list[str]:
        """Cell types that are neither primitives of the device nor modules of the design."""
        types = {
            cell["type"]
            for name in self._own_modules
            for cell in self.modules[name]["cells"].values()
        }
        return sorted(t for t in types if t not in self._own_modules and not _primitive(t))

    def has_memory(self, module: str) -> bool:
        """Whether a module itself holds block or distributed memory."""
        types = {cell["type"] for cell in self.modules[module]["cells"].values()}
        return any(name in BRAM or name in LUT_MEMORY for name in types)


def _primitive(name: str) -> bool:
    known = (*_LUTS, *FLIP_FLOPS, *BRAM, *_DSP, *_OTHER)
    return name in known


def _own(cells: Mapping[str, int]) -> Counts:
    return Counts(
        lut=sum(luts * cells.get(name, 0) for name, luts in _LUTS.items()),
        ff=sum(cells.get(name, 0) for name in FLIP_FLOPS),
        dsp=sum(cells.get(name, 0) for name in _DSP),
        bram_halves=sum(halves * cells.get(name, 0) for name, halves in BRAM.items()),
        lut_memory=sum(_LUTS[name] * cells.get(name, 0) for name in LUT_MEMORY),
    )
