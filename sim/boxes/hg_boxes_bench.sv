// SPDX-License-Identifier: Apache-2.0
// Bench of hg_boxes: points and marks of a script with gaps (percent of cycles, +idle); what is
// compared stands in hg_results. Prints the cycles from the first point to the end of all frames.
`timescale 1ns / 1ps
module hg_boxes_bench #(
  parameter int unsigned BoxesN = 20
) (
  output logic done,
  output int   errors
);
  localparam int unsigned CoordinateW = 13, ValueW = 32, MapXW = 8, MapYW = 8;
  localparam int unsigned LineW = 2 + ValueW + 6 + MapYW + MapXW;

  logic [LineW-1:0] line_mem [1 << 16];   // mark, held, value, index, y, x
  string folder;
  int    lines_n, idle, cycle, ok;

  logic                   clk, rst_n, start, size_we, s_valid, s_ready, s_mark, s_held, show_q;
  logic [31:0]            out_base, out_stride, req_addr, req_beats;
  logic [CoordinateW-1:0] image_w, image_h;
  logic [1:0]             size_beat;
  logic [63:0]            size_data, m_data;
  logic [ValueW-1:0]      s_value;
  logic [5:0]             s_index;
  logic [MapYW-1:0]       s_y;
  logic [MapXW-1:0]       s_x;
  logic                   req_valid, req_ready, m_valid, m_ready, wr_done, frame_done;
  logic [12:0]            frame_records;
  logic                   loaded, fed, all_done;

  hg_boxes #(.BoxesN(BoxesN), .MapXW(MapXW), .MapYW(MapYW)) u_boxes (.*);
  hg_results u_results (.size_slot(), .last_slot(), .*);

  initial begin
    ok = $value$plusargs("folder=%s", folder) & $value$plusargs("lines=%d", lines_n)
       & $value$plusargs("idle=%d", idle);
    if (ok == 0) $fatal(1, "a plusarg is missing");
    $readmemh({folder, "/lines.hex"}, line_mem, 0, lines_n - 1);
  end

  int line_n, first_q;
  assign {s_mark, s_held, s_value, s_index, s_y, s_x} = line_mem[line_n];
  assign fed     = line_n == lines_n;
  assign s_valid = loaded && !fed && show_q;
  always_ff @(posedge clk) begin
    show_q <= int'($urandom_range(99)) >= idle || (s_valid && !s_ready);
    if (!rst_n) {line_n, first_q} <= '0;
    else begin
      if (s_valid && s_ready) line_n <= line_n + 1;
      if (s_valid && s_ready && first_q == 0) first_q <= cycle;
      if (all_done) $display("ALL cycles %0d", cycle - first_q);
    end
  end
endmodule
