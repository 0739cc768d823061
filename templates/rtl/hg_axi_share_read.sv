// SPDX-License-Identifier: Apache-2.0
// Lets several readers share one AXI read port, burst by burst; the lowest index has priority.
//
// A register stands in front of AR, so that a burst that waits never changes. Responses come back
// in order (one ID) and go to the reader that asked; each of them must always take its beats.
module hg_axi_share_read #(
  // Readers
  parameter int unsigned ReadersN = 2,
  // Bursts outstanding on the port, a power of two
  parameter int unsigned Bursts = 32
) (
  input  logic                      clk,
  input  logic                      rst_n,

  input  logic [ReadersN-1:0]       s_valid,
  output logic [ReadersN-1:0]       s_ready,
  input  logic [ReadersN-1:0][31:0] s_addr,
  input  logic [ReadersN-1:0][3:0]  s_len,
  output logic [ReadersN-1:0]       s_r_valid,

  output logic                      ar_valid,
  input  logic                      ar_ready,
  output logic [31:0]               ar_addr,
  output logic [3:0]                ar_len,
  input  logic                      r_valid,
  input  logic                      r_last
);
  localparam int unsigned CountW = $clog2(Bursts) + 1;

  logic [ReadersN-1:0] grant;
  logic [31:0] addr_sel;
  logic [3:0] len_sel;
  logic take, ar_valid_q;
  logic [31:0] ar_addr_q;
  logic [3:0] ar_len_q;
  logic [CountW-1:0] head_q, tail_q;
  logic [ReadersN-1:0] owner_q [Bursts];

  assign take = (!ar_valid_q || ar_ready) && CountW'(head_q - tail_q) != CountW'(Bursts);
  assign s_ready = take ? grant : '0;
  assign ar_valid = ar_valid_q;
  assign ar_addr = ar_addr_q;
  assign ar_len = ar_len_q;
  assign s_r_valid = r_valid ? owner_q[tail_q[CountW-2:0]] : '0;

  always_comb begin
    grant = '0;
    addr_sel = s_addr[ReadersN-1];
    len_sel = s_len[ReadersN-1];
    for (int i = int'(ReadersN) - 1; i >= 0; i--) begin
      if (s_valid[i]) begin
        grant = ReadersN'(1) << i;
        addr_sel = s_addr[i];
        len_sel = s_len[i];
      end
    end
  end

  always_ff @(posedge clk) begin
    if (take && |s_valid) begin
      ar_addr_q <= addr_sel;
      ar_len_q <= len_sel;
      owner_q[head_q[CountW-2:0]] <= grant;
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      ar_valid_q <= 1'b0;
      head_q <= '0;
      tail_q <= '0;
    end else begin
      if (take && |s_valid) head_q <= head_q + 1'b1;
      if (take && |s_valid) ar_valid_q <= 1'b1;
      else if (ar_ready) ar_valid_q <= 1'b0;
      if (r_valid && r_last) tail_q <= tail_q + 1'b1;
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk) begin
    if (rst_n && r_valid) begin
      a_owned : assert (head_q != tail_q) else $error("hg_axi_share_read: beat without an owner");
    end
  end
`endif
endmodule
