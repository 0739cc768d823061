// SPDX-License-Identifier: Apache-2.0
// Writes a stream of beats to a range of memory through one AXI port, in order.
//
// Requests as in hg_axi_read; s_* carries the beats of the requests one after the other. `done`
// pulses once a request, after the response of its last burst. At most 8 bursts are outstanding.
// `halt` stops new bursts and fills up those already announced with beats that write nothing, so
// that `idle` comes in any case (without `done`). `error` pulses in the cycle after a response that
// is not OKAY, and `idle` comes behind it.
module hg_axi_write (
  input  logic        clk,
  input  logic        rst_n,
  input  logic        halt,
  output logic        idle,
  output logic        error,

  input  logic        req_valid,
  output logic        req_ready,
  input  logic [31:0] req_addr,
  input  logic [31:0] req_beats,
  output logic        done,

  input  logic        s_valid,
  output logic        s_ready,
  input  logic [63:0] s_data,

  // AXI write channels; B is always ready
  output logic        aw_valid,
  input  logic        aw_ready,
  output logic [31:0] aw_addr,
  output logic [3:0]  aw_len,
  output logic        w_valid,
  input  logic        w_ready,
  output logic [63:0] w_data,
  output logic [7:0]  w_strb,
  output logic        w_last,
  input  logic        b_valid,
  input  logic [1:0]  b_resp
);
  localparam int unsigned Bursts = 8;

  logic formed, formed_last, split_idle;
  logic [3:0] formed_len;
  logic w_open, w_take, w_beat, w_end;
  // Bursts formed and not yet answered, and their W and B read positions
  logic [3:0] head_q, w_q, b_q;
  logic [3:0] len_q [Bursts];
  logic [Bursts-1:0] last_q;
  logic [3:0] beat_q;
  logic w_valid_q, w_last_q;
  logic [63:0] w_data_q;
  logic [7:0] w_strb_q;

  hg_axi_split u_split (
    .clk, .rst_n, .halt, .req_valid, .req_ready, .req_addr, .req_beats,
    .room(4'(head_q - b_q) != 4'(Bursts)), .formed, .formed_len, .formed_last,
    .b_valid(aw_valid), .b_ready(aw_ready), .b_addr(aw_addr), .b_len(aw_len), .idle(split_idle)
  );

  assign w_open = head_q != w_q;
  assign w_take = w_open && (!w_valid_q || w_ready);
  assign w_beat = w_take && (s_valid || halt);
  assign w_end  = beat_q == len_q[w_q[2:0]];
  assign s_ready = w_take && !halt;
  assign w_valid = w_valid_q;
  assign w_data  = w_data_q;
  assign w_strb  = w_strb_q;
  assign w_last  = w_last_q;
  assign idle = split_idle && head_q == b_q && !w_valid_q && !error;

  always_ff @(posedge clk) begin
    if (formed) len_q[head_q[2:0]] <= formed_len;
    if (formed) last_q[head_q[2:0]] <= formed_last;
    if (w_beat) begin
      w_data_q <= s_data;
      w_strb_q <= {8{s_valid && !halt}};
      w_last_q <= w_end;
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      head_q <= '0;
      w_q <= '0;
      b_q <= '0;
      beat_q <= '0;
      w_valid_q <= 1'b0;
      done <= 1'b0;
      error <= 1'b0;
    end else begin
      if (formed) head_q <= head_q + 4'd1;
      if (w_beat) beat_q <= w_end ? '0 : beat_q + 4'd1;
      if (w_beat && w_end) w_q <= w_q + 4'd1;
      if (w_beat) w_valid_q <= 1'b1;
      else if (w_ready) w_valid_q <= 1'b0;
      if (b_valid) b_q <= b_q + 4'd1;
      done <= b_valid && last_q[b_q[2:0]] && !halt;
      error <= b_valid && b_resp != 2'b00;
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk) begin
    if (rst_n && b_valid) begin
      a_asked : assert (b_q != head_q) else $error("hg_axi_write: response without a burst");
    end
  end
`endif
endmodule
