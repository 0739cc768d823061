// SPDX-License-Identifier: Apache-2.0
// taken over; being filled in
// Load: LOAD descriptors, from an AXI read master into the activation memory.
module hg_load #(
  parameter  int unsigned BanksN   = 16,
  parameter  int unsigned ActDepth = 4096,
  localparam int unsigned BankW    = $clog2(BanksN)
) (
  input  logic                     clk,
  input  logic                     rst_n,
  input  logic                     desc_valid,
  output logic                     desc_ready,     // pulse: taken
  input  logic [1023:0]            desc,
  output logic                     desc_done,      // pulse: last beat is in actmem
  // hg_axi_read: one request a run
  output logic                     req_valid,
  input  logic                     req_ready,
  output logic [31:0]              req_addr,
  output logic [31:0]              req_beats,
  input  logic                     m_valid,
  output logic                     m_ready,
  input  logic [63:0]              m_data,
  // actmem
  output logic                     ld_req,
  input  logic                     ld_gnt,
  output logic [BankW-1:0]         ld_bank,
  output logic [15:0]              ld_addr,
  output logic [63:0]              ld_data
);
endmodule
