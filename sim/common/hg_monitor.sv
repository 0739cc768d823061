// SPDX-License-Identifier: Apache-2.0
// Writes what the engine computes to the trace: bound into hg_mixed, simulation only.
//
// One record for each group of codes that leaves the requantisation (only in front of an add),
// the add, or the pool, with frame and index of its descriptor, block, tile and step in the tile;
// one for each frame that is complete. And one for each descriptor that is done, with the cycles of
// its start and end and the steps of the array or the beats between, counted here, so that they
// check the report's own.
module hg_monitor #(
  parameter int unsigned GroupLanesN = 8,
  parameter int unsigned DrainN = 1
) (
  input logic          clk,
  input logic          core_rst_n,
  input logic          job_start,
  input logic [1023:0] job_desc,
  input logic [3:0]    desc_valid,
  input logic [3:0]    desc_ready,
  input logic [3:0]    desc_done,
  input logic [3:0][1023:0] desc,
  input logic          k_valid,
  input logic          pk_valid,
  input logic          ld_m_valid,
  input logic          ld_m_ready,
  input logic          st_s_valid,
  input logic          st_s_ready,
  input logic          q_valid,
  input logic [DrainN-1:0][GroupLanesN-1:0][7:0] q_data,
  input logic [GroupLanesN-1:0] q_mask,
  input logic [3:0]    q_group,
  input logic [1:0]    q_byte,
  input logic          q_last,
  input logic          o_valid,
  input logic [DrainN-1:0][GroupLanesN-1:0][7:0] o_data,
  input logic [GroupLanesN-1:0] o_mask,
  input logic [3:0]    o_group,
  input logic [1:0]    o_byte,
  input logic          o_last,
  input logic          p_valid,
  input logic [DrainN-1:0][GroupLanesN-1:0][7:0] p_data,
  input logic          p_last,
  input logic [31:0]   frames_done,
  input logic [47:0]   now
);
  localparam int unsigned Words = DrainN * GroupLanesN / 8;

  import hg_trace_pkg::*;

  // Block, tile and step of each of the three taps
  int unsigned frame, descriptor, tiles, add, frames_seen;
  int unsigned block [3], tile [3], step [3];

  function automatic void emit(int k, logic [DrainN*GroupLanesN*8-1:0] data,
                               logic [GroupLanesN-1:0] mask, int unsigned where, logic last);
    hg_trace_head(k, frame, descriptor, block[k], tile[k], step[k], where, 64'(mask));
    for (int i = 0; i < int'(Words); i++) hg_trace_data(data[64*i +: 64]);
    step[k] = last ? 0 : step[k] + 1;
    if (last) tile[k]++;
    if (tile[k] == tiles) begin
      tile[k] = 0;
      block[k]++;
    end
  endfunction

  // Cycles since the start, and what the walkers have taken: frame, index, start
  longint unsigned cycle;
  int unsigned steps [4];
  int unsigned frames_taken [4][$], indices [4][$];
  longint unsigned starts [4][$];

  function automatic void finish(int w);
    longint unsigned start;
    int unsigned f, i;
    f = frames_taken[w].pop_front();
    i = indices[w].pop_front();
    start = starts[w].pop_front();
    bare(Words, 4, f, i, w, start[31:0], start[63:32], steps[w], cycle);
    steps[w] = 0;
  endfunction

  always @(posedge clk) begin
    if (!core_rst_n) begin
      cycle = 1;
      for (int w = 0; w < 4; w++) begin
        steps[w] = 0;
        frames_taken[w].delete();
        indices[w].delete();
        starts[w].delete();
      end
    end else begin
      for (int w = 0; w < 4; w++) begin
        if (desc_done[w]) finish(w);
        if (desc_valid[w] && desc_ready[w]) begin
          frames_taken[w].push_back(desc[w][64*14+32 +: 32]);
          indices[w].push_back(32'(desc[w][64*15+32 +: 16]));
          starts[w].push_back(cycle);
        end
      end
      if (ld_m_valid && ld_m_ready) steps[1]++;
      if (k_valid || pk_valid) steps[2]++;
      if (st_s_valid && st_s_ready) steps[3]++;
      cycle++;
    end
  end

  always @(posedge clk) begin
    if (!core_rst_n) begin  // before each start
      frames_seen = 0;
    end else begin
      if (job_start) begin
        frame = job_desc[64*14+32 +: 32];
        descriptor = 32'(job_desc[64*15+32 +: 16]);
        tiles = 32'(job_desc[64*3+16 +: 16]);
        add = 32'(job_desc[64*7+48]);
        block = '{default: 0};
        tile = '{default: 0};
        step = '{default: 0};
      end
      if (q_valid && add != 0) emit(0, q_data, q_mask, 32'({q_byte, 4'd0, q_group}), q_last);
      if (o_valid) emit(1, o_data, o_mask, 32'({o_byte, 4'd0, o_group}), o_last);
      if (p_valid) emit(2, p_data, '1, 0, p_last);
      if (frames_done != frames_seen) begin
        bare(Words, 3, frames_seen, 0, 0, now[31:0], 32'(now[47:32]), 0, 0);
        frames_seen = frames_done;
      end
    end
  end
endmodule
