// SPDX-License-Identifier: Apache-2.0
// Numbers the beats of the drain, masks the lanes that no record has written, and frees a record
// buffer behind the last beat of its block's last tile. Latency 1 cycle. II 1.
module hg_drain_beats #(
  parameter int unsigned LanesN = 16,
  parameter int unsigned StepsN = 4,
  parameter int unsigned PairsN = 5,
  parameter int unsigned DrainN = 2,
  localparam int unsigned StepW = StepsN > 1 ? $clog2(StepsN) : 1,
  localparam int unsigned PairW = PairsN > 1 ? $clog2(PairsN) : 1
) (
  input  logic                               clk,
  input  logic                               rst_n,
  input  logic                               beat_valid,
  input  logic                               beat_first,
  input  logic [StepW-1:0]                   beat_group,
  input  logic [DrainN-1:0][LanesN-1:0][7:0] beat_data,
  input  logic [1:0]                         raw_blk,
  input  logic [1:0]                         lone_blk,  // tiles of one pair
  input  logic [1:0][StepsN-1:0][LanesN-1:0] written,
  input  logic [1:0][15:0]                   tiles,
  output logic                               blk_free,
  output logic                               q_valid,
  output logic [DrainN-1:0][LanesN-1:0][7:0] q_data,
  output logic [LanesN-1:0]                  q_mask,
  output logic [3:0]                         q_group,
  output logic [1:0]                         q_byte,
  output logic                               q_last
);
  // The beat at hand: the first beat of a round stands for the round's number.
  logic              blk_q, group_end, byte_end, tile_end;
  logic [PairW-1:0]  pair_q;
  logic [1:0]        byte_q;
  logic [15:0]       tile_q;
  logic [LanesN-1:0] mask;
  assign group_end = beat_group == StepW'(StepsN - 1);
  assign byte_end = group_end && (!raw_blk[blk_q] || byte_q == 2'd3);
  assign tile_end = byte_end && (lone_blk[blk_q] || pair_q == PairW'(PairsN - 1));
  assign mask = written[blk_q][beat_group];

  always_ff @(posedge clk) begin
    q_valid <= beat_valid;
    for (int r = 0; r < DrainN; r++) begin
      for (int l = 0; l < LanesN; l++) q_data[r][l] <= mask[l] ? beat_data[r][l] : '0;
    end
    q_mask <= mask;
    q_group <= 4'(beat_group);
    q_byte <= byte_q;
    q_last <= tile_end;
    blk_free <= 1'b0;
    if (beat_valid) begin
      if (group_end) byte_q <= byte_end ? '0 : byte_q + 2'd1;
      if (byte_end) pair_q <= tile_end ? '0 : pair_q + PairW'(1);
      if (tile_end) begin
        tile_q <= tile_q + 16'd1;
        if (tile_q == tiles[blk_q] - 16'd1) begin
          tile_q <= '0;
          blk_q <= !blk_q;
          blk_free <= 1'b1;
        end
      end
    end
    if (!rst_n) {q_valid, blk_free, blk_q, byte_q, pair_q, tile_q} <= '0;
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk) begin
    if (rst_n && beat_valid && beat_first) begin
      assert (beat_group == '0) else $error("hg_drain_beats: a round must start with group 0");
    end
  end
`else
  logic unused;
  assign unused = beat_first;
`endif
endmodule
