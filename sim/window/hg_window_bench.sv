// SPDX-License-Identifier: Apache-2.0
// Bench of hg_window on hg_actmem: descriptors from a file, every k-step compared with the golden
// model's. The ring, the record buffers, the residual reader and the writer are models that
// answer at once (+stall=0) or at random (percent of idle cycles, +seed).
`timescale 1ns / 1ps
module hg_window_bench #(
  parameter int unsigned ActBits   = 4,
  parameter int unsigned Pot4N     = 10,
  parameter int unsigned Fixed4N   = 4,
  parameter int unsigned Fixed8N   = 2,
  parameter int unsigned LanesN    = 8,
  parameter int unsigned PixelsN   = 10,
  parameter int unsigned BanksN    = 16,
  parameter int unsigned DrainN    = 2,
  parameter int unsigned ActDepth  = 64,
  parameter int unsigned RingDepth = 64,
  parameter int unsigned TapsN     = 128,
  parameter int unsigned WideCodes = 0
) (
  output logic done,
  output int   errors
);
  localparam int unsigned RowsN  = Pot4N + Fixed4N + Fixed8N;
  localparam int unsigned GroupN = RowsN * ActBits / 64;
  localparam int unsigned WordW  = LanesN * (4 * (Pot4N + Fixed4N) + 8 * Fixed8N);
  localparam int unsigned ActsW  = PixelsN * 64;
  localparam int unsigned StepW  = ActsW + PixelsN + 32 + 5;
  localparam int unsigned BankW  = $clog2(BanksN);
  localparam int unsigned Lines  = 1 << 20;

  logic clk = 1'b0, rst_n = 1'b0;
  always #5 clk = !clk;

  // Files: beats of the memory, descriptors, taps, expected steps
  logic [63:0]       act_mem [BanksN * ActDepth];
  logic [1023:0]     job_mem [1024];
  logic [127:0]      tap_mem [16384];
  logic [StepW-1:0]  step_mem [Lines];
  string             folder;
  int                jobs_n, steps_n, stall, seed, ok;

  logic                     desc_valid, desc_ready, desc_done, tap_we, tap_room;
  logic                     cfg_valid, job_start;
  logic [1023:0]            job_desc;
  logic [7:0]               tap_index;
  logic [127:0]             tap_data;
  logic [1:0]               blk_loaded;
  logic                     blk_take, ring_en, ring_release, a_en, tile_done, res_tile_done;
  logic [$clog2(RingDepth)-1:0] ring_addr;
  logic [WordW-1:0]         ring_data;
  logic [15:0]              ring_count;
  logic [BanksN-1:0][15:0]  a_addr;
  logic [BanksN-1:0][63:0]  a_rdata;
  logic                     k_valid, k_first, k_shift, k_last, k_blk, pk_valid, pk_first, pk_last;
  logic                     pk_low;
  logic [PixelsN-1:0][LanesN-1:0][ActBits-1:0] k_acts;
  logic [PixelsN-1:0][64/ActBits-1:0][ActBits-1:0] pk_acts;
  logic [WordW-1:0]         k_word;
  logic [PixelsN-1:0]       k_mask;
  logic                     cnt_busy, cnt_wait_weights, cnt_wait_drain;
  logic                     ld_req, ld_gnt;
  int                       ld_n;
  int                       job_n, tap_n, tap_base, done_n, step_n;

  assign desc_valid = job_n < jobs_n && tap_n == 32'(job_mem[job_n][2*64+32 +: 16]);

  hg_window #(
    .ActBits(ActBits), .Pot4N(Pot4N), .Fixed4N(Fixed4N), .Fixed8N(Fixed8N), .LanesN(LanesN),
    .PixelsN(PixelsN), .BanksN(BanksN), .DrainN(DrainN), .ActDepth(ActDepth),
    .RingDepth(RingDepth), .TapsN(TapsN), .WideCodes(WideCodes)
  ) u_window (.desc(job_mem[job_n]), .*);

  hg_actmem #(
    .ActBits(ActBits), .BanksN(BanksN), .DrainN(DrainN), .ActDepth(ActDepth)
  ) u_actmem (
    .clk, .rst_n, .a_en, .a_addr, .a_rdata,
    .wr_req(1'b0), .wr_hold(), .wr_we('0), .wr_en('0), .wr_sel('0), .wr_addr('0), .wr_data('0),
    .wr_keep('0),
    .rs_req(1'b0), .rs_gnt(), .rs_bank('0), .rs_addr('0), .rs_rvalid(),
    .ld_req, .ld_gnt, .ld_bank(BankW'(ld_n / ActDepth)), .ld_addr(16'(ld_n % ActDepth)),
    .ld_data(act_mem[ld_n]), .ld_two(1'b0), .ld_high_addr('0), .ld_high_data('0),
    .st_req(1'b0), .st_gnt(), .st_bank('0), .st_addr('0), .st_rvalid(), .rd_pair(), .rd_odd()
  );

  function automatic logic idle();
    return int'($urandom_range(99)) < stall;
  endfunction

  initial begin
    if (!$value$plusargs("folder=%s", folder)) $fatal(1, "+folder is missing");
    ok = $value$plusargs("jobs=%d", jobs_n) & $value$plusargs("steps=%d", steps_n)
       & $value$plusargs("stall=%d", stall) & $value$plusargs("seed=%d", seed);
    if (ok == 0) $fatal(1, "a plusarg is missing");
    void'($urandom(seed));
    $readmemh({folder, "/act.hex"}, act_mem);
    $readmemh({folder, "/jobs.hex"}, job_mem, 0, jobs_n - 1);
    $readmemh({folder, "/taps.hex"}, tap_mem);
    $readmemh({folder, "/steps.hex"}, step_mem, 0, steps_n - 1);
    repeat (4) @(posedge clk);
    rst_n <= 1'b1;
  end

  // Memory image through the load port, then the program: taps before each descriptor
  logic loaded_q;
  assign ld_req = rst_n && !loaded_q;
  always_ff @(posedge clk) begin
    tap_we <= 1'b0;
    if (!rst_n) begin
      loaded_q <= 1'b0;
      {ld_n, job_n, tap_n, tap_base} <= '0;
    end else if (!loaded_q) begin
      if (ld_gnt) begin
        ld_n     <= ld_n == BanksN * ActDepth - 1 ? 0 : ld_n + 1;
        loaded_q <= ld_n == BanksN * ActDepth - 1;
      end
    end else if (desc_ready) begin
      job_n    <= job_n + 1;
      tap_base <= tap_base + tap_n;
      tap_n    <= 0;
    end else if (job_n < jobs_n && !desc_valid && tap_room) begin
      tap_we    <= 1'b1;
      tap_index <= 8'(tap_n);
      tap_data  <= tap_mem[tap_base + tap_n];
      tap_n     <= tap_n + 1;
    end
  end

  // Ring: word n holds n in its low bits; present from the cycle in which the count covers it
  int unsigned ring_mem [RingDepth];
  int unsigned words_q, base_q, read_q, read_q2;
  assign ring_count = 16'(words_q - base_q);
  assign ring_data  = WordW'(read_q2);
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      words_q <= 0;
      base_q  <= 0;
    end else begin
      if (words_q - base_q < RingDepth && !idle()) begin
        ring_mem[words_q % RingDepth] <= words_q;
        words_q <= words_q + 1;
      end
      if (ring_release) base_q <= base_q + 32'd1;
    end
    if (ring_en) read_q <= ring_mem[ring_addr];
    read_q2 <= read_q;
  end

  // Record buffers: filled in turn
  logic load_parity_q;
  logic [1:0] blk_loaded_q;
  logic take_parity_q;
  assign blk_loaded = blk_loaded_q;
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      blk_loaded_q  <= '0;
      load_parity_q <= 1'b0;
      take_parity_q <= 1'b0;
    end else begin
      if (blk_take) begin
        blk_loaded_q[take_parity_q] <= 1'b0;
        take_parity_q <= !take_parity_q;
      end
      if (!blk_loaded_q[load_parity_q] && !idle()) begin
        blk_loaded_q[load_parity_q] <= 1'b1;
        load_parity_q <= !load_parity_q;
      end
    end
  end

  // Tiles under way, never more than hg_writer's FIFO takes; residual tiles read ahead
  int res_left_q, res_ahead_q;
  logic tile_end, is_add, add_q;
  assign is_add   = job_desc[7*64+48] && job_desc[2:0] == 3'd3;
  assign tile_end = (k_valid && k_last)
                 || (pk_valid && pk_last);
  localparam int TileN = PixelsN / DrainN * GroupN;
  localparam int FifoN = 1 << $clog2(TileN > 16 ? 4 * TileN : 64);
  int under_way_q;
  int entries;  // of a tile
  logic crowded, pool_q, raw_q, lone_q;  // lone: raw, and of one pixel
  assign entries = pool_q ? PixelsN / DrainN : lone_q ? 4 * GroupN : raw_q ? 4 * TileN : TileN;
  assign crowded = under_way_q > FifoN / entries;
  // A tile is written 40 cycles after its last step, or later, so that others pile up behind it
  logic [39:0] drain_q;
  int tiles_written_q;
  logic [8:0] phase_q;
  assign tile_done = tiles_written_q > 0 && !idle() && !(stall > 50 && phase_q[8]);
  assign res_tile_done = res_left_q > 0 && res_ahead_q < 14 && !idle();
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      drain_q <= '0;
      {tiles_written_q, under_way_q, res_left_q, res_ahead_q, phase_q} <= '0;
    end else begin
      drain_q <= {drain_q[38:0], tile_end};
      phase_q <= phase_q + 9'd1;
      tiles_written_q <= tiles_written_q + 32'(drain_q[39]) - 32'(tile_done);
      under_way_q <= under_way_q + 32'(tile_end) - 32'(tile_done);
      if (job_start) begin
        add_q <= is_add;
        res_left_q <= is_add ? 32'(job_desc[3*64 +: 16]) * 32'(job_desc[3*64+16 +: 16]) : 0;
        if (res_left_q != 0) begin
          $display("ERROR residual tiles left %0d", res_left_q);
          errors <= errors + 1;
        end
      end else if (res_tile_done) res_left_q <= res_left_q - 1;
      res_ahead_q <= res_ahead_q + 32'(res_tile_done) - 32'(tile_end && k_valid && add_q);
    end
  end

  // Check
  int cycle_q, first_q, last_q, since_q, space;
  logic fresh_q;
  logic [StepW-1:0] want, got;
  assign want = step_mem[step_n];
  assign got = {pk_valid, k_valid ? k_first : pk_first, k_valid ? k_shift : pk_low,
                k_valid ? k_last : pk_last, k_valid && k_blk, k_mask,
                k_valid ? 32'(k_word) : 32'd0, k_valid ? (PixelsN*64)'(k_acts) : pk_acts};
  always_comb begin
    space = pk_valid ? PixelsN / DrainN : PixelsN / DrainN * GroupN;
    if (k_valid && raw_q) space = 4 * (lone_q ? GroupN : space);
  end
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      {step_n, done_n, cycle_q, first_q, last_q, errors} <= '0;
      since_q <= 1000;
      done <= 1'b0;
    end else begin
      cycle_q <= cycle_q + 1;
      if (job_start) begin
        fresh_q <= 1'b1;
        pool_q  <= job_desc[7:0] == 8'd4;
        raw_q   <= job_desc[3*64+40 +: 8] == 8'd2;
        lone_q  <= job_desc[3*64+40 +: 8] == 8'd2 && job_desc[4*64+16 +: 32] == {16'd1, 16'd1};
      end
      since_q <= since_q + 1;
      if (crowded) begin
        $display("ERROR %0d tiles under way", under_way_q);
        errors <= errors + 1;
      end
      if (k_valid || pk_valid) begin
        if (step_n >= steps_n || got !== want) begin
          errors <= errors + 1;
          if (errors < 5) $display("ERROR step %0d: got %0h, want %0h", step_n, got, want);
        end
        if (fresh_q) first_q <= cycle_q;
        fresh_q <= 1'b0;
        step_n <= step_n + 1;
        last_q <= cycle_q;
        if (k_valid ? k_last : pk_last) begin
          since_q <= 1;
          if (since_q < space) begin
            $display("ERROR ends %0d cycles apart, must be %0d", since_q, space);
            errors <= errors + 1;
          end
        end
      end
      if (desc_done) begin
        $display("JOB %0d first %0d last %0d done %0d", done_n, first_q, last_q, cycle_q);
        done_n <= done_n + 1;
        since_q <= 1000;
      end
      if (done_n == jobs_n && !done) begin
        if (step_n != steps_n) errors <= errors + 1;
        done <= 1'b1;
        $display("%s steps %0d of %0d, errors %0d, cycles %0d",
                 errors == 0 && step_n == steps_n ? "PASS" : "FAIL", step_n, steps_n, errors,
                 cycle_q);
      end
      if (!done && cycle_q - last_q > 20000 && cycle_q > 40000 + BanksN * ActDepth) begin
        errors <= errors + 1;
        done   <= 1'b1;
        $display("FAIL no progress: job %0d step %0d of %0d", job_n, step_n, steps_n);
      end
    end
  end
endmodule
