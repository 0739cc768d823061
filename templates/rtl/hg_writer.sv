// SPDX-License-Identifier: Apache-2.0
// Writer: output FIFO, pixel placement and writes into the activation memory.
module hg_writer #(
  parameter  int unsigned ActBits  = 4,
  parameter  int unsigned Pot4N    = 41,
  parameter  int unsigned Fixed4N  = 20,
  parameter  int unsigned Fixed8N  = 3,
  parameter  int unsigned PixelsN  = 10,
  parameter  int unsigned BanksN   = 16,
  parameter  int unsigned DrainN   = 2,
  parameter  int unsigned ActDepth = 4096,
  localparam int unsigned GroupLanesN = 64 / ActBits
) (
  input  logic                     clk,
  input  logic                     rst_n,
  input  logic                     job_start,
  input  logic [1023:0]            job_desc,
  // from add (CONV), in the order pp, byte, group; never refused
  input  logic                     o_valid,
  input  logic [DrainN-1:0][GroupLanesN-1:0][7:0] o_data,
  input  logic [GroupLanesN-1:0]   o_mask,
  input  logic [3:0]               o_group,
  input  logic [1:0]               o_byte,
  input  logic                     o_last,
  // from the pool (POOL)
  input  logic                     p_valid,
  input  logic [DrainN-1:0][GroupLanesN-1:0][7:0] p_data,
  input  logic                     p_last,
  // to actmem
  output logic                     wr_req,
  output logic                     wr_we,
  output logic [BanksN-1:0]        wr_en,
  output logic [BanksN-1:0]        wr_sel,
  output logic [DrainN-1:0][15:0]  wr_addr,
  output logic [DrainN-1:0][63:0]  wr_data,
  output logic [GroupLanesN-1:0]   wr_keep,
  output logic                     tile_done,      // pulse: all beats of a tile are in memory
  output logic                     idle            // nothing held
);
endmodule
