// SPDX-License-Identifier: Apache-2.0
// Beats of the banks to pixels: pixel j takes bank (shift + j) mod B, of it the lanes
// [N*sub +: N], or the pad code where it lies outside the tensor.
//
// Three registers: slice and rotation by B/2, rotation by the middle bits, rotation by 1 and pad.
// Latency 3, II 1, never stalls. `sub` and `shift` come with `beats`, `mask` and `pad` two cycles
// later.
module hg_rotate #(
  parameter int unsigned ActBits = 4,
  parameter int unsigned LanesN  = 8,
  parameter int unsigned PixelsN = 10,
  parameter int unsigned BanksN  = 16,
  localparam int unsigned BankW  = $clog2(BanksN),
  localparam int unsigned SubsN  = 64 / (ActBits * LanesN),
  localparam int unsigned SubW   = SubsN > 1 ? $clog2(SubsN) : 1
) (
  input  logic                    clk,
  input  logic [BanksN-1:0][63:0] beats,
  input  logic [SubW-1:0]         sub,
  input  logic [BankW-1:0]        shift,
  input  logic [PixelsN-1:0]      mask,
  input  logic [ActBits-1:0]      pad,
  output logic [PixelsN-1:0][LanesN-1:0][ActBits-1:0] acts
);
  localparam int unsigned SliceW = ActBits * LanesN;
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
    first_d = '0;
    mid_d   = '0;
    for (int unsigned k = 0; k < BanksN; k++) begin
      for (int unsigned s = 0; s < SubsN; s++) begin
        if (SubsN == 1 || sub == SubW'(s)) begin
          first_d[k] = half ? beats[(k + Half) % BanksN][s*SliceW +: SliceW]
                            : beats[k][s*SliceW +: SliceW];
        end
      end
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
