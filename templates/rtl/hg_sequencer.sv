// SPDX-License-Identifier: Apache-2.0
// Sequencer of the window: counts block, tile, pass, tap and slice of a CONV or POOL descriptor and
// issues at most one k-step a cycle, without bubbles between taps, passes, tiles and blocks.
//
// A pass is a plane of a tile, the high one first: once over all taps. A POOL has one pass; the
// slices of its taps are their planes.
// A step waits for its tap, its tile's positions, its weight word, the records of its block; the
// last step of a tile also for: the drain of the one before, room in the output FIFO, and the
// tile's residual beats. A POOL keeps PixelsN/DrainN cycles between the ends of tiles.
// A descriptor is taken when the steps of the one before are issued (records and taps are then
// fetched under its drain) and starts when all its tiles are written (`job_start`).
module hg_sequencer #(
  parameter int unsigned ActBits    = 4,
  parameter int unsigned RowGroupsN = 4,
  parameter int unsigned LanesN     = 8,
  parameter int unsigned PixelsN    = 10,
  parameter int unsigned DrainN     = 2,
  parameter int unsigned AddrW      = 12,
  parameter int unsigned PlaceW     = 16,
  parameter int unsigned WideCodes  = 0,
  localparam int unsigned SubsN     = 64 / (ActBits * LanesN),
  localparam int unsigned SubW      = SubsN > 1 ? $clog2(SubsN) : 1
) (
  input  logic              clk,
  input  logic              rst_n,
  input  logic              desc_valid,
  output logic              desc_ready,
  input  logic [1023:0]     desc,
  output logic              desc_done,
  output logic [1023:0]     job_desc,
  output logic              cfg_valid,
  output logic              job_start,
  // Sources of a step
  input  logic              tap_valid,
  input  logic              slice_first, slice_end, tap_end,
  input  logic [127:0]      tap,
  input  logic              pos_valid,
  input  logic              word_ok,
  input  logic [1:0]        blk_loaded,
  output logic              blk_take,
  input  logic              tile_done,
  input  logic              res_tile_done,
  // The step
  output logic              step,
  output logic              pass_end,
  output logic              tile_end,
  output logic              block_tail,       // the pass is the last of a block
  output logic              block_end,
  output logic              job_end,
  output logic              is_pool,
  output logic              pass_first,       // first step of a pass
  output logic              tile_first,       // first step of a tile
  output logic              low_plane,        // plane 0
  output logic              blk_parity,
  output logic [SubW-1:0]   sub,
  output logic [AddrW-1:0]  group_offset,
  output logic [PlaceW-1:0] tile_q,           // q of the tile's first pixel before tap.q
  // Report, one cycle behind: a step was issued, or waited for weights, or for the drain
  output logic              cnt_busy,
  output logic              cnt_wait_weights,
  output logic              cnt_wait_drain
);
  // Entries of the output FIFO for a tile, one a cycle; the depth repeats hg_writer's
  localparam int unsigned PoolN    = PixelsN / DrainN;
  localparam int unsigned SpaceN   = PoolN * RowGroupsN;
  localparam int unsigned Wanted   = SpaceN > 16 ? 4 * SpaceN : 64;
  localparam int unsigned FifoN    = 1 << $clog2(Wanted);
  localparam int unsigned LoneN    = 4 * RowGroupsN;
  localparam int unsigned SpaceW   = $clog2(4 * SpaceN + 1);
  localparam int unsigned RoomW    = $clog2(FifoN / (LoneN < PoolN ? LoneN : PoolN) + 2);
  localparam logic [SpaceW-1:0] SpaceCodes = SpaceW'(SpaceN - 1);
  localparam logic [SpaceW-1:0] SpaceRaw   = SpaceW'(4 * SpaceN - 1);
  localparam logic [SpaceW-1:0] SpaceLone  = SpaceW'(LoneN - 1);
  localparam logic [SpaceW-1:0] SpacePool  = SpaceW'(PoolN - 1);

  typedef enum logic [1:0] {Idle, Ready, Run} state_e;

  // Fields of the descriptor (formats §6)
  logic        raw, lone, add;   // lone: raw, and of one pixel
  logic [15:0] blocks_n, tiles_n;
  logic [7:0]  passes_n;
  assign blocks_n = job_desc[3*64 +: 16];
  assign tiles_n  = job_desc[3*64+16 +: 16];
  assign passes_n = WideCodes != 0 && is_pool ? 8'd1 : job_desc[3*64+32 +: 8];

  state_e            state_q;
  logic              busy_q, block_first_q;
  // Counts of what is left behind the current one, and whether it is the last
  logic [15:0]       blocks_q, tiles_q;
  logic [7:0]        passes_q;
  logic              block_last_q, tile_last_q, pass_last_q, plane_first_q;
  logic [SubW-1:0]   sub_q;
  logic [AddrW-1:0]  group_q, pool_group_q;
  logic [SpaceW-1:0] space_q, space_n;
  logic [RoomW-1:0]  tiles_out_q, tiles_cap;
  logic [7:0]        residuals_q;
  logic              space_ok_q, room_q, residual_ok_q, end_check, end_ok, words_ok;
  logic              sub_wrap, taken, finish;

  // End conditions
  assign tiles_cap = is_pool ? RoomW'(FifoN / PoolN) : !raw ? RoomW'(FifoN / SpaceN)
                   : lone ? RoomW'(FifoN / LoneN) : RoomW'(FifoN / (4 * SpaceN));
  assign end_ok    = space_ok_q && room_q && residual_ok_q;
  assign end_check = tap_end && slice_end && pass_last_q;
  assign words_ok  = is_pool || (word_ok && (!block_first_q || blk_loaded[blk_parity]));
  assign step      = state_q == Run && tap_valid && pos_valid && words_ok && (!end_check || end_ok);

  // Position in the loops
  assign pass_end  = step && slice_end && tap_end;
  assign tile_end  = pass_end && pass_last_q;
  assign block_end = tile_end && tile_last_q;
  assign job_end   = block_end && block_last_q;

  assign block_tail   = pass_last_q && tile_last_q;
  assign tile_first   = pass_first && plane_first_q;
  assign low_plane    = pass_last_q && (WideCodes == 0 || !is_pool || slice_end);
  assign sub          = is_pool ? '0 : slice_first ? SubW'(tap[47:44]) : sub_q;
  assign group_offset = is_pool ? pool_group_q : slice_first ? '0 : group_q;
  assign sub_wrap     = SubsN == 1 || sub == SubW'(SubsN - 1);

  assign desc_ready = state_q == Idle && desc_valid;
  assign taken      = desc_ready;
  assign job_start  = state_q == Ready && !busy_q;
  assign finish     = busy_q && state_q != Run && tiles_out_q == '0;

  always_ff @(posedge clk) begin
    if (taken) begin
      job_desc <= desc;
      is_pool  <= desc[2:0] == 3'd4;
      raw      <= desc[2:0] != 3'd4 && desc[3*64+40 +: 8] == 8'd2;
      lone     <= desc[4*64+16 +: 32] == {16'd1, 16'd1};
      add      <= desc[2:0] != 3'd4 && desc[7*64+48];
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      state_q   <= Idle;
      busy_q    <= 1'b0;
      cfg_valid <= 1'b0;
      desc_done <= 1'b0;
      blk_take  <= 1'b0;
    end else begin
      cfg_valid <= taken;
      desc_done <= finish;
      blk_take  <= step && block_first_q && !is_pool;
      if (job_start) busy_q <= 1'b1;
      else if (finish) busy_q <= 1'b0;
      case (state_q)
        Idle:    if (taken) state_q <= Ready;
        Ready:   if (!busy_q) state_q <= Run;
        default: if (job_end) state_q <= Idle;
      endcase
    end
  end

  // Loop counters: each counts down what is left, its flag is one step ahead
  always_ff @(posedge clk) begin
    if (!rst_n) blk_parity <= 1'b0;
    else if (block_end && !is_pool) blk_parity <= !blk_parity;

    if (job_start) begin
      blocks_q      <= blocks_n;
      block_last_q  <= blocks_n == 16'd1;
      pool_group_q  <= '0;
      block_first_q <= 1'b1;
      pass_first    <= 1'b1;
    end else if (step) begin
      pass_first    <= pass_end;
      block_first_q <= block_end;
      sub_q         <= sub_wrap ? '0 : sub + 1'b1;
      group_q       <= group_offset + (sub_wrap ? tap[48 +: AddrW] : '0);
      if (block_end) begin
        blocks_q     <= blocks_q - 16'd1;
        block_last_q <= blocks_q == 16'd2;
        pool_group_q <= pool_group_q + tap[48 +: AddrW];
      end
    end

    if (job_start || block_end) begin
      tiles_q     <= tiles_n;
      tile_last_q <= tiles_n == 16'd1;
      tile_q      <= '0;
    end else if (tile_end) begin
      tiles_q     <= tiles_q - 16'd1;
      tile_last_q <= tiles_q == 16'd2;
      tile_q      <= tile_q + PlaceW'(PixelsN);
    end

    if (job_start || tile_end) begin
      passes_q      <= passes_n;
      pass_last_q   <= passes_n == 8'd1;
      plane_first_q <= 1'b1;
    end else if (pass_end) begin
      passes_q      <= passes_q - 8'd1;
      pass_last_q   <= passes_q == 8'd2;
      plane_first_q <= 1'b0;
    end
  end

  // Spacing of ends, tiles under way, residual tiles at hand; the flags hold for the next cycle
  assign space_n = is_pool ? SpacePool : raw ? (lone ? SpaceLone : SpaceRaw) : SpaceCodes;

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      space_q       <= '0;
      space_ok_q    <= 1'b1;
      tiles_out_q   <= '0;
      room_q        <= 1'b0;
      residuals_q   <= '0;
      residual_ok_q <= 1'b0;
    end else begin
      if (job_start) space_q <= '0;
      else if (tile_end) space_q <= space_n;
      else if (space_q != '0) space_q <= space_q - 1'b1;
      space_ok_q <= job_start || (tile_end ? space_n == '0 : space_q <= SpaceW'(1));

      tiles_out_q <= tiles_out_q + RoomW'(tile_end) - RoomW'(tile_done);
      room_q      <= tile_end ? tiles_out_q + RoomW'(1) < tiles_cap : tiles_out_q < tiles_cap;

      residuals_q   <= residuals_q + 8'(res_tile_done) - 8'(tile_end && add);
      residual_ok_q <= !add || (tile_end ? residuals_q > 8'd1 : residuals_q != '0);
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      cnt_busy         <= 1'b0;
      cnt_wait_weights <= 1'b0;
      cnt_wait_drain   <= 1'b0;
    end else begin
      cnt_busy         <= step;
      cnt_wait_weights <= state_q == Run && !words_ok;
      cnt_wait_drain   <= state_q == Run && words_ok && end_check && !end_ok;
    end
  end

  logic unused_fields;
  assign unused_fields = &{1'b0, tap, job_desc};

`ifndef SYNTHESIS
  a_room: assert property (@(posedge clk) disable iff (!rst_n)
    tile_done |-> tiles_out_q != '0) else $error("hg_sequencer: tile_done without a tile");
  a_residuals: assert property (@(posedge clk) disable iff (!rst_n)
    residuals_q == '1 |-> !res_tile_done) else $error("hg_sequencer: residual tiles overflow");
  a_slices: assert property (@(posedge clk) disable iff (!rst_n)
    step && !is_pool && slice_first |-> 32'(tap[47:44]) < SubsN)
    else $error("hg_sequencer: sub0 of a tap is beyond its beat");
`endif
endmodule
