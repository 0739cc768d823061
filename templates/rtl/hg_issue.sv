// SPDX-License-Identifier: Apache-2.0
// Starts the walkers' descriptors when what they wait for is complete, counts completions, and
// measures CONV and POOL for the report.
//
// Walkers: 0 FETCH, 1 LOAD, 2 CONV and POOL, 3 STORE. A descriptor starts when the completed
// LOADs, CONVs and POOLs, STOREs reach the thresholds in its beats 13 and 14; a CONV or POOL also
// needs its taps loaded, and room for its report entry. At most 4 of them are under way.
module hg_issue (
  input  logic                  clk,
  input  logic                  rst_n,
  input  logic                  halt,
  input  logic [47:0]           now,
  input  logic [15:0]           stores_n,

  // Committed descriptors, heads of the queues
  input  logic                  q_commit,
  input  logic [3:0]            head_valid,
  input  logic [3:0][1023:0]    head,
  output logic [3:0]            pop,
  input  logic                  taps_loaded,

  // Walkers
  output logic [3:0]            desc_valid,
  input  logic [3:0]            desc_ready,
  input  logic [3:0]            desc_done,
  // Per cycle, of the CONV or POOL taken last: a step was issued, waited for weights, for the drain
  input  logic                  cnt_busy,
  input  logic                  cnt_wait_weights,
  input  logic                  cnt_wait_drain,
  output logic                  idle,
  output logic [31:0]           frames_done,
  // Index of the descriptor that a walker took last
  output logic [3:0][15:0]      index,

  // Entry of the report, one pulse for each CONV or POOL that has a slot; `entry_done` when it is
  // on its way to memory
  output logic                  entry_valid,
  output logic [31:0]           entry_index,
  output logic [303:0]          entry,
  input  logic                  entry_done
);
  localparam int unsigned InFlight = 4;

  logic [3:0] ready_q, waits_met;
  logic [31:0] loads_q, computes_q, stores_q;
  logic [23:0] pending_q;
  logic [15:0] frame_stores_q;
  logic compute_pop, compute_done, waiting_tokens, has_slot;
  // Entries between start and memory; ring of measurements
  logic [2:0] entries_q;
  logic [1:0] take_q, done_q;
  logic [47:0] start_q [InFlight];
  logic [31:0] busy_q [InFlight];
  logic [31:0] weights_q [InFlight];
  logic [31:0] drain_q [InFlight];
  logic [31:0] tokens_q [InFlight];
  logic [31:0] index_q [InFlight];
  logic [63:0] meta_q [InFlight];
  logic [31:0] busy_live_q, weights_live_q, drain_live_q, tokens_live_q;
  logic [1:0] live;

  for (genvar w = 0; w < 4; w++) begin : gen_walker
    assign waits_met[w] = loads_q >= head[w][64*13 +: 32] &&
                          computes_q >= head[w][64*13+32 +: 32] &&
                          stores_q >= head[w][64*14 +: 32];
    always_ff @(posedge clk) begin
      if (!rst_n) ready_q[w] <= 1'b0;
      else ready_q[w] <= head_valid[w] && waits_met[w] && !pop[w];
      if (pop[w]) index[w] <= head[w][64*15+32 +: 16];
    end
  end

  assign desc_valid[0] = ready_q[0] && !halt;
  assign desc_valid[1] = ready_q[1] && !halt;
  assign desc_valid[2] = ready_q[2] && !halt && taps_loaded && entries_q != 3'(InFlight);
  assign desc_valid[3] = ready_q[3] && !halt;
  assign pop = desc_valid & desc_ready;
  assign compute_pop = pop[2];
  assign compute_done = desc_done[2];
  assign idle = pending_q == '0;

  // Completions
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      {loads_q, computes_q, stores_q} <= '0;
      pending_q <= '0;
      frame_stores_q <= '0;
      frames_done <= '0;
    end else begin
      loads_q <= loads_q + 32'(desc_done[1]);
      computes_q <= computes_q + 32'(desc_done[2]);
      stores_q <= stores_q + 32'(desc_done[3]);
      pending_q <= pending_q + 24'(q_commit) - 24'($countones(desc_done));
      if (desc_done[3]) begin
        frame_stores_q <= frame_stores_q + 16'd1 == stores_n ? '0 : frame_stores_q + 16'd1;
        frames_done <= frames_done + 32'(frame_stores_q + 16'd1 == stores_n);
      end
    end
  end

  // Measurements: the counters of the descriptor taken last are live, and copied every cycle to
  // its place in the ring, where they stay when the next one starts. While the head of the queue
  // is there, nothing is in work and its waits are not met, the walker waits for tokens.
  assign live = take_q - 2'd1;
  assign waiting_tokens = head_valid[2] && !waits_met[2] && take_q == done_q;

  always_ff @(posedge clk) begin
    busy_q[live] <= busy_live_q;
    weights_q[live] <= weights_live_q;
    drain_q[live] <= drain_live_q;
    if (compute_pop) begin
      start_q[take_q] <= now;
      tokens_q[take_q] <= tokens_live_q;
      index_q[take_q] <= head[2][64*15 +: 32];
      // frame << 16 | slot, tiles
      meta_q[take_q] <= {head[2][64*14+32 +: 32], head[2][32 +: 16], head[2][64*3+16 +: 16]};
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      {take_q, done_q} <= '0;
      entries_q <= '0;
      {busy_live_q, weights_live_q, drain_live_q, tokens_live_q} <= '0;
    end else begin
      busy_live_q <= compute_pop ? '0 : busy_live_q + 32'(cnt_busy);
      weights_live_q <= compute_pop ? '0 : weights_live_q + 32'(cnt_wait_weights);
      drain_live_q <= compute_pop ? '0 : drain_live_q + 32'(cnt_wait_drain);
      tokens_live_q <= compute_pop ? '0 : tokens_live_q + 32'(waiting_tokens);
      if (compute_pop) take_q <= take_q + 2'd1;
      if (compute_done) done_q <= done_q + 2'd1;
      entries_q <= entries_q + 3'(compute_pop) - 3'(entry_done) - 3'(compute_done && !has_slot);
    end
  end

  assign has_slot = index_q[done_q] != '1;
  assign entry_valid = compute_done && has_slot;
  assign entry_index = index_q[done_q];
  assign entry = {meta_q[done_q], drain_q[done_q], tokens_q[done_q], weights_q[done_q],
                  busy_q[done_q], now, start_q[done_q], 16'd0};

`ifndef SYNTHESIS
  always_ff @(posedge clk) begin
    if (rst_n && compute_done) begin
      a_done : assert (entries_q != '0) else $error("hg_issue: CONV or POOL done, none started");
    end
  end
`endif

  logic unused_head;
  assign unused_head = ^head;
endmodule
