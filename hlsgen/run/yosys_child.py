# SPDX-License-Identifier: Apache-2.0
"""Runs Yosys in a process of its own: `python -m hlsgen.run.yosys_child JOB.json`.

Two steps, so that the caller can merge equal modules in between: `read` elaborates with
read_slang and writes RTLIL, `map` synthesises RTLIL for 7-series and writes the netlist as JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

# The step map_luts of synth_xilinx with one cost for LUTs of every size: its own costs expect that
# two small LUTs share a LUT6, and then leave more cells than need be when cells are counted.
_MAP_LUTS = (
    "opt_expr -mux_undef -noclkinv",
    "abc -lut 6",
    "clean",
    "xilinx_srl -fixed -minlen 3",
    "techmap -map +/xilinx/lut_map.v -map +/xilinx/cells_map.v -D LUT_WIDTH=6",
    "xilinx_dffopt",
    "opt_lut_ins -tech xilinx",
    "clean",
)


def main(job_file: str) -> None:
    """Run the passes of one job; Yosys' own log goes to standard output."""
    from pyosys import libyosys

    job: dict[str, Any] = json.loads(Path(job_file).read_text(encoding="utf-8"))
    design = libyosys.Design()
    for command in (_read if job["step"] == "read" else _map)(job):
        libyosys.run_pass(command, design)


def _read(job: dict[str, Any]) -> list[str]:
    sources = " ".join(job["files"])
    parameters = " ".join(f"-G {name}={value}" for name, value in job["parameters"].items())
    return [
        f"read_slang -DSYNTHESIS --keep-hierarchy --top {job['top']} {parameters} {sources}",
        f"write_rtlil {job['output']}",
    ]


def _map(job: dict[str, Any]) -> list[str]:
    return [
        f"read_rtlil {job['input']}",
        f"synth_xilinx -family xc7 -top {job['top']} -noiopad -noclkbuf -run begin:map_luts",
        *_MAP_LUTS,
        "blackbox =A:whitebox",  # models of cells
        f"write_json {job['output']}",
    ]


if __name__ == "__main__":
    main(sys.argv[1])
