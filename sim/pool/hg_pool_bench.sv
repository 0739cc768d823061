// SPDX-License-Identifier: Apache-2.0
// Bench of hg_pool: steps from a file, ends of tiles spaced as the window spaces them, with gaps
// (percent of idle cycles, +seed); every entry is compared, and the cycle in which it comes.
`timescale 1ns / 1ps
module hg_pool_bench #(
  parameter int unsigned ActBits = 4,
  parameter int unsigned PixelsN = 10,
  parameter int unsigned DrainN  = 2,
  parameter int unsigned AddPlanesN = 1
) (
  output logic done,
  output int   errors
);
  localparam int unsigned GroupLanesN = 64 / ActBits;
  localparam int unsigned PairsN = PixelsN / DrainN;
  localparam int unsigned StepW  = 3 + PixelsN + PixelsN * 64;
  localparam int unsigned EntryW = DrainN * GroupLanesN * 8;

  logic clk = 1'b0, rst_n = 1'b0;
  always #5 clk = !clk;

  logic [StepW-1:0]  step_mem [1 << 16];
  logic [EntryW-1:0] want_mem [1 << 16];
  string             folder;
  int                steps_n, entries_n, stall, seed, ok;

  logic               pk_valid, pk_first, pk_last, pk_low, p_valid, p_last;
  logic [PixelsN-1:0] k_mask;
  logic [PixelsN-1:0][GroupLanesN-1:0][ActBits-1:0] pk_acts;
  logic [DrainN-1:0][GroupLanesN-1:0][7:0]     p_data;

  hg_pool #(
    .ActBits(ActBits), .PixelsN(PixelsN), .DrainN(DrainN), .AddPlanesN(AddPlanesN)
  ) u_pool (.*);

  initial begin
    if (!$value$plusargs("folder=%s", folder)) $fatal(1, "+folder is missing");
    ok = $value$plusargs("steps=%d", steps_n) & $value$plusargs("entries=%d", entries_n)
       & $value$plusargs("stall=%d", stall) & $value$plusargs("seed=%d", seed);
    if (ok == 0) $fatal(1, "a plusarg is missing");
    void'($urandom(seed));
    $readmemh({folder, "/steps.hex"}, step_mem, 0, steps_n - 1);
    $readmemh({folder, "/want.hex"}, want_mem, 0, entries_n - 1);
    repeat (4) @(posedge clk);
    rst_n <= 1'b1;
    // A reset in the middle of a tile; then all over again
    repeat (17) @(posedge clk);
    rst_n <= 1'b0;
    repeat (2) @(posedge clk);
    rst_n <= 1'b1;
  end

  // Steps; nothing means anything while pk_valid is low
  int step_n, space_q;
  logic issue, tile_end;
  logic [StepW-1:0] next;
  assign next     = step_mem[step_n];
  assign tile_end = pk_valid && pk_last;
  // space_q is that of the cycle before: the step leaves in the next cycle
  assign issue = step_n < steps_n && int'($urandom_range(99)) >= stall
               && (!next[StepW-3] || space_q == 0);
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      {step_n, space_q} <= '0;
      pk_valid <= 1'b0;
    end else begin
      pk_valid <= issue;
      {pk_low, pk_first, pk_last, k_mask, pk_acts} <= issue ? next : StepW'({StepW{1'b1}});
      if (issue) step_n <= step_n + 1;
      if (issue && next[StepW-3]) space_q <= PairsN - 1;
      else if (space_q != 0) space_q <= space_q - 1;
    end
  end

  // Check: the entries of a tile come 3 cycles after its last step, without gaps
  int entry_n, cycle_q, pair_q, quiet_q;
  logic [2:0] end_q;
  logic       expect_valid;
  assign expect_valid = end_q[2] || pair_q != 0;
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      {entry_n, cycle_q, pair_q, quiet_q, errors} <= '0;
      end_q <= '0;
      done  <= 1'b0;
    end else begin
      cycle_q <= cycle_q + 1;
      end_q   <= {end_q[1:0], tile_end};
      if (expect_valid) pair_q <= pair_q == PairsN - 1 ? 0 : pair_q + 1;
      if (p_valid !== expect_valid || (p_valid && p_last !== (pair_q == PairsN - 1))) begin
        errors <= errors + 1;
        if (errors < 5) $display("ERROR cycle %0d: p_valid %b p_last %b", cycle_q, p_valid, p_last);
      end
      if (p_valid) begin
        entry_n <= entry_n + 1;
        if (p_data !== want_mem[entry_n]) begin
          errors <= errors + 1;
          if (errors < 5) $display("ERROR entry %0d: got %h, want %h", entry_n, p_data,
                                   want_mem[entry_n]);
        end
      end
      quiet_q <= step_n == steps_n ? quiet_q + 1 : 0;
      if (quiet_q == 50) begin
        if (entry_n != entries_n) errors <= errors + 1;
        $display("END entries %0d of %0d, cycles %0d", entry_n, entries_n, cycle_q - 50);
        done <= 1'b1;
      end
      if (cycle_q > 100000) begin  // at least twice the longest run
        $display("ERROR no end: step %0d", step_n);
        errors <= errors + 1;
        done   <= 1'b1;
      end
    end
  end
endmodule
