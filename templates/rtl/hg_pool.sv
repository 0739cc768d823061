// SPDX-License-Identifier: Apache-2.0
// Pool: maximum over the taps of the window, all channels of a beat at once.
//
// The maximum starts at 0 and takes only pixels of k_mask. Behind the last tap of a tile
// (pk_first..pk_last) the maxima leave DrainN pixels a cycle, as the tile's PixelsN/DrainN entries
// in order, the first one 3 cycles after pk_last. II 1; ends of tiles must lie at least
// PixelsN/DrainN cycles apart (the window sees to it).
// With AddPlanesN 2 a tap may be two steps: the high plane of its codes, then the low one (pk_low).
module hg_pool #(
  parameter int unsigned ActBits = 4,
  parameter int unsigned PixelsN = 10,
  parameter int unsigned DrainN  = 2,
  // 2: with ActBits 4, codes of 8 bits too
  parameter int unsigned AddPlanesN = 1,
  localparam int unsigned CodeW = AddPlanesN * ActBits,
  localparam int unsigned GroupLanesN = 64 / ActBits
) (
  input  logic                     clk,
  input  logic                     rst_n,
  input  logic                     pk_valid,
  input  logic                     pk_first,
  input  logic                     pk_last,
  input  logic                     pk_low,         // the step is of plane 0
  input  logic [PixelsN-1:0]       k_mask,
  input  logic [PixelsN-1:0][GroupLanesN-1:0][ActBits-1:0] pk_acts,
  output logic                     p_valid,
  output logic [DrainN-1:0][GroupLanesN-1:0][7:0] p_data,
  output logic                     p_last          // last of the tile
);
  localparam int unsigned PairsN = PixelsN / DrainN;
  localparam int unsigned PairW  = PairsN > 1 ? $clog2(PairsN) : 1;

  if (ActBits != 4 && ActBits != 8) begin : gen_bits_check
    $error("hg_pool ActBits must be 4 or 8, not %0d", ActBits);
  end
  if (CodeW != 4 && CodeW != 8) begin : gen_planes_check
    $error("hg_pool AddPlanesN must be 1, or 2 with ActBits 4, not %0d", AddPlanesN);
  end
  if (DrainN == 0 || PixelsN % DrainN != 0) begin : gen_pixels_check
    $error("hg_pool PixelsN must be a multiple of DrainN (%0d), not %0d", DrainN, PixelsN);
  end

  // Maxima
  logic [PixelsN-1:0][GroupLanesN-1:0][CodeW-1:0] code, max_q, move_q;
  logic                                           take, first, end_q;

  if (AddPlanesN == 2) begin : gen_wide
    logic [PixelsN-1:0][GroupLanesN-1:0][ActBits-1:0] high_q;
    logic first_q;
    // 0 behind every low plane, so that a tensor of one plane needs no choice
    always_ff @(posedge clk) begin
      if (!rst_n || take) high_q <= '0;
      else if (pk_valid) high_q <= pk_acts;
      if (!rst_n || take) first_q <= 1'b0;
      else if (pk_valid) first_q <= pk_first;
    end
    assign take = pk_valid && pk_low;
    assign first = pk_first || first_q;
    for (genvar j = 0; j < PixelsN; j++) begin : gen_code
      for (genvar l = 0; l < GroupLanesN; l++) begin : gen_lane
        assign code[j][l] = {high_q[j][l], pk_acts[j][l]};
      end
    end
  end else begin : gen_narrow
    logic unused_low;
    assign unused_low = pk_low;
    assign code = pk_acts;
    assign take = pk_valid;
    assign first = pk_first;
  end

  for (genvar j = 0; j < PixelsN; j++) begin : gen_pixel
    for (genvar l = 0; l < GroupLanesN; l++) begin : gen_lane
      always_ff @(posedge clk) begin
        // Reset and clock enable of the register, so that no bit needs a choice
        if (take && first && !k_mask[j]) max_q[j][l] <= '0;
        else if (take && k_mask[j] && (first || code[j][l] > max_q[j][l])) begin
          max_q[j][l] <= code[j][l];
        end
      end
    end
  end

  // Pixels of a finished tile leave in order
  logic             busy_q, pair_end;
  logic [PairW-1:0] pair_q;
  assign pair_end = pair_q == PairW'(PairsN - 1);

  always_ff @(posedge clk) begin
    if (end_q) move_q <= max_q;
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      {end_q, busy_q, p_valid, p_last} <= '0;
      pair_q <= '0;
    end else begin
      end_q   <= pk_valid && pk_last;
      busy_q  <= end_q || (busy_q && !pair_end);
      p_valid <= busy_q;
      p_last  <= busy_q && pair_end;
      if (busy_q) pair_q <= pair_end ? '0 : pair_q + 1'b1;
    end
  end

  for (genvar r = 0; r < DrainN; r++) begin : gen_out
    for (genvar l = 0; l < GroupLanesN; l++) begin : gen_lane
      always_ff @(posedge clk) p_data[r][l] <= 8'(move_q[int'(pair_q)*DrainN+r][l]);
    end
  end

`ifndef SYNTHESIS
  a_apart: assert property (@(posedge clk) disable iff (!rst_n) end_q |-> !busy_q || pair_end)
    else $error("hg_pool: ends of tiles are less than %0d cycles apart", PairsN);
`endif
endmodule
