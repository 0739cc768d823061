// SPDX-License-Identifier: Apache-2.0
// Bench of hg_proposal_front: a line writes the program (table, job, size record) or starts, with
// {signs, coefficients, space}; the image comes from a memory with +latency and +stall (percent of
// cycles). A beat is {tag, scored, scores}. A frame is given back +give cycles behind its end.
`timescale 1ns / 1ps
module hg_front_bench #(
  parameter int unsigned LanesN = 3,
  parameter int unsigned PortsN = 1,
  parameter int unsigned WidthMax = 70,
  parameter int unsigned ColumnDepth = 128,
  parameter int unsigned JobDepth = 1024
) (
  output logic done,
  output int   errors
);
  localparam int unsigned ScoreW = 18;
  logic clk, rst_n, go, tab_we, job_we, size_we, o_valid, given_back, over;
  logic [13:0] tab_place;
  logic [1:0]  tab_pair, size_beat;
  logic [63:0] tab_data, job_data, size_data;
  logic [15:0] job_index;
  logic [5:0]  size_slot;
  logic [1:0]  space;
  logic [1:0][63:0] signs;
  logic [1:0][15:0] coeffs;
  logic [55:0] o_tag;
  logic [LanesN-1:0] o_scored;
  logic [LanesN-1:0][ScoreW-1:0] o_scores;
  logic v_ready, v_moves, v_bad;  // no camera
  logic [12:0] v_bad_row;
  logic axi_idle, axi_error, frame_begins, frame_ends, wait_rows, wait_bank;
  logic [PortsN-1:0]       ar_valid, ar_ready, r_valid;
  logic [PortsN-1:0][31:0] ar_addr;
  logic [PortsN-1:0][3:0]  ar_len;
  logic [PortsN-1:0][63:0] r_data;
  logic [PortsN-1:0][1:0]  r_resp;
  logic [31:0] base, in_stride, frames;
  logic [12:0] width, height;
  logic [15:0] row_beats, row_stride, jobs_n;

  hg_beats #(.LineW(162 + 1 + 81 + 81 + 73), .DataW(56 + (1 + ScoreW) * LanesN)) u_beats (
    .clk, .rst_n,
    .line({signs, coeffs, space, go, tab_we, tab_place, tab_pair, tab_data, job_we, job_index,
           job_data, size_we, size_slot, size_beat, size_data}),
    .o_valid, .o_data({o_tag, o_scored, o_scores}), .done(over), .errors
  );
  hg_proposal_front #(
    .LanesN(LanesN), .PortsN(PortsN), .WidthMax(WidthMax), .LineDepth(ColumnDepth),
    .JobDepth(JobDepth), .FifoDepth(128), .ScoreW(ScoreW)
  ) u_front (
    .halt(1'b0), .v_valid(1'b0), .v_data('0), .v_user(1'b0), .v_last(1'b0), .*
  );
  hg_images #(.PortsN(PortsN)) u_images (
    .frame_last(o_valid && o_tag[55]), .error(axi_error),
    .idle(axi_idle && !u_front.u_row_jobs.more && !u_front.u_row_jobs.queued), .*
  );
endmodule
