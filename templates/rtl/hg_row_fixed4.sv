// SPDX-License-Identifier: Apache-2.0
// A pair of rows of 4-bit weights, two's complement or, with the row's sp2 flag, sign and index
// of {0, 1, 2, 4, 5, 6, 8, 0}. At 4-bit activations 2 rows x 2 pixels share a DSP48E1
// (hg_row_quad), at 8-bit ones two pixels (hg_row_dsp2).
// weight comes at cycle 0, sp2 at cycle 1; timing of the rest as in those modules. II 1.
module hg_row_fixed4 #(
  parameter int unsigned ActBits = 4,
  parameter int unsigned LanesN = 8,
  parameter int unsigned PixelsN = 10,
  parameter int unsigned AccW = 24,
  parameter int unsigned ChainN = 4
) (
  input  logic                                          clk,
  input  logic [1:0]                                    en,
  input  logic [1:0]                                    first,
  input  logic [1:0]                                    shift,
  input  logic [1:0]                                    last,
  input  logic [1:0]                                    sp2,
  input  logic [1:0][LanesN-1:0][3:0]                   weight,
  input  logic [PixelsN/2-1:0][LanesN-1:0][ActBits-1:0] pair_lo,
  input  logic [PixelsN/2-1:0][LanesN-1:0][ActBits:0]   pair_hi,
  output logic [1:0][PixelsN-1:0][AccW-1:0]             acc_q
);
  logic [1:0][LanesN-1:0][3:0] weight_q;
  logic [1:0][LanesN-1:0][4:0] value_q;
  always_ff @(posedge clk) begin
    weight_q <= weight;
    for (int r = 0; r < 2; r++) begin
      for (int n = 0; n < LanesN; n++) value_q[r][n] <= decoded(weight_q[r][n], sp2[r]);
    end
  end

  if (ActBits == 4) begin : gen_quad
    hg_row_quad #(
      .LanesN(LanesN), .PixelsN(PixelsN), .AccW(AccW), .ChainN(ChainN)
    ) u_rows (
      .clk, .en, .first, .shift, .last, .weight(value_q), .pair_lo, .pair_hi, .acc_q
    );
  end else begin : gen_dsp2
    for (genvar r = 0; r < 2; r++) begin : gen_row
      hg_row_dsp2 #(
        .ActBits(ActBits), .WeightW(5), .LanesN(LanesN), .PixelsN(PixelsN), .AccW(AccW),
        .ChainN(ChainN), .WeightT(2)
      ) u_row (
        .clk, .en(en[r]), .first(first[r]), .shift(shift[r]), .last(last[r]),
        .weight(value_q[r]), .pair_lo, .pair_hi, .acc_q(acc_q[r])
      );
    end
  end

  // {0, 1, 2, 4, 5, 6, 8, 0}, negated bit by bit: as equations, every bit is one LUT of five inputs
  // (tools make a memory of a case, and an adder of a negation).
  function automatic logic [4:0] decoded(logic [3:0] code, logic is_sp2);
    logic [2:0] m;
    logic [3:0] level;
    logic [4:0] flip;
    m = code[2:0];
    level = {m == 6, m == 3 || m == 4 || m == 5, m == 2 || m == 5, m == 1 || m == 4};
    flip = {|level, |level[2:0], |level[1:0], level[0], 1'b0} & {5{code[3]}};
    return is_sp2 ? {1'b0, level} ^ flip : {code[3], code};
  endfunction
endmodule
