// SPDX-License-Identifier: Apache-2.0
// Sum of the signed fields of TermsN chains (a power of two), each with its carry, in a tree:
//   sum + carry_out = sum over i of (term[i] + carry[i])
// Every adder takes the carry of its left term; one carry is left over for the accumulator.
// Latency log2(TermsN) cycles. II 1.
module hg_dsp_sum #(
  parameter int unsigned TermsN = 2,
  parameter int unsigned TermW = 10,
  localparam int unsigned LevelsN = $clog2(TermsN),
  localparam int unsigned SumW = TermW + LevelsN
) (
  input  logic                         clk,
  input  logic [TermsN-1:0][TermW-1:0] term,
  input  logic [TermsN-1:0]            carry,
  output logic [SumW-1:0]              sum_q,
  output logic                         carry_q
);
  if (TermsN != 2 ** LevelsN) begin : gen_check
    $error("hg_dsp_sum TermsN must be a power of two");
  end

  if (TermsN == 1) begin : gen_wire
    assign sum_q = term[0];
    assign carry_q = carry[0];
    logic unused_clk;
    assign unused_clk = clk;
  end else begin : gen_tree
    // Level k has TermsN >> k terms of TermW + k bits, in heap order: node 1 is the sum.
    logic [2*TermsN-1:1][SumW-1:0] node_q;
    logic [2*TermsN-1:1]           rest_q;
    for (genvar i = 0; i < TermsN; i++) begin : gen_leaf
      assign node_q[TermsN+i] = {{LevelsN{term[i][TermW-1]}}, term[i]};
      assign rest_q[TermsN+i] = carry[i];
    end
    for (genvar i = 1; i < TermsN; i++) begin : gen_node
      localparam int unsigned W = SumW - $clog2(i + 1) + 1;
      logic [W:0] total;
      assign total = {node_q[2*i][W-1:0], rest_q[2*i]} + {node_q[2*i+1][W-1:0], rest_q[2*i]};
      always_ff @(posedge clk) begin
        node_q[i] <= {{(SumW - W) {total[W]}}, total[W:1]};
        rest_q[i] <= rest_q[2*i+1];
      end
      logic unused;
      assign unused = total[0];
    end
    assign sum_q = node_q[1];
    assign carry_q = rest_q[1];
  end
endmodule
