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
        f"synth_xilinx -family xc7 -top {job['top']} -noiopad -noclkbuf",
        f"write_json {job['output']}",
    ]


if __name__ == "__main__":
    main(sys.argv[1])
