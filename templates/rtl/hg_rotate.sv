// SPDX-License-Identifier: Apache-2.0
// Slices of the banks' beats to pixels: pixel j takes bank (shift + j) mod B, of the SlicesN slices
// of its beat the one chosen, or the pad code where it lies outside the tensor.
//
// Three registers, each behind one LUT6 a bit: slice and rotation by B/2, then by the middle bits,
// then by 1 and pad. Without a choice of slices the first one takes a bit of the middle too.
// Latency 3, II 1, never stalls. `shift` and `slice` come with `slices`, `mask` and `pad` two
// cycles later.
module hg_rotate #(
  parameter int unsigned ActBits = 4,
  parameter int unsigned LanesN  = 8,
  parameter int unsigned PixelsN = 10,
  parameter int unsigned BanksN  = 16,
  parameter int unsigned SlicesN = 1,
  localparam int unsigned BankW  = $clog2(BanksN),
  localparam int unsigned ChoiceW = SlicesN > 1 ? $clog2(SlicesN) : 1,
  localparam int unsigned SliceW = ActBits * LanesN
) (
  input  logic                    clk,
  input  logic [SlicesN-1:0][BanksN-1:0][SliceW-1:0] slices,
  input  logic [ChoiceW-1:0]            slice,
  input  logic [BankW-1:0]              shift,
  input  logic [PixelsN-1:0]            mask,
  input  logic [ActBits-1:0]            pad,
  output logic [PixelsN-1:0][LanesN-1:0][ActBits-1:0] acts
);
  // The shift is high * HighN + middle * 2 + odd
  localparam int unsigned HighN = BanksN <= 2 ? BanksN : SlicesN == 1 && BanksN > 4 ? BanksN / 4
                                                                                   : BanksN / 2;
  localparam int unsigned MidN = HighN > 2 ? HighN / 2 : 1;

  logic [BanksN-1:0][SliceW-1:0] first_d, first_q, mid_d, mid_q;
  logic [BankW-1:0]              shift_q;
  logic                          odd_q2;
  int unsigned                   high, mid;

  assign high = 32'(shift) / HighN;
  assign mid  = (32'(shift_q) >> 1) % MidN;

  always_comb begin
    first_d = '0;
    mid_d = '0;
    for (int unsigned k = 0; k < BanksN; k++) begin
      for (int unsigned s = 0; s < SlicesN; s++) begin
        for (int unsigned h = 0; h < BanksN / HighN; h++) begin
          if (high == h && (SlicesN == 1 || slice == ChoiceW'(s))) begin
            first_d[k] = slices[s][(k + h*HighN) % BanksN];
          end
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
