// SPDX-License-Identifier: Apache-2.0
// One row of 8-bit weights, -127..127, in two's complement: two products in a DSP48E1.
// Formula, timing and cost: hg_row_dsp2. weight comes at cycle 0.
module hg_row_fixed8 #(
  parameter int unsigned ActBits = 4,
  parameter int unsigned LanesN = 8,
  parameter int unsigned PixelsN = 10,
  parameter int unsigned AccW = 24,
  parameter int unsigned ChainN = 8
) (
  input  logic                                          clk,
  input  logic                                          en,
  input  logic                                          first,
  input  logic                                          shift,
  input  logic                                          last,
  input  logic [LanesN-1:0][7:0]                        weight,
  input  logic [PixelsN/2-1:0][LanesN-1:0][ActBits-1:0] pair_lo,
  input  logic [PixelsN/2-1:0][LanesN-1:0][ActBits:0]   pair_hi,
  output logic [PixelsN-1:0][AccW-1:0]                  acc_q
);
  logic [LanesN-1:0][7:0] weight_q;
  always_ff @(posedge clk) weight_q <= weight;

  hg_row_dsp2 #(
    .ActBits(ActBits), .WeightW(8), .LanesN(LanesN), .PixelsN(PixelsN), .AccW(AccW),
    .ChainN(ChainN), .WeightT(1)
  ) u_row (
    .clk, .en, .first, .shift, .last, .weight(weight_q), .pair_lo, .pair_hi, .acc_q
  );
endmodule
