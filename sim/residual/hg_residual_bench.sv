// SPDX-License-Identifier: Apache-2.0
// Bench of hg_residual on hg_actmem: descriptors from a file; tiles are popped when they are said to
// be complete, an entry a cycle, `hold` cycles after the descriptor's start at the earliest. Every
// entry is compared; so is, while nothing is popped, how far the reader has run ahead. Gaps and
// other clients of port B as a percentage of cycles (+stall, +seed).
`timescale 1ns / 1ps
module hg_residual_bench #(
  parameter int unsigned ActBits  = 4,
  parameter int unsigned Pot4N    = 10,
  parameter int unsigned Fixed4N  = 4,
  parameter int unsigned Fixed8N  = 2,
  parameter int unsigned PixelsN  = 10,
  parameter int unsigned BanksN   = 16,
  parameter int unsigned DrainN   = 2,
  parameter int unsigned ActDepth = 64,
  parameter int unsigned AddPlanesN = 1
) (
  output logic done,
  output int   errors
);
  localparam int unsigned GroupLanesN = 64 / ActBits;
  localparam int unsigned RowGroupsN  = (Pot4N + Fixed4N + Fixed8N) / GroupLanesN;
  localparam int unsigned CodeW  = AddPlanesN * ActBits;
  localparam int unsigned TileN  = PixelsN / DrainN * RowGroupsN;
  localparam int unsigned BankW  = $clog2(BanksN);
  localparam int unsigned BeatsN = BanksN * ActDepth;

  logic clk = 1'b0, rst_n = 1'b0;
  always #5 clk = !clk;

  logic [63:0]          act_mem [BeatsN];
  logic [DrainN*GroupLanesN*CodeW-1:0] want_mem [1 << 16];
  logic [1023:0]        job_mem [1024];
  string                folder;
  int                   jobs_n, entries_n, stall, seed, hold, ok;

  logic                    job_start, rs_req, rs_gnt, rs_rvalid, rd_odd, r_valid, r_pop, res_tile_done;
  logic [1023:0]           job_desc;
  logic [BankW-1:0]        rs_bank;
  logic [15:0]             rs_addr;
  logic [1:0][63:0]        rd_pair;
  logic [DrainN-1:0][GroupLanesN-1:0][CodeW-1:0] r_data;
  logic                    wr_req, fill, busy_q, idle_q;

  hg_residual #(
    .ActBits(ActBits), .Pot4N(Pot4N), .Fixed4N(Fixed4N), .Fixed8N(Fixed8N), .PixelsN(PixelsN),
    .BanksN(BanksN), .DrainN(DrainN), .ActDepth(ActDepth), .AddPlanesN(AddPlanesN)
  ) u_residual (.*);

  int fill_n, job_n, entry_n, cycle_q, start_q, tiles_q, left_q, in_tile_q, total_q, ahead_q;

  hg_actmem #(.ActBits(ActBits), .BanksN(BanksN), .DrainN(1), .ActDepth(ActDepth)) u_actmem (
    .clk, .rst_n, .a_en(1'b0), .a_addr('0), .a_rdata(), .wr_req, .wr_hold(), .wr_we(1'b1),
    .wr_en(fill ? BanksN'(1) << fill_n / ActDepth : '0), .wr_sel('0),
    .wr_addr(16'(fill_n % ActDepth)), .wr_data(act_mem[fill_n]), .wr_keep('0),
    .rs_req, .rs_gnt, .rs_bank, .rs_addr, .rs_rvalid,
    .ld_req(1'b0), .ld_gnt(), .ld_bank('0), .ld_addr('0), .ld_data('0),
    .ld_two(1'b0), .ld_high_addr('0), .ld_high_data('0),
    .st_req(1'b1), .st_gnt(), .st_bank(BankW'(cycle_q)), .st_addr('0), .st_rvalid(),
    .rd_pair, .rd_odd
  );

  function automatic logic idle();
    return int'($urandom_range(99)) < stall;
  endfunction

  initial begin
    if (!$value$plusargs("folder=%s", folder)) $fatal(1, "+folder is missing");
    ok = $value$plusargs("jobs=%d", jobs_n) & $value$plusargs("entries=%d", entries_n)
       & $value$plusargs("stall=%d", stall) & $value$plusargs("seed=%d", seed)
       & $value$plusargs("hold=%d", hold);
    if (ok == 0) $fatal(1, "a plusarg is missing");
    void'($urandom(seed));
    $readmemh({folder, "/act.hex"}, act_mem);
    $readmemh({folder, "/jobs.hex"}, job_mem, 0, jobs_n - 1);
    $readmemh({folder, "/want.hex"}, want_mem, 0, entries_n - 1);
    repeat (4) @(posedge clk);
    rst_n <= 1'b1;
    // A reset in the middle of the first descriptor; then all over again
    while (!job_start) @(posedge clk);
    repeat (25) @(posedge clk);
    rst_n <= 1'b0;
    repeat (2) @(posedge clk);
    rst_n <= 1'b1;
  end

  // Image, descriptors, entries
  typedef enum logic [1:0] {Fill, Start, Work, Rest} state_e;
  state_e state_q;
  logic   adds, two_planes, half_q, tile_more;  // of an entry's two reads the first one came
  int     least;
  assign fill      = state_q == Fill && rst_n;
  assign wr_req    = fill || busy_q;
  assign adds      = job_desc[2:0] == 3'd3 && job_desc[7*64+48];
  assign two_planes = AddPlanesN == 2 && job_desc[7*64+51];
  assign r_pop     = in_tile_q != 0;
  assign tile_more = tiles_q != 0 && cycle_q - start_q >= hold && !idle_q && in_tile_q <= 1;
  // Two tiles ahead at least, or all there are
  assign least     = total_q < 2 * TileN ? total_q : 2 * TileN;

  task automatic fail(string what);
    errors <= errors + 1;
    if (errors < 5) $display("ERROR job %0d entry %0d: %s", job_n - 1, entry_n, what);
  endtask

  always_ff @(posedge clk) begin
    cycle_q   <= cycle_q + 1;
    job_start <= 1'b0;
    busy_q    <= stall != 0 && idle();
    idle_q    <= idle();
    if (!rst_n) begin
      state_q <= Fill;
      {fill_n, job_n, entry_n, cycle_q, tiles_q, left_q, in_tile_q, total_q, ahead_q, errors} <= '0;
      half_q <= 1'b0;
      done <= 1'b0;
    end else begin
      tiles_q <= tiles_q + 32'(res_tile_done) - 32'(tile_more);
      ahead_q <= ahead_q + 32'(rs_rvalid && (half_q || !two_planes)) - 32'(r_pop);
      if (rs_rvalid) half_q <= two_planes && !half_q;
      if (tile_more) in_tile_q <= TileN;
      else if (in_tile_q != 0) in_tile_q <= in_tile_q - 1;
      if (r_pop) begin
        entry_n <= entry_n + 1;
        left_q  <= left_q - 1;
        if (r_valid !== 1'b1 || r_data !== want_mem[entry_n]) fail("wrong entry");
      end
      case (state_q)
        Fill: begin
          fill_n <= fill_n == BeatsN - 1 ? 0 : fill_n + 1;
          if (fill_n == BeatsN - 1) state_q <= Start;
        end
        Start: begin
          job_start <= 1'b1;
          job_desc  <= job_mem[job_n];
          job_n     <= job_n + 1;
          total_q   <= 0;
          if (job_mem[job_n][2:0] == 3'd3 && job_mem[job_n][7*64+48]) begin
            total_q <= 32'(job_mem[job_n][3*64 +: 16]) * 32'(job_mem[job_n][3*64+16 +: 16]) * TileN;
            left_q  <= 32'(job_mem[job_n][3*64 +: 16]) * 32'(job_mem[job_n][3*64+16 +: 16]) * TileN;
          end
          start_q <= cycle_q + 1;
          state_q <= Work;
        end
        Work: begin
          if (hold != 0 && cycle_q - start_q == hold - 1) begin
            $display("AHEAD %0d of %0d", ahead_q, total_q);
            if (ahead_q < least) fail("not two tiles ahead");
            if (tiles_q != ahead_q / TileN) fail("complete tiles are not counted");
          end
          if (left_q == 1 && r_pop) $display("JOB %0d cycles %0d", job_n - 1, cycle_q - start_q);
          if (left_q == 0 && !job_start) state_q <= Rest;
        end
        default: if (cycle_q - start_q > (adds ? 0 : 60)) begin
          // Nothing more was read than was asked for
          if (ahead_q != 0 || tiles_q != 0 || r_valid) fail("entries are left");
          if (job_n < jobs_n) state_q <= Start;
          else if (!done) begin
            if (entry_n != entries_n) fail("entries are missing");
            done <= 1'b1;
          end
        end
      endcase
      if (cycle_q > 100000) begin  // at least twice the longest run
        fail("no end");
        done <= 1'b1;
      end
    end
  end
endmodule
