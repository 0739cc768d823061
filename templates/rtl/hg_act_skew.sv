// SPDX-License-Identifier: Apache-2.0
// Skewed distribution of per-lane words: lane n of q is lane n of d of Cycles + n mod ChainN
// cycles ago, in CopiesN registers (leaves of a register tree, one for a few rows each).
module hg_act_skew #(
  parameter int unsigned Width = 4,
  parameter int unsigned LanesN = 8,
  parameter int unsigned PixelsN = 10,
  parameter int unsigned ChainN = 8,
  parameter int unsigned Cycles = 5,
  parameter int unsigned CopiesN = 3
) (
  input  logic                                                   clk,
  input  logic [PixelsN-1:0][LanesN-1:0][Width-1:0]              d,
  output logic [CopiesN-1:0][PixelsN-1:0][LanesN-1:0][Width-1:0] q
);
  logic [PixelsN-1:0][LanesN-1:0][Width-1:0] skewed;
  for (genvar n = 0; n < LanesN; n++) begin : gen_lane
    logic [PixelsN-1:0][Width-1:0] lane, lane_late;
    for (genvar p = 0; p < PixelsN; p++) begin : gen_pixel
      assign lane[p] = d[p][n];
      assign skewed[p][n] = lane_late[p];
    end
    hg_delay #(.Width(PixelsN * Width), .Cycles(Cycles - 1 + n % ChainN)) u_delay (
      .clk, .d(lane), .q(lane_late)
    );
  end

  for (genvar k = 0; k < CopiesN; k++) begin : gen_copy
    (* keep_hierarchy *)
    hg_copy #(.Width(PixelsN * LanesN * Width)) u_leaf (.clk, .d(skewed), .q(q[k]));
  end
endmodule
