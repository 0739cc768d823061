# SPDX-License-Identifier: Apache-2.0
"""Resources of single products and of a small design, and megabytes of the base installation."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.rows import Row, at_least, at_most
from hlsgen.boards import load_board
from hlsgen.emit.rtl import PARAMETERS
from hlsgen.engines.mixed import MixedSpec
from hlsgen.plan.cost import Resources, resources, resources_by_stage
from hlsgen.plan.default import base_spec
from hlsgen.resources import resource
from hlsgen.run.netlist import Counts
from hlsgen.run.synth import map_design
from tests.conftest import ROOT
from tests.designs import digits_spec

LANES, PIXELS = 8, 10
_COST_COMMAND = "make bench (--only mixed_cost): Yosys"
LARGE_STAGE = 500  # LUTs or FFs; what is less is lost among the others
WIDE_LUT, WIDE_FF = 10, 2  # by which estimate may miss what wide_codes add to a stage
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
    """The cost of a small 4-bit design, stage by stage, and what its wide_codes cost."""
    pair = _with_and_without(digits_spec())
    counted = [_stages_of(spec) for spec in pair]
    for spec, found, name in zip(
        pair, counted, ("4-bit design", "4-bit design, wide_codes"), strict=True
    ):
        parts = resources_by_stage(spec)
        yield from estimated(name, resources(spec), parts, found, _COST_COMMAND)
    less, more = ({one["name"]: one for one in found["stages"]} for found in counted)
    narrow, wide = (resources_by_stage(spec) for spec in pair)
    for name in sorted(less):
        if narrow[name] != wide[name] or less[name] != more[name]:
            yield _added(name, (narrow[name], wide[name]), (less[name], more[name]))
    pair = _with_and_without(base_spec(4, False, load_board("zc706")))
    narrow, wide = (resources_by_stage(spec) for spec in pair)
    less, more = (_residual_of(spec).figures for spec in pair)
    name = "residual of the ZC706's default design"
    yield _added(name, (narrow["residual"], wide["residual"]), (less, more))


def _with_and_without(spec: MixedSpec) -> tuple[MixedSpec, MixedSpec]:
    return spec, replace(spec, wide_codes=True)


def _stages_of(spec: MixedSpec) -> dict[str, Any]:
    """What Yosys counts of a design and of its stages."""
    files = sorted(resource("templates/rtl").glob("*.sv"))
    given = {name: int(getattr(spec, field)) for name, field in PARAMETERS.items()}
    netlist = map_design(files, "hg_mixed", given)
    below = netlist.instances(netlist.top).items()
    stages = [
        {"name": name.removeprefix("u_"), **netlist.counts(module).figures}
        for name, module in below
    ]
    return {**netlist.counts(netlist.top).figures, "stages": stages}


def _residual_of(spec: MixedSpec) -> Counts:
    """What Yosys counts of a design's hg_residual."""
    names = ("ActBits", "Pot4N", "Fixed4N", "Fixed8N", "PixelsN", "DrainN", "ActDepth")
    given = {name: int(getattr(spec, PARAMETERS[name])) for name in names}
    given |= {"BanksN": spec.banks_n, "AddPlanesN": spec.add_planes_n}
    return _counts("hg_residual", given)


def _added(
    name: str,
    told: tuple[Resources, Resources],
    counted: tuple[Mapping[str, Any], Mapping[str, Any]],
) -> Row:
    """A row of what wide_codes add to a stage: in estimate, as Yosys counts."""
    before, after = told
    less, more = counted
    asked = (after.lut - before.lut, after.ff - before.ff)
    found = (more["lut"] - less["lut"], more["ff"] - less["ff"])
    return Row(
        what=f"wide_codes on 4 bits add to {name}",
        asked=f"estimate: {asked[0]:,} LUT, {asked[1]:,} FF, within {WIDE_LUT}, {WIDE_FF}",
        reached=f"{found[0]:,} LUT, {found[1]:,} FF (then {more['lut']:,}, {more['ff']:,})",
        command=_COST_COMMAND,
        good=abs(asked[0] - found[0]) <= WIDE_LUT and abs(asked[1] - found[1]) <= WIDE_FF,
    )


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


def _counts(top: str, parameters: Mapping[str, int] = _PARAMETERS) -> Counts:
    files = sorted(resource("templates/rtl").glob("*.sv"))
    netlist = map_design(files, top, parameters)
    return netlist.counts(netlist.top)


def _command(name: str) -> str:
    return f"make bench (--only {name}): Yosys, N {LANES}, P {PIXELS}"


def _megabytes(folder: Path) -> float:
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files) / 1e6


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True)
