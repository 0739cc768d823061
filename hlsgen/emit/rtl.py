# SPDX-License-Identifier: Apache-2.0
"""The generated part of the SystemVerilog: top level, and the bench's view of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hlsgen.emit.render import render
from hlsgen.engines.mixed import FORMAT_VERSION, MixedSpec
from hlsgen.engines.proposal import ProposalSpec
from hlsgen.engines.proposal_jobs import fifo_depth, jobs_depth
from hlsgen.resources import resource

# Parameters of hg_mixed and the fields of the spec behind them
PARAMETERS = {
    "ActBits": "act_bits",
    "Pot4N": "pot4_n",
    "Fixed4N": "fixed4_n",
    "Fixed8N": "fixed8_n",
    "LanesN": "lanes_n",
    "PixelsN": "pixels_n",
    "DrainN": "drain_n",
    "ActDepth": "act_depth",
    "RingDepth": "ring_depth",
    "RecordDepth": "record_depth",
    "WeightPortsN": "weight_ports_n",
    "AccW": "acc_w",
    "MultW": "mult_w",
    "TapsN": "taps_n",
}
# Ports of an AXI master in Vitis HLS and the bench's arrays
_AXI = tuple(
    (f"{channel}{signal}", f"{channel.lower()}_{signal.lower()}")
    for channel, signals in (
        ("AR", ("VALID", "READY", "ADDR", "LEN", "SIZE", "BURST")),
        ("R", ("VALID", "READY", "DATA", "RESP", "LAST")),
        ("AW", ("VALID", "READY", "ADDR", "LEN", "SIZE", "BURST")),
        ("W", ("VALID", "READY", "DATA", "STRB", "LAST")),
        ("B", ("VALID", "READY", "RESP")),
    )
    for signal in signals
)


_MODULE = re.compile(r"\bhg_\w+")


def module_files(roots: Iterable[str]) -> list[Path]:
    """Files of modules and of what they hold, by name; a root that has no file is left out."""
    folder = resource("templates/rtl")
    files = {path.stem: path for path in folder.glob("*.sv")}
    waiting, found = list(roots), set[str]()
    while waiting:
        name = waiting.pop()
        if name in files and name not in found:
            found.add(name)
            waiting += _MODULE.findall(files[name].read_text(encoding="utf-8"))
    return [files[name] for name in sorted(found)]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopContext:
    """What `top.sv.j2` and `dut.sv.j2` print."""

    stamp: str
    engine: str  # module of the core
    ports: tuple[int, ...]  # indices of the AXI masters
    ports_n: int
    parameters: tuple[tuple[str, str], ...]
    axi: tuple[tuple[str, str], ...]  # AXI port, array of the bench
    core: bool  # whether the top holds the core, whose inside the monitors see


def proposal_parameters(spec: ProposalSpec) -> dict[str, int]:
    """Parameters of hg_proposal without the layout hash."""
    return {
        "WidthMax": spec.width_max,
        "HeightMax": spec.height_max,
        "LanesN": spec.lanes_n,
        "PortsN": spec.ports_n,
        "AttemptsN": spec.attempts_n,
        "LimitN": spec.limit_n,
        "TopK": spec.top_k,
        "SizesN": len(spec.sizes),
        "LineDepth": spec.line_depth,
        "JobsDepth": jobs_depth(spec),
        "CacheRowsN": spec.resize.cache_rows_n,
        "MapBitsX": spec.map_bits[0],
        "MapBitsY": spec.map_bits[1],
        "CandidatesDepth": fifo_depth(spec),
    }


def top_context(spec: MixedSpec | ProposalSpec, *, core: bool = True) -> TopContext:
    """Return the context of the top level of a design."""
    if isinstance(spec, ProposalSpec):
        engine, ports_n, values = "hg_proposal", spec.ports_n, proposal_parameters(spec)
    else:
        engine, ports_n = "hg_mixed", spec.weight_ports_n + 1
        values = {name: getattr(spec, field) for name, field in PARAMETERS.items()}
    digest = f"64'h{spec.layout_hash():016x}"
    return TopContext(
        stamp=f"Written by hlsgen for formats {FORMAT_VERSION}, layout {spec.layout_hash():016x}.",
        engine=engine,
        ports=tuple(range(ports_n)),
        ports_n=ports_n,
        parameters=(
            *((name, str(value)) for name, value in values.items()),
            ("LayoutHash", digest),
        ),
        axi=_AXI,
        core=core,
    )


def top_text(spec: MixedSpec | ProposalSpec) -> str:
    """SystemVerilog of the top level `hlsgen_top`."""
    return render("rtl/top.sv.j2", top_context(spec))


def dut_text(spec: MixedSpec | ProposalSpec, *, core: bool = True) -> str:
    """SystemVerilog of the bench's wrapper `hg_dut`."""
    return render("system/dut.sv.j2", top_context(spec, core=core))
