// SPDX-License-Identifier: Apache-2.0
// Bench of hg_requant: descriptors, records, accumulators and expected beats from files. The
// bench plays fetch (record ring, filled at random with +stall), window (blk_take, spacing of
// the tiles) and array (shadow accumulators that change three cycles behind d_soon).
`timescale 1ns / 1ps
module hg_requant_bench #(
  parameter int unsigned ActBits = 4,
  parameter int unsigned RowsN = 32,
  parameter int unsigned PixelsN = 6,
  parameter int unsigned DrainN = 1,
  parameter int unsigned AccW = 24,
  parameter int unsigned MultW = 17,
  parameter int unsigned RecordDepth = 64
) (
  output logic done,
  output int   errors
);
  localparam int unsigned LanesN = 64 / ActBits;
  localparam int unsigned StepsN = RowsN / LanesN;
  localparam int unsigned AddrW = $clog2(RecordDepth);
  localparam int unsigned TileW = RowsN * PixelsN * AccW;
  localparam int unsigned BeatW = DrainN * LanesN * 8 + LanesN + 7;
  localparam int unsigned EntryW = 1 + ActBits + 1 + 36;
  localparam int unsigned BeatT = 11 + (MultW == 17 ? 4 : 5) + StepsN;

  logic clk = 1'b0, rst_n = 1'b0;
  always #5 clk = !clk;

  logic [1023:0]       job_mem [256];
  logic [191:0]        record_mem [1 << 16];
  logic [RowsN-1:0]    sp2_mem [1 << 12];
  logic [TileW-1:0]    tile_mem [1 << 12];
  logic [BeatW-1:0]    beat_mem [1 << 18];
  logic [EntryW-1:0]   entry_mem [1 << 16];
  string folder;
  int    jobs_n, records_n, beats_n, entries_n, stall, seed, ok;

  logic cfg_valid, cfg_ready, rec_en, rec_release, blk_take, blk_free, d_soon, d_soon_blk;
  logic tab_we, tab_sel, q_valid, q_last;
  logic [1023:0]         job_desc;
  logic [AddrW-1:0]      rec_addr;
  logic [191:0]          rec_data, rec_read_q;
  logic [15:0]           rec_count, rec_release_n;
  logic [1:0]            blk_loaded, q_byte;
  logic [1:0][RowsN-1:0] sp2;
  logic [RowsN-1:0][PixelsN-1:0][AccW-1:0] acc;
  logic [ActBits:0]      tab_index;
  logic [35:0]           tab_data;
  logic [DrainN-1:0][LanesN-1:0][7:0] q_data;
  logic [LanesN-1:0]     q_mask;
  logic [3:0]            q_group;

  hg_requant #(
    .ActBits(ActBits), .RowsN(RowsN), .PixelsN(PixelsN), .DrainN(DrainN), .AccW(AccW),
    .MultW(MultW), .RecordDepth(RecordDepth)
  ) u_requant (.*);

  // Record ring: record n of the stream lies at n mod RecordDepth while it is held
  logic [191:0] ring_mem [RecordDepth];
  int records_q, base_q;
  assign rec_count = 16'(records_q - base_q);
  always_ff @(posedge clk) begin
    rec_read_q <= 'x;
    if (rec_en) rec_read_q <= ring_mem[rec_addr];
    rec_data <= rec_read_q;
    if (!rst_n) {records_q, base_q} <= '0;
    else begin
      if (records_q < records_n && records_q - base_q < RecordDepth &&
          int'($urandom_range(99)) >= stall) begin
        ring_mem[records_q % RecordDepth] <= record_mem[records_q];
        records_q <= records_q + 1;
      end
      if (rec_release) base_q <= base_q + 32'(rec_release_n);
    end
  end

  function automatic void mistake(string text);
    errors++;
    if (errors < 6) $display("ERROR %0t %s", $time, text);
  endfunction

  // Descriptors run ahead: the next CONV is offered as soon as the loader is ready
  int job_n;
  assign job_desc = job_mem[job_n];
  assign cfg_valid = rst_n && job_n < jobs_n;
  always_ff @(posedge clk) begin
    if (!rst_n) job_n <= 0;
    else if (cfg_valid && cfg_ready) job_n <= job_n + 1;
  end

  // Window and array
  int block_n, tile_n, space;
  logic parity;
  task automatic run_job(int job);
    int blocks, tiles, wait_n;
    blocks = 32'(job_mem[job][3*64+:16]);
    tiles = 32'(job_mem[job][3*64+16+:16]);
    space = PixelsN / DrainN * StepsN;
    if (job_mem[job][3*64+40+:8] == 8'd2) begin
      // Of a single pixel only the first pair is drained
      space = 4 * (job_mem[job][4*64+16+:32] == {16'd1, 16'd1} ? StepsN : space);
    end
    if (job_mem[job][7:0] != 8'd3) return;
    for (int b = 0; b < blocks; b++) begin
      do @(posedge clk); while (!blk_loaded[parity]);
      blk_take <= 1'b1;
      @(posedge clk);
      blk_take <= 1'b0;
      if (sp2[parity] !== sp2_mem[block_n]) mistake($sformatf("sp2 of block %0d", block_n));
      for (int t = 0; t < tiles; t++) begin
        d_soon <= 1'b1;
        d_soon_blk <= parity;
        @(posedge clk);
        d_soon <= 1'b0;
        wait_n = space - 1;
        if (stall > 0) wait_n += int'($urandom_range(20));
        repeat (wait_n) @(posedge clk);
      end
      parity = !parity;
      block_n++;
    end
    // A tile of the next layer may come later only
    repeat (4) @(posedge clk);
  endtask

  logic [2:0] soon_q;
  always_ff @(posedge clk) begin
    soon_q <= {soon_q[1:0], d_soon};
    if (soon_q[1]) begin
      acc <= tile_mem[tile_n];
      tile_n <= tile_n + 1;
    end
    if (!rst_n) {soon_q, tile_n} <= '0;
  end

  initial begin
    if (!$value$plusargs("folder=%s", folder)) $fatal(1, "+folder is missing");
    ok = $value$plusargs("jobs=%d", jobs_n) & $value$plusargs("records=%d", records_n)
       & $value$plusargs("beats=%d", beats_n) & $value$plusargs("entries=%d", entries_n)
       & $value$plusargs("stall=%d", stall) & $value$plusargs("seed=%d", seed);
    if (ok == 0) $fatal(1, "a plusarg is missing");
    void'($urandom(seed));
    $readmemh({folder, "/jobs.hex"}, job_mem, 0, jobs_n - 1);
    $readmemh({folder, "/records.hex"}, record_mem, 0, records_n - 1);
    $readmemh({folder, "/sp2.hex"}, sp2_mem);
    $readmemh({folder, "/tiles.hex"}, tile_mem);
    $readmemh({folder, "/beats.hex"}, beat_mem, 0, beats_n - 1);
    if (entries_n > 0) $readmemh({folder, "/entries.hex"}, entry_mem, 0, entries_n - 1);
    {blk_take, d_soon, d_soon_blk, parity, done} = '0;
    errors = 0;
    block_n = 0;
    repeat (8) @(posedge clk);
    rst_n <= 1'b1;
    repeat (4) @(posedge clk);
    for (int job = 0; job < jobs_n; job++) run_job(job);
    repeat (space + 100) @(posedge clk);
    if (beat_n != beats_n) mistake($sformatf("beats %0d of %0d", beat_n, beats_n));
    if (entry_n != entries_n) mistake($sformatf("entries %0d of %0d", entry_n, entries_n));
    if (base_q != records_n) mistake($sformatf("released %0d of %0d", base_q, records_n));
    $display("beats %0d, entries %0d, errors %0d", beat_n, entry_n, errors);
    done <= 1'b1;
  end

  // What leaves: beats, their latency, table entries
  int beat_n, entry_n;
  logic [BeatT-1:0] latency_q;
  logic [BeatW-1:0] got;
  assign got = {q_last, q_byte, q_group, q_mask, q_data};
  always @(posedge clk) begin
    if (!rst_n) begin
      beat_n = 0;
      entry_n = 0;
      latency_q <= '0;
    end else begin
      latency_q <= {latency_q[BeatT-2:0], d_soon};
      if (latency_q[BeatT-1] && !(q_valid && q_group == '0)) mistake("the first beat is not there");
      if (q_valid) begin
        if (got !== beat_mem[beat_n]) begin
          mistake($sformatf("beat %0d: got %0h, want %0h", beat_n, got, beat_mem[beat_n]));
        end
        beat_n++;
      end
      if (tab_we) begin
        if ({tab_sel, tab_index, tab_data} !== entry_mem[entry_n]) begin
          mistake($sformatf("entry %0d: got %0h", entry_n, {tab_sel, tab_index, tab_data}));
        end
        entry_n++;
      end
    end
  end

  initial begin
    repeat (200_000) @(posedge clk);  // at least twice the longest run
    mistake("no end");
    done <= 1'b1;
  end
endmodule
