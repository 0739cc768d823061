// SPDX-License-Identifier: Apache-2.0
// Score of every 8x8 window, over the stream of the proposal engine (microarchitecture.md):
//
//   A_j = sum over the window of s_j * (g >> 4);  score = c_0 * A_0 + c_1 * A_1
//
// The window whose lower right pixel is (X, Y - 1) goes out as column X of job row Y; `o_scored`
// tells whether it lies on the map. The line memory holds the seven rows before. Latency 10, II 1.
module hg_score #(
  parameter int unsigned LanesN = 3,
  parameter int unsigned LineDepth = 763,
  parameter int unsigned CoeffW = 8,
  parameter int unsigned ScoreW = 18,
  localparam int unsigned TagW = 56
) (
  input  logic                          clk,
  input  logic                          rst_n,
  input  logic [1:0][63:0]              signs,    // 1 is +1, upper left in bit 63, row by row
  input  logic [1:0][15:0]              coeffs,
  input  logic                          i_valid,
  input  logic [TagW-1:0]               i_tag,
  input  logic [LanesN-1:0][7:0]        i_grads,
  output logic                          o_valid,
  output logic [TagW-1:0]               o_tag,
  output logic [LanesN-1:0]             o_scored,
  output logic [LanesN-1:0][ScoreW-1:0] o_scores
);
  localparam int unsigned PlaceW = $clog2(LineDepth);
  localparam int unsigned RowW = 4 * LanesN;
  localparam int unsigned Latency = 10;
  localparam int unsigned ColumnsN = LanesN + 7;
  if (LanesN == 0 || LanesN > 8) begin : gen_lanes_check
    $error("hg_score LanesN must be in 1..8, not %0d", LanesN);
  end
  if (LineDepth < 2 || LineDepth > 1 << 14) begin : gen_depth_check
    $error("hg_score LineDepth must be in 2..16384, not %0d", LineDepth);
  end
  if (CoeffW < 2 || CoeffW > 16) begin : gen_coeff_check
    $error("hg_score CoeffW must be in 2..16, not %0d", CoeffW);
  end
  if (ScoreW < 12 || ScoreW > 32) begin : gen_score_check
    $error("hg_score ScoreW must be in 12..32, not %0d", ScoreW);
  end

  // 0..2: read the older rows, the youngest in the lowest bits; 2: write them back with this one
  logic [Latency-1:0]         valid_q;
  logic [TagW-1:0]            tag_q2;
  logic [LanesN-1:0][3:0]     tops, new_q2;
  logic [6:0][LanesN-1:0][3:0] old_q2;
  for (genvar l = 0; l < LanesN; l++) begin : gen_top
    assign tops[l] = i_grads[l][7:4];
  end
  always_ff @(posedge clk) begin
    if (!rst_n) valid_q <= '0;
    else valid_q <= {valid_q[Latency-2:0], i_valid};
  end
  hg_delay #(.Width(TagW), .Cycles(2)) u_tag (.clk, .d(i_tag), .q(tag_q2));
  hg_delay #(.Width(RowW), .Cycles(2)) u_new (.clk, .d(tops), .q(new_q2));
  hg_ram #(.Width(7 * RowW), .Depth(LineDepth)) u_line (
    .clk, .we(valid_q[1]), .waddr(tag_q2[30 +: PlaceW]), .wdata({old_q2[5:0], new_q2}),
    .re(i_valid), .raddr(i_tag[30 +: PlaceW]), .rdata(old_q2)
  );

  // 3: eight rows of this beat's columns and the seven before, upper left first
  logic [7:0][ColumnsN-1:0][3:0] window_q;
  always_ff @(posedge clk) begin
    if (valid_q[1]) begin
      for (int r = 0; r < 8; r++) begin
        window_q[r][6:0] <= window_q[r][ColumnsN-1:ColumnsN-7];
        window_q[r][ColumnsN-1:7] <= r == 7 ? new_q2 : old_q2[6 - r];
      end
    end
  end

  // What the inverted values of negative weights add (hg_score_lane): 15 for each
  logic [1:0][9:0] excess_q;
  for (genvar j = 0; j < 2; j++) begin : gen_excess
    logic [7:0][3:0] plus_q;  // of a row
    logic [6:0]      plus, negative_q;
    always_comb begin
      plus = '0;
      for (int r = 0; r < 8; r++) plus = plus + 7'(plus_q[r]);
    end
    always_ff @(posedge clk) begin
      for (int r = 0; r < 8; r++) plus_q[r] <= 4'($countones(signs[j][8*r+:8]));
      negative_q <= 7'd64 - plus;
      excess_q[j] <= {negative_q[5:0], 4'd0} - {3'd0, negative_q};  // modulo 1024
    end
  end

  for (genvar l = 0; l < LanesN; l++) begin : gen_lane
    logic [63:0][3:0] values;
    for (genvar r = 0; r < 8; r++) begin : gen_row
      for (genvar c = 0; c < 8; c++) begin : gen_value
        assign values[63 - 8 * r - c] = window_q[r][l + c];
      end
    end
    hg_score_lane #(.CoeffW(CoeffW), .ScoreW(ScoreW)) u_lane (
      .clk, .values, .signs, .excess(excess_q),
      .coeffs({coeffs[1][CoeffW-1:0], coeffs[0][CoeffW-1:0]}), .score_q(o_scores[l])
    );
  end

  hg_delay #(.Width(TagW), .Cycles(Latency - 2)) u_late (.clk, .d(tag_q2), .q(o_tag));
  assign o_valid = valid_q[Latency-1];
  for (genvar l = 0; l < LanesN; l++) begin : gen_scored
    localparam int unsigned FirstBeat = l >= 7 ? 0 : (7 - l + LanesN - 1) / LanesN;
    assign o_scored[l] = !o_tag[54] && o_tag[44 + l] && o_tag[17:6] >= 12'd8
                       && 13'(o_tag[29:18]) + 13'd1 > 13'(FirstBeat);
  end

  logic unused;
  assign unused = ^{i_grads, coeffs, old_q2};
endmodule
