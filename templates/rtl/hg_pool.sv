// SPDX-License-Identifier: Apache-2.0
// Pool: maximum over the taps of the window, assembles the lanes of a beat over the sub-slices.
//
// A pass (pk_first..pk_last) holds LanesN channels of the tile's pixels; a tile takes G/N passes.
// The maximum starts at 0 and takes only pixels of k_mask. At the end of a pass the maxima leave
// DrainN pixels a cycle: into a small memory, or, in the last pass, together with what that holds,
// as the tile's PixelsN/DrainN entries in order, the first one 3 cycles after pk_last.
// II 1; ends of passes must lie at least PixelsN/DrainN cycles apart (the window sees to it).
module hg_pool #(
  parameter int unsigned ActBits = 4,
  parameter int unsigned LanesN  = 8,
  parameter int unsigned PixelsN = 10,
  parameter int unsigned DrainN  = 2,
  localparam int unsigned GroupLanesN = 64 / ActBits
) (
  input  logic                     clk,
  input  logic                     rst_n,
  input  logic                     pk_valid,
  input  logic                     pk_first,
  input  logic                     pk_last,
  input  logic [PixelsN-1:0]       k_mask,
  input  logic [PixelsN-1:0][LanesN-1:0][ActBits-1:0] k_acts,
  output logic                     p_valid,
  output logic [DrainN-1:0][GroupLanesN-1:0][7:0] p_data,
  output logic                     p_last          // last of the tile
);
  localparam int unsigned SubsN  = GroupLanesN / LanesN;
  localparam int unsigned SubW   = SubsN > 1 ? $clog2(SubsN) : 1;
  localparam int unsigned PairsN = PixelsN / DrainN;
  localparam int unsigned PairW  = PairsN > 1 ? $clog2(PairsN) : 1;
  localparam int unsigned SliceW = LanesN * ActBits;
  localparam int unsigned PieceW = DrainN * SliceW;

  if (ActBits != 4 && ActBits != 8) begin : gen_bits_check
    $error("hg_pool ActBits must be 4 or 8, not %0d", ActBits);
  end
  if (LanesN == 0 || GroupLanesN % LanesN != 0) begin : gen_lanes_check
    $error("hg_pool LanesN must divide %0d, not %0d", GroupLanesN, LanesN);
  end
  if (DrainN == 0 || PixelsN % DrainN != 0) begin : gen_pixels_check
    $error("hg_pool PixelsN must be a multiple of DrainN (%0d), not %0d", DrainN, PixelsN);
  end

  // Maxima
  logic [PixelsN-1:0][LanesN-1:0][ActBits-1:0] max_q, move_q;
  logic                                        end_q;

  for (genvar j = 0; j < PixelsN; j++) begin : gen_pixel
    for (genvar n = 0; n < LanesN; n++) begin : gen_lane
      always_ff @(posedge clk) begin
        if (pk_valid && pk_first) max_q[j][n] <= k_mask[j] ? k_acts[j][n] : '0;
        else if (pk_valid && k_mask[j] && k_acts[j][n] > max_q[j][n]) max_q[j][n] <= k_acts[j][n];
      end
    end
  end

  // Pixels of a finished pass leave from the low end
  logic              busy_q, pair_end, sub_end;
  logic [PairW-1:0]  pair_q;
  logic [SubW-1:0]   sub_q;
  logic [PieceW-1:0] piece;

  assign piece    = move_q[DrainN-1:0];
  assign pair_end = pair_q == PairW'(PairsN - 1);
  assign sub_end  = SubsN == 1 || sub_q == SubW'(SubsN - 1);

  always_ff @(posedge clk) begin
    if (end_q) move_q <= max_q;
    else if (busy_q) move_q <= move_q >> PieceW;
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      {end_q, busy_q, p_valid, p_last} <= '0;
      pair_q <= '0;
      sub_q  <= '0;
    end else begin
      end_q   <= pk_valid && pk_last;
      busy_q  <= end_q || (busy_q && !pair_end);
      p_valid <= busy_q && sub_end;
      p_last  <= busy_q && sub_end && pair_end;
      if (busy_q) pair_q <= pair_end ? '0 : pair_q + 1'b1;
      if (busy_q && pair_end) sub_q <= sub_end ? '0 : sub_q + 1'b1;
    end
  end

  // Lanes of the passes before the last one, by pair
  logic [SubsN-1:0][PieceW-1:0] pieces;
  assign pieces[SubsN-1] = piece;

  for (genvar i = 0; i + 1 < SubsN; i++) begin : gen_sub
    logic [PieceW-1:0] mem [PairsN];
    always_ff @(posedge clk) begin
      if (busy_q && sub_q == SubW'(i)) mem[pair_q] <= piece;
    end
    assign pieces[i] = mem[pair_q];
  end

  for (genvar r = 0; r < DrainN; r++) begin : gen_out
    for (genvar l = 0; l < GroupLanesN; l++) begin : gen_lane
      always_ff @(posedge clk) begin
        p_data[r][l] <= 8'(pieces[l / LanesN][(r * LanesN + l % LanesN) * ActBits +: ActBits]);
      end
    end
  end

`ifndef SYNTHESIS
  a_apart: assert property (@(posedge clk) disable iff (!rst_n) end_q |-> !busy_q || pair_end)
    else $error("hg_pool: ends of passes are less than %0d cycles apart", PairsN);
`endif
endmodule
