// SPDX-License-Identifier: Apache-2.0
// Bench of hg_image_stream: plays FOLDER/video.bin and compares what is written with the file of
// wants. Of the rows complete one is given free every +free cycles (0: each at once). A beat is
// {0, slot, x, mask, pixels}; behind the last one comes {1, bad, row, beats taken, cycles from the
// first beat of the first frame to the last one}, when no beat has been taken for 400 cycles.
`timescale 1ns / 1ps
module hg_image_stream_bench #(
  parameter int unsigned PixelsN = 1
) (
  output logic done,
  output int   errors
);
  localparam int unsigned CacheRowsN = 8;
  localparam int unsigned Quiet = 400;
  logic        clk, rst_n, go, s_valid, s_ready, s_user, s_last, bad, over;
  logic [24*PixelsN-1:0] s_data;
  logic [12:0] bad_row;
  logic [15:0] freed, written;
  logic [2:0]  w_valid, w_slot;
  logic [11:0] w_x;
  logic [2:0][23:0] w_pixels;
  int width, height, frames, free, ok;
  int cycle_q, quiet_q, taken_q, begin_q, end_q, wait_q;
  string folder;

  hg_beats #(.LineW(1), .DataW(91)) u_beats (
    .clk, .rst_n, .line(go), .o_valid(|w_valid || over),
    .o_data(over ? {1'b1, bad, 12'd0, bad_row, 32'(taken_q), 32'(end_q - begin_q)} :
                   {1'b0, w_slot, w_x, w_valid, w_pixels}),
    .done, .errors
  );
  hg_video #(.PixelsN(PixelsN)) u_video (
    .clk, .valid(s_valid), .ready(s_ready), .data(s_data), .user(s_user), .last(s_last)
  );
  hg_image_stream #(.PixelsN(PixelsN)) u_stream (
    .frames(32'(frames)), .width(13'(width)), .height(13'(height)), .moves(), .*
  );

  initial begin
    ok = $value$plusargs("width=%d", width) & $value$plusargs("height=%d", height)
       & $value$plusargs("frames=%d", frames) & $value$plusargs("free=%d", free)
       & $value$plusargs("folder=%s", folder);
    if (ok == 0) $fatal(1, "a plusarg is missing");
    u_video.open({folder, "/video.bin"});
  end

  logic take, begun_q;
  assign take = s_valid && s_ready;
  assign over = quiet_q == Quiet;
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      {cycle_q, quiet_q, taken_q, begin_q, end_q, wait_q} <= '0;
      {freed, begun_q} <= '0;
    end else begin
      cycle_q <= cycle_q + 1;
      quiet_q <= take || !go ? 0 : quiet_q + 1;
      wait_q <= freed == written || wait_q >= free ? 0 : wait_q + 1;
      if (freed != written && wait_q >= free) freed <= freed + 16'd1;
      if (take) begin
        taken_q <= taken_q + 1;
        end_q <= cycle_q;
        begun_q <= begun_q || s_user;
        if (!begun_q) begin_q <= cycle_q;
        if (written - freed >= 16'(CacheRowsN)) $fatal(1, "a row that is still needed is lost");
      end
      if (!go && s_ready) $fatal(1, "TREADY before the start");
      if (bad && s_ready) $fatal(1, "TREADY behind a bad beat");
    end
  end
endmodule
