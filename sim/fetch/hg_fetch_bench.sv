// SPDX-License-Identifier: Apache-2.0
// Bench of hg_fetch behind the simulated DDR. Python plays window and requantisation.
`timescale 1ns / 1ps
module hg_fetch_bench #(
  parameter int unsigned RingDepth = 16,
  parameter int unsigned RecordDepth = 64,
  parameter int unsigned WordW = 200,
  parameter int unsigned WeightPortsN = 3
);
  import "DPI-C" function int hg_memory_setup(input string path);

  logic clk = 1'b0;
  logic rst_n = 1'b0;
  logic desc_valid = 1'b0, desc_ready, desc_done, idle, error;
  logic [1023:0] desc = '0;
  logic ring_en = 1'b0, ring_release = 1'b0, rec_en = 1'b0, rec_release = 1'b0;
  logic [$clog2(RingDepth)-1:0] ring_addr = '0;
  logic [$clog2(RecordDepth)-1:0] rec_addr = '0;
  logic [15:0] ring_count, rec_count, rec_release_n = '0;
  logic [WordW-1:0] ring_data;
  logic [191:0] rec_data;
  logic [31:0] ddr_num = 32'd34, latency = 32'd40, seed = 32'd1;

  always #5 clk = !clk;

  logic [WeightPortsN-1:0] ar_valid, ar_ready, r_valid, r_last, none_o1, none_o2, none_o3;
  logic [WeightPortsN-1:0][31:0] ar_addr;
  logic [WeightPortsN-1:0][3:0] ar_len;
  logic [WeightPortsN-1:0][7:0] ar_len8;
  logic [WeightPortsN-1:0][63:0] r_data;
  logic [WeightPortsN-1:0][1:0] r_resp, none_resp;

  logic unused_busy, unused_full;

  for (genvar i = 0; i < int'(WeightPortsN); i++) begin : gen_len
    assign ar_len8[i] = {4'd0, ar_len[i]};
  end

  hg_fetch #(
    .RingDepth(RingDepth), .RecordDepth(RecordDepth), .WordW(WordW), .WeightPortsN(WeightPortsN)
  ) u_fetch (
    .clk, .rst_n, .halt(1'b0), .idle, .error, .desc_valid, .desc_ready, .desc, .desc_done,
    .cnt_busy(unused_busy), .cnt_full(unused_full),
    .ring_en, .ring_addr, .ring_data, .ring_count, .ring_release,
    .rec_en, .rec_addr, .rec_data, .rec_count, .rec_release, .rec_release_n,
    .ar_valid, .ar_ready, .ar_addr, .ar_len, .r_valid, .r_data, .r_resp
  );

  hg_ddr #(.PortsN(WeightPortsN)) u_ddr (
    .clk, .rst_n, .bytes_num(ddr_num), .bytes_den(32'd1), .latency, .seed,
    .stall('0),
    .ar_valid, .ar_ready, .ar_addr, .ar_len(ar_len8),
    .r_valid, .r_ready('1), .r_data, .r_resp, .r_last,
    .aw_valid('0), .aw_ready(none_o1), .aw_addr('0), .aw_len('0),
    .w_valid('0), .w_ready(none_o2), .w_data('0), .w_strb('0), .w_last('0),
    .b_valid(none_o3), .b_ready('1), .b_resp(none_resp)
  );

  initial begin
    string path;
    void'($value$plusargs("ddr_num=%d", ddr_num));
    void'($value$plusargs("latency=%d", latency));
    void'($value$plusargs("seed=%d", seed));
    if ($value$plusargs("memory=%s", path) && hg_memory_setup(path) != 0) begin
      $fatal(1, "regions of memory could not be loaded (%s)", path);
    end
  end
endmodule
