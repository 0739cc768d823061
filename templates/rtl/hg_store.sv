// SPDX-License-Identifier: Apache-2.0
// Store: STORE descriptors, from the activation memory to an AXI write master (formats §6).
//
// Reads run ahead of the stream by at most FifoN beats, so that what the memory delivers three
// cycles after the grant always finds room; II 1. `desc_done` comes one cycle after the write
// response of the last run. One descriptor at a time; its runs are asked for ahead.
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
  // Grant to stream and back takes 7 cycles
  localparam int unsigned FifoN   = 16;
  localparam int unsigned CreditW = $clog2(FifoN) + 1;

  logic        place_valid, finish, fifo_ready, unused_last;
  logic        unused_start;
  logic [6:2][63:0] unused_job;
  logic [15:0] runs_n, answered_q;
  logic [CreditW-1:0] credit_q;

  hg_runs #(.BanksN(BanksN), .ActDepth(ActDepth)) u_runs (
    .clk, .rst_n, .desc_valid, .desc_ready, .desc, .finish, .runs_n,
    .start(unused_start), .job(unused_job),
    .req_valid, .req_ready, .req_addr, .req_beats, .place_valid, .place_ready(st_gnt),
    .place_bank(st_bank), .place_addr(st_addr), .place_last(unused_last)
  );

  assign st_req = place_valid && credit_q != '0;
  assign finish = wr_done && answered_q + 16'd1 == runs_n;

  hg_fifo #(.Width(64), .Depth(FifoN)) u_fifo (
    .clk, .rst_n, .s_valid(st_rvalid), .s_ready(fifo_ready), .s_data(rd_pair[rd_odd]),
    .m_valid(s_valid), .m_ready(s_ready), .m_data(s_data)
  );

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      credit_q   <= CreditW'(FifoN);
      answered_q <= '0;
      desc_done  <= 1'b0;
    end else begin
      credit_q   <= credit_q - CreditW'(st_gnt) + CreditW'(s_valid && s_ready);
      answered_q <= finish ? '0 : answered_q + 16'(wr_done);
      desc_done  <= finish;
    end
  end

`ifndef SYNTHESIS
  a_room: assert property (@(posedge clk) disable iff (!rst_n) st_rvalid |-> fifo_ready)
    else $error("hg_store: a beat without room in the FIFO");
  a_end: assert property (@(posedge clk) disable iff (!rst_n)
    finish |-> !place_valid && credit_q == CreditW'(FifoN))
    else $error("hg_store: finished with beats under way");
`else
  logic unused_ready;
  assign unused_ready = fifo_ready;
`endif
endmodule
