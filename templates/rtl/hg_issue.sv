// SPDX-License-Identifier: Apache-2.0
// Starts the walkers' descriptors when what they wait for is complete, counts completions, and
// has every descriptor measured for the report.
//
// Walkers: 0 FETCH, 1 LOAD, 2 CONV and POOL, 3 STORE. A descriptor starts when the completed
// LOADs, CONVs and POOLs, STOREs reach the thresholds in its beats 13 and 14; a CONV or POOL also
// needs its taps loaded. Each needs a place for its measurement.
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
  // Per cycle: a beat, or a step of the array, went; of CONV and POOL: it waited for weights; a
  // beat or step was there and could not go. Of the CONV or POOL taken last, else of the first
  // descriptor that is not done
  input  logic [3:0]            cnt_busy,
  input  logic                  cnt_wait_weights,
  input  logic [3:0]            cnt_wait_drain,
  output logic                  idle,
  output logic [31:0]           frames_done,
  // Index of the descriptor that a walker took last
  output logic [3:0][15:0]      index,

  // Entry of the report, beat by beat as asked for; `entry_done` when its last beat is taken
  output logic                  entry_valid,
  input  logic                  entry_done,
  output logic [31:0]           entry_index,
  input  logic [2:0]            entry_beat,
  output logic [63:0]           entry_data
);
  logic [3:0] ready_q, waits_met, room;
  logic [31:0] loads_q, computes_q, stores_q;
  logic [23:0] pending_q;
  logic [15:0] frame_stores_q;
  // Entries of the walkers, and whose is being written
  logic [3:0] e_valid;
  logic       e_busy_q;
  logic [1:0] e_sel_q;
  logic [3:0][31:0] e_index;
  logic [3:0][63:0] e_data;

  for (genvar w = 0; w < 4; w++) begin : gen_walker
    assign waits_met[w] = loads_q >= head[w][64*13 +: 32] &&
                          computes_q >= head[w][64*13+32 +: 32] &&
                          stores_q >= head[w][64*14 +: 32];
    always_ff @(posedge clk) begin
      if (!rst_n) ready_q[w] <= 1'b0;
      else ready_q[w] <= head_valid[w] && waits_met[w] && !pop[w];
      if (!rst_n) index[w] <= '0;
      else if (pop[w]) index[w] <= head[w][64*15+32 +: 16];
    end
    // Eight FETCHes: five run ahead, and what waits for the report must not hold them up
    hg_measure #(.Places(w == 0 ? 8 : 4), .Newest(w == 2)) u_measure (
      .clk, .rst_n, .now, .room(room[w]), .blocked(head_valid[w] && !waits_met[w]),
      .take(pop[w]), .index(head[w][64*15 +: 32]),
      .meta({head[w][64*14+32 +: 32], head[w][32 +: 16],
             w == 2 ? head[w][64*3+16 +: 16] : 16'd0}),
      .cnt_busy(cnt_busy[w]), .cnt_wait_weights(w == 2 && cnt_wait_weights),
      .cnt_wait_drain(cnt_wait_drain[w]), .done(desc_done[w]), .entry_valid(e_valid[w]),
      .entry_done(entry_done && e_busy_q && e_sel_q == 2'(w)), .entry_index(e_index[w]),
      .entry_beat, .entry_data(e_data[w])
    );
  end

  assign desc_valid = ready_q & room & {1'b1, taps_loaded, 2'b11} & {4{!halt}};
  assign pop = desc_valid & desc_ready;
  assign idle = pending_q == '0 && e_valid == '0 && !e_busy_q;

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

  // One entry after the other, CONV and POOL first; none behind a fault
  assign entry_valid = e_busy_q;
  assign entry_index = e_index[e_sel_q];
  assign entry_data = e_data[e_sel_q];

  always_ff @(posedge clk) begin
    if (!rst_n || entry_done) e_busy_q <= 1'b0;
    else if (!e_busy_q && !halt) e_busy_q <= e_valid != '0;
    if (!e_busy_q) e_sel_q <= e_valid[2] ? 2'd2 : e_valid[0] ? 2'd0 : e_valid[1] ? 2'd1 : 2'd3;
  end

  logic unused_head;
  assign unused_head = ^head;
endmodule
