// SPDX-License-Identifier: Apache-2.0
// Chooses one accumulator of a lane of slots for each of DrainN pixels:
//   OR of terms_q[r] = acc[sg][pair * DrainN + r]
// acc is indexed by group and pixel. sg comes at cycle 0 (registered), pair at cycle 0; acc is
// read at cycle 1, terms_q come at cycle 2. Each term is a 4:1 multiplexer whose register is reset
// unless it holds the choice, so that the rest of the choice is an OR, which the adder behind it
// takes into its LUTs. The choice is copied for every 4 candidates. II 1.
module hg_drain_mux #(
  parameter int unsigned RowGroupsN = 4,
  parameter int unsigned PixelsN = 10,
  parameter int unsigned DrainN = 2,
  parameter int unsigned AccW = 24,
  localparam int unsigned PairsN = PixelsN / DrainN,
  localparam int unsigned PairW = PairsN > 1 ? $clog2(PairsN) : 1,
  localparam int unsigned TermsN = (PairsN * 2 ** $clog2(RowGroupsN) + 3) / 4
) (
  input  logic                                        clk,
  input  logic [3:0]                                  sg,
  input  logic [PairW-1:0]                            pair,
  input  logic [RowGroupsN-1:0][PixelsN-1:0][AccW-1:0] acc,
  output logic [DrainN-1:0][TermsN-1:0][AccW-1:0]     terms_q
);
  // Candidates are numbered {pair, group}; the lowest two bits choose within a term.
  localparam int unsigned GroupW = $clog2(RowGroupsN);
  localparam int unsigned IndexW = PairW + GroupW > 3 ? PairW + GroupW : 3;

  logic [IndexW-1:0] index;
  always_comb begin
    index = IndexW'(pair) << GroupW;
    if (RowGroupsN > 1) index |= IndexW'(sg) & IndexW'(2 ** GroupW - 1);
  end

  for (genvar j = 0; j < TermsN; j++) begin : gen_term
    (* keep *) logic [1:0] low_q;
    logic                  other_q;
    always_ff @(posedge clk) begin
      low_q <= index[1:0];
      other_q <= index[IndexW-1:2] != (IndexW - 2)'(j);
    end
    for (genvar r = 0; r < DrainN; r++) begin : gen_pixel
      logic [3:0][AccW-1:0] candidate;
      for (genvar k = 0; k < 4; k++) begin : gen_candidate
        localparam int unsigned Group = (j * 4 + k) % 2 ** GroupW;
        localparam int unsigned Pair = (j * 4 + k) >> GroupW;
        if (Group < RowGroupsN && Pair < PairsN) begin : gen_acc
          assign candidate[k] = acc[Group][Pair*DrainN+r];
        end else begin : gen_none
          assign candidate[k] = '0;
        end
      end
      always_ff @(posedge clk) begin
        terms_q[r][j] <= candidate[low_q];
        if (other_q) terms_q[r][j] <= '0;
      end
    end
  end

  logic unused;
  assign unused = ^sg;
endmodule
