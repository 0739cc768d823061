// SPDX-License-Identifier: Apache-2.0
// taken over; being filled in
// Pool: maximum over the taps of the window, assembles the lanes of a beat over the sub-slices.
module hg_pool #(
  parameter  int unsigned ActBits = 4,
  parameter  int unsigned LanesN  = 8,
  parameter  int unsigned PixelsN = 10,
  parameter  int unsigned DrainN  = 2,
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
endmodule
