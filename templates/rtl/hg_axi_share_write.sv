// SPDX-License-Identifier: Apache-2.0
// Lets several writers share one AXI write port, burst by burst; the lowest index has priority.
//
// W follows the order of AW, responses go back to the writer of their burst. A register stands in
// front of AW; W passes through, only after its address was taken.
module hg_axi_share_write #(
  // Writers
  parameter int unsigned WritersN = 2,
  // Bursts outstanding on the port, a power of two
  parameter int unsigned Bursts = 16
) (
  input  logic                      clk,
  input  logic                      rst_n,

  input  logic [WritersN-1:0]       s_aw_valid,
  output logic [WritersN-1:0]       s_aw_ready,
  input  logic [WritersN-1:0][31:0] s_aw_addr,
  input  logic [WritersN-1:0][3:0]  s_aw_len,
  input  logic [WritersN-1:0]       s_w_valid,
  output logic [WritersN-1:0]       s_w_ready,
  input  logic [WritersN-1:0][63:0] s_w_data,
  input  logic [WritersN-1:0][7:0]  s_w_strb,
  input  logic [WritersN-1:0]       s_w_last,
  output logic [WritersN-1:0]       s_b_valid,

  output logic                      aw_valid,
  input  logic                      aw_ready,
  output logic [31:0]               aw_addr,
  output logic [3:0]                aw_len,
  output logic                      w_valid,
  input  logic                      w_ready,
  output logic [63:0]               w_data,
  output logic [7:0]                w_strb,
  output logic                      w_last,
  input  logic                      b_valid
);
  localparam int unsigned CountW = $clog2(Bursts) + 1;

  logic [WritersN-1:0] grant, w_owner;
  logic [31:0] addr_sel;
  logic [3:0] len_sel;
  logic take, aw_valid_q, w_open;
  logic [31:0] aw_addr_q;
  logic [3:0] aw_len_q;
  logic [CountW-1:0] head_q, w_q, b_q;
  logic [WritersN-1:0] owner_q [Bursts];

  assign take = (!aw_valid_q || aw_ready) && CountW'(head_q - b_q) != CountW'(Bursts);
  assign s_aw_ready = take ? grant : '0;
  assign aw_valid = aw_valid_q;
  assign aw_addr = aw_addr_q;
  assign aw_len = aw_len_q;
  // The newest burst's address may still wait in the register
  assign w_open = CountW'(head_q - CountW'(aw_valid_q)) != w_q;
  assign w_owner = w_open ? owner_q[w_q[CountW-2:0]] : '0;
  assign s_w_ready = w_ready ? w_owner : '0;
  assign w_valid = |(s_w_valid & w_owner);
  assign s_b_valid = b_valid ? owner_q[b_q[CountW-2:0]] : '0;

  always_comb begin
    grant = '0;
    addr_sel = s_aw_addr[WritersN-1];
    len_sel = s_aw_len[WritersN-1];
    for (int i = int'(WritersN) - 1; i >= 0; i--) begin
      if (s_aw_valid[i]) begin
        grant = WritersN'(1) << i;
        addr_sel = s_aw_addr[i];
        len_sel = s_aw_len[i];
      end
    end
  end

  always_comb begin
    w_data = '0;
    w_strb = '0;
    w_last = 1'b0;
    for (int i = 0; i < int'(WritersN); i++) begin
      w_data |= s_w_data[i] & {64{w_owner[i]}};
      w_strb |= s_w_strb[i] & {8{w_owner[i]}};
      w_last |= s_w_last[i] & w_owner[i];
    end
  end

  always_ff @(posedge clk) begin
    if (take && |s_aw_valid) begin
      aw_addr_q <= addr_sel;
      aw_len_q <= len_sel;
      owner_q[head_q[CountW-2:0]] <= grant;
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      aw_valid_q <= 1'b0;
      head_q <= '0;
      w_q <= '0;
      b_q <= '0;
    end else begin
      if (take && |s_aw_valid) head_q <= head_q + 1'b1;
      if (take && |s_aw_valid) aw_valid_q <= 1'b1;
      else if (aw_ready) aw_valid_q <= 1'b0;
      if (w_valid && w_ready && w_last) w_q <= w_q + 1'b1;
      if (b_valid) b_q <= b_q + 1'b1;
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk) begin
    if (rst_n && b_valid) begin
      a_owned : assert (head_q != b_q) else $error("hg_axi_share_write: response without a burst");
    end
  end
`endif
endmodule
