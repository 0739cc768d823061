// SPDX-License-Identifier: Apache-2.0
// Assertions on one AXI master port (formats §9). Simulation only.
//
// INCR bursts of at most 16 beats of 64 bits, never across 128 bytes; nothing changes while it
// waits; full strobes; W in the order of AW with `last` in its place; nothing outstanding when
// the accelerator says done. `strobes` is low while a run that met a fault fills up its bursts.
module hg_axi_check #(
  parameter int unsigned Port = 0
) (
  input logic        clk,
  input logic        rst_n,
  input logic        done,
  input logic        strobes,
  input logic        ar_valid,
  input logic        ar_ready,
  input logic [63:0] ar_addr,
  input logic [7:0]  ar_len,
  input logic [2:0]  ar_size,
  input logic [1:0]  ar_burst,
  input logic        r_valid,
  input logic        r_ready,
  input logic        r_last,
  input logic        aw_valid,
  input logic        aw_ready,
  input logic [63:0] aw_addr,
  input logic [7:0]  aw_len,
  input logic [2:0]  aw_size,
  input logic [1:0]  aw_burst,
  input logic        w_valid,
  input logic        w_ready,
  input logic [63:0] w_data,
  input logic [7:0]  w_strb,
  input logic        w_last,
  input logic        b_valid,
  input logic        b_ready
);
  int unsigned reads_q, writes_q, w_beat_q;
  int unsigned lens_q [$];
  logic ar_wait_q, aw_wait_q, w_wait_q;
  logic [63:0] ar_addr_q, aw_addr_q, w_data_q;
  logic [7:0] ar_len_q, aw_len_q;

  function automatic void check(logic good, string what);
    if (!good) begin
      $error("hg_axi_check: gmem%0d %s", Port, what);
      $fatal(1, "AXI rule broken");
    end
  endfunction

  function automatic logic legal_burst(logic [63:0] address, logic [7:0] len);
    return address[2:0] == '0 && 32'(address[6:3]) + 32'(len) < 16 && address[63:32] == '0;
  endfunction

  always @(posedge clk) begin
    if (!rst_n) begin
      reads_q = 0;
      writes_q = 0;
      w_beat_q = 0;
      lens_q.delete();
      {ar_wait_q, aw_wait_q, w_wait_q} <= '0;
    end else begin
      if (ar_valid) begin
        check(legal_burst(ar_addr, ar_len), $sformatf("read burst crosses 128 bytes: %h", ar_addr));
        check(ar_size == 3'd3 && ar_burst == 2'd1, "read burst must be INCR of 8 bytes");
      end
      if (aw_valid) begin
        check(legal_burst(aw_addr, aw_len), $sformatf("write burst crosses 128 bytes: %h", aw_addr));
        check(aw_size == 3'd3 && aw_burst == 2'd1, "write burst must be INCR of 8 bytes");
      end
      if (ar_wait_q) check(ar_valid && ar_addr == ar_addr_q && ar_len == ar_len_q, "AR changed");
      if (aw_wait_q) check(aw_valid && aw_addr == aw_addr_q && aw_len == aw_len_q, "AW changed");
      if (w_wait_q) check(w_valid && w_data == w_data_q, "W changed while it waited");
      ar_wait_q <= ar_valid && !ar_ready;
      aw_wait_q <= aw_valid && !aw_ready;
      w_wait_q <= w_valid && !w_ready;
      ar_addr_q <= ar_addr;
      ar_len_q <= ar_len;
      aw_addr_q <= aw_addr;
      aw_len_q <= aw_len;
      w_data_q <= w_data;
      if (ar_valid && ar_ready) reads_q++;
      if (r_valid && r_ready && r_last) reads_q--;
      if (aw_valid && aw_ready) begin
        writes_q++;
        lens_q.push_back(32'(aw_len));
      end
      if (w_valid && w_ready) begin
        check(lens_q.size() != 0, "W before its AW");
        check(w_last == (w_beat_q == lens_q[0]), "W last out of place");
        check(w_strb == 8'hFF || !strobes, "W must have full strobes");
        w_beat_q = w_last ? 0 : w_beat_q + 1;
        if (w_last) void'(lens_q.pop_front());
      end
      if (b_valid && b_ready) writes_q--;
      if (done) check(reads_q == 0 && writes_q == 0, "done with bursts outstanding");
    end
  end
endmodule
