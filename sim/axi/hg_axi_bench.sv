// SPDX-License-Identifier: Apache-2.0
// Bench of the memory ports: two readers and two writers share one AXI port.
`timescale 1ns / 1ps
module hg_axi_bench;
  // The clock comes from Python here: cocotbext-axi samples in front of the edge
  logic clk = 1'b0, rst_n = 1'b0, halt = 1'b0;

  // Requests and streams of Python
  logic [1:0] rd_req = '0, rd_req_ready, m_valid, m_ready = '0, rd_idle, rd_error;
  logic [1:0] wr_req = '0, wr_req_ready, s_valid = '0, s_ready, wr_idle, wr_error, wr_done;
  logic [1:0][31:0] rd_addr = '0, rd_beats = '0, wr_addr = '0, wr_beats = '0;
  logic [1:0][63:0] m_data, s_data = '0;

  logic [1:0] ar_v, ar_r, r_v, aw_v, aw_r, w_v, w_r, w_l, b_v;
  logic [1:0][31:0] ar_a, aw_a;
  logic [1:0][3:0] ar_n, aw_n;
  logic [1:0][63:0] w_d;
  logic [1:0][7:0] w_s;

  // The AXI port, as cocotbext-axi names it
  logic m_axi_arvalid, m_axi_arready, m_axi_rvalid, m_axi_rready, m_axi_rlast;
  logic m_axi_awvalid, m_axi_awready, m_axi_wvalid, m_axi_wready, m_axi_wlast;
  logic m_axi_bvalid, m_axi_bready;
  logic [0:0] m_axi_arid, m_axi_awid, m_axi_rid, m_axi_bid;
  logic [31:0] m_axi_araddr, m_axi_awaddr;
  logic [7:0] m_axi_arlen, m_axi_awlen, m_axi_wstrb;
  logic [2:0] m_axi_arsize, m_axi_awsize;
  logic [1:0] m_axi_arburst, m_axi_awburst, m_axi_rresp, m_axi_bresp;
  logic [63:0] m_axi_rdata, m_axi_wdata;
  logic [3:0] ar_len, aw_len;

  for (genvar i = 0; i < 2; i++) begin : gen_master
    hg_axi_read #(.FifoDepth(32 << (2 * i))) u_read (
      .clk, .rst_n, .halt, .idle(rd_idle[i]), .error(rd_error[i]),
      .req_valid(rd_req[i]), .req_ready(rd_req_ready[i]), .req_addr(rd_addr[i]),
      .req_beats(rd_beats[i]), .m_valid(m_valid[i]), .m_ready(m_ready[i]), .m_data(m_data[i]),
      .ar_valid(ar_v[i]), .ar_ready(ar_r[i]), .ar_addr(ar_a[i]), .ar_len(ar_n[i]),
      .r_valid(r_v[i]), .r_data(m_axi_rdata), .r_resp(m_axi_rresp)
    );
    hg_axi_write u_write (
      .clk, .rst_n, .halt, .idle(wr_idle[i]), .error(wr_error[i]),
      .req_valid(wr_req[i]), .req_ready(wr_req_ready[i]), .req_addr(wr_addr[i]),
      .req_beats(wr_beats[i]), .done(wr_done[i]),
      .s_valid(s_valid[i]), .s_ready(s_ready[i]), .s_data(s_data[i]),
      .aw_valid(aw_v[i]), .aw_ready(aw_r[i]), .aw_addr(aw_a[i]), .aw_len(aw_n[i]),
      .w_valid(w_v[i]), .w_ready(w_r[i]), .w_data(w_d[i]), .w_strb(w_s[i]), .w_last(w_l[i]),
      .b_valid(b_v[i]), .b_resp(m_axi_bresp)
    );
  end

  hg_axi_share_read #(.ReadersN(2)) u_share_read (
    .clk, .rst_n, .s_valid(ar_v), .s_ready(ar_r), .s_addr(ar_a), .s_len(ar_n), .s_r_valid(r_v),
    .ar_valid(m_axi_arvalid), .ar_ready(m_axi_arready), .ar_addr(m_axi_araddr), .ar_len,
    .r_valid(m_axi_rvalid), .r_last(m_axi_rlast)
  );
  hg_axi_share_write #(.WritersN(2)) u_share_write (
    .clk, .rst_n, .s_aw_valid(aw_v), .s_aw_ready(aw_r), .s_aw_addr(aw_a), .s_aw_len(aw_n),
    .s_w_valid(w_v), .s_w_ready(w_r), .s_w_data(w_d), .s_w_strb(w_s), .s_w_last(w_l),
    .s_b_valid(b_v), .aw_valid(m_axi_awvalid), .aw_ready(m_axi_awready), .aw_addr(m_axi_awaddr),
    .aw_len, .w_valid(m_axi_wvalid), .w_ready(m_axi_wready), .w_data(m_axi_wdata),
    .w_strb(m_axi_wstrb), .w_last(m_axi_wlast), .b_valid(m_axi_bvalid)
  );

  assign m_axi_arlen = {4'd0, ar_len};
  assign m_axi_awlen = {4'd0, aw_len};
  assign {m_axi_arid, m_axi_awid} = '0;
  assign {m_axi_arsize, m_axi_awsize} = {3'd3, 3'd3};
  assign {m_axi_arburst, m_axi_awburst} = {2'd1, 2'd1};
  assign {m_axi_rready, m_axi_bready} = 2'b11;

  hg_axi_check #(.Port(0)) u_check (
    .clk, .rst_n, .done(1'b0), .strobes(!halt),
    .ar_valid(m_axi_arvalid), .ar_ready(m_axi_arready), .ar_addr({32'd0, m_axi_araddr}),
    .ar_len(m_axi_arlen), .ar_size(m_axi_arsize), .ar_burst(m_axi_arburst),
    .r_valid(m_axi_rvalid), .r_ready(m_axi_rready), .r_last(m_axi_rlast),
    .aw_valid(m_axi_awvalid), .aw_ready(m_axi_awready), .aw_addr({32'd0, m_axi_awaddr}),
    .aw_len(m_axi_awlen), .aw_size(m_axi_awsize), .aw_burst(m_axi_awburst),
    .w_valid(m_axi_wvalid), .w_ready(m_axi_wready), .w_data(m_axi_wdata), .w_strb(m_axi_wstrb),
    .w_last(m_axi_wlast), .b_valid(m_axi_bvalid), .b_ready(m_axi_bready)
  );
endmodule
