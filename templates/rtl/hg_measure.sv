// SPDX-License-Identifier: Apache-2.0
// Measures the descriptors of one walker for the report (formats §8): start, end, counters.
//
// Each has a place in a ring from `take` until its entry is on its way to memory; `room` says
// whether another one may start. The counters belong to the descriptor taken last (Newest, which
// alone has tiles and waits for weights) or to the first that is not done; they are copied every
// cycle to its place, where they stay. The pulses of a last step come one cycle behind it, so a new
// descriptor has its place one cycle late. Descriptors without a slot are dropped.
module hg_measure #(
  // Places of the ring, a power of two
  parameter int unsigned Places = 4,
  parameter bit Newest = 1'b0
) (
  input  logic        clk,
  input  logic        rst_n,
  input  logic [47:0] now,
  output logic        room,

  // The head of the queue is there, its waits are not met
  input  logic        blocked,
  input  logic        take,
  input  logic [31:0] index,
  // Frame << 16 | slot, tiles
  input  logic [63:0] meta,
  input  logic        cnt_busy,
  input  logic        cnt_wait_weights,
  input  logic        cnt_wait_drain,
  input  logic        done,

  // Entry: index in the report and one beat of it
  output logic        entry_valid,
  input  logic        entry_done,
  output logic [31:0] entry_index,
  input  logic [2:0]  entry_beat,
  output logic [63:0] entry_data
);
  localparam int unsigned PlaceW = $clog2(Places);
  // Tiles and waits for weights are kept for Newest only
  localparam int unsigned TakenW = Newest ? 144 : 128;
  localparam int unsigned CountsW = Newest ? 96 : 64;

  if (Places < 2 || (Places & (Places - 1)) != 0) begin : gen_check
    $error("hg_measure Places must be a power of two from 2, not %0d", Places);
  end

  // Taken, done and sent descriptors
  logic [PlaceW:0] take_q, done_q, sent_q;
  logic [PlaceW-1:0] put, ended, out, live;
  logic take_late_q, close, work, sent, has_slot;
  logic [TakenW-1:0] taken_q;
  logic [31:0] busy_live_q, weights_live_q, drain_live_q, tokens_live_q;
  logic [TakenW-1:0] taken [Places];
  logic [31:0] tokens [Places];
  logic [47:0] ends [Places];
  logic [CountsW-1:0] counts [Places];
  logic [47:0] start;
  logic [31:0] busy, weights, drain;

  assign put = take_q[PlaceW-1:0];
  assign ended = done_q[PlaceW-1:0];
  assign out = sent_q[PlaceW-1:0];
  assign live = Newest ? put - 1'b1 : ended;
  assign close = Newest ? take_late_q : done;
  assign work = take_q != done_q;
  assign room = (PlaceW + 1)'(take_q - sent_q) != (PlaceW + 1)'(Places);

  always_ff @(posedge clk) begin
    if (take) taken_q <= TakenW'({meta[15:0], now, meta[63:16], index});
    if (take_late_q) begin
      taken[put] <= taken_q;
      tokens[put] <= tokens_live_q;
    end
    if (done) ends[ended] <= now;
    counts[live] <= CountsW'({weights_live_q, busy_live_q, drain_live_q});
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      {take_q, done_q, sent_q} <= '0;
      take_late_q <= 1'b0;
      {busy_live_q, weights_live_q, drain_live_q, tokens_live_q} <= '0;
    end else begin
      take_late_q <= take;
      take_q <= take_q + (PlaceW + 1)'(take_late_q);
      done_q <= done_q + (PlaceW + 1)'(done);
      sent_q <= sent_q + (PlaceW + 1)'(sent);
      busy_live_q <= close ? '0 : busy_live_q + 32'(cnt_busy);
      weights_live_q <= close ? '0 : weights_live_q + 32'(Newest && cnt_wait_weights);
      drain_live_q <= close ? '0 : drain_live_q + 32'(cnt_wait_drain);
      tokens_live_q <= take_late_q ? '0 : tokens_live_q + 32'(blocked && !work);
    end
  end

  logic [63:0] out_meta;

  assign {out_meta[15:0], start, out_meta[63:16], entry_index} = 144'(taken[out]);
  assign {weights, busy, drain} = 96'(counts[out]);
  assign has_slot = entry_index != '1;
  assign entry_valid = done_q != sent_q && has_slot;
  assign sent = entry_done || (done_q != sent_q && !has_slot);

  always_comb begin
    case (entry_beat)
      3'd0: entry_data = {16'd0, start};
      3'd1: entry_data = {16'd0, ends[out]};
      3'd2: entry_data = {32'd0, busy};
      3'd3: entry_data = {32'd0, weights};
      3'd4: entry_data = {32'd0, tokens[out]};
      3'd5: entry_data = {32'd0, drain};
      3'd6: entry_data = {16'd0, out_meta[63:16]};
      default: entry_data = {48'd0, out_meta[15:0]};
    endcase
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk) begin
    if (rst_n) begin
      a_room : assert (!take || room) else $error("hg_measure: descriptor without a place");
      a_done : assert (!done || work) else $error("hg_measure: descriptor done, none started");
      a_sent : assert (!entry_done || entry_valid) else $error("hg_measure: no entry was there");
    end
  end
`endif
endmodule
