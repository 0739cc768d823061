// SPDX-License-Identifier: Apache-2.0
// Drives a stage of a stream without ready from a file, a line a cycle, and compares what leaves it
// with the beats wanted: {cycle, bits that count, data}, cycles counted in lines. A cycle of all
// ones is any; then the last line stays, and all beats must have come by the cycle +limit.
`timescale 1ns / 1ps
module hg_beats #(
  parameter int unsigned LineW = 8,
  parameter int unsigned DataW = 8
) (
  output logic             clk,
  output logic             rst_n,
  output logic [LineW-1:0] line,
  input  logic             o_valid,
  input  logic [DataW-1:0] o_data,
  output logic             done,
  output int               errors
);
  localparam int unsigned LinesN = 1 << 16;
  initial {clk, rst_n} = 2'b00;
  always #5 clk = !clk;

  logic [LineW-1:0]      line_mem [LinesN];
  logic [31+2*DataW:0]   want_mem [LinesN];
  logic [31:0]           want_cycle;
  logic [DataW-1:0]      care, want;
  string folder;
  int    lines_n, wants_n, cycle_q, want_n, ok, limit;
  assign {want_cycle, care, want} = want_mem[want_n];

  initial begin
    if (!$value$plusargs("folder=%s", folder)) $fatal(1, "+folder is missing");
    ok = $value$plusargs("lines=%d", lines_n) & $value$plusargs("wants=%d", wants_n);
    if (ok == 0) $fatal(1, "a plusarg is missing");
    if (!$value$plusargs("limit=%d", limit)) limit = 0;
    $readmemh({folder, "/lines.hex"}, line_mem, 0, lines_n - 1);
    $readmemh({folder, "/wants.hex"}, want_mem, 0, wants_n - 1);
    repeat (8) @(posedge clk);
    rst_n <= 1'b1;
  end

  function automatic void wrong(input string what);
    errors <= errors + 1;
    if (errors < 5) begin
      $display("ERROR cycle %0d, beat %0d: %s, got %h, want %h of %h at cycle %0d", cycle_q, want_n,
               what, o_data, want, care, want_cycle);
    end
  endfunction

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      {errors, want_n} <= '0;
      cycle_q <= -1;
      line <= '0;
      done <= 1'b0;
    end else begin
      cycle_q <= cycle_q + 1;
      if (cycle_q + 1 < lines_n) line <= line_mem[cycle_q + 1];
      else if (limit == 0) line <= '0;
      if (o_valid) begin
        want_n <= want_n + 1;
        if (want_n >= wants_n || !(want_cycle inside {32'(cycle_q), '1})) wrong("not due");
        else if (((o_data ^ want) & care) != '0) wrong("data");
      end
      if (limit == 0 ? cycle_q == lines_n + 64 : cycle_q == limit || want_n == wants_n) begin
        if (want_n != wants_n) wrong("beats are missing");
        $display("beats %0d of %0d", want_n, wants_n);
        done <= 1'b1;
      end
    end
  end
endmodule
