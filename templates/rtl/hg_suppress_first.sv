// SPDX-License-Identifier: Apache-2.0
// Decides each attempt: which points are first among the undecided of their 5x5 (`o_kept`), and in
// which columns a new kept point lies within two of them (`o_near`), from the columns' best
// (hg_suppress_column). A beat is held four times for one to its right; consecutive beats, or the
// last one of a row, leave 6 cycles after they came. o_valid is combinational.
module hg_suppress_first #(
  parameter int unsigned LanesN = 3,
  parameter int unsigned AttemptsN = 8,
  parameter int unsigned BestW = 22
) (
  input  logic                                        clk,
  input  logic                                        rst_n,
  input  logic                                        i_valid,
  input  logic                                        i_first,
  input  logic                                        i_last,
  input  logic [LanesN-1:0][AttemptsN-1:0][BestW-1:0] i_best,
  output logic                                        o_valid,
  output logic [LanesN-1:0][AttemptsN-1:0]            o_kept,
  output logic [LanesN-1:0][AttemptsN-1:0]            o_near
);
  localparam int unsigned BeatW = AttemptsN * BestW;
  localparam logic [2:0] MIDDLE = 3'd2;

  // Flags behind each held beat, and in front of the next
  logic [3:0]      valid, first, last;
  logic [3:1]      valid_q, first_q, last_q;
  always_ff @(posedge clk) begin
    valid_q <= rst_n ? valid[2:0] : '0;
    first_q <= first[2:0];
    last_q  <= last[2:0];
  end

  // The better one of a column and the next
  logic [LanesN-1:0][AttemptsN-1:0][BestW-1:0] one, one_q, two_q;
  logic [AttemptsN-1:0][BestW-1:0]             one_right, unused_left;
  hg_neighbours #(.LanesN(LanesN), .Width(BeatW), .SideW(BeatW), .BackN(1)) u_one (
    .clk, .rst_n, .i_valid, .i_first, .i_last, .i_data(i_best), .o_valid(valid[0]),
    .o_first(first[0]), .o_last(last[0]), .o_data(one), .o_left(unused_left), .o_right(one_right)
  );

  // First is a middle one that is greater than the two columns to the left and not less than
  // the two to the right
  logic [LanesN-1:0][1:0][AttemptsN-1:0][BestW-1:0] both;
  logic [1:0][AttemptsN-1:0][BestW-1:0]             two_left;
  logic [AttemptsN-1:0][BestW-1:0]                  two_right;
  logic [LanesN-1:0][2*BeatW-1:0]                   both_in;
  hg_neighbours #(.LanesN(LanesN), .Width(2 * BeatW), .SideW(BeatW), .BackN(2)) u_two (
    .clk, .rst_n, .i_valid(valid_q[1]), .i_first(first_q[1]), .i_last(last_q[1]),
    .i_data(both_in), .o_valid(valid[1]), .o_first(first[1]), .o_last(last[1]), .o_data(both),
    .o_left(two_left), .o_right(two_right)
  );

  // New kept points, spread to the columns beside them, twice
  logic [LanesN-1:0][AttemptsN-1:0]      kept_q, kept, kept_q2, beside_q;
  logic [AttemptsN-1:0]                  kept_left, kept_right, beside_left, beside_right;
  logic [LanesN-1:0][1:0][AttemptsN-1:0] last_in, last_out;
  hg_neighbours #(.LanesN(LanesN), .Width(AttemptsN), .SideW(AttemptsN), .BackN(1)) u_kept (
    .clk, .rst_n, .i_valid(valid_q[2]), .i_first(first_q[2]), .i_last(last_q[2]),
    .i_data(kept_q), .o_valid(valid[2]), .o_first(first[2]), .o_last(last[2]), .o_data(kept),
    .o_left(kept_left), .o_right(kept_right)
  );
  hg_neighbours #(.LanesN(LanesN), .Width(2 * AttemptsN), .SideW(AttemptsN), .BackN(1)) u_near (
    .clk, .rst_n, .i_valid(valid_q[3]), .i_first(first_q[3]), .i_last(last_q[3]),
    .i_data(last_in), .o_valid(valid[3]), .o_first(first[3]), .o_last(last[3]),
    .o_data(last_out), .o_left(beside_left), .o_right(beside_right)
  );
  assign o_valid = valid[3];

  for (genvar l = 0; l < LanesN; l++) begin : gen_lane
    logic [AttemptsN-1:0][BestW-1:0] right, older, newer;
    logic [AttemptsN-1:0] near_left, near_right, far_left, far_right;
    if (l + 1 < LanesN) begin : gen_inner
      assign right      = one[l+1];
      assign newer      = both[l+1][0];
      assign near_right = kept[l+1];
      assign far_right  = last_out[l+1][0];
    end else begin : gen_edge
      assign right      = one_right;
      assign newer      = two_right;
      assign near_right = kept_right;
      assign far_right  = beside_right;
    end
    if (l == 0) begin : gen_first
      assign older     = two_left[1];
      assign near_left = kept_left;
      assign far_left  = beside_left;
    end else begin : gen_other
      if (l == 1) begin : gen_second
        assign older = two_left[0];
      end else begin : gen_own
        assign older = both[l-2][0];
      end
      assign near_left = kept[l-1];
      assign far_left  = last_out[l-1][0];
    end

    assign both_in[l] = {one_q[l], two_q[l]};
    assign last_in[l] = {kept_q2[l], beside_q[l]};
    assign o_kept[l]  = last_out[l][1];
    assign o_near[l]  = last_out[l][0] | far_left | far_right;
    always_ff @(posedge clk) begin
      one_q[l] <= one[l];
      kept_q2[l]  <= kept[l];
      beside_q[l] <= kept[l] | near_left | near_right;
      for (int unsigned i = 0; i < AttemptsN; i++) begin
        two_q[l][i]  <= one[l][i] >= right[i] ? one[l][i] : right[i];
        kept_q[l][i] <= both[l][1][i][BestW-1] && both[l][1][i][2:0] == MIDDLE
                        && both[l][1][i] > older[i] && both[l][1][i] >= newer[i];
      end
    end
  end

  logic unused;
  assign unused = ^{unused_left, two_left, first[3], last[3]};
endmodule
