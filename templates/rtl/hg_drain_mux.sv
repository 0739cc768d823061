// SPDX-License-Identifier: Apache-2.0
// Chooses one accumulator of a lane of slots for each of DrainN pixels:
//   acc_q[r] = acc[sg][pair * DrainN + r]
// acc is indexed by group and pixel. sg comes at cycle 0 (registered), pair at cycle 0; acc is
// read at cycle 1, acc_q comes at cycle 3. Two levels of multiplexers with registers: 4 to 1,
// then the rest. The choice is copied for every 4 candidates. II 1.
module hg_drain_mux #(
  parameter int unsigned RowGroupsN = 4,
  parameter int unsigned PixelsN = 10,
  parameter int unsigned DrainN = 2,
  parameter int unsigned AccW = 24,
  localparam int unsigned PairsN = PixelsN / DrainN,
  localparam int unsigned PairW = PairsN > 1 ? $clog2(PairsN) : 1
) (
  input  logic                                        clk,
  input  logic [3:0]                                  sg,
  input  logic [PairW-1:0]                            pair,
  input  logic [RowGroupsN-1:0][PixelsN-1:0][AccW-1:0] acc,
  output logic [DrainN-1:0][AccW-1:0]                 acc_q
);
  // Candidates are numbered {pair, group}; the lowest two bits choose in the first level.
  localparam int unsigned GroupW = $clog2(RowGroupsN);
  localparam int unsigned IndexW = PairW + GroupW > 3 ? PairW + GroupW : 3;
  localparam int unsigned QuadsN = 2 ** (IndexW - 2);

  logic [IndexW-1:0] index;
  always_comb begin
    index = IndexW'(pair) << GroupW;
    if (RowGroupsN > 1) index |= IndexW'(sg) & IndexW'(2 ** GroupW - 1);
  end

  logic [DrainN-1:0][QuadsN-1:0][AccW-1:0] quad_q;
  for (genvar j = 0; j < QuadsN; j++) begin : gen_quad
    if ((j * 4) >> GroupW < PairsN) begin : gen_used
      (* keep *) logic [1:0] low_q;
      always_ff @(posedge clk) low_q <= index[1:0];
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
        always_ff @(posedge clk) quad_q[r][j] <= candidate[low_q];
      end
    end else begin : gen_unused
      for (genvar r = 0; r < DrainN; r++) begin : gen_pixel
        assign quad_q[r][j] = '0;
      end
    end
  end

  logic [IndexW-3:0] high_q;
  always_ff @(posedge clk) high_q <= index[IndexW-1:2];
  for (genvar r = 0; r < DrainN; r++) begin : gen_choice
    (* keep *) logic [IndexW-3:0] high_q2;
    always_ff @(posedge clk) begin
      high_q2 <= high_q;
      acc_q[r] <= quad_q[r][high_q2];
    end
  end

  logic unused;
  assign unused = ^sg;
endmodule
