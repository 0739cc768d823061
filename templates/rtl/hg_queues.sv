// SPDX-License-Identifier: Apache-2.0
// Four queues of descriptors in one memory, and the head of each in a register.
//
// Descriptors enter beat by beat (beat 15 commits) while `room` of their walker; each queue keeps
// its order. A head appears about 20 cycles after the register was emptied by `pop`. One queue
// that is full never holds the others: that is what lets FETCH run ahead of a busy array.
module hg_queues #(
  // Descriptors a queue holds besides its head, a power of two
  parameter int unsigned QueueDepth = 8
) (
  input  logic             clk,
  input  logic             rst_n,

  output logic [3:0]       room,
  input  logic             s_valid,
  input  logic [1:0]       s_walker,
  input  logic [3:0]       s_beat,
  input  logic [63:0]      s_data,

  output logic [3:0]           head_valid,
  output logic [3:0][1023:0]   head,
  input  logic [3:0]           pop
);
  localparam int unsigned SlotW = $clog2(QueueDepth);

  if (QueueDepth < 2 || (QueueDepth & (QueueDepth - 1)) != 0) begin : gen_check
    $error("hg_queues QueueDepth must be a power of two from 2, not %0d", QueueDepth);
  end

  logic [63:0] mem [QueueDepth * 64];
  logic [3:0][SlotW:0] wr_q, rd_q;
  logic [3:0] head_valid_q, waiting;
  logic [63:0] rdata_q;
  // Two stages of a read: address, data
  logic busy_q, busy_q2;
  logic [1:0] sel_q, sel_q2, sel_d;
  logic [3:0] beat_q, beat_q2;

  for (genvar w = 0; w < 4; w++) begin : gen_walker
    assign room[w] = (SlotW + 1)'(wr_q[w] - rd_q[w]) != (SlotW + 1)'(QueueDepth);
    assign waiting[w] = wr_q[w] != rd_q[w] && !head_valid_q[w];
    for (genvar b = 0; b < 16; b++) begin : gen_beat
      always_ff @(posedge clk) begin
        if (busy_q2 && sel_q2 == 2'(w) && beat_q2 == 4'(b)) head[w][64*b +: 64] <= rdata_q;
      end
    end
  end

  assign head_valid = head_valid_q;

  always_comb begin
    sel_d = 2'd0;
    for (int w = 3; w >= 0; w--) begin
      if (waiting[w]) sel_d = 2'(w);
    end
  end

  always_ff @(posedge clk) begin
    if (s_valid) mem[{s_walker, wr_q[s_walker][SlotW-1:0], s_beat}] <= s_data;
    if (busy_q) rdata_q <= mem[{sel_q, rd_q[sel_q][SlotW-1:0], beat_q}];
    sel_q2 <= sel_q;
    beat_q2 <= beat_q;
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      wr_q <= '0;
      rd_q <= '0;
      head_valid_q <= '0;
      busy_q <= 1'b0;
      busy_q2 <= 1'b0;
      sel_q <= '0;
      beat_q <= '0;
    end else begin
      if (s_valid && s_beat == 4'd15) wr_q[s_walker] <= wr_q[s_walker] + 1'b1;
      head_valid_q <= head_valid_q & ~pop;
      busy_q2 <= busy_q;
      if (busy_q) begin
        beat_q <= beat_q + 4'd1;
        if (beat_q == 4'd15) busy_q <= 1'b0;
      end else if (!busy_q2 && |waiting) begin
        busy_q <= 1'b1;
        sel_q <= sel_d;
        beat_q <= 4'd0;
      end
      if (busy_q2 && beat_q2 == 4'd15) begin
        head_valid_q[sel_q2] <= 1'b1;
        rd_q[sel_q2] <= rd_q[sel_q2] + 1'b1;
      end
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk) begin
    if (rst_n) begin
      a_pop : assert ((pop & ~head_valid_q) == '0) else $error("hg_queues: pop without a head");
      if (s_valid && s_beat == 4'd15) begin
        a_room : assert (room[s_walker]) else $error("hg_queues: descriptor without room");
      end
    end
  end
`endif
endmodule
