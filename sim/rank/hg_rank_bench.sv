// SPDX-License-Identifier: Apache-2.0
// Bench of hg_rank: size records, then frames of beats with scores, with gaps (percent of cycles,
// +idle) and memory that refuses beats (+stall). A frame starts when fewer than two are under way,
// as the sequencer has it. At the end the whole memory is compared, and the records of each frame.
// Prints the most points that waited and the cycles from a frame's last beat to the end of its
// results.
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
  localparam logic [31:0] Base = 32'h2000_0400;

  logic clk = 1'b0, rst_n = 1'b0;
  always #5 clk = !clk;

  logic [LineW-1:0] line_mem [1 << 18];  // a frame starts, valid, tag, scored, scores
  logic [63:0]      size_mem [256];
  logic [12:0]      count_mem [64];
  string folder;
  int    lines_n, sizes_n, frames_n, idle, stall, seed, width, height, stride, ok, wrong;

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
  hg_results #(.Base(Base)) u_results (
    .clk, .rst_n, .stall, .req_valid, .req_ready, .req_addr, .req_beats, .s_valid(m_valid),
    .s_ready(m_ready), .s_data(m_data), .wr_done
  );

  initial begin
    if (!$value$plusargs("folder=%s", folder)) $fatal(1, "+folder is missing");
    ok = $value$plusargs("lines=%d", lines_n) & $value$plusargs("sizes=%d", sizes_n)
       & $value$plusargs("frames=%d", frames_n) & $value$plusargs("idle=%d", idle)
       & $value$plusargs("stall=%d", stall) & $value$plusargs("seed=%d", seed)
       & $value$plusargs("width=%d", width) & $value$plusargs("height=%d", height)
       & $value$plusargs("stride=%d", stride);
    if (ok == 0) $fatal(1, "a plusarg is missing");
    void'($urandom(seed));
    $readmemh({folder, "/lines.hex"}, line_mem, 0, lines_n - 1);
    $readmemh({folder, "/sizes.hex"}, size_mem, 0, 4 * sizes_n - 1);
    $readmemh({folder, "/counts.hex"}, count_mem, 0, frames_n - 1);
    repeat (4) @(posedge clk);
    rst_n <= 1'b1;
  end
  assign image_w    = CoordinateW'(width);
  assign image_h    = CoordinateW'(height);
  assign last_slot  = 6'(sizes_n - 1);
  assign out_base   = Base;
  assign out_stride = 32'(stride);

  int cycle_q, line_n, frame_n, under_way, waiting, most, last_q;
  assign start     = cycle_q == 1;
  assign size_we   = cycle_q < 4 * sizes_n;
  assign size_slot = 6'(cycle_q / 4);
  assign size_beat = 2'(cycle_q);
  assign size_data = size_mem[cycle_q[7:0]];
  always @(posedge clk) begin
    {i_valid, i_tag, i_scored, i_scores} <= '0;
    if (!rst_n) begin
      {cycle_q, line_n, frame_n, under_way, waiting, most, last_q} = '0;
      errors <= 0;
      done <= 1'b0;
    end else begin
      cycle_q = cycle_q + 1;
      if (given_back) under_way = under_way - 1;
      line_start = line_mem[line_n][LineW-1];
      if (ready && cycle_q > 4 * sizes_n && line_n < lines_n
          && !(line_start && under_way == 2) && int'($urandom_range(99)) >= idle) begin
        if (line_start) under_way = under_way + 1;
        {i_valid, i_tag, i_scored, i_scores} <= line_mem[line_n][LineW-2:0];
        line_n = line_n + 1;
      end
      if (i_valid && i_tag[53] && i_tag[55]) last_q = cycle_q;
      waiting = waiting + int'($countones(u_rank.kept)) - int'(point_taken);
      if (waiting > most) most = waiting;
      if (frame_done) begin
        if (frame_records !== count_mem[frame_n]) begin
          errors <= errors + 1;
          $display("ERROR frame %0d: %0d points", frame_n, frame_records);
        end
        frame_n = frame_n + 1;
        if (frame_n == frames_n) $display("LAST cycles %0d", cycle_q - last_q);
      end
      if (frame_n == frames_n && line_n == lines_n && !done) begin
        $display("WAITED %0d points, %0d cycles", most, cycle_q);
        u_results.check({folder, "/want.hex"}, wrong);
        errors <= errors + wrong;
        done   <= 1'b1;
      end
      if (cycle_q > 1000000) begin
        $display("ERROR no end: frame %0d, line %0d", frame_n, line_n);
        errors <= errors + 1;
        done   <= 1'b1;
      end
    end
  end
endmodule
