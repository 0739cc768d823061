// SPDX-License-Identifier: Apache-2.0
// taken over; being filled in
// Store: STORE descriptors, from the activation memory to an AXI write master.
module hg_store #(
  parameter  int unsigned BanksN   = 16,
  parameter  int unsigned ActDepth = 4096,
  localparam int unsigned BankW    = $clog2(BanksN)
) (
  input  logic                     clk,
  input  logic                     rst_n,
  input  logic                     desc_valid,
  output logic                     desc_ready,     // pulse: taken
  input  logic [1023:0]            desc,
  output logic                     desc_done,      // pulse: last write response
  // hg_axi_write: one request a run
  output logic                     req_valid,
  input  logic                     req_ready,
  output logic [31:0]              req_addr,
  output logic [31:0]              req_beats,
  output logic                     s_valid,
  input  logic                     s_ready,
  output logic [63:0]              s_data,
  input  logic                     wr_done,        // pulse: last response of a request
  // actmem
  output logic                     st_req,
  input  logic                     st_gnt,
  output logic [BankW-1:0]         st_bank,
  output logic [15:0]              st_addr,
  input  logic                     st_rvalid,
  input  logic [1:0][63:0]         rd_pair,
  input  logic                     rd_odd
);
endmodule
