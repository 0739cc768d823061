// SPDX-License-Identifier: Apache-2.0
// Activation memory: BanksN banks of ActDepth beats of 64 bits, true dual port.
// Port A (window): one read of every bank a cycle, data two cycles after a_en.
// Port B: one client a cycle, priority writer > residual > load > store. The writer is always
// served: wr_req has no grant. rs, st: the pair of banks {bank & ~1, bank | 1} at one address,
// beats of both in rd_pair three cycles after the grant, marked by *_rvalid; rd_odd says which of
// the pair was asked for.
// Writer: bank k (wr_en[k]) takes beat wr_sel[k] at address wr_addr[wr_sel[k]]. wr_we = 0 reads the
// same banks; a write two cycles later with wr_keep keeps those lanes (read-modify-write).
module hg_actmem #(
  parameter  int unsigned ActBits  = 4,
  parameter  int unsigned BanksN   = 16,
  parameter  int unsigned DrainN   = 2,
  parameter  int unsigned ActDepth = 4096,
  localparam int unsigned BankW    = $clog2(BanksN),
  localparam int unsigned GroupLanesN = 64 / ActBits
) (
  input  logic                     clk,
  input  logic                     rst_n,
  // port A: window
  input  logic                     a_en,
  input  logic [BanksN-1:0][15:0]  a_addr,
  output logic [BanksN-1:0][63:0]  a_rdata,
  // writer
  input  logic                     wr_req,
  input  logic                     wr_we,
  input  logic [BanksN-1:0]        wr_en,
  input  logic [BanksN-1:0]        wr_sel,
  input  logic [DrainN-1:0][15:0]  wr_addr,
  input  logic [DrainN-1:0][63:0]  wr_data,
  input  logic [GroupLanesN-1:0]   wr_keep,
  // residual reader
  input  logic                     rs_req,
  output logic                     rs_gnt,
  input  logic [BankW-1:0]         rs_bank,
  input  logic [15:0]              rs_addr,
  output logic                     rs_rvalid,
  // load
  input  logic                     ld_req,
  output logic                     ld_gnt,
  input  logic [BankW-1:0]         ld_bank,
  input  logic [15:0]              ld_addr,
  input  logic [63:0]              ld_data,
  // store
  input  logic                     st_req,
  output logic                     st_gnt,
  input  logic [BankW-1:0]         st_bank,
  input  logic [15:0]              st_addr,
  output logic                     st_rvalid,
  // read data of residual and store
  output logic [1:0][63:0]         rd_pair,
  output logic                     rd_odd
);
endmodule
