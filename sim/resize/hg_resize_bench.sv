// SPDX-License-Identifier: Apache-2.0
// Bench of hg_resize: a line is {table write, pixel write, valid, tag, slot, weight}, a beat {tag,
// pixels}.
`timescale 1ns / 1ps
module hg_resize_bench #(
  parameter int unsigned LanesN = 3,
  parameter int unsigned WidthMax = 500,
  parameter int unsigned CacheRowsN = 8,
  parameter int unsigned ColumnDepth = 763
) (
  output logic done,
  output int   errors
);
  localparam int unsigned SlotW = $clog2(CacheRowsN);
  logic              clk, rst_n, i_valid, o_valid, tab_we;
  logic [13:0]       tab_place;
  logic [1:0]        tab_pair;
  logic [63:0]       tab_data;
  logic [2:0]        w_valid;
  logic [SlotW-1:0]  w_slot, i_slot;
  logic [11:0]       w_x;
  logic [2:0][23:0]  w_pixels;
  logic [8:0]        i_weight;
  logic [55:0]       i_tag, o_tag;
  logic [LanesN-1:0][2:0][7:0] o_pixels;

  hg_beats #(.LineW(81 + 87 + 57 + 9 + 2 * SlotW), .DataW(56 + 24 * LanesN)) u_beats (
    .clk, .rst_n,
    .line({tab_we, tab_place, tab_pair, tab_data, w_valid, w_slot, w_x, w_pixels, i_valid, i_tag,
           i_slot, i_weight}),
    .o_valid, .o_data({o_tag, o_pixels}), .done, .errors
  );
  hg_resize #(
    .LanesN(LanesN), .WidthMax(WidthMax), .CacheRowsN(CacheRowsN), .ColumnDepth(ColumnDepth)
  ) u_resize (.*);
endmodule
