// SPDX-License-Identifier: Apache-2.0
// Bench of hg_colour: a line is {space, valid, tag, pixels}, a beat {tag, pixels}.
`timescale 1ns / 1ps
module hg_colour_bench #(
  parameter int unsigned LanesN = 3,
  parameter int unsigned Hsv = 1,
  parameter int unsigned Gray = 1
) (
  output logic done,
  output int   errors
);
  logic       clk, rst_n, i_valid, o_valid;
  logic [1:0] space;
  logic [55:0] i_tag, o_tag;
  logic [LanesN-1:0][2:0][7:0] i_pixels, o_pixels;

  hg_beats #(.LineW(59 + 24 * LanesN), .DataW(56 + 24 * LanesN)) u_beats (
    .clk, .rst_n, .line({space, i_valid, i_tag, i_pixels}), .o_valid, .o_data({o_tag, o_pixels}),
    .done, .errors
  );
  hg_colour #(.LanesN(LanesN), .Hsv(Hsv), .Gray(Gray)) u_colour (.*);
endmodule
