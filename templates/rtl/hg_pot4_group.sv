// SPDX-License-Identifier: Apache-2.0
// Power-of-two products of one row for a group of pixels, summed over the lanes in a pipelined
// chain: sum = start + sum over n of f(weight[n], act[n]).
//
//   f = ((act << e) masked to ProdW bits) xor sign      weight: [3] sign, m = [2:0], e = m - 1
//
// f is the product in ones' complement without its sign bit; `start` repairs that once for all
// pixels (hg_row_pot4). Lane n of weight and acts comes n cycles after lane 0.
// Latency 2 cycles from lane LanesN-1 of acts (3 from that of weight). II 1.
//
// LUTs a product: ActBits 4: a rotation by e mod 4 (4), then the chain's adder, whose LUTs also
// mask and negate (10). ActBits 8: a shift by e mod 4 (11), then the adder, whose LUTs also
// shift by 4 (14). The sums are differences of the inverted addend: psum - ~f - 1 cannot be
// commuted, so the carry chain takes psum and f stays within the adder's LUT.
module hg_pot4_group #(
  parameter int unsigned ActBits = 4,
  parameter int unsigned LanesN = 8,
  parameter int unsigned PixelsN = 5,
  localparam int unsigned ProdW = ActBits + 6,
  localparam int unsigned SumW = ProdW + 1 + $clog2(LanesN)
) (
  input  logic                                         clk,
  input  logic [LanesN-1:0][3:0]                       weight,
  input  logic [PixelsN-1:0][LanesN-1:0][ActBits-1:0]  acts,
  input  logic [SumW-1:0]                              start,
  output logic [PixelsN-1:0][SumW-1:0]                 sum_q
);
  if (ActBits != 4 && ActBits != 8) begin : gen_check
    $error("hg_pot4_group ActBits must be 4 or 8");
  end

  // The registers are copies for this group of pixels: at most 64 loads each.
  (* keep *) logic [LanesN-1:0][3:0] weight_q, weight_q2;
  always_ff @(posedge clk) begin
    weight_q <= weight;
    for (int n = 0; n < LanesN; n++) begin
      weight_q2[n] <= ActBits == 4 ? weight_q[n] : recoded(weight_q[n]);
    end
  end

  // Per lane, for all pixels: which bits of the product are bits of the activation.
  logic [LanesN-1:0][ProdW-1:0] low_mask, high_mask, flip;
  always_comb begin
    for (int n = 0; n < LanesN; n++) begin
      if (ActBits == 4) begin
        low_mask[n] = ProdW'(window(weight_q2[n][2:0]));
        high_mask[n] = '0;
        flip[n] = {ProdW{weight_q2[n][3]}};
      end else begin
        low_mask[n] = {ProdW{weight_q2[n][0]}};
        high_mask[n] = {ProdW{weight_q2[n][1]}};
        flip[n] = {ProdW{weight_q2[n][2]}};
      end
    end
  end

  for (genvar p = 0; p < PixelsN; p++) begin : gen_pixel
    for (genvar n = 0; n < LanesN; n++) begin : gen_lane
      logic [ActBits-1:0] act;
      logic [ProdW-1:0]   addend;
      logic [SumW-1:0]    psum_in, psum_q;
      assign act = acts[p][n];
      if (ActBits == 4) begin : gen_rotate
        // Rotation to the left by (m - 1) mod 4: bit i of the product is its bit i mod 4.
        logic [3:0] rot_q;
        always_ff @(posedge clk) rot_q <= 4'({2{act[3:0]}} >> (2'd1 - weight_q[n][1:0]));
        assign addend = (ProdW'({3{rot_q}}) & low_mask[n]) ^ flip[n];
        logic unused;
        assign unused = ^high_mask[n];
      end else begin : gen_shift
        logic [ProdW-4:0] low_q;
        always_ff @(posedge clk) low_q <= (ProdW - 3)'(act) << (weight_q[n][1:0] - 2'd1);
        assign addend = flip[n] ^
                        ((ProdW'(low_q) & low_mask[n]) | (ProdW'({low_q, 4'd0}) & high_mask[n]));
      end
      if (n == 0) begin : gen_start
        assign psum_in = start;
      end else begin : gen_next
        assign psum_in = gen_lane[n-1].psum_q;
      end
      always_ff @(posedge clk) psum_q <= psum_in - {{(SumW - ProdW) {1'b1}}, ~addend};
    end
    assign sum_q[p] = gen_lane[LanesN-1].psum_q;
  end

  // The four bits from m - 1 on; none if m = 0.
  function automatic logic [9:0] window(logic [2:0] m);
    return m == 0 ? 10'd0 : 10'd15 << (m - 3'd1);
  endfunction

  // {unused, sign, m in 5..7, m in 1..4}
  function automatic logic [3:0] recoded(logic [3:0] w);
    return {1'b0, w[3], w[2] && w[1:0] != 0, w[2:0] != 0 && w[2:0] <= 4};
  endfunction
endmodule
