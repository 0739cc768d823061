// SPDX-License-Identifier: Apache-2.0
// Activations of two pixels as the operand of a DSP: s = u - 2^(ActBits-1), lo = s0,
// hi = s1 - (s0 < 0), so that s0 + s1 * 2^k is the concatenation {hi, sign of lo ..., lo}.
// Latency 1 cycle. II 1.
module hg_act_pairs #(
  parameter int unsigned ActBits = 4,
  parameter int unsigned LanesN = 8,
  parameter int unsigned PixelsN = 10
) (
  input  logic                                          clk,
  input  logic [PixelsN-1:0][LanesN-1:0][ActBits-1:0]   acts,
  output logic [PixelsN/2-1:0][LanesN-1:0][ActBits-1:0] lo_q,
  output logic [PixelsN/2-1:0][LanesN-1:0][ActBits:0]   hi_q
);
  always_ff @(posedge clk) begin
    for (int j = 0; j < PixelsN / 2; j++) begin
      for (int n = 0; n < LanesN; n++) begin
        lo_q[j][n] <= signed_code(acts[2*j][n]);
        hi_q[j][n] <= {!acts[2*j+1][n][ActBits-1], signed_code(acts[2*j+1][n])} -
                      (ActBits + 1)'(!acts[2*j][n][ActBits-1]);
      end
    end
  end

  // u - 2^(ActBits-1) in two's complement: the top bit inverted.
  function automatic logic [ActBits-1:0] signed_code(logic [ActBits-1:0] u);
    return {!u[ActBits-1], u[ActBits-2:0]};
  endfunction
endmodule
