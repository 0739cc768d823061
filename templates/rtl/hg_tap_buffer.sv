// SPDX-License-Identifier: Apache-2.0
// Tap records of the descriptor in work, given out over and over again, and of the next one.
//
// Two buffers: tap_we fills one, `take` hands it over and frees the other. From four cycles after
// `take` on, `tap` is the current tap (`tap_valid`) for cs steps (one if `single`, two if
// `pairs`), then the next one, cyclically; II 1. slice_first and slice_end mark a tap's first and
// last step, `tap_end` the last tap of the list.
module hg_tap_buffer #(
  // Taps of a buffer, at most 256
  parameter int unsigned TapsN = 128
) (
  input  logic         clk,
  input  logic         rst_n,
  input  logic         tap_we,
  input  logic [7:0]   tap_index,
  input  logic [127:0] tap_data,
  // Pulse; taps_n, single and pairs are valid from the cycle after
  input  logic         take,
  input  logic [15:0]  taps_n,
  input  logic         single,
  input  logic         pairs,
  input  logic         step,
  output logic         tap_valid,
  output logic         slice_first,
  output logic         slice_end,
  output logic         tap_end,
  output logic [127:0] tap
);
  localparam int unsigned IndexW = TapsN > 1 ? $clog2(TapsN) : 1;

  if (TapsN < 1 || TapsN > 256) begin : gen_check
    $error("hg_tap_buffer TapsN must be in 1..256, not %0d", TapsN);
  end

  logic [127:0]      mem [2 << IndexW];
  logic [127:0]      next_q;
  logic [IndexW-1:0] index_q;
  logic [15:0]       last_q;
  logic [11:0]       left_q;
  logic              take_q, active_q, buffer_q, next_valid_q, next_end_q;
  logic              advance, read, index_end;

  assign advance   = !tap_valid || (step && slice_end);
  assign read      = active_q && (!next_valid_q || advance);
  assign index_end = 16'(index_q) == last_q;

  // buffer_q is the buffer being filled, the other one is read
  always_ff @(posedge clk) begin
    if (tap_we) mem[{buffer_q, tap_index[IndexW-1:0]}] <= tap_data;
  end

  always_ff @(posedge clk) begin
    if (read) next_q <= mem[{!buffer_q, index_q}];
  end

  always_ff @(posedge clk) begin
    last_q <= taps_n - 16'd1;
    if (read) next_end_q <= index_end;
    if (advance) begin
      tap         <= next_q;
      tap_end     <= next_end_q;
      left_q      <= pairs ? 12'd2 : next_q[43:32];
      slice_first <= 1'b1;
      slice_end   <= single || (next_q[43:32] == 12'd1 && !pairs);
    end else if (step) begin
      left_q      <= left_q - 12'd1;
      slice_first <= 1'b0;
      slice_end   <= left_q == 12'd2;
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      buffer_q     <= 1'b0;
      take_q       <= 1'b0;
      active_q     <= 1'b0;
      index_q      <= '0;
      next_valid_q <= 1'b0;
      tap_valid    <= 1'b0;
    end else if (take) begin
      buffer_q     <= !buffer_q;
      take_q       <= 1'b1;
      active_q     <= 1'b0;
      index_q      <= '0;
      next_valid_q <= 1'b0;
      tap_valid    <= 1'b0;
    end else begin
      take_q <= 1'b0;
      if (take_q) active_q <= 1'b1;
      if (read) index_q <= index_end ? '0 : index_q + 1'b1;
      next_valid_q <= read || (next_valid_q && !advance);
      if (advance) tap_valid <= next_valid_q;
    end
  end

  logic unused_index;
  assign unused_index = &{1'b0, tap_index};
endmodule
