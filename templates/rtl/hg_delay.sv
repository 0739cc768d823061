// SPDX-License-Identifier: Apache-2.0
// Delay line: q = d of Cycles cycles ago. No reset, so that it maps on SRLs. II 1.
module hg_delay #(
  parameter int unsigned Width = 1,
  parameter int unsigned Cycles = 1
) (
  input  logic             clk,
  input  logic [Width-1:0] d,
  output logic [Width-1:0] q
);
  if (Cycles == 0) begin : gen_wire
    assign q = d;
    logic unused_clk;
    assign unused_clk = clk;
  end else if (Cycles == 1) begin : gen_register
    always_ff @(posedge clk) q <= d;
  end else begin : gen_line
    logic [Cycles-1:0][Width-1:0] line_q;
    always_ff @(posedge clk) line_q <= {line_q[Cycles-2:0], d};
    assign q = line_q[Cycles-1];
  end
endmodule
