// SPDX-License-Identifier: Apache-2.0
// Reads a range of memory through one AXI port: requests in, one stream of beats out, in order.
//
// A burst is only asked for when the FIFO has room for all of its beats, so that R never waits
// and several readers can share a port without locking each other. With FifoDepth beats in
// flight the stream keeps 1 beat a cycle up to a read latency of FifoDepth cycles.
// `halt` stops new bursts; `idle` says that nothing is outstanding. `error` pulses with a beat
// whose response is not OKAY.
module hg_axi_read #(
  // Beats of the FIFO, a power of two from 32
  parameter int unsigned FifoDepth = 256
) (
  input  logic        clk,
  input  logic        rst_n,
  input  logic        halt,
  output logic        idle,
  output logic        error,

  // Request: byte address (a multiple of 8) and beats (at least 1)
  input  logic        req_valid,
  output logic        req_ready,
  input  logic [31:0] req_addr,
  input  logic [31:0] req_beats,

  // Beats
  output logic        m_valid,
  input  logic        m_ready,
  output logic [63:0] m_data,

  // AXI read channels; R is always ready
  output logic        ar_valid,
  input  logic        ar_ready,
  output logic [31:0] ar_addr,
  output logic [3:0]  ar_len,
  input  logic        r_valid,
  input  logic [63:0] r_data,
  input  logic [1:0]  r_resp
);
  localparam int unsigned CreditW = $clog2(FifoDepth) + 1;

  if (FifoDepth < 32) begin : gen_check
    $error("hg_axi_read FifoDepth must be at least 32, not %0d", FifoDepth);
  end

  logic formed, split_idle, fifo_ready, popped;
  logic unused_last;
  logic [3:0] formed_len;
  logic [4:0] formed_beats;
  logic [CreditW-1:0] credit_q, flight_q;

  hg_axi_split u_split (
    .clk, .rst_n, .halt, .req_valid, .req_ready, .req_addr, .req_beats,
    .room(credit_q[CreditW-1:4] != '0), .formed, .formed_len, .formed_last(unused_last),
    .b_valid(ar_valid), .b_ready(ar_ready), .b_addr(ar_addr), .b_len(ar_len), .idle(split_idle)
  );

  hg_fifo #(.Width(64), .Depth(FifoDepth)) u_fifo (
    .clk, .rst_n, .s_valid(r_valid), .s_ready(fifo_ready), .s_data(r_data),
    .m_valid, .m_ready, .m_data
  );

  assign popped = m_valid && m_ready;
  assign formed_beats = formed ? {1'b0, formed_len} + 5'd1 : 5'd0;
  assign idle = split_idle && flight_q == '0 && !error;

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      credit_q <= CreditW'(FifoDepth);
      flight_q <= '0;
      error <= 1'b0;
    end else begin
      credit_q <= credit_q - CreditW'(formed_beats) + CreditW'(popped);
      flight_q <= flight_q + CreditW'(formed_beats) - CreditW'(r_valid);
      error <= r_valid && r_resp != 2'b00;
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk) begin
    if (rst_n && r_valid) begin
      a_room : assert (fifo_ready) else $error("hg_axi_read: beat without room in the FIFO");
      a_asked : assert (flight_q != '0) else $error("hg_axi_read: beat that was not asked for");
    end
  end
`else
  logic unused_ready;
  assign unused_ready = fifo_ready;
`endif
endmodule
