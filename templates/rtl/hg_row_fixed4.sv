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
  input  logic                                          en,
  input  logic                                          first,
  input  logic                                          shift,
  input  logic                                          last,
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
        .clk, .en, .first, .shift, .last, .weight(value_q[r]), .pair_lo, .pair_hi,
        .acc_q(acc_q[r])
      );
    end
  end

  function automatic logic [4:0] decoded(logic [3:0] code, logic is_sp2);
    logic [4:0] level;
    unique case (code[2:0])
      3'd1: level = 5'd1;
      3'd2: level = 5'd2;
      3'd3: level = 5'd4;
      3'd4: level = 5'd5;
      3'd5: level = 5'd6;
      3'd6: level = 5'd8;
      default: level = 5'd0;
    endcase
    return !is_sp2 ? {code[3], code} : code[3] ? -level : level;
  endfunction
endmodule
