# SPDX-License-Identifier: Apache-2.0
"""Resources of single products, and megabytes of the base installation."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.rows import Row, at_least, at_most
from hlsgen.emit.rtl import PARAMETERS
from hlsgen.plan.cost import Resources, resources, resources_by_stage
from hlsgen.resources import resource
from hlsgen.run.netlist import Counts
from hlsgen.run.synth import map_design
from tests.conftest import ROOT
from tests.designs import digits_spec

LANES, PIXELS = 8, 10
_COST_COMMAND = "make bench (--only mixed_cost): Yosys"
LARGE_STAGE = 500  # LUTs or FFs; what is less is lost among the others
_PARAMETERS = {"ActBits": 4, "LanesN": LANES, "PixelsN": PIXELS}


def pot4() -> list[Row]:
    """LUTs of a pot4 row over its products: shift, sign, adder share and accumulator."""
    lut = _counts("hg_row_pot4").lut / (LANES * PIXELS)
    name = "LUTs per pot4 x A4 product with its adder share"
    return [at_most(name, 25, lut, "LUT", _command("pot4"))]


def fixed4() -> list[Row]:
    """Products of a pair of fixed4 rows over its DSPs."""
    products = 2 * LANES * PIXELS
    share = products / max(_counts("hg_row_fixed4").dsp, 1)
    return [at_least("fixed4 x A4 products per DSP48E1", 4, share, "products", _command("fixed4"))]


def installation() -> list[Row]:
    """Megabytes that the base installation adds to a fresh environment."""
    with tempfile.TemporaryDirectory(prefix="hlsgen-install-") as name:
        folder = Path(name)
        _run([sys.executable, "-m", "venv", str(folder / "venv")])
        before = _megabytes(folder / "venv")
        pip = str(folder / "venv" / "bin" / "pip")
        _run([pip, "install", "--quiet", "--disable-pip-version-check", str(ROOT)])
        _run([str(folder / "venv" / "bin" / "hlsgen"), "boards"])
        size = _megabytes(folder / "venv") - before
    return [at_most("Base installation", 150, size, "MB", "pip install hlsgen, fresh venv")]


def mixed_cost() -> Iterator[Row]:
    """The cost of a small 4-bit design, stage by stage."""
    spec = digits_spec()
    files = sorted(resource("templates/rtl").glob("*.sv"))
    given = {name: int(getattr(spec, field)) for name, field in PARAMETERS.items()}
    netlist = map_design(files, "hg_mixed", given)
    below = netlist.instances(netlist.top).items()
    stages = [
        {"name": name.removeprefix("u_"), **netlist.counts(module).figures}
        for name, module in below
    ]
    counted = {**netlist.counts(netlist.top).figures, "stages": stages}
    parts = resources_by_stage(spec)
    yield from estimated("4-bit design", resources(spec), parts, counted, _COST_COMMAND)


def estimated(
    name: str,
    whole: Resources,
    stages: Mapping[str, Resources],
    counted: Mapping[str, Any],
    command: str,
) -> Iterator[Row]:
    """Rows of how far LUTs and FFs of `estimate` are from the counts of `hlsgen synth`."""
    large = [row for row in counted["stages"] if max(row["lut"], row["ff"]) > LARGE_STAGE]
    own = {row["name"]: _difference(stages[row["name"]], row) for row in large}
    far = max(own, key=own.__getitem__)
    text = f"{name}: LUTs and FFs of estimate: off by"
    yield at_most(text, 10, 100 * _difference(whole, counted), "%", command)
    yield at_most(f"{text}, stage {far}", 10, 100 * own[far], "%", command)


def _difference(computed: Resources, counted: Mapping[str, Any]) -> float:
    pairs = ((computed.lut, counted["lut"]), (computed.ff, counted["ff"]))
    return max(abs(mine - theirs) / theirs for mine, theirs in pairs)


def _counts(top: str) -> Counts:
    files = sorted(resource("templates/rtl").glob("*.sv"))
    netlist = map_design(files, top, _PARAMETERS)
    return netlist.counts(netlist.top)


def _command(name: str) -> str:
    return f"make bench (--only {name}): Yosys, N {LANES}, P {PIXELS}"


def _megabytes(folder: Path) -> float:
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files) / 1e6


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True)
