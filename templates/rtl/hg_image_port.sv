// SPDX-License-Identifier: Apache-2.0
// One port of hg_image: reads every PortsN-th row of packed BGR pixels, from row First on, and
// unpacks it: 2, 3 and 3 pixels from three beats of 8 bytes.
//
// Rows are counted on over frames. A row is written when the one CacheRowsN rows before it is among
// the `freed` ones; `rows` of this port are complete. A beat a cycle.
module hg_image_port #(
  parameter int unsigned First = 0,
  parameter int unsigned PortsN = 1,
  parameter int unsigned CacheRowsN = 8,
  parameter int unsigned FifoDepth = 256,
  localparam int unsigned SlotW = $clog2(CacheRowsN)
) (
  input  logic             clk,
  input  logic             rst_n,
  input  logic             halt,
  output logic             idle,
  output logic             error,
  input  logic             go,
  input  logic [31:0]      base,
  input  logic [31:0]      in_stride,
  input  logic [31:0]      frames,
  input  logic [12:0]      width,
  input  logic [12:0]      height,
  input  logic [15:0]      row_beats,
  input  logic [15:0]      row_stride,
  input  logic [15:0]      freed,
  output logic [15:0]      rows,
  output logic [2:0]       w_valid,
  output logic [SlotW-1:0] w_slot,
  output logic [11:0]      w_x,
  output logic [2:0][23:0] w_pixels,
  output logic             ar_valid,
  input  logic             ar_ready,
  output logic [31:0]      ar_addr,
  output logic [3:0]       ar_len,
  input  logic             r_valid,
  input  logic [63:0]      r_data,
  input  logic [1:0]       r_resp
);
  // A request a row; rows go on in the next frame
  logic        req_valid, req_ready, wraps, m_valid, take, row_end;
  logic [31:0] frame_q, next_addr_q, row_addr_q, row_bytes;
  logic [12:0] y_q, next_y, over_y;
  logic [63:0] data;
  assign row_bytes = {9'd0, row_stride, 7'd0};
  assign req_valid = go && frame_q != frames;
  assign next_y = y_q + 13'(PortsN);
  assign over_y = next_y - height;
  assign wraps = !over_y[12];
  always_ff @(posedge clk) begin
    if (!go) begin
      frame_q <= '0;
      y_q <= 13'(First);
      next_addr_q <= base + in_stride;
      row_addr_q <= base + (First == 0 ? '0 : row_bytes);
    end else if (req_valid && req_ready) begin
      y_q <= wraps ? over_y : next_y;
      row_addr_q <= row_addr_q + (row_bytes << (PortsN - 1));
      if (wraps) begin
        frame_q <= frame_q + 32'd1;
        next_addr_q <= next_addr_q + in_stride;
        row_addr_q <= next_addr_q + (over_y[0] ? row_bytes : '0);
      end
    end
  end
  hg_axi_read #(.FifoDepth(FifoDepth)) u_read (
    .clk, .rst_n, .halt, .idle, .error, .req_valid, .req_ready, .req_addr(row_addr_q),
    .req_beats({16'd0, row_beats}), .m_valid, .m_ready(take), .m_data(data), .ar_valid, .ar_ready,
    .ar_addr, .ar_len, .r_valid, .r_data, .r_resp
  );

  // Unpacker: up to two bytes are held
  logic [15:0] number, ahead, held_q, beat_q;
  logic [1:0]  phase_q;
  logic [11:0] x_q;
  logic [71:0] bytes;
  assign number = PortsN == 1 ? rows : {rows[14:0], First != 0};
  assign ahead = number - freed;
  assign take = m_valid && ahead < 16'(CacheRowsN);
  assign row_end = beat_q + 16'd1 == row_beats;
  always_comb begin
    case (phase_q)
      2'd0:    bytes = {8'd0, data};
      2'd1:    bytes = {data[55:0], held_q};
      default: bytes = {data, held_q[7:0]};
    endcase
  end

  always_ff @(posedge clk) begin
    w_slot <= number[SlotW-1:0];
    w_x <= x_q;
    w_pixels <= bytes;
    for (int k = 0; k < 3; k++) begin
      w_valid[k] <= take && 13'(x_q) + 13'(k) < width && (k < 2 || phase_q != 2'd0);
    end
    if (take) held_q <= phase_q == 2'd0 ? data[63:48] : {8'd0, data[63:56]};
    if (!rst_n) begin
      {w_valid, phase_q, beat_q, x_q, rows} <= '0;
    end else if (take) begin
      if (row_end) begin
        {phase_q, beat_q, x_q} <= '0;
        rows <= rows + 16'd1;
      end else begin
        phase_q <= phase_q == 2'd2 ? 2'd0 : phase_q + 2'd1;
        beat_q <= beat_q + 16'd1;
        x_q <= x_q + (phase_q == 2'd0 ? 12'd2 : 12'd3);
      end
    end
  end
endmodule
