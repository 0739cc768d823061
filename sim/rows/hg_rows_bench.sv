// SPDX-License-Identifier: Apache-2.0
// Bench of hg_image, hg_row_jobs and hg_resize together: a line writes the program (table, job,
// size record) or starts; the image comes from a memory with +latency and +stall (percent of
// cycles). A beat is {tag, pixels}. A frame is given back +give cycles behind its last beat.
`timescale 1ns / 1ps
module hg_rows_bench #(
  parameter int unsigned LanesN = 3,
  parameter int unsigned PortsN = 1,
  parameter int unsigned WidthMax = 70,
  parameter int unsigned ColumnDepth = 128,
  parameter int unsigned JobDepth = 1024
) (
  output logic done,
  output int   errors
);
  logic clk, rst_n, go, tab_we, job_we, size_we, i_valid, o_valid, given_back, over;
  logic [13:0] tab_place;
  logic [1:0]  tab_pair, size_beat;
  logic [63:0] tab_data, job_data, size_data;
  logic [15:0] job_index, written, freed;
  logic [5:0]  size_slot;
  logic [2:0]  i_slot;
  logic [PortsN-1:0][2:0]       w_valid, w_slot;
  logic [PortsN-1:0][11:0]      w_x;
  logic [8:0]  i_weight;
  logic [PortsN-1:0][2:0][23:0] w_pixels;
  logic [55:0] i_tag, o_tag;
  logic [LanesN-1:0][2:0][7:0] o_pixels;
  logic idle, error, frame_begins, frame_ends, wait_rows, wait_bank;
  logic [PortsN-1:0]       ar_valid, ar_ready, r_valid;
  logic [PortsN-1:0][31:0] ar_addr;
  logic [PortsN-1:0][3:0]  ar_len;
  logic [PortsN-1:0][63:0] r_data;
  logic [PortsN-1:0][1:0]  r_resp;
  logic [31:0] base, in_stride, frames;
  logic [12:0] width, height;
  logic [15:0] row_beats, row_stride, jobs_n;

  hg_beats #(.LineW(1 + 81 + 81 + 73), .DataW(56 + 24 * LanesN)) u_beats (
    .clk, .rst_n,
    .line({go, tab_we, tab_place, tab_pair, tab_data, job_we, job_index, job_data, size_we,
           size_slot, size_beat, size_data}),
    .o_valid, .o_data({o_tag, o_pixels}), .done(over), .errors
  );
  hg_image #(.PortsN(PortsN), .FifoDepth(128)) u_image (.halt(1'b0), .*);
  hg_row_jobs #(.LanesN(LanesN), .JobDepth(JobDepth)) u_row_jobs (
    .o_valid(i_valid), .o_tag(i_tag), .o_slot(i_slot), .o_weight(i_weight), .*
  );
  hg_resize #(
    .LanesN(LanesN), .WidthMax(WidthMax), .PortsN(PortsN), .ColumnDepth(ColumnDepth)
  ) u_resize (.*);
  hg_images #(.PortsN(PortsN)) u_images (
    .frame_last(o_valid && o_tag[55]), .idle(idle && !u_row_jobs.more && !u_row_jobs.queued), .*
  );
endmodule
