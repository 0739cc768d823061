// SPDX-License-Identifier: Apache-2.0
// Bench of hg_calibrate: one line of the script a cycle (beat of a size record, score); every value
// is compared with the golden model's, three cycles behind its score.
`timescale 1ns / 1ps
module hg_calibrate_bench #(
  parameter int unsigned Latency = 3
) (
  output logic done,
  output int   errors
);
  localparam int unsigned ScoreW = 18, ValueW = 32, SideW = 9, Most = 1 << 14;
  localparam int unsigned LineW = 73 + 7 + ScoreW + SideW;

  logic clk = 1'b0, rst_n = 1'b0;
  always #5 clk = !clk;

  logic [LineW-1:0]        line_mem [Most];
  logic [ValueW+SideW-1:0] want_mem [Most];
  string folder;
  int    lines_n, wants_n, ok, line_n, want_n, cycle_q;

  logic              size_we, i_valid, o_valid;
  logic [5:0]        size_slot, i_slot;
  logic [1:0]        size_beat;
  logic [63:0]       size_data;
  logic [ScoreW-1:0] i_score;
  logic [SideW-1:0]  i_side, o_side;
  logic [ValueW-1:0] o_value;
  logic [Latency:1]  valid_q;

  hg_calibrate #(.ScoreW(ScoreW), .ValueW(ValueW), .SideW(SideW)) u_calibrate (.*);

  initial begin
    if (!$value$plusargs("folder=%s", folder)) $fatal(1, "+folder is missing");
    ok = $value$plusargs("lines=%d", lines_n) & $value$plusargs("wants=%d", wants_n);
    if (ok == 0) $fatal(1, "a plusarg is missing");
    $readmemh({folder, "/lines.hex"}, line_mem, 0, lines_n - 1);
    $readmemh({folder, "/wants.hex"}, want_mem, 0, wants_n - 1);
    repeat (4) @(posedge clk);
    rst_n <= 1'b1;
  end

  always_ff @(posedge clk) begin
    {size_we, size_slot, size_beat, size_data, i_valid, i_slot, i_score, i_side}
      <= line_n < lines_n ? line_mem[line_n] : '0;
    if (!rst_n) begin
      {line_n, want_n, cycle_q, errors} <= '0;
      {size_we, i_valid, done} <= '0;
      valid_q <= '0;
    end else begin
      line_n  <= line_n + 1;
      valid_q <= {valid_q[Latency-1:1], i_valid};
      if (o_valid !== valid_q[Latency]) errors <= errors + 1;
      else if (o_valid) begin
        if ({o_value, o_side} !== want_mem[want_n]) begin
          errors <= errors + 1;
          if (errors < 5) $display("ERROR value %0d: got %h, want %h", want_n, {o_value, o_side},
                                   want_mem[want_n]);
        end
        want_n <= want_n + 1;
      end
      if (line_n == lines_n + 8) begin
        if (want_n != wants_n) errors <= errors + 1;
        done <= 1'b1;
      end
    end
  end
endmodule
