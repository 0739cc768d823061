// SPDX-License-Identifier: Apache-2.0
// Accumulators of one row, with the shadow copies that are drained while the next tile runs.
//
//   run    <- (first ? 0 : shift ? run << ActBits : run) + sum + carry    when en
//   acc_q  <- run                                                          one cycle after last
//
// en, first, shift and last come one cycle before their sum (they are registered here, once for
// every two pixels, so that no control net has more than 64 loads). acc_q holds the accumulators
// of a tile two cycles after the sum of its last step. II 1; no reset: first clears.
//
// The sum is written as a difference so that synthesis cannot swap its operands: the carry chain
// takes the registered sum, and the choice of the old value stays within the adder's LUT. The
// carry enters as a bit below the others.
module hg_row_acc #(
  parameter int unsigned ActBits = 4,
  parameter int unsigned PixelsN = 10,
  parameter int unsigned SumW = 14,
  parameter int unsigned AccW = 24
) (
  input  logic                         clk,
  input  logic                         en,
  input  logic                         first,
  input  logic                         shift,
  input  logic                         last,
  input  logic [PixelsN-1:0][SumW-1:0] sum,
  input  logic [PixelsN-1:0]           carry,
  output logic [PixelsN-1:0][AccW-1:0] acc_q
);
  if (SumW > AccW) begin : gen_check
    $error("hg_row_acc SumW must be at most AccW");
  end
  if (AccW > 32) begin : gen_check_width
    $error("hg_row_acc AccW must be at most 32");
  end

  for (genvar g = 0; g < PixelsN; g += 2) begin : gen_pair
    logic en_q, first_q, shift_q, last_q, last_q2;
    (* keep_hierarchy *)
    hg_copy #(.Width(4)) u_controls (
      .clk, .d({en, first, shift, last}), .q({en_q, first_q, shift_q, last_q})
    );
    always_ff @(posedge clk) last_q2 <= last_q;
    for (genvar p = g; p < PixelsN && p < g + 2; p++) begin : gen_pixel
      logic [AccW-1:0] sum_wide, old, run_q, shadow_q;
      logic [AccW:0]   next;
      always_comb begin
        sum_wide = {{(AccW - SumW) {sum[p][SumW-1]}}, sum[p]};
        old = first_q ? '0 : shift_q ? run_q << ActBits : run_q;
        next = {sum_wide, carry[p]} - {~old, 1'b1};
      end
      always_ff @(posedge clk) begin
        if (en_q) run_q <= next[AccW:1];
        if (last_q2) shadow_q <= run_q;
      end
      assign acc_q[p] = shadow_q;
      logic unused;
      assign unused = next[0];
    end
  end
endmodule
