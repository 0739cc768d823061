# SPDX-License-Identifier: Apache-2.0
"""Registers of DSP48E1 and block memories in a mapped design."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hlsgen.run.netlist import BRAM, FLIP_FLOPS, Netlist

Cell = Mapping[str, Any]
_OUTPUTS = ("DOADO", "DOBDO", "DOPADOP", "DOPBDOP")


def unregistered_dsps(netlist: Netlist) -> list[str]:
    """DSP48E1 that lack the register of an operand, of the product or of the sum."""
    return _named(netlist, lambda cell, _: cell["type"] == "DSP48E1" and not _registered(cell))


def block_memories(netlist: Netlist) -> dict[str, Any]:
    """How the outputs of RAMB36E1 and RAMB18E1 are registered.

    Yosys leaves DOA_REG and DOB_REG at 0 and the output register in the fabric, from where Vivado
    moves it into the memory. So what counts is whether an output drives flip-flops and nothing
    else; `bram_unregistered` names the memories with an output that does not.
    """
    loose = _named(netlist, lambda cell, loads: cell["type"] in BRAM and _drives_logic(cell, loads))
    own = _named(netlist, lambda cell, _: cell["type"] in BRAM and _own_register(cell))
    cells = _named(netlist, lambda cell, _: cell["type"] in BRAM)
    return {
        "bram_cells": len(cells),
        "bram_with_do_reg": len(own),
        "bram_into_flip_flops_only": len(cells) - len(loose),
        "bram_unregistered": loose,
    }


def _named(netlist: Netlist, chosen: Callable[[Cell, Mapping[int, list[str]]], bool]) -> list[str]:
    """Cells that are chosen, named by their instances, of the whole hierarchy."""
    own: dict[str, list[str]] = {}

    def below(module: str) -> list[str]:
        if module not in own:
            content = netlist.modules[module]
            loads = _loads(content)
            cells = content["cells"].items()
            own[module] = [name for name, cell in cells if chosen(cell, loads)]
            for name, kind in netlist.instances(module).items():
                own[module] += [f"{name}.{cell}" for cell in below(kind)]
        return own[module]

    return sorted(below(netlist.top))


def _loads(module: Mapping[str, Any]) -> dict[int, list[str]]:
    """Types of the cells whose inputs a net feeds; "port" where it leaves the module."""
    found: dict[int, list[str]] = {}
    for port in module["ports"].values():
        if port["direction"] == "output":
            for bit in port["bits"]:
                found.setdefault(bit, []).append("port")
    for cell in module["cells"].values():
        for bit in _bits(cell, "input"):
            found.setdefault(bit, []).append(cell["type"])
    return found


def _bits(cell: Cell, direction: str) -> Iterator[int]:
    for port, bits in cell["connections"].items():
        if cell["port_directions"][port] == direction:
            yield from (bit for bit in bits if isinstance(bit, int))


def _number(cell: Cell, name: str) -> int:
    """A parameter, which Yosys writes in binary."""
    return int(str(cell["parameters"].get(name, "1")), 2)


def _registered(cell: Cell) -> bool:
    return all(_number(cell, name) >= 1 for name in ("AREG", "BREG", "MREG", "PREG"))


def _own_register(cell: Cell) -> bool:
    return any(_number(cell, name) == 1 for name in ("DOA_REG", "DOB_REG"))


def _drives_logic(cell: Cell, loads: Mapping[int, list[str]]) -> bool:
    """Whether an output feeds anything but flip-flops of its module."""
    for port in _OUTPUTS:
        for bit in cell["connections"].get(port, []):
            found = loads.get(bit, []) if isinstance(bit, int) else []
            if any(kind not in FLIP_FLOPS for kind in found):
                return True
    return False
