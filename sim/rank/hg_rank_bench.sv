// SPDX-License-Identifier: Apache-2.0
// Bench of hg_rank: frames of beats with scores, with gaps (percent of cycles, +idle). A frame
// starts when fewer than two are under way, as the sequencer has it. What is compared stands in
// hg_results. Prints the most points that waited and the cycles from the last frame's last beat to
// the end of its results.
`timescale 1ns / 1ps
module hg_rank_bench #(
  parameter int unsigned LanesN = 3,
  parameter int unsigned LineDepth = 64,
  parameter int unsigned AttemptsN = 8,
  parameter int unsigned SizesN = 5,
  parameter int unsigned LimitN = 6,
  parameter int unsigned TopK = 20,
  parameter int unsigned MapXW = 7,
  parameter int unsigned MapYW = 7,
  parameter int unsigned FifoDepth = 512
) (
  output logic done,
  output int   errors
);
  localparam int unsigned ScoreW = 18, CoordinateW = 13;
  localparam int unsigned LineW = 58 + LanesN * (ScoreW + 1);

  logic [LineW-1:0] line_mem [1 << 18];  // a frame starts, valid, tag, scored, scores
  string folder;
  int    lines_n, idle, cycle, ok;

  logic                          clk, rst_n, loaded, fed, all_done;
  logic                          ready, start, size_we, i_valid, line_start;
  logic [5:0]                    last_slot, size_slot;
  logic [CoordinateW-1:0]        image_w, image_h;
  logic [31:0]                   out_base, out_stride, req_addr, req_beats;
  logic [1:0]                    size_beat;
  logic [63:0]                   size_data, m_data;
  logic [55:0]                   i_tag;
  logic [LanesN-1:0][ScoreW-1:0] i_scores;
  logic [LanesN-1:0]             i_scored;
  logic                          req_valid, req_ready, m_valid, m_ready, wr_done;
  logic                          point_taken, points_end, given_back, frame_done;
  logic [12:0]                   frame_records;

  hg_rank #(
    .LanesN(LanesN), .LineDepth(LineDepth), .AttemptsN(AttemptsN), .SizesN(SizesN),
    .LimitN(LimitN), .TopK(TopK), .MapXW(MapXW), .MapYW(MapYW), .FifoDepth(FifoDepth)
  ) u_rank (.*);
  hg_results u_results (.*);

  initial begin
    ok = $value$plusargs("folder=%s", folder) & $value$plusargs("lines=%d", lines_n)
       & $value$plusargs("idle=%d", idle);
    if (ok == 0) $fatal(1, "a plusarg is missing");
    $readmemh({folder, "/lines.hex"}, line_mem, 0, lines_n - 1);
  end

  int line_n, under_way, waiting, most, last_q;
  assign fed = line_n == lines_n;
  always @(posedge clk) begin
    {i_valid, i_tag, i_scored, i_scores} <= '0;
    if (!rst_n) begin
      {line_n, under_way, waiting, most, last_q} = '0;
    end else begin
      if (given_back) under_way = under_way - 1;
      line_start = line_mem[line_n][LineW-1];
      if (ready && loaded && line_n < lines_n
          && !(line_start && under_way == 2) && int'($urandom_range(99)) >= idle) begin
        if (line_start) under_way = under_way + 1;
        {i_valid, i_tag, i_scored, i_scores} <= line_mem[line_n][LineW-2:0];
        line_n = line_n + 1;
      end
      if (i_valid && i_tag[53] && i_tag[55]) last_q = cycle;
      waiting = waiting + int'($countones(u_rank.kept)) - int'(point_taken);
      if (waiting > most) most = waiting;
      if (all_done) $display("WAITED %0d points; LAST cycles %0d", most, cycle - last_q);
    end
  end
endmodule
