// SPDX-License-Identifier: Apache-2.0
// The image side of the proposal engine for a camera: takes AXI4-Stream video (formats §11) of one
// or two pixels a beat and writes it to the row cache of the resize.
//
// Rows are counted on over frames, modulo 2^16, and lie in slot r modulo CacheRowsN. TREADY is a
// register and high only while `go`, while a beat is missing and its row's place is free: the row
// CacheRowsN rows before it is among the `freed` ones. Beats before the first start of frame are
// taken and dropped. From then on the stream must be `frames` frames of the program's size: the
// first beat that is not as it should be is `bad`, with the row in which it came, and the last one
// taken. A beat a cycle.
module hg_image_stream #(
  parameter int unsigned PixelsN = 1,
  parameter int unsigned CacheRowsN = 8,
  localparam int unsigned SlotW = $clog2(CacheRowsN)
) (
  input  logic                  clk,
  input  logic                  rst_n,
  // Constant while `go`
  input  logic                  go,
  input  logic [31:0]           frames,
  input  logic [12:0]           width,
  input  logic [12:0]           height,
  // AXI4-Stream: the left pixel lowest, each G, B, R from the lowest byte on
  input  logic                  s_valid,
  output logic                  s_ready,
  input  logic [24*PixelsN-1:0] s_data,
  input  logic                  s_user,
  input  logic                  s_last,
  output logic                  moves,    // a beat of a frame is taken
  // Since a beat that broke the frame
  output logic                  bad,
  output logic [12:0]           bad_row,
  // Rows over all frames, modulo 2^16
  input  logic [15:0]           freed,
  output logic [15:0]           written,
  // To hg_resize
  output logic [2:0]            w_valid,
  output logic [SlotW-1:0]      w_slot,
  output logic [11:0]           w_x,
  output logic [2:0][23:0]      w_pixels
);
  if (PixelsN != 1 && PixelsN != 2) begin : gen_pixels_check
    $error("hg_image_stream PixelsN must be 1 or 2, not %0d", PixelsN);
  end

  logic [31:0] left_q;    // frames that are not complete
  logic [12:0] x_q, y_q, next_x;
  logic [5:0]  ahead;     // rows complete and not yet free; the counters' low bits tell
  logic        synced_q, take, taken, first, row_end, frame_end, fits, bad_beat;
  assign next_x = x_q + 13'(PixelsN);
  assign row_end = next_x >= width;
  assign frame_end = row_end && y_q + 13'd1 == height;
  assign first = x_q == '0 && y_q == '0;
  assign take = s_valid && s_ready;
  assign taken = take && (synced_q || s_user);
  assign moves = taken;
  assign bad_beat = taken && (s_user != first || s_last != row_end);
  assign ahead = written[5:0] - freed[5:0];
  assign fits = taken && row_end ? ahead + 6'd1 < 6'(CacheRowsN) : ahead < 6'(CacheRowsN);

  always_ff @(posedge clk) begin
    if (!rst_n || !go) begin
      {s_ready, synced_q, bad} <= '0;
      {x_q, y_q} <= '0;
      left_q <= frames;
    end else begin
      s_ready <= left_q != '0 && !(taken && frame_end && left_q == 32'd1) && fits && !bad
                 && !bad_beat;
      synced_q <= synced_q || taken;
      bad <= bad || bad_beat;
      if (bad_beat) bad_row <= y_q;
      if (taken) begin
        x_q <= row_end ? '0 : next_x;
        if (row_end) y_q <= frame_end ? '0 : y_q + 13'd1;
        left_q <= left_q - 32'(frame_end);
      end
    end
  end

  always_ff @(posedge clk) begin
    w_slot <= written[SlotW-1:0];
    w_x <= x_q[11:0];
    w_pixels <= '0;
    for (int k = 0; k < PixelsN; k++) begin
      w_pixels[k] <= {s_data[24*k+16 +: 8], s_data[24*k +: 8], s_data[24*k+8 +: 8]};
    end
    for (int k = 0; k < 3; k++) begin
      w_valid[k] <= rst_n && taken && k < PixelsN && x_q + 13'(k) < width;
    end
    if (!rst_n) written <= '0;
    else written <= written + 16'(taken && row_end);
  end

  logic unused;
  assign unused = ^freed[15:6];
endmodule
