// SPDX-License-Identifier: Apache-2.0
// A register that stays: one of several with the same input, each for a part of the loads.
// Tools merge equal registers within a module even where they are marked `keep`, but not across
// modules, hence this one; its instances keep their hierarchy. Latency 1 cycle. II 1.
module hg_copy #(
  parameter int unsigned Width = 1
) (
  input  logic             clk,
  input  logic [Width-1:0] d,
  output logic [Width-1:0] q
);
  (* keep *) logic [Width-1:0] copy_q;
  always_ff @(posedge clk) copy_q <= d;
  assign q = copy_q;
endmodule
