// SPDX-License-Identifier: Apache-2.0
// Slices of the banks' beats to pixels: pixel j takes bank (shift + j) mod B, or the pad code where
// it lies outside the tensor.
//
// Three registers: rotation by B/2, by the middle bits, by 1 and pad. Latency 3, II 1, never
// stalls. `shift` comes with `slices`, `mask` and `pad` two cycles later.
module hg_rotate #(
  parameter int unsigned ActBits = 4,
  parameter int unsigned LanesN  = 8,
  parameter int unsigned PixelsN = 10,
  parameter int unsigned BanksN  = 16,
  localparam int unsigned BankW  = $clog2(BanksN),
  localparam int unsigned SliceW = ActBits * LanesN
) (
  input  logic                    clk,
  input  logic [BanksN-1:0][SliceW-1:0] slices,
  input  logic [BankW-1:0]              shift,
  input  logic [PixelsN-1:0]            mask,
  input  logic [ActBits-1:0]            pad,
  output logic [PixelsN-1:0][LanesN-1:0][ActBits-1:0] acts
);
  // Steps of the middle rotation are by 2: bits [BankW-2:1] of the shift
  localparam int unsigned MidN = BanksN > 4 ? BanksN / 4 : 1;
  localparam int unsigned Half = BanksN > 2 ? BanksN / 2 : 0;

  logic [BanksN-1:0][SliceW-1:0] first_d, first_q, mid_d, mid_q;
  logic [BankW-1:0]              shift_q;
  logic                          half, odd_q2;
  int unsigned                   mid;

  assign half = BanksN > 2 && shift[BankW-1];
  assign mid  = (32'(shift_q) >> 1) % MidN;

  always_comb begin
    mid_d = '0;
    for (int unsigned k = 0; k < BanksN; k++) begin
      first_d[k] = half ? slices[(k + Half) % BanksN] : slices[k];
      for (int unsigned m = 0; m < MidN; m++) begin
        if (mid == m) mid_d[k] = first_q[(k + 2*m) % BanksN];
      end
    end
  end

  always_ff @(posedge clk) begin
    first_q <= first_d;
    mid_q   <= mid_d;
    shift_q <= shift;
    odd_q2  <= shift_q[0];
    for (int unsigned j = 0; j < PixelsN; j++) begin
      acts[j] <= !mask[j] ? {LanesN{pad}}
               : odd_q2 ? mid_q[(j + 1) % BanksN] : mid_q[j];
    end
  end
endmodule
