// SPDX-License-Identifier: Apache-2.0
// Load: LOAD descriptors, from an AXI read master into the activation memory (formats §6).
//
// Takes the stream's beats in order and writes each at its place; II 1 while a beat is there and
// port B is granted. `desc_done` comes one cycle after the last write. One descriptor at a time;
// the runs of a descriptor are asked for ahead.
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
  logic        place_valid, place_last, finish;
  logic [15:0] unused_runs;

  hg_runs #(.BanksN(BanksN), .ActDepth(ActDepth)) u_runs (
    .clk, .rst_n, .desc_valid, .desc_ready, .desc, .finish, .runs_n(unused_runs),
    .req_valid, .req_ready, .req_addr, .req_beats, .place_valid, .place_ready(ld_gnt),
    .place_bank(ld_bank), .place_addr(ld_addr), .place_last
  );

  assign ld_req  = place_valid && m_valid;
  assign ld_data = m_data;
  assign m_ready = ld_gnt;
  assign finish  = ld_gnt && place_last;

  always_ff @(posedge clk) begin
    if (!rst_n) desc_done <= 1'b0;
    else desc_done <= finish;
  end

`ifndef SYNTHESIS
  a_grant: assert property (@(posedge clk) disable iff (!rst_n) ld_gnt |-> ld_req)
    else $error("hg_load: granted without a request");
`endif
endmodule
