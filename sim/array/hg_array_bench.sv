// SPDX-License-Identifier: Apache-2.0
// Bench of hg_array: k-steps and idle cycles from a file, the accumulators of every tile compared
// with the golden model's when d_start comes and again before the next tile's d_start.
`timescale 1ns / 1ps
module hg_array_bench #(
  parameter int unsigned ActBits = 4,
  parameter int unsigned Pot4N = 3,
  parameter int unsigned Fixed4N = 4,
  parameter int unsigned Fixed8N = 1,
  parameter int unsigned LanesN = 8,
  parameter int unsigned PixelsN = 2,
  parameter int unsigned AccW = 24
) (
  output logic done,
  output int   errors
);
  localparam int unsigned RowsN = Pot4N + Fixed4N + Fixed8N;
  localparam int unsigned WordW = LanesN * (4 * (Pot4N + Fixed4N) + 8 * Fixed8N);
  localparam int unsigned ActsW = PixelsN * LanesN * ActBits;
  localparam int unsigned StepW = 5 + 2 * RowsN + WordW + ActsW;
  localparam int unsigned TileW = RowsN * PixelsN * AccW;
  localparam int unsigned Latency = LanesN + 8;

  logic clk = 1'b0, rst_n = 1'b0;
  always #5 clk = !clk;

  logic [StepW-1:0] step_mem [1 << 16];
  logic [TileW-1:0] tile_mem [1 << 16];
  string folder;
  int    steps_n, tiles_n, ok;

  logic k_valid, k_first, k_shift, k_last, k_blk, d_soon, d_soon_blk, d_start, d_blk;
  logic [PixelsN-1:0][LanesN-1:0][ActBits-1:0] k_acts;
  logic [WordW-1:0]                            k_word;
  logic [1:0][RowsN-1:0]                       sp2;
  logic [RowsN-1:0][PixelsN-1:0][AccW-1:0]     acc_q;

  hg_array #(
    .ActBits(ActBits), .Pot4N(Pot4N), .Fixed4N(Fixed4N), .Fixed8N(Fixed8N), .LanesN(LanesN),
    .PixelsN(PixelsN), .AccW(AccW)
  ) u_array (.*);

  initial begin
    if (!$value$plusargs("folder=%s", folder)) $fatal(1, "+folder is missing");
    ok = $value$plusargs("steps=%d", steps_n) & $value$plusargs("tiles=%d", tiles_n);
    if (ok == 0) $fatal(1, "a plusarg is missing");
    $readmemh({folder, "/steps.hex"}, step_mem, 0, steps_n - 1);
    $readmemh({folder, "/tiles.hex"}, tile_mem, 0, tiles_n - 1);
    repeat (40) @(posedge clk);
    rst_n <= 1'b1;
  end

  int step_n, tile_n, cycle_q;
  logic [Latency-1:0] last_q, blk_q;
  logic [TileW-1:0]   held_q;
  logic               start_q;

  task automatic check_tile(logic [TileW-1:0] got, logic [TileW-1:0] want);
    if (got === want) return;
    errors <= errors + 1;
    for (int i = 0; i < RowsN * PixelsN; i++) begin
      if (got[i*AccW+:AccW] !== want[i*AccW+:AccW] && errors < 5) begin
        $display("ERROR tile %0d slot %0d pixel %0d: got %0d, want %0d", tile_n, i / PixelsN,
                 i % PixelsN, $signed(got[i*AccW+:AccW]), $signed(want[i*AccW+:AccW]));
        break;
      end
    end
  endtask

  always_ff @(posedge clk) begin
    {k_valid, k_first, k_shift, k_last, k_blk, sp2, k_word, k_acts} <= step_mem[step_n];
    if (!rst_n) begin
      {step_n, tile_n, cycle_q, errors} <= '0;
      {k_valid, done, start_q} <= '0;
      last_q <= '0;
    end else begin
      cycle_q <= cycle_q + 1;
      if (step_n < steps_n) step_n <= step_n + 1;
      else k_valid <= 1'b0;
      last_q <= {last_q[Latency-2:0], k_valid && k_last};
      blk_q <= {blk_q[Latency-2:0], k_blk};
      start_q <= d_start;
      if (d_start !== last_q[Latency-1] || (d_start && d_blk !== blk_q[Latency-1]) ||
          d_soon !== last_q[Latency-4] || (d_soon && d_soon_blk !== blk_q[Latency-4])) begin
        errors <= errors + 1;
        if (errors < 5) $display("ERROR cycle %0d: d_soon, d_start or a parity is wrong", cycle_q);
      end
      if (d_start) begin
        check_tile(acc_q, tile_mem[tile_n]);
        tile_n <= tile_n + 1;
        held_q <= acc_q;
      end else if (tile_n > 0 && acc_q !== held_q) begin
        errors <= errors + 1;
        if (errors < 5) $display("ERROR tile %0d: accumulators move before d_start", tile_n);
      end
      if (cycle_q == steps_n + 100) begin
        if (tile_n != tiles_n) errors <= errors + 1;
        done <= 1'b1;
        $display("tiles %0d of %0d, errors %0d", tile_n, tiles_n, errors);
      end
    end
  end
endmodule
