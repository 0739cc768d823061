// SPDX-License-Identifier: Apache-2.0
// Bench of hg_boxes: beats of size records, then points and marks of a script with gaps (percent of
// cycles, +idle), memory that refuses beats (+stall). At the end the whole memory is compared, and
// the points of each frame. Prints the cycles from the first point to the end of all frames.
`timescale 1ns / 1ps
module hg_boxes_bench #(
  parameter int unsigned BoxesN = 20
) (
  output logic done,
  output int   errors
);
  localparam int unsigned CoordinateW = 13, ValueW = 32, MapXW = 8, MapYW = 8;
  localparam int unsigned LineW = 2 + ValueW + 6 + MapYW + MapXW;
  localparam logic [31:0] Base = 32'h2000_0400;

  logic clk = 1'b0, rst_n = 1'b0;
  always #5 clk = !clk;

  logic [LineW-1:0] line_mem [1 << 16];   // mark, held, value, index, y, x
  logic [63:0]      size_mem [256];
  logic [12:0]      count_mem [256];
  string folder;
  int    lines_n, sizes_n, frames_n, idle, stall, seed, width, height, stride, ok, wrong;

  logic                   start, size_we, s_valid, s_ready, s_mark, s_held, show_q;
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

  hg_boxes #(.BoxesN(BoxesN), .MapXW(MapXW), .MapYW(MapYW)) u_boxes (.*);
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
  assign out_base   = Base;
  assign out_stride = 32'(stride);

  int cycle_q, line_n, frame_n, first_q;
  assign start     = cycle_q == 1;
  assign size_we   = cycle_q < 4 * sizes_n;
  assign size_beat = 2'(cycle_q);
  assign size_data = size_mem[cycle_q[7:0]];
  assign {s_mark, s_held, s_value, s_index, s_y, s_x} = line_mem[line_n];
  assign s_valid = cycle_q > 4 * sizes_n && line_n < lines_n && show_q;
  always_ff @(posedge clk) begin
    show_q <= int'($urandom_range(99)) >= idle || (s_valid && !s_ready);
    if (!rst_n) begin
      {cycle_q, line_n, frame_n, first_q, errors} <= '0;
      done <= 1'b0;
    end else begin
      cycle_q <= cycle_q + 1;
      if (s_valid && s_ready) line_n <= line_n + 1;
      if (s_valid && s_ready && first_q == 0) first_q <= cycle_q;
      if (frame_done) begin
        if (frame_records !== count_mem[frame_n]) begin
          errors <= errors + 1;
          $display("ERROR frame %0d: %0d points", frame_n, frame_records);
        end
        frame_n <= frame_n + 1;
        if (frame_n + 1 == frames_n) $display("ALL cycles %0d", cycle_q - first_q);
      end
      if (frame_n == frames_n && line_n == lines_n && !done) begin
        u_results.check({folder, "/want.hex"}, wrong);
        errors <= errors + wrong;
        done   <= 1'b1;
      end
      if (cycle_q > 400000) begin
        $display("ERROR no end: frame %0d, line %0d", frame_n, line_n);
        errors <= errors + 1;
        done   <= 1'b1;
      end
    end
  end
endmodule
