// SPDX-License-Identifier: Apache-2.0
// Steps of the drain of a tile, one a cycle from the cycle after d_soon on: for each pair of
// pixels, for each byte (4 in raw layers), for step 0..StepsN-1. step_last marks the last step of
// a round, whose beats are then complete. Of a tile of one pixel only the first pair is drained.
// d_soon may come again when the last step goes out.
module hg_drain_steps #(
  parameter int unsigned StepsN = 4,
  parameter int unsigned PairsN = 5,
  localparam int unsigned StepW = StepsN > 1 ? $clog2(StepsN) : 1,
  localparam int unsigned PairW = PairsN > 1 ? $clog2(PairsN) : 1
) (
  input  logic             clk,
  input  logic             rst_n,
  input  logic             d_soon,
  input  logic             d_soon_blk,
  input  logic [1:0]       raw_blk,
  input  logic [1:0]       lone_blk,
  output logic             step_valid,
  output logic             step_last,
  output logic             step_blk,
  output logic             step_raw,
  output logic [StepW-1:0] step,
  output logic [PairW-1:0] step_pair,
  output logic [1:0]       step_byte
);
  logic round_end, byte_end, tile_end, lone_q;
  assign step_last = step == StepW'(StepsN - 1);
  assign round_end = step_last;
  assign byte_end = round_end && (!step_raw || step_byte == 2'd3);
  assign tile_end = byte_end && (lone_q || step_pair == PairW'(PairsN - 1));

  always_ff @(posedge clk) begin
    if (d_soon) begin
      step_valid <= 1'b1;
      step_blk <= d_soon_blk;
      step_raw <= raw_blk[d_soon_blk];
      lone_q <= lone_blk[d_soon_blk];
      {step, step_pair, step_byte} <= '0;
    end else begin
      if (tile_end) step_valid <= 1'b0;
      step <= round_end ? '0 : step + StepW'(1);
      if (round_end) step_byte <= byte_end ? '0 : step_byte + 2'd1;
      if (byte_end) step_pair <= step_pair + PairW'(1);
    end
    if (!rst_n) step_valid <= 1'b0;
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk) begin
    if (rst_n && d_soon && step_valid) begin
      assert (tile_end) else $error("hg_drain_steps: the tile before must be drained");
    end
  end
`endif
endmodule
