// SPDX-License-Identifier: Apache-2.0
// Cuts a request of any length into bursts that end at multiples of 128 bytes.
//
// A request is taken when `req_valid && req_ready`; bursts leave by b_* in order, one a cycle at
// most; b_last marks the last burst of a request. Addresses are multiples of 8. A request of zero
// beats is a fault of the caller. While `halt`, nothing new leaves (a burst that waits stays).
module hg_axi_split (
  input  logic        clk,
  input  logic        rst_n,
  input  logic        halt,

  input  logic        req_valid,
  output logic        req_ready,
  input  logic [31:0] req_addr,
  input  logic [31:0] req_beats,

  // A burst may be formed in this cycle (room behind)
  input  logic        room,
  // A burst was formed in this cycle, and its beats (0 = 1 beat)
  output logic        formed,
  output logic [3:0]  formed_len,
  output logic        formed_last,

  output logic        b_valid,
  input  logic        b_ready,
  output logic [31:0] b_addr,
  output logic [3:0]  b_len,

  output logic        idle
);
  logic busy_q, b_valid_q;
  logic [28:0] addr_q;
  logic [31:0] left_q;
  logic [31:0] b_addr_q;
  logic [3:0] b_len_q;
  logic [4:0] to_edge, size;

  assign to_edge = 5'd16 - {1'b0, addr_q[3:0]};
  assign formed_last = left_q <= 32'(to_edge);
  assign size = formed_last ? left_q[4:0] : to_edge;
  assign formed = busy_q && room && !halt && (!b_valid_q || b_ready);
  assign formed_len = 4'(size - 5'd1);
  assign req_ready = !busy_q || (formed && formed_last);
  assign b_valid = b_valid_q;
  assign b_addr = b_addr_q;
  assign b_len = b_len_q;
  assign idle = !b_valid_q && (!busy_q || halt);

  always_ff @(posedge clk) begin
    if (req_valid && req_ready) begin
      addr_q <= req_addr[31:3];
      left_q <= req_beats;
    end else if (formed) begin
      addr_q <= addr_q + 29'(size);
      left_q <= left_q - 32'(size);
    end
    if (formed) begin
      b_addr_q <= {addr_q, 3'b000};
      b_len_q <= formed_len;
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      busy_q <= 1'b0;
      b_valid_q <= 1'b0;
    end else begin
      if (req_valid && req_ready) busy_q <= 1'b1;
      else if (formed && formed_last) busy_q <= 1'b0;
      if (formed) b_valid_q <= 1'b1;
      else if (b_ready) b_valid_q <= 1'b0;
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk) begin
    if (rst_n && req_valid && req_ready) begin
      a_aligned : assert (req_addr[2:0] == 3'd0)
        else $error("hg_axi_split: address %h must be a multiple of 8", req_addr);
      a_beats : assert (req_beats != 32'd0) else $error("hg_axi_split: request of zero beats");
    end
  end
`endif
endmodule
