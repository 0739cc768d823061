// SPDX-License-Identifier: Apache-2.0
// Bench of hg_gradient: a line is {space, valid, tag, pixels}, a beat {tag, gradients}.
`timescale 1ns / 1ps
module hg_gradient_bench #(
  parameter int unsigned LanesN = 3,
  parameter int unsigned LineDepth = 763
) (
  output logic done,
  output int   errors
);
  logic       clk, rst_n, i_valid, o_valid;
  logic [1:0] space;
  logic [55:0] i_tag, o_tag;
  logic [LanesN-1:0][2:0][7:0] i_pixels;
  logic [LanesN-1:0][7:0]      o_grads;

  hg_beats #(.LineW(59 + 24 * LanesN), .DataW(56 + 8 * LanesN)) u_beats (
    .clk, .rst_n, .line({space, i_valid, i_tag, i_pixels}), .o_valid, .o_data({o_tag, o_grads}),
    .done, .errors
  );
  hg_gradient #(.LanesN(LanesN), .LineDepth(LineDepth)) u_gradient (.*);
endmodule
