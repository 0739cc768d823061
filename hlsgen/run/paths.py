# SPDX-License-Identifier: Apache-2.0
"""Logic levels and fan-out of a mapped design, across its modules.

A net that passes through ports is one net, and a path that leaves a module goes on behind it.
Modules that several instances share are looked at once: what a parent must know of a module is
how far its ports lie from registers, and how many loads are behind them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hlsgen.run.netlist import COMBINATIONAL, LUT_MEMORY, Netlist

Bit = int  # a net of a module, as Yosys numbers them
Port = tuple[str, int]  # a port and its bit
Arrival = dict[Port | None, int]  # most levels from a port, or from a register (None)

_CLOCK_PINS = frozenset(
    ("C", "CLK", "WCLK", "CLKARDCLK", "CLKBWRCLK", "REGCLKARDRCLK", "REGCLKB", "REGCLKARD")
)
_RESETS = ("rst_n", "core_rst_n", "ap_rst_n")


@dataclass(slots=True)
class Ends:
    """What a parent must know of a module."""

    outputs: dict[Port, Arrival] = field(default_factory=dict)
    inside: Arrival = field(default_factory=dict)  # most levels up to a register, from where


def most_levels(ends: Ends) -> int:
    """Most LUTs in a row between registers, memories, DSPs and the ports of a module."""
    found = [ends.inside, *ends.outputs.values()]
    return max((depth for arrival in found for depth in arrival.values()), default=0)


class Paths:
    """Levels and loads of the modules of a netlist."""

    def __init__(self, netlist: Netlist) -> None:
        self._netlist = netlist
        self._ends: dict[str, Ends] = {}
        self._loads: dict[str, dict[Bit, int]] = {}
        self._fanout: dict[str, tuple[int, str]] = {}

    def levels(self, module: str) -> int:
        """Most LUTs in a row in a module with everything below it."""
        return most_levels(self.ends(module))

    def ends(self, module: str) -> Ends:
        """Levels at the ports of a module and inside."""
        if module not in self._ends:
            content = self._netlist.modules[module]
            below = {
                name: self.ends(kind) for name, kind in self._netlist.instances(module).items()
            }
            self._ends[module] = _Levels(content, below).ends()
        return self._ends[module]

    def fanout(self, module: str) -> tuple[int, str]:
        """Most loads of a net in a module or below it, clocks and resets apart, and its name."""
        if module not in self._fanout:
            below = set(self._netlist.instances(module).values())
            self._fanout[module] = max([self._own_fanout(module), *map(self.fanout, below)])
        return self._fanout[module]

    def _own_fanout(self, module: str) -> tuple[int, str]:
        names = self._netlist.modules[module]["netnames"]
        resets = {bit for name in _RESETS if name in names for bit in names[name]["bits"]}
        loads = {bit: number for bit, number in self.loads(module).items() if bit not in resets}
        most = max(loads.values(), default=0)
        nets = (
            name for name, net in names.items() if any(loads.get(b) == most for b in net["bits"])
        )
        stem = module.split("$")[0]
        return most, min((f"{stem}.{name}" for name in nets), key=len, default=stem)

    def loads(self, module: str) -> dict[Bit, int]:
        """Input pins of primitives on each net of a module, those below it included."""
        if module not in self._loads:
            self._loads[module] = dict(self._count_loads(module))
        return self._loads[module]

    def _count_loads(self, module: str) -> dict[Bit, int]:
        found: dict[Bit, int] = {}
        content = self._netlist.modules
        instances = self._netlist.instances(module)
        for name, cell in content[module]["cells"].items():
            for port, bits in cell["connections"].items():
                if name in instances:
                    below = self.loads(cell["type"])
                    ends = content[cell["type"]]["ports"][port]["bits"]
                    counts = [below.get(end, 0) for end in ends]
                elif cell["port_directions"][port] == "input" and port not in _CLOCK_PINS:
                    counts = [1] * len(bits)
                else:
                    continue
                for bit, count in zip(bits, counts, strict=True):
                    found[bit] = found.get(bit, 0) + count
        return {bit: count for bit, count in found.items() if isinstance(bit, int)}


class _Levels:
    """Levels of one module, given those of the modules below it."""

    def __init__(self, module: Mapping[str, Any], below: Mapping[str, Ends]) -> None:
        self._module = module
        self._below = below
        self._arrivals: dict[Bit, Arrival] = {}
        self._before: dict[Bit, list[tuple[Bit, int]]] = {}
        self._starts: dict[Bit, int] = {}  # levels of a net that a register below drives
        for name, cell in module["cells"].items():
            self._enter(name, cell)

    def ends(self) -> Ends:
        """Levels at the outputs, and at registers by their start."""
        found = Ends()
        for name, port in self._module["ports"].items():
            for index, bit in enumerate(port["bits"]):
                if port["direction"] == "input" and isinstance(bit, int):
                    self._arrivals[bit] = {(name, index): 0}
        for name, port in self._module["ports"].items():
            for index, bit in enumerate(port["bits"]):
                if port["direction"] == "output" and isinstance(bit, int):
                    found.outputs[name, index] = self._arrival(bit)
        for name, cell in self._module["cells"].items():
            for bit, depth in self._endings(name, cell):
                _widen(found.inside, self._arrival(bit), depth)
        for ends in self._below.values():
            found.inside[None] = max(found.inside.get(None, 0), ends.inside.get(None, 0))
        return found

    def _enter(self, name: str, cell: Mapping[str, Any]) -> None:
        """Note what drives the outputs of a cell, and with how many levels."""
        if name in self._below:
            pins = cell["connections"]
            for (port, index), arrival in self._below[name].outputs.items():
                bit = pins[port][index] if port in pins else None
                if not isinstance(bit, int):
                    continue
                self._starts[bit] = arrival.get(None, 0)
                self._before[bit] = [
                    (pins[source[0]][source[1]], depth)
                    for source, depth in arrival.items()
                    if source is not None and isinstance(pins[source[0]][source[1]], int)
                ]
        elif cell["type"] in COMBINATIONAL or cell["type"] in LUT_MEMORY:
            own = int(cell["type"] not in ("CARRY4", "MUXF7", "MUXF8", "INV", "BUF"))
            inputs = [bit for port, bit in _pins(cell, "input") if _follows(cell, port)]
            for _, bit in _pins(cell, "output"):
                self._starts[bit] = 0 if cell["type"].startswith("SRL") else own
                self._before[bit] = [(source, own) for source in inputs]

    def _endings(self, name: str, cell: Mapping[str, Any]) -> Iterator[tuple[Bit, int]]:
        """Nets that end at a register in a cell, with the levels behind the pin."""
        if name in self._below:
            for source, depth in self._below[name].inside.items():
                bits = cell["connections"].get(source[0], []) if source else []
                if source and isinstance(bits[source[1]], int):
                    yield bits[source[1]], depth
        elif cell["type"] not in COMBINATIONAL:
            for port, bit in _pins(cell, "input"):
                if port not in _CLOCK_PINS:
                    yield bit, 0

    def _arrival(self, wanted: Bit) -> Arrival:
        stack = [wanted]
        while stack:
            bit = stack[-1]
            before = self._before.get(bit, [])
            waiting = [source for source, _ in before if source not in self._arrivals]
            if bit in self._arrivals or not waiting:
                stack.pop()
                if bit not in self._arrivals:
                    found: Arrival = {None: self._starts.get(bit, 0)}
                    for source, depth in before:
                        _widen(found, self._arrivals[source], depth)
                    self._arrivals[bit] = found
            else:
                stack += waiting
        return self._arrivals[wanted]


def _widen(found: Arrival, more: Arrival, depth: int) -> None:
    for source, levels in more.items():
        found[source] = max(found.get(source, 0), levels + depth)


def _follows(cell: Mapping[str, Any], port: str) -> bool:
    """Whether an output follows the pin at once: of memories only addresses."""
    memory = cell["type"] not in COMBINATIONAL
    return not memory or (cell["type"].startswith("RAM") and port.startswith(("A", "DPRA")))


def _pins(cell: Mapping[str, Any], direction: str) -> Iterator[tuple[str, Bit]]:
    for port, bits in cell["connections"].items():
        if cell["port_directions"][port] == direction:
            for bit in bits:
                if isinstance(bit, int):
                    yield port, bit
