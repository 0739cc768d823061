// SPDX-License-Identifier: Apache-2.0
// Address part of the window: one k-step in, the bank addresses of its P pixels out.
//
// q = tile_q + tap.q (+ B/2 with `skew`) for pixel 0; pixel j lies in bank (q + j) mod B, so only
// two addresses occur: A = base + plane + group offset + floor(q / B) in the banks from q mod B on,
// A + 1 below.
// Latency 4 cycles to a_addr, mask and shift (four registers), II 1, never stalls.
module hg_window_addr #(
  parameter int unsigned PixelsN  = 10,
  parameter int unsigned BanksN   = 16,
  parameter int unsigned ActDepth = 4096,
  localparam int unsigned BankW   = $clog2(BanksN),
  localparam int unsigned AddrW   = $clog2(ActDepth),
  localparam int unsigned PlaceW  = AddrW + BankW
) (
  input  logic                     clk,
  // The k-step: tap record, plane 1 or 0, offset of the channel group, q of the tile's first pixel
  input  logic [127:0]             tap,
  input  logic                     plane,
  input  logic                     skew,
  input  logic [AddrW-1:0]         group_offset,
  input  logic [PlaceW-1:0]        tile_q,
  input  logic [PixelsN-1:0][11:0] pos_y,
  input  logic [PixelsN-1:0][11:0] pos_x,
  output logic [BanksN-1:0][15:0]  a_addr,
  output logic [BankW-1:0]         shift,
  output logic [PixelsN-1:0]       mask
);
  logic [AddrW-1:0]   base_q, plane_q, group_q, left_q2, right_q2, addr_q3, next_q3;
  logic [PlaceW-1:0]  place_q;
  logic [BankW-1:0]   shift_q2, shift_q3;
  logic [BanksN-1:0]  wrap_q3;
  logic [PixelsN-1:0][3:0] inside_q;
  logic [PixelsN-1:0] mask_q2, mask_q3;

  always_ff @(posedge clk) begin
    // 1: tap fields, bounds
    base_q  <= tap[AddrW-1:0];
    plane_q <= plane ? tap[64 +: AddrW] : '0;
    group_q <= group_offset;
    place_q <= tile_q + PlaceW'($signed(tap[31:16])) + (skew ? PlaceW'(BanksN / 2) : '0);
    for (int unsigned j = 0; j < PixelsN; j++) begin
      inside_q[j] <= {pos_y[j] >= tap[80 +: 12], pos_y[j] <= tap[92 +: 12],
                      pos_x[j] >= tap[104 +: 12], pos_x[j] <= tap[116 +: 12]};
    end
    // 2: sums of two
    left_q2  <= base_q + plane_q;
    right_q2 <= group_q + place_q[PlaceW-1:BankW];
    shift_q2 <= place_q[BankW-1:0];
    for (int unsigned j = 0; j < PixelsN; j++) mask_q2[j] <= &inside_q[j];
    // 3: both addresses
    addr_q3  <= left_q2 + right_q2;
    next_q3  <= left_q2 + right_q2 + 1'b1;
    shift_q3 <= shift_q2;
    mask_q3  <= mask_q2;
    for (int unsigned k = 0; k < BanksN; k++) wrap_q3[k] <= BankW'(k) < shift_q2;
    // 4: address of each bank
    shift <= shift_q3;
    mask  <= mask_q3;
    for (int unsigned k = 0; k < BanksN; k++) a_addr[k] <= 16'(wrap_q3[k] ? next_q3 : addr_q3);
  end

  logic unused_tap;
  assign unused_tap = &{1'b0, tap};
endmodule
