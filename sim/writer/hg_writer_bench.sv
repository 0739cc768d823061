// SPDX-License-Identifier: Apache-2.0
// Bench of hg_writer on hg_actmem: entries from a file, tile by tile as the window would let them
// come, while another client reads; at the end every beat of memory is compared.
`timescale 1ns / 1ps
module hg_writer_bench #(
  parameter int unsigned ActBits  = 4,
  parameter int unsigned Pot4N    = 10,
  parameter int unsigned Fixed4N  = 4,
  parameter int unsigned Fixed8N  = 2,
  parameter int unsigned PixelsN  = 10,
  parameter int unsigned BanksN   = 16,
  parameter int unsigned DrainN   = 2,
  parameter int unsigned ActDepth = 64
) (
  output logic done,
  output int   errors
);
  localparam int unsigned GroupLanesN = 64 / ActBits;
  localparam int unsigned RowGroupsN  = (Pot4N + Fixed4N + Fixed8N) / GroupLanesN;
  localparam int unsigned DataW  = DrainN * GroupLanesN * 8;
  localparam int unsigned BankW  = $clog2(BanksN);
  localparam int unsigned BeatsN = BanksN * ActDepth;
  localparam int unsigned TileN  = PixelsN / DrainN * RowGroupsN;
  localparam int unsigned FifoN  = 1 << $clog2(TileN > 16 ? 4 * TileN : 64);

  logic clk = 1'b0, rst_n = 1'b0;
  always #5 clk = !clk;

  logic [63:0]                  act_mem [BeatsN], want_mem [BeatsN];
  logic [1023:0]                job_mem [1024];
  logic [DataW+GroupLanesN-1:0] entry_mem [1 << 18];
  string                        folder;
  int                           jobs_n, stall, seed, ok;

  logic                    job_start, o_valid, o_last, p_valid, p_last, tile_done, idle;
  logic [1023:0]           job_desc;
  logic [DrainN-1:0][GroupLanesN-1:0][7:0] o_data, p_data;
  logic [GroupLanesN-1:0]  o_mask, wr_keep;
  logic [3:0]              o_group;
  logic [1:0]              o_byte;
  logic                    wr_req, wr_hold, wr_we, ld_req, ld_gnt, st_req, st_gnt, st_rvalid;
  logic                    rd_odd;
  logic [BanksN-1:0]       wr_en, wr_sel;
  logic [DrainN-1:0][15:0] wr_addr;
  logic [DrainN-1:0][63:0] wr_data;
  logic [1:0][63:0]        rd_pair;
  int                      ld_n, st_n, got_n;
  logic                    dump_q, rs_req;

  hg_writer #(
    .ActBits(ActBits), .Pot4N(Pot4N), .Fixed4N(Fixed4N), .Fixed8N(Fixed8N), .PixelsN(PixelsN),
    .BanksN(BanksN), .DrainN(DrainN), .ActDepth(ActDepth)
  ) u_writer (.*);

  hg_actmem #(
    .ActBits(ActBits), .BanksN(BanksN), .DrainN(DrainN), .ActDepth(ActDepth)
  ) u_actmem (
    .clk, .rst_n, .a_en(1'b0), .a_addr('0), .a_rdata(),
    .wr_req, .wr_hold(), .wr_we, .wr_en, .wr_sel, .wr_addr, .wr_data, .wr_keep,
    .rs_req, .rs_gnt(), .rs_bank(BankW'(ld_n)), .rs_addr(16'(st_n % ActDepth)), .rs_rvalid(),
    .ld_req, .ld_gnt, .ld_bank(BankW'(ld_n / ActDepth)), .ld_addr(16'(ld_n % ActDepth)),
    .ld_data(act_mem[ld_n]), .ld_two(1'b0), .ld_high_addr('0), .ld_high_data('0),
    .st_req, .st_gnt, .st_bank(BankW'(st_n / ActDepth)), .st_addr(16'(st_n % ActDepth)),
    .st_rvalid, .rd_pair, .rd_odd
  );

  function automatic logic idle_now();
    return int'($urandom_range(99)) < stall;
  endfunction

  initial begin
    if (!$value$plusargs("folder=%s", folder)) $fatal(1, "+folder is missing");
    ok = $value$plusargs("jobs=%d", jobs_n) & $value$plusargs("stall=%d", stall)
       & $value$plusargs("seed=%d", seed);
    if (ok == 0) $fatal(1, "a plusarg is missing");
    void'($urandom(seed));
    $readmemh({folder, "/act.hex"}, act_mem);
    $readmemh({folder, "/want.hex"}, want_mem);
    $readmemh({folder, "/jobs.hex"}, job_mem, 0, jobs_n - 1);
    $readmemh({folder, "/entries.hex"}, entry_mem);
    repeat (4) @(posedge clk);
    rst_n <= 1'b1;
  end

  // Memory image, then the descriptors: entries of a tile come only when the FIFO has room for all
  typedef enum {Load, Start, Feed, Drain, Dump} state_e;
  state_e state_q;
  int     job_n, entry_n, in_tile_q, tiles_q, tiles_out_q, tiles_cap, tile_entries;
  int     cycle_q, begin_q;
  int     group_q, byte_q, groups, bytes;
  logic   pool, raw, lone, feed, feed_last;

  assign ld_req       = state_q == Load && rst_n;
  assign pool         = job_desc[2:0] == 3'd4;
  assign raw          = !pool && job_desc[3*64+40 +: 8] == 8'd2;
  assign lone         = raw && job_desc[4*64+16 +: 32] == {16'd1, 16'd1};
  assign groups       = pool ? 1 : RowGroupsN;
  assign bytes        = raw ? 4 : 1;
  assign tile_entries = (lone ? 1 : PixelsN / DrainN) * groups * bytes;
  assign tiles_cap    = FifoN / (raw ? tile_entries : TileN);
  assign feed_last    = in_tile_q == tile_entries - 1;
  assign {o_mask, o_data} = entry_mem[entry_n];
  assign p_data       = o_data;
  assign o_valid      = feed && !pool;
  assign p_valid      = feed && pool;
  assign o_last       = feed_last;
  assign p_last       = feed_last;
  assign o_group      = 4'(group_q);
  assign o_byte       = 2'(byte_q);
  assign rs_req       = (state_q == Feed || state_q == Drain) && cycle_q % 3 != 0;
  assign st_req       = state_q == Dump && st_n < BeatsN;

  always_ff @(posedge clk) begin
    job_start <= 1'b0;
    cycle_q   <= cycle_q + 1;
    wr_hold   <= stall != 0 && idle_now();
    if (!rst_n) begin
      state_q <= Load;
      {ld_n, st_n, got_n, job_n, entry_n, in_tile_q, tiles_q, tiles_out_q, cycle_q} <= '0;
      {group_q, byte_q, errors} <= '0;
      feed <= 1'b0;
      done <= 1'b0;
    end else begin
      tiles_out_q <= tiles_out_q - 32'(tile_done);
      case (state_q)
        Load: if (ld_gnt) begin
          ld_n <= ld_n + 1;
          if (ld_n == BeatsN - 1) state_q <= Start;
        end
        Start: begin
          job_start <= 1'b1;
          job_desc  <= job_mem[job_n];
          job_n     <= job_n + 1;
          tiles_q   <= 32'(job_mem[job_n][3*64 +: 16]) * 32'(job_mem[job_n][3*64+16 +: 16]);
          state_q   <= Feed;
        end
        Feed: begin
          if (feed) begin
            entry_n   <= entry_n + 1;
            in_tile_q <= feed_last ? 0 : in_tile_q + 1;
            group_q   <= group_q == groups - 1 ? 0 : group_q + 1;
            if (group_q == groups - 1) byte_q <= byte_q == bytes - 1 ? 0 : byte_q + 1;
            if (feed_last) tiles_q <= tiles_q - 1;
          end else if (in_tile_q == 0 && begin_q == 0) begin_q <= cycle_q + 1;
          // A tile comes without gaps, the next one when there is room
          if (feed && !feed_last) feed <= 1'b1;
          else if (tiles_q > 32'(feed && feed_last) && tiles_out_q - 32'(tile_done) < tiles_cap
                   && !idle_now() && !job_start) begin
            feed <= 1'b1;
            tiles_out_q <= tiles_out_q - 32'(tile_done) + 1;
          end else feed <= 1'b0;
          if (feed && feed_last && tiles_q == 1) state_q <= Drain;
        end
        Drain: if (tiles_out_q == 0) begin
          $display("JOB %0d cycles %0d", job_n - 1, cycle_q - begin_q);
          begin_q <= 0;
          state_q <= job_n == jobs_n ? Dump : Start;
          if (!idle) errors <= errors + 1;
        end
        default: begin
          if (st_gnt) st_n <= st_n + 1;
          if (st_rvalid) begin
            got_n <= got_n + 1;
            if (rd_pair[rd_odd] !== want_mem[got_n]) begin
              errors <= errors + 1;
              if (errors < 5) $display("ERROR bank %0d address %0d: got %h, want %h",
                                       got_n / ActDepth, got_n % ActDepth, rd_pair[rd_odd],
                                       want_mem[got_n]);
            end
          end
          if (got_n == BeatsN) done <= 1'b1;
        end
      endcase
      if (cycle_q > 200000) begin  // at least twice the longest run
        $display("ERROR no end: job %0d entry %0d", job_n, entry_n);
        errors <= errors + 1;
        done   <= 1'b1;
      end
    end
  end
endmodule
