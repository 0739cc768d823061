// SPDX-License-Identifier: Apache-2.0
// A cascade of DSP48E1: sum = sum over n of a[n] * b[n], lane n n cycles after lane 0.
// Operand, product and sum registers are the DSPs' own; the sums pass from PCOUT to PCIN.
// Latency 3 cycles from lane LanesN-1. II 1.
module hg_dsp_chain #(
  parameter int unsigned LanesN = 4,
  parameter int unsigned AW = 25,
  parameter int unsigned BW = 18
) (
  input  logic                      clk,
  input  logic [LanesN-1:0][AW-1:0] a,
  input  logic [LanesN-1:0][BW-1:0] b,
  output logic [47:0]               sum_q
);
  if (AW > 25 || BW > 18) begin : gen_check
    $error("hg_dsp_chain operands must be at most 25 and 18 bits");
  end

  logic [LanesN-1:0][47:0] psum_q;
  assign sum_q = psum_q[LanesN-1];
  for (genvar n = 0; n < LanesN; n++) begin : gen_lane
    logic signed [AW-1:0]    a_q;
    logic signed [BW-1:0]    b_q;
    logic signed [AW+BW-1:0] product_q;
    always_ff @(posedge clk) begin
      a_q <= a[n];
      b_q <= b[n];
      product_q <= a_q * b_q;
    end
    if (n == 0) begin : gen_first
      always_ff @(posedge clk) psum_q[n] <= 48'(product_q);
    end else begin : gen_next
      always_ff @(posedge clk) psum_q[n] <= $signed(psum_q[n-1]) + 48'(product_q);
    end
  end
endmodule
