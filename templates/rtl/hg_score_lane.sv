// SPDX-License-Identifier: Apache-2.0
// Score of one window: sums with signs over two bases, weighted (hg_score).
//
// A value v with a negative weight is added as ~v = 15 - v, so the tree stays unsigned; the 15s are
// taken off at its end (`excess`). Latency 7 cycles, II 1.
module hg_score_lane #(
  parameter int unsigned CoeffW = 8,
  parameter int unsigned ScoreW = 18
) (
  input  logic                   clk,
  input  logic [63:0][3:0]       values,
  input  logic [1:0][63:0]       signs,
  input  logic [1:0][9:0]        excess,
  input  logic [1:0][CoeffW-1:0] coeffs,
  output logic [ScoreW-1:0]      score_q
);
  localparam int unsigned PartW = CoeffW + 12;
  logic signed [10:0]       base_q4 [2];
  logic signed [CoeffW-1:0] coeff_q4 [2];
  for (genvar j = 0; j < 2; j++) begin : gen_basis
    logic [15:0][5:0]          four_q;
    logic [3:0][7:0]           sixteen_q;
    logic [9:0]                sum_q;
    function automatic logic [3:0] signed_value(input logic [3:0] value, input logic plus);
      return plus ? value : ~value;
    endfunction
    always_ff @(posedge clk) begin
      for (int i = 0; i < 16; i++) begin
        four_q[i] <= (6'(signed_value(values[4*i], signs[j][4*i]))
                      + 6'(signed_value(values[4*i+1], signs[j][4*i+1])))
                   + (6'(signed_value(values[4*i+2], signs[j][4*i+2]))
                      + 6'(signed_value(values[4*i+3], signs[j][4*i+3])));
      end
      for (int i = 0; i < 4; i++) begin
        sixteen_q[i] <= (8'(four_q[4*i]) + 8'(four_q[4*i+1]))
                      + (8'(four_q[4*i+2]) + 8'(four_q[4*i+3]));
      end
      sum_q <= (10'(sixteen_q[0]) + 10'(sixteen_q[1])) + (10'(sixteen_q[2]) + 10'(sixteen_q[3]));
      base_q4[j] <= $signed({1'b0, sum_q}) - $signed({1'b0, excess[j]});
      coeff_q4[j] <= coeffs[j];
    end
  end

  // The second product joins the first one a cycle later
  logic signed [10:0]      base_q5;
  logic signed [PartW-1:0] first_q5, first_q6, second_q6, score_q7;
  always_ff @(posedge clk) begin
    first_q5 <= base_q4[0] * coeff_q4[0];
    first_q6 <= first_q5;
    base_q5 <= base_q4[1];
    second_q6 <= base_q5 * coeff_q4[1];
    score_q7 <= second_q6 + first_q6;
  end
  assign score_q = ScoreW'(score_q7);

  logic unused;
  assign unused = ^score_q7;
endmodule
