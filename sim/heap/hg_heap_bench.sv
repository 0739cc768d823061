// SPDX-License-Identifier: Apache-2.0
// Bench of hg_heap: keys and marks of a script come in with gaps (percent of cycles, +idle),
// results are taken with gaps (+stall), and every result and mark is compared with the golden
// model's. Prints the cycles from each mark that is taken to its coming out.
`timescale 1ns / 1ps
module hg_heap_bench #(
  parameter int unsigned HeapsN = 28,
  parameter int unsigned EntriesN = 130,
  parameter int unsigned KeyW = 34,
  parameter int unsigned BanksN = 2
) (
  output logic done,
  output int   errors
);
  localparam int unsigned LineW = 7 + KeyW;
  localparam int unsigned WantW = 8 + KeyW;
  localparam int Most = 1 << 18;

  logic clk = 1'b0, rst_n = 1'b0;
  always #5 clk = !clk;

  logic [LineW-1:0] line_mem [Most];  // mark, heap, key
  logic [WantW-1:0] want_mem [Most];  // mark, held, heap, key
  string folder;
  int    lines_n, wants_n, stall, idle, seed, last, limit, ok;

  logic            ready, s_valid, s_ready, s_mark, m_valid, m_ready, m_mark, m_held, show_q;
  logic [5:0]      last_heap, s_heap, m_heap;
  logic [KeyW-1:0] s_key, m_key;

  hg_heap #(.HeapsN(HeapsN), .EntriesN(EntriesN), .KeyW(KeyW), .BanksN(BanksN)) u_heap (.*);

  initial begin
    if (!$value$plusargs("folder=%s", folder)) $fatal(1, "+folder is missing");
    ok = $value$plusargs("lines=%d", lines_n) & $value$plusargs("wants=%d", wants_n)
       & $value$plusargs("stall=%d", stall) & $value$plusargs("idle=%d", idle)
       & $value$plusargs("seed=%d", seed) & $value$plusargs("last=%d", last)
       & $value$plusargs("limit=%d", limit);
    if (ok == 0) $fatal(1, "a plusarg is missing");
    void'($urandom(seed));
    last_heap = 6'(last);
    $readmemh({folder, "/lines.hex"}, line_mem, 0, lines_n - 1);
    $readmemh({folder, "/wants.hex"}, want_mem, 0, wants_n - 1);
    repeat (4) @(posedge clk);
    rst_n <= 1'b1;
    // Keys and results under way are forgotten by a reset
    repeat (limit / 8) @(posedge clk);
    rst_n <= 1'b0;
    repeat (2) @(posedge clk);
    rst_n <= 1'b1;
  end

  int line_n, want_n, cycle_q, marks_in_q, marks_out_q, first_q;
  int taken_q [16];
  logic [WantW-1:0] want, got;
  assign {s_mark, s_heap, s_key} = line_mem[line_n];
  assign s_valid = rst_n && line_n < lines_n && show_q;
  assign want = want_mem[want_n];
  assign got = {m_mark, m_held, m_mark ? 6'd0 : m_heap, m_held ? m_key : KeyW'(0)};
  always_ff @(posedge clk) begin
    show_q <= !(int'($urandom_range(99)) < idle) || (s_valid && !s_ready);
    m_ready <= !(int'($urandom_range(99)) < stall);
    if (!rst_n) begin
      {line_n, want_n, cycle_q, errors, marks_in_q, marks_out_q, first_q} <= '0;
      done <= 1'b0;
    end else begin
      cycle_q <= cycle_q + 1;
      if (s_valid && s_ready) begin
        line_n <= line_n + 1;
        if (first_q == 0) first_q <= cycle_q;
        if (s_mark) begin
          if (marks_in_q == 0) $display("KEYS %0d cycles %0d", line_n, cycle_q - first_q);
          taken_q[marks_in_q % 16] <= cycle_q;
          marks_in_q <= marks_in_q + 1;
        end
      end
      if (m_valid && m_ready) begin
        want_n <= want_n + 1;
        if (got !== want || want_n >= wants_n) begin
          errors <= errors + 1;
          if (errors < 5) $display("ERROR result %0d: got %0h, want %0h", want_n, got, want);
        end
        if (m_mark) begin
          $display("MARK %0d cycles %0d", marks_out_q, cycle_q - taken_q[marks_out_q % 16]);
          marks_out_q <= marks_out_q + 1;
        end
      end
      if (want_n == wants_n && line_n == lines_n && !m_valid) done <= 1'b1;
      if (cycle_q > limit) begin
        $display("ERROR no end: %0d of %0d lines, %0d of %0d results", line_n, lines_n, want_n,
                 wants_n);
        errors <= errors + 1;
        done   <= 1'b1;
      end
    end
  end
endmodule
