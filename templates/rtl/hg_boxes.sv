// SPDX-License-Identifier: Apache-2.0
// Boxes of the best points, and their records in memory with the best first (formats §11):
//
//   x1 = px * step_x + 1, x2 = min(px * step_x + window_x, image_w); y1, y2 alike
//
// BoxesN points come ascending between two marks, those that are no points (s_held 0) first and
// written as zero; so do the places that fill the last 8 records. Eight records are collected
// backwards and written as a burst of 128 bytes, bursts go downwards; four of them fit the buffer,
// so that points are taken two cycles apart while memory takes a beat a cycle. Frame f goes to
// out_base + f * out_stride. `frame_done` comes with the last write response of a frame,
// `frame_records` then holds its points. The last point of a frame waits until the frame before is
// done.
module hg_boxes #(
  parameter int unsigned BoxesN = 1000,
  parameter int unsigned CoordinateW = 13,
  parameter int unsigned ValueW = 32,
  parameter int unsigned MapXW = 8,
  parameter int unsigned MapYW = 8
) (
  input  logic                   clk,
  input  logic                   rst_n,
  // Settings; the table is filled from the bus of size records
  input  logic                   start,        // pulse: the addresses are there
  input  logic [31:0]            out_base,
  input  logic [31:0]            out_stride,
  input  logic [CoordinateW-1:0] image_w,
  input  logic [CoordinateW-1:0] image_h,
  input  logic                   size_we,
  input  logic [1:0]             size_beat,
  input  logic [63:0]            size_data,
  // Points
  input  logic                   s_valid,
  output logic                   s_ready,
  input  logic                   s_mark,
  input  logic                   s_held,
  input  logic [ValueW-1:0]      s_value,
  input  logic [5:0]             s_index,      // of the size in the model
  input  logic [MapYW-1:0]       s_y,
  input  logic [MapXW-1:0]       s_x,
  // hg_axi_write: one request a burst
  output logic                   req_valid,
  input  logic                   req_ready,
  output logic [31:0]            req_addr,
  output logic [31:0]            req_beats,
  output logic                   m_valid,
  input  logic                   m_ready,
  output logic [63:0]            m_data,
  input  logic                   wr_done,
  output logic                   frame_done,
  output logic [12:0]            frame_records
);
  localparam int unsigned BurstsN = (BoxesN + 7) / 8;
  localparam int unsigned PlaceW = $clog2(8 * BurstsN);
  localparam int unsigned CountW = $clog2(BurstsN + 1);
  localparam int unsigned BufferN = 32;
  localparam int unsigned ProductXW = MapXW + CoordinateW;
  localparam int unsigned ProductYW = MapYW + CoordinateW;
  localparam logic [PlaceW-1:0] Last = PlaceW'(8 * BurstsN - 1);

  if (BoxesN < 1 || BoxesN > 4096) begin : gen_check
    $error("hg_boxes BoxesN must be in 1..4096, not %0d", BoxesN);
  end

  // Sizes by their index in the model
  logic [4*CoordinateW-1:0] size_mem [64];
  logic [CoordinateW-1:0] window_x_q, window_y_q, step_x_q, step_y_q;
  always_ff @(posedge clk) begin
    if (size_we && size_beat == 2'd1) begin
      size_mem[size_data[63:58]] <= {CoordinateW'(size_data[57:48]), CoordinateW'(size_data[47:32]),
                                     CoordinateW'(size_data[31:16]), CoordinateW'(size_data[15:0])};
    end
    {step_y_q, step_x_q, window_y_q, window_x_q} <= size_mem[s_index];
  end

  // A place is taken by a point, or by nothing behind the last point
  logic [PlaceW-1:0] place_q;
  logic [5:0]        room_q;      // free records of the buffer
  logic [1:0]        block_q;     // of the buffer
  logic              fill, room, held, take, last_take, sent, busy_q;
  logic [12:0]       held_q;
  assign fill      = 32'(place_q) >= BoxesN;
  assign room      = room_q != '0 && !(busy_q && place_q == '0);
  assign s_ready   = s_mark || (room && !fill);
  assign take      = room && (fill || (s_valid && !s_mark));
  assign held      = s_held && !fill;
  assign last_take = take && place_q == '0;

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      place_q <= Last;
      room_q  <= 6'(BufferN);
      block_q <= '0;
      held_q  <= '0;
      busy_q  <= 1'b0;
    end else begin
      room_q <= room_q - 6'(take) + {2'd0, sent, 3'd0};
      if (take) place_q <= place_q == '0 ? Last : place_q - 1'b1;
      if (take && place_q[2:0] == '0) block_q <= block_q + 2'd1;
      held_q <= last_take ? '0 : held_q + 13'(take && held);
      busy_q <= last_take || (busy_q && !frame_done);
    end
    if (last_take) frame_records <= held_q + 13'(held);
  end

  // Corners: operands, products, sums, record
  logic [3:0]             take_q;
  logic [2:0]             held_line_q;
  logic [3:0][4:0]        place_line_q;  // in the buffer
  logic [MapXW-1:0]       px_q;
  logic [MapYW-1:0]       py_q;
  logic [ProductXW-1:0]   left_q2;
  logic [ProductYW-1:0]   top_q2;
  logic [CoordinateW-1:0] window_x_q2, window_y_q2, x1_q, y1_q, left, top;
  logic [CoordinateW:0]   x2_q, y2_q;
  logic [ValueW-1:0]      value_q3;
  logic [5:0]             index_q3;
  logic [127:0]           record_q, buffer_mem [BufferN];
  assign left = CoordinateW'(left_q2);
  assign top  = CoordinateW'(top_q2);

  function automatic logic [15:0] least(logic [CoordinateW:0] a, logic [CoordinateW-1:0] b);
    return 16'(a < {1'b0, b} ? a[CoordinateW-1:0] : b);
  endfunction

  hg_delay #(.Width(ValueW + 6), .Cycles(3)) u_side (
    .clk, .d({s_value, s_index}), .q({value_q3, index_q3})
  );
  always_ff @(posedge clk) begin
    take_q       <= rst_n ? {take_q[2:0], take} : '0;
    held_line_q  <= {held_line_q[1:0], held};
    place_line_q <= {place_line_q[2:0], {block_q, place_q[2:0]}};
    px_q         <= s_x;
    py_q         <= s_y;
    left_q2      <= px_q * step_x_q;
    top_q2       <= py_q * step_y_q;
    window_x_q2  <= window_x_q;
    window_y_q2  <= window_y_q;
    x1_q         <= left + 1'b1;
    y1_q         <= top + 1'b1;
    x2_q         <= {1'b0, left} + {1'b0, window_x_q2};
    y2_q         <= {1'b0, top} + {1'b0, window_y_q2};
    if (!held_line_q[2]) record_q <= '0;
    else record_q <= {23'd0, 1'b1, 8'(index_q3), 32'(value_q3), least(y2_q, image_h),
                      least(x2_q, image_w), 16'(y1_q), 16'(x1_q)};
    if (take_q[3]) buffer_mem[place_line_q[3]] <= record_q;
  end

  // Bursts: asked for and sent in the order in which they fill
  logic              full;
  logic [2:0]        ask_q, send_q;       // full ones not yet asked for, not yet sent
  logic [CountW-1:0] asked_q, answered_q; // of the frame
  logic [1:0]        send_block_q;
  logic [3:0]        beat_q;
  logic [31:0]       base_q;
  logic [127:0]      record;
  assign full      = take_q[3] && place_line_q[3][2:0] == '0;
  assign req_valid = ask_q != '0;
  assign req_beats = 32'd16;
  assign req_addr  = base_q + {(32 - CountW - 7)'(0), CountW'(BurstsN - 1) - asked_q, 7'd0};
  assign m_valid   = send_q != '0;
  assign record    = buffer_mem[{send_block_q, beat_q[3:1]}];
  assign m_data    = beat_q[0] ? record[127:64] : record[63:0];
  assign sent      = m_valid && m_ready && beat_q == 4'd15;

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      {ask_q, send_q, send_block_q, beat_q, asked_q, answered_q} <= '0;
      frame_done <= 1'b0;
    end else begin
      ask_q  <= ask_q + 3'(full) - 3'(req_valid && req_ready);
      send_q <= send_q + 3'(full) - 3'(sent);
      beat_q <= beat_q + 4'(m_valid && m_ready);
      send_block_q <= send_block_q + 2'(sent);
      if (req_valid && req_ready) asked_q <= asked_q == CountW'(BurstsN - 1) ? '0 : asked_q + 1'b1;
      if (wr_done) answered_q <= answered_q == CountW'(BurstsN - 1) ? '0 : answered_q + 1'b1;
      frame_done <= wr_done && answered_q == CountW'(BurstsN - 1);
    end
    if (start) base_q <= out_base;
    else if (req_valid && req_ready && asked_q == CountW'(BurstsN - 1)) begin
      base_q <= base_q + out_stride;
    end
  end

  logic unused;
  assign unused = ^{left_q2, top_q2};

`ifndef SYNTHESIS
  a_mark: assert property (@(posedge clk) disable iff (!rst_n)
    s_valid && s_mark |-> 32'(place_q) + 1 >= BoxesN)
    else $error("hg_boxes: a mark before all %0d points", BoxesN);
`endif
endmodule
