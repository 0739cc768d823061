// SPDX-License-Identifier: Apache-2.0
// Non-maximum suppression in 5x5, streamed (docs/stages/suppress.md): in job row Y score row n = Y
// - 8 comes in, rows n - 2, n - 2 - SpacingN, .. are attempted, and row n - lag leaves: its kept
// points, lag = 2 + SpacingN (AttemptsN - 1). Stream contract: docs/spec/microarchitecture.md.
//
// A word of the line memory holds the older rows of a beat, newest lowest, each lane {kept,
// undecided, score}. It is read when the beat comes and written back a row older, 12 cycles later
// if the beats follow one another. The points of a beat leave after 13 cycles, at most one of any
// three neighbouring lanes: o_valid[g] is that of lanes 3g to 3g + 2. o_mark comes with the last of
// a frame.
module hg_suppress #(
  parameter int unsigned LanesN = 3,
  parameter int unsigned LineDepth = 763,
  parameter int unsigned ScoreW = 18,
  parameter int unsigned AttemptsN = 8,
  parameter int unsigned SpacingN = 2,
  // Bits of a point's x and y
  parameter int unsigned MapXW = 8,
  parameter int unsigned MapYW = 8,
  localparam int unsigned GroupsN = (LanesN + 2) / 3,
  localparam int unsigned PointW = 6 + MapYW + MapXW + ScoreW
) (
  input  logic                           clk,
  input  logic                           rst_n,
  input  logic                           i_valid,
  input  logic [55:0]                    i_tag,
  input  logic [LanesN-1:0][ScoreW-1:0]  i_scores,
  input  logic [LanesN-1:0]              i_scored,
  output logic [GroupsN-1:0]             o_valid,
  output logic [GroupsN-1:0][PointW-1:0] o_points,  // {slot, y, x, score}
  output logic                           o_mark     // end of a frame, behind these points
);
  localparam int unsigned Lag    = 2 + SpacingN * (AttemptsN - 1);
  localparam int unsigned RowsN  = Lag + 2;
  localparam int unsigned ValueW = ScoreW + 1;
  localparam int unsigned StateW = ScoreW + 2;
  localparam int unsigned BestW  = ValueW + 3;
  localparam int unsigned AddrW  = $clog2(LineDepth);
  localparam int unsigned WindowN = 8;  // rows before the first one of scores, columns + 1
  localparam int unsigned SideW  = AddrW + 7 + MapYW + MapXW;
  localparam int unsigned HeldN  = 16;  // beats from the line memory to their decision: at most 11
  localparam int unsigned HeldW  = $clog2(HeldN);

  if (LanesN < 1 || LanesN > 8 || AttemptsN < 1 || SpacingN < 1 || SpacingN > 2) begin : gen_check
    $error("hg_suppress must have 1..8 lanes and attempts 1 or 2 rows apart, not %0d, %0d", LanesN,
           SpacingN);
  end

  // The beat comes; two cycles later its older rows are there
  logic [5:1]                    valid_q, first_q, last_q;
  logic [RowsN:1]                exists_q, exists_q2;
  logic [MapXW-1:0]              x_q;
  logic [SideW-MapXW-1:0]        side_q;
  logic [SideW-1:0]              side_q2;  // end of frame, slot, y, place, x of lane 0
  logic [LanesN-1:0][ScoreW-1:0] scores_q2;
  logic [LanesN-1:0]             scored_q2;
  logic [RowsN:1][LanesN-1:0][StateW-1:0] older, next;
  logic [AddrW-1:0]              next_place;
  logic                          decided;

  hg_ram #(.Width(RowsN * LanesN * StateW), .Depth(LineDepth)) u_lines (
    .clk, .we(decided), .waddr(next_place), .wdata(next), .re(i_valid),
    .raddr(AddrW'(i_tag[43:30])), .rdata(older)
  );
  hg_delay #(.Width(LanesN * (ScoreW + 1)), .Cycles(2)) u_scores (
    .clk, .d({i_scored, i_scores}), .q({scored_q2, scores_q2})
  );
  always_ff @(posedge clk) begin
    if (!rst_n) valid_q <= '0;
    else valid_q <= {valid_q[4:1], i_valid};
    first_q <= {first_q[4:1], i_tag[52]};
    last_q  <= {last_q[4:1], i_tag[53]};
    x_q     <= MapXW'(LanesN * 32'(i_tag[29:18])) - MapXW'(WindowN - 1);
    side_q  <= {i_tag[55] && i_tag[53], i_tag[5:0], MapYW'(i_tag[17:6]) - MapYW'(WindowN + Lag),
                AddrW'(i_tag[43:30])};
    side_q2 <= {side_q, x_q};
    for (int unsigned k = 1; k <= RowsN; k++) exists_q[k] <= i_tag[17:6] >= 12'(WindowN + k);
    exists_q2 <= exists_q;
  end

  // All rows by age; rows above the first one count as decided
  logic [RowsN:0][LanesN-1:0][StateW-1:0]                state;
  logic [LanesN-1:0][AttemptsN-1:0][BestW-1:0] best;
  for (genvar l = 0; l < LanesN; l++) begin : gen_lane
    logic [RowsN:0][ValueW-1:0] values;
    for (genvar k = 0; k <= RowsN; k++) begin : gen_row
      if (k == 0) begin : gen_new
        assign state[k][l] = {1'b0, scored_q2[l], scores_q2[l]};
      end else begin : gen_old
        assign state[k][l] = {older[k][l][StateW-1-:2] & {2{exists_q2[k]}},
                              older[k][l][ScoreW-1:0]};
      end
      assign values[k] = {state[k][l][ScoreW], !state[k][l][ScoreW-1], state[k][l][ScoreW-2:0]};
    end
    hg_suppress_column #(.ValueW(ValueW), .AttemptsN(AttemptsN), .SpacingN(SpacingN)) u_column (
      .clk, .values, .best(best[l])
    );
  end

  logic [LanesN-1:0][AttemptsN-1:0] kept, near;
  hg_suppress_first #(.LanesN(LanesN), .AttemptsN(AttemptsN), .BestW(BestW)) u_first (
    .clk, .rst_n, .i_valid(valid_q[5]), .i_first(first_q[5]), .i_last(last_q[5]), .i_best(best),
    .o_valid(decided), .o_kept(kept), .o_near(near)
  );

  // Meanwhile the rows wait for the decisions
  logic [SideW+RowsN*LanesN*StateW-1:0]        held_mem [HeldN];
  logic [RowsN-1:0][LanesN-1:0][StateW-1:0]    held;
  logic [HeldW-1:0]                            held_q, decided_q;
  logic                                        mark;
  logic [5:0]                                  slot;
  logic [MapYW-1:0]                            y;
  logic [MapXW-1:0]                            x;

  assign {mark, slot, y, next_place, x, held} = held_mem[decided_q];
  always_ff @(posedge clk) begin
    if (valid_q[2]) held_mem[held_q] <= {side_q2, state[RowsN-1:0]};
    if (!rst_n) {held_q, decided_q} <= '0;
    else begin
      held_q    <= held_q + HeldW'(valid_q[2]);
      decided_q <= decided_q + HeldW'(decided);
    end
  end

  // Decisions: attempt i is at age 2 + SpacingN * i and reaches two rows up and down
  for (genvar k = 0; k < RowsN; k++) begin : gen_next
    logic [AttemptsN-1:0] reach;
    for (genvar i = 0; i < AttemptsN; i++) begin : gen_reach
      assign reach[i] = SpacingN * i <= k && k <= SpacingN * i + 4;
    end
    for (genvar l = 0; l < LanesN; l++) begin : gen_state
      logic is_new;
      if (k >= 2 && (k - 2) % SpacingN == 0 && k <= Lag) begin : gen_attempt
        assign is_new = kept[l][(k-2)/SpacingN];
      end else begin : gen_none
        assign is_new = 1'b0;
      end
      assign next[k+1][l] = {held[k][l][ScoreW+1] || is_new,
                             held[k][l][ScoreW] && (near[l] & reach) == '0,
                             held[k][l][ScoreW-1:0]};
    end
  end

  // The row that leaves
  for (genvar g = 0; g < GroupsN; g++) begin : gen_group
    localparam int unsigned WideN = LanesN - 3 * g < 3 ? LanesN - 3 * g : 3;
    logic [WideN-1:0] is_kept;
    logic [ScoreW-1:0] score;
    logic [MapXW-1:0] offset;
    for (genvar l = 0; l < WideN; l++) begin : gen_kept
      assign is_kept[l] = next[Lag+1][3*g+l][ScoreW+1];
    end
    always_comb begin
      score = '0;
      offset = '0;
      for (int unsigned l = 0; l < WideN; l++) begin
        if (is_kept[l]) begin
          score  = score | held[Lag][3*g+l][ScoreW-1:0];
          offset = offset | MapXW'(3 * g + l);
        end
      end
    end
    always_ff @(posedge clk) begin
      o_valid[g]  <= rst_n && decided && is_kept != '0;
      o_points[g] <= {slot, y, x + offset, score};
    end
`ifndef SYNTHESIS
    a_apart: assert property (@(posedge clk) disable iff (!rst_n) decided |-> $onehot0(is_kept))
      else $error("hg_suppress: two kept points within three lanes");
`endif
  end
  always_ff @(posedge clk) o_mark <= rst_n && decided && mark;

  logic unused;
  assign unused = ^{i_tag[51:44], i_tag[54]};

`ifndef SYNTHESIS
  a_held: assert property (@(posedge clk) disable iff (!rst_n)
    valid_q[2] |-> HeldW'(held_q + HeldW'(1)) != decided_q)
    else $error("hg_suppress: more beats under way than there are places for");
`endif
endmodule
