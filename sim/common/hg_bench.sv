// SPDX-License-Identifier: Apache-2.0
// Bench of a whole accelerator: clock, DDR, AXI assertions, watchdog. Simulation only.
//
// The clock runs here and not in Python, so that cocotb is only woken to write registers, and by
// `interrupt` or `hang`. Runs follow one another without a reset of the accelerator: when cocotb
// sets `run` to N, the DDR starts afresh with the contents that FOLDER/N/memory.txt names
// (hg_memory.cpp), and a trace begins in FOLDER/N/trace.bin; 0 ends the last one. Plusargs:
// folder=FOLDER, patience (cycles of a run in which nothing moves until it hangs).
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

  // Driven by cocotb: number of the run, its DDR (bytes a cycle, least latency, seed of jitter and
  // stalls, percent of stalls)
  int unsigned run = 0;
  logic [31:0] ddr_num = 32'd34, ddr_den = 32'd1, latency = 32'd40, seed = 32'd1, stall = 32'd0;
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

  // In the cycle in which `run` changes files are closed and opened, and the DDR is reset
  int unsigned run_q = 0;
  logic changed;
  assign changed = run != run_q;

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
    .clk, .rst_n(rst_n && !changed), .bytes_num(ddr_num), .bytes_den(ddr_den), .latency, .seed,
    .stall,
    .ar_valid, .ar_ready, .ar_addr(ar_addr32), .ar_len,
    .r_valid, .r_ready, .r_data, .r_resp, .r_last,
    .aw_valid, .aw_ready, .aw_addr(aw_addr32), .aw_len,
    .w_valid, .w_ready, .w_data, .w_strb, .w_last, .b_valid, .b_ready, .b_resp
  );

  // Watchdog: while a run is open, something moves: a beat, a register access, a step inside
  logic irq_q, progress;
  int unsigned quiet, patience = 20000;
  assign progress = |(r_valid & r_ready) || |(w_valid & w_ready) || u_dut.step ||
                    (bvalid && bready) || (rvalid && rready);
  always @(posedge clk) begin
    irq_q <= irq;
    if (!rst_n || progress || run == 0 || changed) quiet = 0;
    else quiet++;
    hang <= quiet >= patience;
    if (quiet == patience) u_dut.explain();
  end

  // State may be random until it has been reset: nothing is claimed before
  initial $assertoff;
  always @(posedge rst_n) $asserton;

  string folder;

  function automatic void close();
    if (run_q == 0) return;
    if (hg_memory_finish() != 0) $fatal(1, "hg_bench: memory could not be written out");
    if (hg_trace_close() != 0) $fatal(1, "hg_bench: trace could not be written");
  endfunction

  always @(posedge clk) begin
    if (changed) begin
      close();
      if (run != 0) begin
        if (hg_memory_setup($sformatf("%s/%0d/memory.txt", folder, run)) != 0) begin
          $fatal(1, "hg_bench: regions of memory could not be loaded (run %0d)", run);
        end
        if (hg_trace_open($sformatf("%s/%0d/trace.bin", folder, run)) != 0) begin
          $fatal(1, "hg_bench: trace could not be opened (run %0d)", run);
        end
      end
      run_q <= run;
    end
  end

  initial begin
    void'($value$plusargs("patience=%d", patience));
    if (!$value$plusargs("folder=%s", folder)) $fatal(1, "hg_bench: +folder is missing");
  end

  final close();
endmodule
