// SPDX-License-Identifier: Apache-2.0
// One row of signed weights of WeightW bits, two pixels in a DSP48E1:
//
//   acc[p] += sum over n of weight[n] * s[p][n],  s = u - 2^(ActBits-1)
//   DSP: weight * (s0 + s1 * 2^16); a chain of ChainN lanes keeps both sums within 16 bits
//
// pair_lo holds s0, pair_hi s1 - (s0 < 0), so that the operand is a concatenation. Bit 15 of a
// chain's sum tells that the lower sum is negative and has borrowed 1 of the upper one: it is
// added back as a carry. weight comes at cycle WeightT, lane n of the pairs at cycle
// FirstT + n mod ChainN; timing of the sum and of the controls as in hg_row_pot4. II 1.
module hg_row_dsp2 #(
  parameter int unsigned ActBits = 4,
  parameter int unsigned WeightW = 8,
  parameter int unsigned LanesN = 8,
  parameter int unsigned PixelsN = 10,
  parameter int unsigned AccW = 24,
  parameter int unsigned ChainN = 8,
  parameter int unsigned WeightT = 1
) (
  input  logic                                          clk,
  input  logic                                          en,
  input  logic                                          first,
  input  logic                                          shift,
  input  logic                                          last,
  input  logic [LanesN-1:0][WeightW-1:0]                weight,
  input  logic [PixelsN/2-1:0][LanesN-1:0][ActBits-1:0] pair_lo,
  input  logic [PixelsN/2-1:0][LanesN-1:0][ActBits:0]   pair_hi,
  output logic [PixelsN-1:0][AccW-1:0]                  acc_q
);
  localparam int unsigned ChainsN = LanesN / ChainN;
  localparam int unsigned FirstT = LanesN + 4 - ChainN - $clog2(ChainsN);
  localparam int unsigned Largest = (WeightW == 8 ? 127 : 8) * 2 ** (ActBits - 1) * ChainN;
  localparam int unsigned TermW = $clog2(Largest + 2) + 1;
  localparam int unsigned SumW = TermW + $clog2(ChainsN);
  localparam int unsigned GroupN = 4;
  if (TermW > 16 || LanesN % ChainN != 0 || FirstT <= WeightT) begin : gen_check
    $error("hg_row_dsp2 ChainN must divide LanesN and keep a chain's sums within 16 bits");
  end

  logic [LanesN-1:0][WeightW-1:0] weight_skewed;
  for (genvar n = 0; n < LanesN; n++) begin : gen_skew
    hg_delay #(.Width(WeightW), .Cycles(FirstT + n % ChainN - WeightT - 1)) u_delay (
      .clk, .d(weight[n]), .q(weight_skewed[n])
    );
  end

  logic [PixelsN-1:0][SumW-1:0] sum;
  logic [PixelsN-1:0]           carry;
  for (genvar g = 0; g < PixelsN / 2; g += GroupN) begin : gen_group
    logic [LanesN-1:0][WeightW-1:0] weight_q;
    (* keep_hierarchy *)
    hg_copy #(.Width(LanesN * WeightW)) u_weight (.clk, .d(weight_skewed), .q(weight_q));
    for (genvar j = g; j < PixelsN / 2 && j < g + GroupN; j++) begin : gen_pair
      logic [LanesN-1:0][ActBits+16:0] operand;
      logic [ChainsN-1:0][47:0]        chain;
      logic [1:0][ChainsN-1:0][TermW-1:0] term;
      logic [1:0][ChainsN-1:0]         borrow;
      always_comb begin
        for (int n = 0; n < LanesN; n++) begin
          operand[n] = {pair_hi[j][n], {(16 - ActBits) {pair_lo[j][n][ActBits-1]}}, pair_lo[j][n]};
        end
        for (int c = 0; c < ChainsN; c++) begin
          for (int k = 0; k < 2; k++) term[k][c] = chain[c][16*k+:TermW];
          borrow[0][c] = 1'b0;
          borrow[1][c] = chain[c][15];
        end
      end
      for (genvar c = 0; c < ChainsN; c++) begin : gen_chain
        hg_dsp_chain #(.LanesN(ChainN), .AW(ActBits + 17), .BW(WeightW)) u_chain (
          .clk, .a(operand[c*ChainN+:ChainN]), .b(weight_q[c*ChainN+:ChainN]), .sum_q(chain[c])
        );
      end
      for (genvar k = 0; k < 2; k++) begin : gen_sum
        hg_dsp_sum #(.TermsN(ChainsN), .TermW(TermW)) u_sum (
          .clk, .term(term[k]), .carry(borrow[k]), .sum_q(sum[2*j+k]), .carry_q(carry[2*j+k])
        );
      end
      logic unused;
      assign unused = ^chain;
    end
  end

  hg_row_acc #(.ActBits(ActBits), .PixelsN(PixelsN), .SumW(SumW), .AccW(AccW)) u_acc (
    .clk, .en, .first, .shift, .last, .sum, .carry, .acc_q
  );
endmodule
