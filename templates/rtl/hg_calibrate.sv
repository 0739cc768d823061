// SPDX-License-Identifier: Apache-2.0
// Makes scores of different sizes comparable, with a slope and an offset a slot:
//
//   value = (score * slope + offset) >>> Shift
//
// One DSP48E1: the product's registers and the offset at its third operand. Latency 3, II 1. The
// table is filled from the bus of size records before the first score; `side` goes along unchanged.
module hg_calibrate #(
  parameter int unsigned ScoreW = 18,
  parameter int unsigned SlopeW = 25,
  parameter int unsigned OffsetW = 46,
  parameter int unsigned ValueW = 32,
  parameter int unsigned Shift = 10,
  parameter int unsigned SideW = 23
) (
  input  logic              clk,
  input  logic              rst_n,
  input  logic              size_we,
  input  logic [5:0]        size_slot,
  input  logic [1:0]        size_beat,
  input  logic [63:0]       size_data,
  input  logic              i_valid,
  input  logic [5:0]        i_slot,
  input  logic [ScoreW-1:0] i_score,
  input  logic [SideW-1:0]  i_side,
  output logic              o_valid,
  output logic [ValueW-1:0] o_value,
  output logic [SideW-1:0]  o_side
);
  localparam int unsigned SlopeBeat = 2, OffsetBeat = 3;
  localparam int unsigned SumW = Shift + ValueW;

  if (ScoreW + SlopeW > 48 || OffsetW > 48 || SumW > 48) begin : gen_check
    $error("hg_calibrate must fit 48 bits, not %0d", SumW);
  end

  logic [SlopeW-1:0]  slope_mem [64];
  logic [OffsetW-1:0] offset_mem [64];
  logic signed [SlopeW-1:0]        slope_q;
  logic signed [ScoreW-1:0]        score_q;
  logic signed [OffsetW-1:0]       offset_q, offset_q2;
  logic signed [SlopeW+ScoreW-1:0] product_q;
  logic signed [47:0]              sum_q;
  logic [1:0]                      valid_q;

  always_ff @(posedge clk) begin
    if (size_we && size_beat == 2'(SlopeBeat)) slope_mem[size_slot] <= size_data[SlopeW-1:0];
    if (size_we && size_beat == 2'(OffsetBeat)) offset_mem[size_slot] <= size_data[OffsetW-1:0];
  end

  always_ff @(posedge clk) begin
    slope_q   <= slope_mem[i_slot];
    offset_q  <= offset_mem[i_slot];
    score_q   <= i_score;
    product_q <= slope_q * score_q;
    offset_q2 <= offset_q;
    sum_q     <= 48'(product_q) + 48'(offset_q2);
    {o_valid, valid_q} <= rst_n ? {valid_q, i_valid} : '0;
  end
  assign o_value = sum_q[Shift+:ValueW];

  hg_delay #(.Width(SideW), .Cycles(3)) u_side (.clk, .d(i_side), .q(o_side));

  logic unused;
  assign unused = ^{sum_q, size_data};
endmodule
