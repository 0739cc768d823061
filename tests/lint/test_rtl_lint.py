# SPDX-License-Identifier: Apache-2.0
"""Every SystemVerilog module through `verilator --lint-only -Wall`, without a waiver."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from hlsgen.run.verilate import find_verilator
from tests.conftest import ROOT

pytestmark = pytest.mark.lint

RTL = ROOT / "templates" / "rtl"
MODULES = sorted(path.stem for path in RTL.glob("*.sv"))
# Parameters beside the defaults: the other activation width, no or one kind of rows, extremes.
VARIANTS = {
    "array-w8_fixed8": ("hg_array", {"ActBits": 8, "Pot4N": 0, "Fixed4N": 0, "Fixed8N": 8}),
    "array-w8_lanes4": ("hg_array", {"ActBits": 8, "Pot4N": 3, "Fixed4N": 4, "LanesN": 4}),
    "array-pot4": ("hg_array", {"Pot4N": 16, "Fixed4N": 0, "Fixed8N": 0, "PixelsN": 2}),
    "array-lane1": ("hg_array", {"Fixed4N": 4, "LanesN": 1}),
    "array-lanes16": ("hg_array", {"Pot4N": 3, "Fixed4N": 2, "LanesN": 16, "PixelsN": 4}),
    "array-pixels16": ("hg_array", {"Pot4N": 2, "Fixed4N": 2, "LanesN": 2, "PixelsN": 16}),
    "requant-w8": ("hg_requant", {"ActBits": 8, "RowsN": 8, "MultW": 34, "RecordDepth": 256}),
    "requant-odd": ("hg_requant", {"RowsN": 48, "PixelsN": 6, "DrainN": 1}),
    "requant-wide": ("hg_requant", {"RowsN": 128, "PixelsN": 16, "RecordDepth": 256}),
    "requant-one": ("hg_requant", {"RowsN": 16, "PixelsN": 2, "AccW": 32}),
    "heap-top": ("hg_heap", {"HeapsN": 1, "EntriesN": 4096, "KeyW": 54, "BanksN": 1}),
    "heap-one": ("hg_heap", {"HeapsN": 1, "EntriesN": 1, "BanksN": 1}),
    "heap-one_heap": ("hg_heap", {"HeapsN": 1, "EntriesN": 2}),
    "suppress-lane": ("hg_suppress", {"LanesN": 1, "LineDepth": 2048}),
    "suppress-eight": ("hg_suppress", {"LanesN": 8, "SpacingN": 1, "AttemptsN": 1}),
    "boxes-one": ("hg_boxes", {"BoxesN": 1}),
    "boxes-most": ("hg_boxes", {"BoxesN": 4096, "MapXW": 9}),
    "candidates-two": ("hg_candidates", {"InletsN": 2}),
    "candidates-three": ("hg_candidates", {"InletsN": 3}),
    "rank-l5": ("hg_rank", {"LanesN": 5, "FifoDepth": 1024, "TopK": 4096}),
    "rank-one": ("hg_rank", {"LanesN": 1, "TopK": 1, "LimitN": 1, "SizesN": 1}),
    "proposal-two_ports": ("hg_proposal", {"LanesN": 5, "PortsN": 2, "CandidatesDepth": 1024}),
    "proposal-camera": ("hg_proposal", {"StreamPixelsN": 2}),
    "proposal-one_pixel": ("hg_proposal", {"StreamPixelsN": 1}),
    "image_stream-two": ("hg_image_stream", {"PixelsN": 2, "CacheRowsN": 16}),
    "proposal-one": ("hg_proposal", {"LanesN": 1, "SizesN": 1, "TopK": 1, "LimitN": 1}),
    "proposal-most": (
        "hg_proposal",
        {
            "LanesN": 8,
            "WidthMax": 4096,
            "HeightMax": 4096,
            "TopK": 4096,
            "LineDepth": 8192,
            "JobsDepth": 65536,
        },
    ),
    "add-w8": ("hg_add", {"ActBits": 8, "DrainN": 1}),
    "mixed-wide_codes": (
        "hg_mixed",
        {"ActBits": 4, "LanesN": 8, "DrainN": 2, "WideCodes": 1},
    ),
}


def lint(module: str, parameters: dict[str, int]) -> str:
    """Warnings and errors of a module, empty if there are none."""
    given = [f"-G{name}={value}" for name, value in parameters.items()]
    command = [
        str(find_verilator()), "--lint-only", "-Wall", "--quiet", "--top-module", module, *given,
        "-y", str(RTL), str(RTL / f"{module}.sv"),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


# hg_array's default is linted within hg_mixed; alone, at full size, it takes as long as 20 others
@pytest.mark.parametrize("module", [name for name in MODULES if name != "hg_array"])
def test_rtl_lint_is_clean(module: str) -> None:
    report = lint(module, {})
    assert not report, report


@pytest.mark.parametrize("name", VARIANTS, ids=list(VARIANTS))
def test_rtl_lint_is_clean_with(name: str) -> None:
    report = lint(*VARIANTS[name])
    assert not report, report


def test_rtl_lint_sees_a_fault(tmp_path: Path) -> None:
    text = (RTL / "hg_dsp_sum.sv").read_text(encoding="utf-8")
    broken = tmp_path / "hg_dsp_sum.sv"
    broken.write_text(re.sub(r"SumW = TermW \+ LevelsN", "SumW = TermW", text), encoding="utf-8")
    command = [str(find_verilator()), "--lint-only", "-Wall", str(broken)]
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


def test_rtl_modules_are_named_as_their_files() -> None:
    for path in sorted(RTL.glob("*.sv")):
        found = re.findall(r"^module (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert found == [path.stem], path.name


def test_rtl_modules_keep_to_size() -> None:
    for path in sorted(RTL.glob("*.sv")):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 250, path.name
        assert max(map(len, lines)) <= 100, path.name
