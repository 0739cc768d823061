// SPDX-License-Identifier: Apache-2.0
// Two rows of weights -8..8 at 4-bit activations, 2 rows x 2 pixels = 4 products in a DSP48E1:
//
//   acc[r][p] += sum over n of weight[r][n] * s[p][n],  s = u - 8
//   DSP: (w0 + w1 * 2^20) * (s0 + s1 * 2^10)
//      = w0*s0 + w0*s1 * 2^10 + w1*s0 * 2^20 + w1*s1 * 2^30
//
// A chain of at most 7 lanes keeps each sum within +-448, so that a field of 10 bits tells its
// value and, by its top bit, whether it has borrowed 1 of the field above (added back as a
// carry). weight comes at cycle 2, lane n of the pairs (hg_row_dsp2) at cycle
// FirstT + n mod ChainN; timing of the sum and of the controls as in hg_row_pot4. II 1.
module hg_row_quad #(
  parameter int unsigned LanesN = 8,
  parameter int unsigned PixelsN = 10,
  parameter int unsigned AccW = 24,
  parameter int unsigned ChainN = 4
) (
  input  logic                                  clk,
  input  logic [1:0]                            en,
  input  logic [1:0]                            first,
  input  logic [1:0]                            shift,
  input  logic [1:0]                            last,
  input  logic [1:0][LanesN-1:0][4:0]           weight,
  input  logic [PixelsN/2-1:0][LanesN-1:0][3:0] pair_lo,
  input  logic [PixelsN/2-1:0][LanesN-1:0][4:0] pair_hi,
  output logic [1:0][PixelsN-1:0][AccW-1:0]     acc_q
);
  localparam int unsigned ChainsN = LanesN / ChainN;
  localparam int unsigned FirstT = LanesN + 4 - ChainN - $clog2(ChainsN);
  localparam int unsigned TermW = 10;
  localparam int unsigned SumW = TermW + $clog2(ChainsN);
  localparam int unsigned GroupN = 4;
  if (ChainN > 7 || LanesN % ChainN != 0 || FirstT < 4) begin : gen_check
    $error("hg_row_quad ChainN must divide LanesN and be at most 7");
  end

  // Packed weight: {w1 - (w0 < 0), w0}; the sign of w0 fills the 15 bits between.
  logic [LanesN-1:0][9:0] packed_q, packed_skewed;
  always_ff @(posedge clk) begin
    for (int n = 0; n < LanesN; n++) begin
      packed_q[n] <= {weight[1][n] - 5'(weight[0][n][4]), weight[0][n]};
    end
  end
  for (genvar n = 0; n < LanesN; n++) begin : gen_skew
    hg_delay #(.Width(10), .Cycles(FirstT + n % ChainN - 4)) u_delay (
      .clk, .d(packed_q[n]), .q(packed_skewed[n])
    );
  end

  logic [1:0][PixelsN-1:0][SumW-1:0] sum;
  logic [1:0][PixelsN-1:0]           carry;
  for (genvar g = 0; g < PixelsN / 2; g += GroupN) begin : gen_group
    logic [LanesN-1:0][9:0]  packed_q2;
    logic [LanesN-1:0][24:0] a;
    (* keep_hierarchy *)
    hg_copy #(.Width(LanesN * 10)) u_packed (.clk, .d(packed_skewed), .q(packed_q2));
    always_comb begin
      for (int n = 0; n < LanesN; n++) begin
        a[n] = {packed_q2[n][9:5], {15{packed_q2[n][4]}}, packed_q2[n][4:0]};
      end
    end
    for (genvar j = g; j < PixelsN / 2 && j < g + GroupN; j++) begin : gen_pair
      logic [LanesN-1:0][14:0]            b;
      logic [ChainsN-1:0][47:0]           chain;
      logic [3:0][ChainsN-1:0][TermW-1:0] term;
      logic [3:0][ChainsN-1:0]            borrow;
      always_comb begin
        for (int n = 0; n < LanesN; n++) begin
          b[n] = {pair_hi[j][n], {6{pair_lo[j][n][3]}}, pair_lo[j][n]};
        end
        for (int c = 0; c < ChainsN; c++) begin
          borrow[0][c] = 1'b0;
          for (int k = 0; k < 4; k++) term[k][c] = chain[c][10*k+:10];
          for (int k = 1; k < 4; k++) borrow[k][c] = chain[c][10*k-1];
        end
      end
      for (genvar c = 0; c < ChainsN; c++) begin : gen_chain
        hg_dsp_chain #(.LanesN(ChainN), .AW(25), .BW(15)) u_chain (
          .clk, .a(a[c*ChainN+:ChainN]), .b(b[c*ChainN+:ChainN]), .sum_q(chain[c])
        );
      end
      for (genvar k = 0; k < 4; k++) begin : gen_sum
        hg_dsp_sum #(.TermsN(ChainsN), .TermW(TermW)) u_sum (
          .clk, .term(term[k]), .carry(borrow[k]), .sum_q(sum[k/2][2*j+k%2]),
          .carry_q(carry[k/2][2*j+k%2])
        );
      end
      logic unused;
      assign unused = ^chain;
    end
  end

  for (genvar r = 0; r < 2; r++) begin : gen_row
    hg_row_acc #(.ActBits(4), .PixelsN(PixelsN), .SumW(SumW), .AccW(AccW)) u_acc (
      .clk, .en(en[r]), .first(first[r]), .shift(shift[r]), .last(last[r]), .sum(sum[r]),
      .carry(carry[r]), .acc_q(acc_q[r])
    );
  end
endmodule
