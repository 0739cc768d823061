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

  for (genvar n = 0; n < LanesN; n++) begin : gen_lane
    logic signed [AW-1:0]    a_q;
    logic signed [BW-1:0]    b_q;
    logic signed [AW+BW-1:0] product_q;
    logic signed [47:0]      psum_in, psum_q;
    if (n == 0) begin : gen_first
      assign psum_in = '0;
    end else begin : gen_next
      assign psum_in = gen_lane[n-1].psum_q;
    end
    always_ff @(posedge clk) begin
      a_q <= a[n];
      b_q <= b[n];
      product_q <= a_q * b_q;
      psum_q <= psum_in + 48'(product_q);
    end
  end
  assign sum_q = gen_lane[LanesN-1].psum_q;
endmodule
