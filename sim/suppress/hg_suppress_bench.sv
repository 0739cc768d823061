// SPDX-License-Identifier: Apache-2.0
// Bench of hg_suppress: the beats of a script, with gaps (percent of cycles, +idle); every kept
// point and every mark is compared with the golden model's, in order, and a mark must come +latency
// cycles behind the last beat of its frame.
`timescale 1ns / 1ps
module hg_suppress_bench #(
  parameter int unsigned LanesN = 3,
  parameter int unsigned LineDepth = 64,
  parameter int unsigned AttemptsN = 8,
  parameter int unsigned SpacingN = 2
) (
  output logic done,
  output int   errors
);
  localparam int unsigned ScoreW = 18, MapXW = 7, MapYW = 7;
  localparam int unsigned GroupsN = (LanesN + 2) / 3;
  localparam int unsigned PointW = 6 + MapYW + MapXW + ScoreW;
  localparam int unsigned LineW = 57 + LanesN * (ScoreW + 1);
  localparam int Most = 1 << 17;

  logic clk = 1'b0, rst_n = 1'b0;
  always #5 clk = !clk;

  logic [LineW-1:0] line_mem [Most];  // valid, tag, scored, scores
  logic [PointW:0]  want_mem [Most];  // mark, point
  string folder;
  int    lines_n, wants_n, idle, seed, latency, ok;

  logic                           i_valid, o_mark, line_valid;
  logic [55:0]                    i_tag;
  logic [LanesN-1:0][ScoreW-1:0]  i_scores;
  logic [LanesN-1:0]              i_scored;
  logic [GroupsN-1:0]             o_valid;
  logic [GroupsN-1:0][PointW-1:0] o_points;

  hg_suppress #(
    .LanesN(LanesN), .LineDepth(LineDepth), .ScoreW(ScoreW), .AttemptsN(AttemptsN),
    .SpacingN(SpacingN), .MapXW(MapXW), .MapYW(MapYW)
  ) u_suppress (.*);

  initial begin
    if (!$value$plusargs("folder=%s", folder)) $fatal(1, "+folder is missing");
    ok = $value$plusargs("lines=%d", lines_n) & $value$plusargs("wants=%d", wants_n)
       & $value$plusargs("idle=%d", idle) & $value$plusargs("seed=%d", seed)
       & $value$plusargs("latency=%d", latency);
    if (ok == 0) $fatal(1, "a plusarg is missing");
    void'($urandom(seed));
    $readmemh({folder, "/lines.hex"}, line_mem, 0, lines_n - 1);
    $readmemh({folder, "/wants.hex"}, want_mem, 0, wants_n - 1);
    repeat (4) @(posedge clk);
    rst_n <= 1'b1;
    // Beats under way are forgotten by a reset
    repeat (50) @(posedge clk);
    rst_n <= 1'b0;
    repeat (2) @(posedge clk);
    rst_n <= 1'b1;
  end

  int line_n, want_n, cycle_q, end_q;
  task automatic compare(logic [PointW:0] got);
    if (want_n >= wants_n || got !== want_mem[want_n]) begin
      errors = errors + 1;
      if (errors < 5) begin
        $display("ERROR point %0d: got %0h, want %0h", want_n, got, want_mem[want_n]);
      end
    end
    want_n = want_n + 1;
  endtask

  always @(posedge clk) begin
    {line_valid, i_tag, i_scored, i_scores} <= line_mem[line_n];
    i_valid <= 1'b0;
    if (!rst_n) begin
      {line_n, want_n, cycle_q, errors} = '0;
      done <= 1'b0;
    end else begin
      cycle_q = cycle_q + 1;
      if (line_n < lines_n && int'($urandom_range(99)) >= idle) begin
        i_valid <= line_mem[line_n][LineW-1];
        line_n = line_n + 1;
      end
      if (i_valid && i_tag[53] && i_tag[55]) end_q = cycle_q;
      for (int g = 0; g < GroupsN; g++) if (o_valid[g]) compare({1'b0, o_points[g]});
      if (o_mark) begin
        compare({1'b1, PointW'(0)});
        if (cycle_q - end_q != latency) begin
          errors = errors + 1;
          $display("ERROR mark after %0d cycles", cycle_q - end_q);
        end
      end
      if (line_n == lines_n && cycle_q > end_q + 64) begin
        if (want_n != wants_n) errors = errors + 1;
        $display("points %0d of %0d, errors %0d", want_n, wants_n, errors);
        done <= 1'b1;
      end
    end
  end
endmodule
