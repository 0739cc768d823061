// SPDX-License-Identifier: Apache-2.0
// Simple dual-port memory with an output register: data appears two cycles after `re`.
module hg_ram #(
  // Bits of a word
  parameter int unsigned Width = 64,
  // Words
  parameter int unsigned Depth = 512
) (
  input  logic                     clk,
  input  logic                     we,
  input  logic [$clog2(Depth)-1:0] waddr,
  input  logic [Width-1:0]         wdata,
  input  logic                     re,
  input  logic [$clog2(Depth)-1:0] raddr,
  output logic [Width-1:0]         rdata
);
  logic [Width-1:0] mem [Depth];
  logic [Width-1:0] read_q;

  always_ff @(posedge clk) begin
    if (we) mem[waddr] <= wdata;
    if (re) read_q <= mem[raddr];
    rdata <= read_q;
  end
endmodule
