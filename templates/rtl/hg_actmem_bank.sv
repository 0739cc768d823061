// SPDX-License-Identifier: Apache-2.0
// One bank of the activation memory, or a slice of its width: true dual port RAM.
// Both ports have latency 2 (RAM latch, output register) and II 1. Port B reads or writes; a write
// leaves its output as it was. A word must not be written by B while A reads it.
module hg_actmem_bank #(
  // Bits of a word
  parameter int unsigned Width = 32,
  // Words
  parameter int unsigned Depth = 4096,
  localparam int unsigned AddrW = $clog2(Depth)
) (
  input  logic             clk,
  input  logic             a_en,
  input  logic [AddrW-1:0] a_addr,
  output logic [Width-1:0] a_rdata,
  input  logic             b_en,
  input  logic             b_we,
  input  logic [AddrW-1:0] b_addr,
  input  logic [Width-1:0] b_wdata,
  output logic [Width-1:0] b_rdata
);
  (* ram_style = "block" *) logic [Width-1:0] mem [Depth];
  logic [Width-1:0] a_latch_q, b_latch_q;

  always_ff @(posedge clk) begin
    if (a_en) a_latch_q <= mem[a_addr];
  end

  always_ff @(posedge clk) begin
    if (b_en) begin
      if (b_we) mem[b_addr] <= b_wdata;
      else b_latch_q <= mem[b_addr];
    end
  end

  always_ff @(posedge clk) begin
    a_rdata <= a_latch_q;
    b_rdata <= b_latch_q;
  end
endmodule
