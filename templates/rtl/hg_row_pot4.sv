// SPDX-License-Identifier: Apache-2.0
// One row of power-of-two 4-bit weights: PixelsN accumulators over LanesN lanes.
//
//   acc[p] += sum over n of +-(act[p][n] << (m[n] - 1)), 0 where m[n] = 0
//
// weight and acts come as in hg_array: weight at cycle 0, lane n of acts at cycle 5 + n. The sum
// of a step stands at cycle LanesN + 6; the controls come at cycle LanesN + 5. II 1.
//
// A product is summed in ones' complement without sign bit, f = p + s * (2^ProdW - 1) with s = 1
// for a negative weight; the adders of the chain add 1 each. The row's start value
// count(s) * (1 - 2^ProdW) - LanesN, the same for all pixels, makes up for both. The accumulator
// adds 1 too (its carry is tied, which costs nothing), hence one less again.
module hg_row_pot4 #(
  parameter int unsigned ActBits = 4,
  parameter int unsigned LanesN = 8,
  parameter int unsigned PixelsN = 10,
  parameter int unsigned AccW = 24
) (
  input  logic                                        clk,
  input  logic                                        en,
  input  logic                                        first,
  input  logic                                        shift,
  input  logic                                        last,
  input  logic [LanesN-1:0][3:0]                      weight,
  input  logic [PixelsN-1:0][LanesN-1:0][ActBits-1:0] acts,
  output logic [PixelsN-1:0][AccW-1:0]                acc_q
);
  localparam int unsigned ProdW = ActBits + 6;
  localparam int unsigned SumW = ProdW + 1 + $clog2(LanesN);
  localparam int unsigned CountW = $clog2(LanesN + 1);
  localparam int unsigned GroupN = ActBits == 4 ? 6 : 4;

  logic [LanesN-1:0][3:0] weight_skewed;
  for (genvar n = 0; n < LanesN; n++) begin : gen_skew
    hg_delay #(.Width(4), .Cycles(4 + n)) u_delay (.clk, .d(weight[n]), .q(weight_skewed[n]));
  end

  // Cycle 1: signs; 2: their number; 5: number again; 6: start value, one before lane 0's sum.
  logic [LanesN-1:0] sign_q;
  logic [CountW-1:0] count_d, count_q, count_late;
  logic [SumW-1:0]   start_q;
  always_comb begin
    count_d = '0;
    for (int n = 0; n < LanesN; n++) count_d += CountW'(sign_q[n]);
  end
  always_ff @(posedge clk) begin
    for (int n = 0; n < LanesN; n++) sign_q[n] <= weight[n][3];
    count_q <= count_d;
    start_q <= SumW'(count_late) - (SumW'(count_late) << ProdW) - SumW'(LanesN + 1);
  end
  hg_delay #(.Width(CountW), .Cycles(3)) u_count (.clk, .d(count_q), .q(count_late));

  logic [PixelsN-1:0][SumW-1:0] sum;
  for (genvar g = 0; g < PixelsN; g += GroupN) begin : gen_group
    localparam int unsigned LastP = g + GroupN < PixelsN ? g + GroupN - 1 : PixelsN - 1;
    (* keep_hierarchy *)
    hg_pot4_group #(
      .ActBits(ActBits), .LanesN(LanesN), .PixelsN(LastP - g + 1)
    ) u_group (
      .clk, .weight(weight_skewed), .acts(acts[LastP:g]), .start(start_q),
      .sum_q(sum[LastP:g])
    );
  end

  hg_row_acc #(.ActBits(ActBits), .PixelsN(PixelsN), .SumW(SumW), .AccW(AccW)) u_acc (
    .clk, .en, .first, .shift, .last, .sum, .carry({PixelsN{1'b1}}), .acc_q
  );
endmodule
