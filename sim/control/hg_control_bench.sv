// SPDX-License-Identifier: Apache-2.0
// Bench of the registers: Python is the processor on one side and the accelerator on the other.
`timescale 1ns / 1ps
module hg_control_bench;
  logic clk = 1'b0, rst_n = 1'b0, done = 1'b0;
  logic awvalid = 1'b0, awready, wvalid = 1'b0, wready, bvalid, bready = 1'b0;
  logic arvalid = 1'b0, arready, rvalid, rready = 1'b0, irq, start, running;
  logic [6:0] awaddr = '0, araddr = '0;
  logic [31:0] wdata = '0, rdata;
  logic [3:0] wstrb = '1;
  logic [5:0][63:0] arg_pointer;
  logic [2:0][31:0] arg_value;
  int unsigned starts = 0;

  always #5 clk = !clk;
  always @(posedge clk) if (start) starts <= starts + 1;

  hg_control u_control (
    .clk, .rst_n, .aw_valid(awvalid), .aw_ready(awready), .aw_addr(awaddr), .w_valid(wvalid),
    .w_ready(wready), .w_data(wdata), .w_strb(wstrb), .b_valid(bvalid), .b_ready(bready),
    .ar_valid(arvalid), .ar_ready(arready), .ar_addr(araddr), .r_valid(rvalid), .r_ready(rready),
    .r_data(rdata), .irq, .start, .done, .running, .arg_pointer, .arg_value
  );
endmodule
