// SPDX-License-Identifier: Apache-2.0
// Bench of hg_add: one line of the script a cycle (layer start, table write, entry, residual),
// every outgoing entry compared with the golden model's at its cycle.
`timescale 1ns / 1ps
module hg_add_bench #(
  parameter int unsigned ActBits = 4,
  parameter int unsigned DrainN = 2,
  parameter int unsigned AddPlanesN = 1
) (
  output logic done,
  output int   errors
);
  localparam int unsigned LanesN = 64 / ActBits;
  localparam int unsigned DataW = DrainN * LanesN * 8;
  localparam int unsigned CodeW = AddPlanesN * ActBits;
  localparam int unsigned IndexW = ActBits + AddPlanesN;
  localparam int unsigned ResW = DrainN * LanesN * CodeW;
  localparam int unsigned EntryW = 7 + LanesN + DataW;
  localparam int unsigned Latency = CodeW == 4 ? 6 : 7;
  localparam int unsigned LineW = 1 + 64 + 2 + IndexW + 36 + 1 + EntryW + ResW;

  logic clk = 1'b0, rst_n = 1'b0;
  always #5 clk = !clk;

  logic [LineW-1:0]  line_mem [1 << 15];
  logic [EntryW-1:0] want_mem [1 << 15];
  string folder;
  int    lines_n, entries_n, ok;

  logic job_start, tab_we, tab_sel, q_valid, q_last, r_valid, r_pop, o_valid, o_last;
  logic [1023:0]     job_desc;
  logic [63:0]       fields;
  logic [IndexW-1:0] tab_index;
  logic [35:0]       tab_data;
  logic [DrainN-1:0][LanesN-1:0][7:0]         q_data, o_data;
  logic [DrainN-1:0][LanesN-1:0][CodeW-1:0]   r_data;
  logic [LanesN-1:0] q_mask, o_mask;
  logic [3:0]        q_group, o_group;
  logic [1:0]        q_byte, o_byte;
  assign job_desc = {512'd0, fields, 448'd0};
  assign r_valid = 1'b1;

  hg_add #(.ActBits(ActBits), .DrainN(DrainN), .AddPlanesN(AddPlanesN)) u_add (.*);

  initial begin
    if (!$value$plusargs("folder=%s", folder)) $fatal(1, "+folder is missing");
    ok = $value$plusargs("lines=%d", lines_n) & $value$plusargs("entries=%d", entries_n);
    if (ok == 0) $fatal(1, "a plusarg is missing");
    $readmemh({folder, "/lines.hex"}, line_mem, 0, lines_n - 1);
    $readmemh({folder, "/entries.hex"}, want_mem, 0, entries_n - 1);
    repeat (20) @(posedge clk);
    rst_n <= 1'b1;
  end

  int line_n, entry_n, cycle_q;
  logic [Latency-1:0] valid_q;
  logic [EntryW-1:0]  got;
  assign got = {o_last, o_byte, o_group, o_mask, o_data};
  always_ff @(posedge clk) begin
    {job_start, fields, tab_we, tab_sel, tab_index, tab_data, q_valid, q_last, q_byte, q_group,
     q_mask, q_data, r_data} <= line_mem[line_n];
    if (!rst_n) begin
      {line_n, entry_n, cycle_q, errors} <= '0;
      {job_start, tab_we, q_valid, done} <= '0;
      valid_q <= '0;
    end else begin
      cycle_q <= cycle_q + 1;
      if (line_n < lines_n) line_n <= line_n + 1;
      else {job_start, tab_we, q_valid} <= '0;
      valid_q <= {valid_q[Latency-2:0], q_valid};
      if (o_valid !== valid_q[Latency-1]) begin
        errors <= errors + 1;
        if (errors < 5) $display("ERROR cycle %0d: o_valid is wrong", cycle_q);
      end else if (o_valid) begin
        if (got !== want_mem[entry_n]) begin
          errors <= errors + 1;
          if (errors < 5) $display("ERROR entry %0d: got %0h, want %0h", entry_n, got,
                                   want_mem[entry_n]);
        end
        entry_n <= entry_n + 1;
      end
      if (cycle_q == lines_n + 30) begin
        if (entry_n != entries_n) errors <= errors + 1;
        $display("entries %0d of %0d, errors %0d", entry_n, entries_n, errors);
        done <= 1'b1;
      end
    end
  end
endmodule
