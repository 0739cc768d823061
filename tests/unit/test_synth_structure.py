# SPDX-License-Identifier: Apache-2.0
"""Logic levels, fan-out and registers of a netlist, and the bound on the array's fan-out."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hlsgen.resources import resource
from hlsgen.run import registers
from hlsgen.run.netlist import Netlist
from hlsgen.run.paths import Paths
from hlsgen.run.synth import map_design

pytest.importorskip("pyosys", reason="Yosys (pyosys) is not installed")
pytestmark = pytest.mark.unit

MOST_LOADS = 64  # of a net of the array
ARRAY = {
    "ActBits": 4, "Pot4N": 2, "Fixed4N": 2, "Fixed8N": 1, "LanesN": 4, "PixelsN": 10, "AccW": 24,
}  # fmt: skip
PARITY = """
module parity #(parameter int unsigned Width = 6) (
  input logic [Width-1:0] a, output logic y
);
  assign y = ^a;
endmodule
"""
WIDE = """
module wide (input logic clk, input logic [5:0] a, input logic [5:0] b, output logic y);
  logic [5:0] a_q, b_q;
  logic first, second;
  parity u_a (.a(a_q), .y(first));
  parity u_b (.a(b_q ^ {6{first}}), .y(second));
  always_ff @(posedge clk) begin
    a_q <= a;
    b_q <= b;
    y <= second;
  end
endmodule
"""
LOOSE = """
module loose (input logic clk, input logic signed [17:0] a, input logic signed [24:0] b,
              input logic we, input logic [8:0] at, input logic [63:0] d,
              output logic signed [42:0] p, output logic [63:0] q, output logic [63:0] r);
  logic [63:0] mem [512];
  logic [63:0] other [512];
  logic [63:0] mem_q, other_q;
  always_ff @(posedge clk) begin
    p <= a * b;
    if (we) mem[at] <= d;
    if (we) other[at] <= ~d;
    mem_q <= mem[at];
    other_q <= other[at];
    q <= mem_q;
    r <= other_q ^ d;
  end
endmodule
"""


TOGETHER = """
module together (input logic clk, input logic [5:0] a, b, input logic signed [17:0] c,
                 input logic signed [24:0] e, input logic we, input logic [8:0] at,
                 input logic [63:0] d, output logic y, output logic signed [42:0] p,
                 output logic [63:0] q, r);
  wide u_wide (.clk, .a, .b, .y);
  loose u_loose (.clk, .a(c), .b(e), .we, .at, .d, .p, .q, .r);
endmodule
"""


@pytest.fixture(scope="module")
def netlist(tmp_path_factory: pytest.TempPathFactory) -> Netlist:
    folder = tmp_path_factory.mktemp("together")
    paths = []
    for text in (PARITY, WIDE, LOOSE, TOGETHER):
        path = folder / f"{text.split()[1]}.sv"
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return map_design(paths, "together")


def array_files(folder: Path) -> list[Path]:
    """Copies of the array's files."""
    for path in resource("templates/rtl").glob("*.sv"):
        shutil.copyfile(path, folder / path.name)
    return sorted(folder.glob("*.sv"))


def test_levels_and_loads_go_on_behind_a_port(netlist: Netlist) -> None:
    paths, wide = Paths(netlist), netlist.instances("together")["u_wide"]
    assert (paths.levels(wide), paths.levels(netlist.instances(wide)["u_a"])) == (3, 1)
    assert paths.fanout(wide) == (6, "wide.first")


def test_registers_that_lack_are_named(netlist: Netlist) -> None:
    assert len(registers.unregistered_dsps(netlist)) == 1
    memories = registers.block_memories(netlist)
    assert (memories["bram_cells"], memories["bram_into_flip_flops_only"]) == (2, 1)
    assert [name.split(".")[:2] for name in memories["bram_unregistered"]] == [["u_loose", "other"]]


def test_no_net_of_the_array_has_more_than_64_loads(tmp_path: Path) -> None:
    netlist = map_design(array_files(tmp_path), "hg_array", ARRAY)
    assert Paths(netlist).fanout("hg_array")[0] <= MOST_LOADS
    assert registers.unregistered_dsps(netlist) == []


def test_copies_in_one_module_would_be_merged(tmp_path: Path) -> None:
    """The mutation: the registers that `hg_copy` keeps apart stand where they are used."""
    files = array_files(tmp_path)
    row = tmp_path / "hg_row_acc.sv"
    text = row.read_text(encoding="utf-8")
    start, end = (
        text.index("    (* keep_hierarchy *)"),
        text.index("    always_ff @(posedge clk) last"),
    )
    plain = "    always_ff @(posedge clk) {en_q, first_q, shift_q, last_q} <= "
    plain += "{en, first, shift, last};\n"
    row.write_text(text[:start] + plain + text[end:], encoding="utf-8")
    one_lane = ARRAY | {"LanesN": 1}  # the same loads, in half the time
    loads, net = Paths(map_design(files, "hg_array", one_lane)).fanout("hg_array")
    assert loads > MOST_LOADS
    assert net.startswith("hg_row_acc.")
