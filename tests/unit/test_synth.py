# SPDX-License-Identifier: Apache-2.0
"""Counting of netlists: small modules through Yosys, and the mistakes it must not pass over."""

from __future__ import annotations

from pathlib import Path

import pytest

from hlsgen.boards import load_device
from hlsgen.errors import ToolError
from hlsgen.run.netlist import Netlist
from hlsgen.run.paths import Paths
from hlsgen.run.synth import map_design, report

pytest.importorskip("pyosys", reason="Yosys (pyosys) is not installed")

LEAF = """
module leaf #(parameter int unsigned Width = 4) (
  input logic clk, input logic [Width-1:0] a, b, output logic [Width-1:0] y
);
  always_ff @(posedge clk) y <= a ^ b;
endmodule
"""
TOP = """
module top (input logic clk, input logic [11:0] a, b, output logic [11:0] y);
  for (genvar i = 0; i < 2; i++) begin : gen_leaf
    leaf #(.Width(4)) u_leaf (.clk, .a(a[4*i+:4]), .b(b[4*i+:4]), .y(y[4*i+:4]));
  end
  leaf #(.Width(2)) u_two (.clk, .a(a[9:8]), .b(b[9:8]), .y(y[9:8]));
  leaf #(.Width(2)) u_other (.clk, .a(a[11:10]), .b(b[11:10]), .y(y[11:10]));
endmodule
"""


def write(folder: Path, **modules: str) -> list[Path]:
    """Write modules into files of their names."""
    paths = [folder / f"{name}.sv" for name in modules]
    for path, text in zip(paths, modules.values(), strict=True):
        path.write_text(text, encoding="utf-8")
    return paths


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No netlist of an earlier run answers."""
    monkeypatch.setenv("HLSGEN_CACHE", str(tmp_path / "cache"))


UNIT = """
module unit (input logic clk, input logic signed [17:0] a, input logic signed [24:0] b,
             input logic we, input logic [8:0] at, input logic [63:0] d,
             output logic signed [42:0] p, output logic [63:0] q);
  logic signed [17:0] a_q; logic signed [24:0] b_q; logic signed [42:0] m_q;
  logic [63:0] mem [512];
  always_ff @(posedge clk) begin
    a_q <= a; b_q <= b; m_q <= a_q * b_q; p <= m_q;
    if (we) mem[at] <= d;
    q <= mem[at];
  end
endmodule
"""
WHOLE = """
module whole #(parameter int unsigned Width = 3) (
  input logic clk, we, input logic [11:0] a, b, output logic [11:0] y,
  input logic [Width-1:0] c, e, output logic [Width-1:0] z,
  input logic signed [17:0] f, input logic signed [24:0] g, input logic [8:0] at,
  input logic [63:0] d, output logic signed [42:0] p, output logic [63:0] q
);
  top u_top (.clk, .a, .b, .y);
  leaf #(.Width(Width)) u_leaf (.clk, .a(c), .b(e), .y(z));
  unit u_unit (.clk, .a(f), .b(g), .we, .at, .d, .p, .q);
endmodule
"""


@pytest.mark.unit
def test_synth_counts_what_there_is(tmp_path: Path) -> None:
    """Each instance of a module that is mapped once, DSP, block memory; parameters of the top."""
    files = write(tmp_path, leaf=LEAF, top=TOP, unit=UNIT, whole=WHOLE)
    netlist = map_design(files, "whole", {"Width": 7})
    assert len([name for name in netlist.modules if name.startswith("leaf$")]) == 3
    inside = netlist.instances("whole")
    total = netlist.counts(inside["u_top"])
    assert (total.lut, total.ff, total.dsp, total.bram_halves) == (12, 12, 0, 0)
    assert Paths(netlist).levels(inside["u_top"]) == 1
    assert netlist.counts(inside["u_leaf"]).ff == 7
    total = netlist.counts(inside["u_unit"])
    assert (total.dsp, total.bram_halves) == (1, 2)
    whole = netlist.counts("whole")
    assert (whole.ff, whole.dsp) == (19, 1)


WIRES = """
module hg_rank (input logic clk, input logic [5:0] a, b, output logic [5:0] y);
  leaf #(.Width(2)) u_two (.clk, .a(a[1:0]), .b(b[1:0]), .y(y[1:0]));
  leaf #(.Width(4)) u_four (.clk, .a(a[5:2]), .b(b[5:2]), .y(y[5:2]));
endmodule
"""
ENGINE = """
module hg_proposal (input logic clk, input logic [6:0] a, b, output logic [6:0] y);
  hg_rank u_rank (.clk, .a(a[5:0]), .b(b[5:0]), .y(y[5:0]));
  leaf #(.Width(1)) u_one (.clk, .a(a[6]), .b(b[6]), .y(y[6]));
endmodule
"""
SHIP = """
module hlsgen_top (input logic clk, input logic [6:0] a, b, output logic [6:0] y);
  logic [6:0] a_q;
  always_ff @(posedge clk) a_q <= a;
  hg_proposal u_core (.clk, .a(a_q), .b, .y);
endmodule
"""


@pytest.mark.unit
def test_synth_names_the_stages_of_modules_that_only_wire(tmp_path: Path) -> None:
    files = write(tmp_path, leaf=LEAF, hg_rank=WIRES, hg_proposal=ENGINE, hlsgen_top=SHIP)
    figures = report(map_design(files, "hlsgen_top"), "xc7z020", load_device("xc7z020", "here"))
    stages = {row["name"]: row["ff"] for row in figures["stages"]}
    assert stages == {"four": 4, "one": 1, "two": 2, "glue": 7}
    assert list(stages) == ["four", "one", "two", "glue"]
    assert figures["ff"] == sum(stages.values())


@pytest.mark.unit
def test_synth_refuses_a_net_without_driver(tmp_path: Path) -> None:
    text = """
module unit (input logic clk, input logic a, output logic y);
  logic loose;
  always_ff @(posedge clk) y <= a & loose;
endmodule
"""
    with pytest.raises(
        ToolError, match=r"^Every net must have a driver, not 1 without: unit\.sv: loose"
    ):
        map_design(write(tmp_path, unit=text), "unit")


@pytest.mark.unit
def test_netlist_names_black_boxes() -> None:
    cell = {"type": "mystery", "connections": {}, "port_directions": {}}
    module = {"attributes": {}, "ports": {}, "cells": {"u": cell}, "netnames": {}}
    assert Netlist({"modules": {"top": module}}, "top").black_boxes() == ["mystery"]


@pytest.mark.unit
def test_synth_refuses_a_memory_that_became_registers(tmp_path: Path) -> None:
    text = """
module unit (input logic clk, input logic we, input logic [5:0] at, input logic [17:0] d,
             output logic [17:0] q);
  logic [17:0] mem [64];
  logic [17:0] all;
  always_comb begin
    all = '0;
    for (int i = 0; i < 64; i++) all ^= mem[i];
  end
  always_ff @(posedge clk) begin
    if (we) mem[at] <= d;
    q <= all;
  end
endmodule
"""
    with pytest.raises(ToolError, match=r"^Memories must map on block or distributed memory, not"):
        map_design(write(tmp_path, unit=text), "unit")
