// SPDX-License-Identifier: Apache-2.0
// taken over; being filled in
// Residual reader: beats of the second operand of an add, in (pixel pair, group) order.
module hg_residual #(
  parameter  int unsigned ActBits  = 4,
  parameter  int unsigned Pot4N    = 41,
  parameter  int unsigned Fixed4N  = 20,
  parameter  int unsigned Fixed8N  = 3,
  parameter  int unsigned PixelsN  = 10,
  parameter  int unsigned BanksN   = 16,
  parameter  int unsigned DrainN   = 2,
  parameter  int unsigned ActDepth = 4096,
  localparam int unsigned BankW    = $clog2(BanksN),
  localparam int unsigned GroupLanesN = 64 / ActBits
) (
  input  logic                     clk,
  input  logic                     rst_n,
  input  logic                     job_start,
  input  logic [1023:0]            job_desc,
  // to actmem
  output logic                     rs_req,
  input  logic                     rs_gnt,
  output logic [BankW-1:0]         rs_bank,
  output logic [15:0]              rs_addr,
  input  logic                     rs_rvalid,
  input  logic [1:0][63:0]         rd_pair,
  input  logic                     rd_odd,
  // to add: first word falls through
  output logic                     r_valid,
  input  logic                     r_pop,
  output logic [DrainN-1:0][GroupLanesN-1:0][ActBits-1:0] r_data,
  output logic                     res_tile_done   // pulse: all beats of a tile are in the FIFO
);
endmodule
