# SPDX-License-Identifier: Apache-2.0
"""The generated part of the SystemVerilog: top level, and the bench's view of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hlsgen.emit.render import render
from hlsgen.engines.mixed import FORMAT_VERSION, MixedSpec
from hlsgen.engines.proposal import PIXEL_BITS, ProposalSpec
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
    "WideCodes": "wide_codes",
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


# Modules that are bound into others to see their streams, with the parameters they take over
_MONITORS = {
    "hg_mixed": (("hg_mixed", "hg_monitor", ("GroupLanesN", "DrainN")),),
    "hg_proposal": (
        ("hg_proposal", "hg_proposal_monitor", ("LanesN",)),
        ("hg_proposal_front", "hg_front_monitor", ("LanesN", "ScoreW")),
        ("hg_rank", "hg_rank_monitor", ("LanesN", "MapXW", "MapYW")),
    ),
}


def module_files(roots: Iterable[str], place: str = "templates/rtl") -> list[Path]:
    """Files of modules and of what they hold, by name; a root that has no file is left out."""
    files = {path.stem: path for path in resource(place).glob("*.sv")}
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
    stream_bits: int  # of the video's TDATA, 0 without a camera
    view: str  # template of what the bench sees of the core
    monitors: tuple[tuple[str, str, tuple[str, ...]], ...]  # into what, which, its parameters


def proposal_sizes(spec: ProposalSpec) -> dict[str, int]:
    """Sizes of a proposal engine that its SystemVerilog and its C++ are made with."""
    return {
        "WidthMax": spec.width_max,
        "HeightMax": spec.height_max,
        "LanesN": spec.lanes_n,
        "PortsN": spec.ports_n,
        "StreamPixelsN": spec.stream_pixels,
        "AttemptsN": spec.attempts_n,
        "LimitN": spec.limit_n,
        "TopK": spec.top_k,
        "SizesN": len(spec.sizes),
        "LineDepth": spec.line_depth,
        "JobsDepth": jobs_depth(spec),
        "CacheRowsN": spec.resize.cache_rows_n,
        "MapBitsX": spec.map_bits[0],
        "MapBitsY": spec.map_bits[1],
    }


def core_of(spec: MixedSpec | ProposalSpec) -> str:
    """Module of a design's engine."""
    return "hg_proposal" if isinstance(spec, ProposalSpec) else "hg_mixed"


def top_context(
    spec: MixedSpec | ProposalSpec, *, core: bool = True, others: Mapping[str, int] | None = None
) -> TopContext:
    """Return the context of a design's top level; without `core` nobody sees its inside.

    `others` are parameters of the core that no design has, where they are not to be the usual ones.
    """
    engine = core_of(spec)
    stream_bits = 0
    if isinstance(spec, ProposalSpec):
        ports_n, values = (
            spec.ports_n,
            {
                **proposal_sizes(spec),
                "CandidatesDepth": fifo_depth(spec),
            },
        )
        stream_bits = PIXEL_BITS * spec.stream_pixels
    else:
        ports_n = spec.weight_ports_n + 1
        values = {name: int(getattr(spec, field)) for name, field in PARAMETERS.items()}
    digest = f"64'h{spec.layout_hash():016x}"
    return TopContext(
        stamp=f"Written by hlsgen for formats {FORMAT_VERSION}, layout {spec.layout_hash():016x}.",
        engine=engine,
        ports=tuple(range(ports_n)),
        ports_n=ports_n,
        parameters=(
            *((name, str(value)) for name, value in {**values, **(others or {})}.items()),
            ("LayoutHash", digest),
        ),
        axi=_AXI,
        stream_bits=stream_bits,
        view=f"system/view_{engine.removeprefix('hg_') if core else 'none'}.sv.j2",
        monitors=_MONITORS[engine] if core else (),
    )


def top_text(spec: MixedSpec | ProposalSpec, others: Mapping[str, int] | None = None) -> str:
    """SystemVerilog of the top level `hlsgen_top`; `others` as for its context."""
    return render("rtl/top.sv.j2", top_context(spec, others=others))


def dut_text(spec: MixedSpec | ProposalSpec, *, core: bool = True) -> str:
    """SystemVerilog of the bench's wrapper `hg_dut`."""
    return render("system/dut.sv.j2", top_context(spec, core=core))


def bench_files(dut: str) -> list[Path]:
    """Files of the bench around a wrapper `hg_dut`: modules of sim/common, memory and trace."""
    modules = module_files(["hg_bench", *_MODULE.findall(dut)], "sim/common")
    return [*modules, *sorted(resource("sim/common").glob("*.cpp"))]
