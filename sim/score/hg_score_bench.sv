// SPDX-License-Identifier: Apache-2.0
// Bench of hg_score: a line is {signs, coefficients, valid, tag, gradients}, a beat {tag, scored,
// scores}.
`timescale 1ns / 1ps
module hg_score_bench #(
  parameter int unsigned LanesN = 3,
  parameter int unsigned LineDepth = 763
) (
  output logic done,
  output int   errors
);
  localparam int unsigned ScoreW = 18;
  logic              clk, rst_n, i_valid, o_valid;
  logic [1:0][63:0]  signs;
  logic [1:0][15:0]  coeffs;
  logic [55:0]       i_tag, o_tag;
  logic [LanesN-1:0] o_scored;
  logic [LanesN-1:0][7:0]        i_grads;
  logic [LanesN-1:0][ScoreW-1:0] o_scores;

  hg_beats #(.LineW(217 + 8 * LanesN), .DataW(56 + (ScoreW + 1) * LanesN)) u_beats (
    .clk, .rst_n, .line({signs, coeffs, i_valid, i_tag, i_grads}), .o_valid,
    .o_data({o_tag, o_scored, o_scores}), .done, .errors
  );
  hg_score #(.LanesN(LanesN), .LineDepth(LineDepth), .ScoreW(ScoreW)) u_score (.*);
endmodule
