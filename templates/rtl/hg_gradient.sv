// SPDX-License-Identifier: Apache-2.0
// Gradient of a map's rows, over the stream of the proposal engine (microarchitecture.md):
//
//   BGR, grey: inner max_c |p[+1] - p[-1]|; border 2 * max_c |p - neighbour|
//   HSV:       inner floor(sum_c |p[+1] - p[-1]| / 2); border sum_c |p - neighbour|
//   g = min(across + down, 255)
//
// Job row Y gives map row Y - 1, the first push job the map's last row; `push` is cleared there.
// The line memory holds the two rows before Y. A beat that is not `last` is held until the next one
// comes, so beats of a job leave 9 cycles after they come, or 8 after the next one. II 1.
module hg_gradient #(
  parameter int unsigned LanesN = 3,
  parameter int unsigned LineDepth = 763,
  localparam int unsigned TagW = 56
) (
  input  logic                          clk,
  input  logic                          rst_n,
  input  logic [1:0]                    space,
  input  logic                          i_valid,
  input  logic [TagW-1:0]               i_tag,
  input  logic [LanesN-1:0][2:0][7:0]   i_pixels,
  output logic                          o_valid,
  output logic [TagW-1:0]               o_tag,
  output logic [LanesN-1:0][7:0]        o_grads
);
  localparam int unsigned PlaceW = $clog2(LineDepth);
  localparam int unsigned PixelsW = 24 * LanesN;
  localparam int unsigned LaneCycles = 4;
  if (LanesN == 0 || LanesN > 8) begin : gen_lanes_check
    $error("hg_gradient LanesN must be in 1..8, not %0d", LanesN);
  end
  if (LineDepth < 2 || LineDepth > 1 << 14) begin : gen_depth_check
    $error("hg_gradient LineDepth must be in 2..16384, not %0d", LineDepth);
  end
  typedef logic [LanesN-1:0][2:0][7:0] pixels_t;

  // 0..2: read the older rows; 2: write them back with this one
  logic [2:0]      valid_q;
  logic [TagW-1:0] tag_q2;
  pixels_t         new_q2, mid_q2, old_q2;
  always_ff @(posedge clk) begin
    if (!rst_n) valid_q <= '0;
    else valid_q <= {valid_q[1:0], i_valid};
  end
  hg_delay #(.Width(TagW), .Cycles(2)) u_tag (.clk, .d(i_tag), .q(tag_q2));
  hg_delay #(.Width(PixelsW), .Cycles(2)) u_new (.clk, .d(i_pixels), .q(new_q2));
  hg_ram #(.Width(2 * PixelsW), .Depth(LineDepth)) u_line (
    .clk, .we(valid_q[1]), .waddr(tag_q2[30 +: PlaceW]), .wdata({mid_q2, new_q2}),
    .re(i_valid), .raddr(i_tag[30 +: PlaceW]), .rdata({old_q2, mid_q2})
  );

  // A size's first push job is the one behind a job with pixels
  logic [63:0] pixels_before_q;
  logic        before_q2, behind;
  assign behind = tag_q2[54] && !(tag_q2[52] ? pixels_before_q[tag_q2[5:0]] : before_q2);
  always_ff @(posedge clk) begin
    if (valid_q[1] && tag_q2[52]) begin
      pixels_before_q[tag_q2[5:0]] <= !tag_q2[54];
      before_q2 <= pixels_before_q[tag_q2[5:0]];
    end
  end

  // 3: the row that is given, and the pair of rows that it is between
  logic [TagW-1:0] tag_q3, tag_q4, tag_q5;
  pixels_t         mid_q3, mid_q4, above_q3, above_q4, below_q3, below_q4;
  logic            edge_q3, edge_q4;
  always_ff @(posedge clk) begin
    tag_q3   <= {tag_q2[55], behind, tag_q2[53:0]};
    mid_q3   <= mid_q2;
    above_q3 <= tag_q2[17:6] == 12'd1 ? mid_q2 : old_q2;
    below_q3 <= tag_q2[54] ? mid_q2 : new_q2;
    edge_q3  <= tag_q2[54] || tag_q2[17:6] == 12'd1;
  end

  // 4: held until its right neighbour is there
  logic            held_q, leave;
  logic [2:0][7:0] left_q;
  assign leave = held_q && (tag_q4[53] || valid_q[2]);
  always_ff @(posedge clk) begin
    if (!rst_n) held_q <= 1'b0;
    else held_q <= valid_q[2] || (held_q && !leave);
    if (valid_q[2]) begin
      {tag_q4, mid_q4, edge_q4} <= {tag_q3, mid_q3, edge_q3};
      {above_q4, below_q4} <= {above_q3, below_q3};
    end
    if (leave) left_q <= mid_q4[LanesN-1];
  end

  // 5 on: a lane each
  logic [LaneCycles:0] leave_q;
  for (genvar l = 0; l < LanesN; l++) begin : gen_lane
    logic [2:0][7:0] left, right;
    logic            first, last;
    assign first = l == 0 && tag_q4[52];
    if (l == LanesN - 1) begin : gen_right
      assign last = tag_q4[53];
      assign right = last ? mid_q4[l] : mid_q3[0];
    end else begin : gen_inner
      assign last = !tag_q4[44 + l + 1];
      assign right = last ? mid_q4[l] : mid_q4[l + 1];
    end
    if (l == 0) begin : gen_first
      assign left = first ? mid_q4[l] : left_q;
    end else begin : gen_left
      assign left = mid_q4[l - 1];
    end
    hg_gradient_lane u_lane (
      .clk, .summed(space == 2'd1), .left, .right, .across_edge(first || last),
      .above(above_q4[l]), .below(below_q4[l]), .down_edge(edge_q4), .grad_q(o_grads[l])
    );
  end
  always_ff @(posedge clk) begin
    tag_q5 <= tag_q4;
    if (!rst_n) leave_q <= '0;
    else leave_q <= {leave_q[LaneCycles-1:0], leave};
  end
  hg_delay #(.Width(TagW), .Cycles(LaneCycles)) u_late (.clk, .d(tag_q5), .q(o_tag));
  assign o_valid = leave_q[LaneCycles];
endmodule
