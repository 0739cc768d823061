// SPDX-License-Identifier: Apache-2.0
// Bench of a whole accelerator: clock, DDR, AXI assertions, watchdog. Simulation only.
//
// The clock runs here and not in Python, so that cocotb is only woken to write registers, and by
// `interrupt` or `hang`. Plusargs: memory=FILE (regions, hg_memory.cpp), trace=FILE, ddr_num,
// ddr_den (bytes a cycle), latency, seed, patience (cycles without a beat or a step).
`timescale 1ns / 1ps
/* verilator lint_off BLKSEQ */
module hg_bench #(
  // AXI master ports
  parameter int unsigned PortsN = 4
);
  import "DPI-C" function int hg_memory_setup(input string path);
  import "DPI-C" function int hg_memory_finish();
  import "DPI-C" function int hg_trace_open(input string path);
  import "DPI-C" function int hg_trace_close();

  // Driven by cocotb
  logic rst_n = 1'b0;
  logic strobes = 1'b1;
  logic awvalid = 1'b0, wvalid = 1'b0, bready = 1'b0, arvalid = 1'b0, rready = 1'b0;
  logic [6:0] awaddr = '0, araddr = '0;
  logic [31:0] wdata = '0;
  // Read by cocotb
  logic clk = 1'b0;
  logic awready, wready, bvalid, arready, rvalid, irq, hang;
  logic [31:0] rdata;
  logic [1:0] unused_resp [2];

  always #5 clk = !clk;

  logic [PortsN-1:0] ar_valid, ar_ready, r_valid, r_ready, r_last;
  logic [PortsN-1:0] aw_valid, aw_ready, w_valid, w_ready, w_last, b_valid, b_ready;
  logic [PortsN-1:0][63:0] ar_addr, aw_addr, r_data, w_data;
  logic [PortsN-1:0][7:0] ar_len, aw_len, w_strb;
  logic [PortsN-1:0][2:0] ar_size, aw_size;
  logic [PortsN-1:0][1:0] ar_burst, aw_burst, r_resp, b_resp;
  logic [PortsN-1:0][31:0] ar_addr32, aw_addr32;

  hg_dut u_dut (
    .clk, .rst_n,
    .c_awvalid(awvalid), .c_awready(awready), .c_awaddr(awaddr),
    .c_wvalid(wvalid), .c_wready(wready), .c_wdata(wdata), .c_wstrb(4'hF),
    .c_bvalid(bvalid), .c_bready(bready), .c_bresp(unused_resp[0]),
    .c_arvalid(arvalid), .c_arready(arready), .c_araddr(araddr),
    .c_rvalid(rvalid), .c_rready(rready), .c_rdata(rdata), .c_rresp(unused_resp[1]), .irq,
    .ar_valid, .ar_ready, .ar_addr, .ar_len, .ar_size, .ar_burst,
    .r_valid, .r_ready, .r_data, .r_resp, .r_last,
    .aw_valid, .aw_ready, .aw_addr, .aw_len, .aw_size, .aw_burst,
    .w_valid, .w_ready, .w_data, .w_strb, .w_last, .b_valid, .b_ready, .b_resp
  );

  logic [31:0] ddr_num = 32'd34, ddr_den = 32'd1, latency = 32'd40, seed = 32'd1;
  int unsigned patience = 20000;

  for (genvar i = 0; i < int'(PortsN); i++) begin : gen_port
    assign ar_addr32[i] = ar_addr[i][31:0];
    assign aw_addr32[i] = aw_addr[i][31:0];
    hg_axi_check #(.Port(i)) u_check (
      .clk, .rst_n, .done(irq && !irq_q), .strobes,
      .ar_valid(ar_valid[i]), .ar_ready(ar_ready[i]), .ar_addr(ar_addr[i]), .ar_len(ar_len[i]),
      .ar_size(ar_size[i]), .ar_burst(ar_burst[i]),
      .r_valid(r_valid[i]), .r_ready(r_ready[i]), .r_last(r_last[i]),
      .aw_valid(aw_valid[i]), .aw_ready(aw_ready[i]), .aw_addr(aw_addr[i]), .aw_len(aw_len[i]),
      .aw_size(aw_size[i]), .aw_burst(aw_burst[i]),
      .w_valid(w_valid[i]), .w_ready(w_ready[i]), .w_data(w_data[i]), .w_strb(w_strb[i]),
      .w_last(w_last[i]), .b_valid(b_valid[i]), .b_ready(b_ready[i])
    );
  end

  hg_ddr #(.PortsN(PortsN)) u_ddr (
    .clk, .rst_n, .bytes_num(ddr_num), .bytes_den(ddr_den), .latency, .seed,
    .ar_valid, .ar_ready, .ar_addr(ar_addr32), .ar_len,
    .r_valid, .r_ready, .r_data, .r_resp, .r_last,
    .aw_valid, .aw_ready, .aw_addr(aw_addr32), .aw_len,
    .w_valid, .w_ready, .w_data, .w_strb, .w_last, .b_valid, .b_ready, .b_resp
  );

  // Watchdog on progress: a beat on a port, or a step of the array
  logic irq_q, progress;
  int unsigned quiet;
  assign progress = |(r_valid & r_ready) || |(w_valid & w_ready) || u_dut.step || irq;
  always @(posedge clk) begin
    irq_q <= irq;
    if (!rst_n || progress || !u_dut.running) quiet = 0;
    else quiet++;
    hang <= rst_n && quiet >= patience;
    if (quiet == patience) u_dut.explain();
  end

  initial begin
    string path;
    void'($value$plusargs("ddr_num=%d", ddr_num));
    void'($value$plusargs("ddr_den=%d", ddr_den));
    void'($value$plusargs("latency=%d", latency));
    void'($value$plusargs("seed=%d", seed));
    void'($value$plusargs("patience=%d", patience));
    if ($value$plusargs("memory=%s", path) && hg_memory_setup(path) != 0) begin
      $fatal(1, "hg_bench: regions of memory could not be loaded (%s)", path);
    end
    if ($value$plusargs("trace=%s", path) && hg_trace_open(path) != 0) begin
      $fatal(1, "hg_bench: trace could not be opened (%s)", path);
    end
  end

  final begin
    if (hg_memory_finish() != 0) $display("hg_bench: memory could not be written out");
    void'(hg_trace_close());
  end
endmodule
