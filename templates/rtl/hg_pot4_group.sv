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

  for (genvar p = 0; p < PixelsN; p++) begin : gen_pixel
    logic [LanesN:0][SumW-1:0] psum_q;
    assign psum_q[0] = start;
    assign sum_q[p] = psum_q[LanesN];
    for (genvar n = 0; n < LanesN; n++) begin : gen_lane
      logic [ProdW-1:0] addend;
      if (ActBits == 4) begin : gen_rotate
        logic [3:0] rot_q;
        always_ff @(posedge clk) rot_q <= rotated(acts[p][n], weight_q[n][1:0]);
        always_comb begin
          for (int i = 0; i < ProdW; i++) begin
            addend[i] = (rot_q[i % 4] & in_range(weight_q2[n][2:0], i)) ^ weight_q2[n][3];
          end
        end
      end else begin : gen_shift
        logic [ProdW-4:0] low_q;
        logic sign, low, high;
        always_ff @(posedge clk) begin
          low_q <= (ProdW - 3)'(acts[p][n]) << (weight_q[n][1:0] - 2'd1);
        end
        assign {sign, high, low} = weight_q2[n][2:0];
        always_comb begin
          for (int i = 0; i < ProdW; i++) begin
            addend[i] = sign ^ ((low && i < ProdW - 3 && low_q[i % (ProdW-3)]) ||
                                (high && i >= 4 && low_q[(i + ProdW - 7) % (ProdW-3)]));
          end
        end
      end
      always_ff @(posedge clk) begin
        psum_q[n+1] <= psum_q[n] - {{(SumW - ProdW) {1'b1}}, ~addend};
      end
    end
  end

  // Bit i of act << (m - 1) is an act bit iff m - 1 <= i <= m - 1 + 3.
  function automatic logic in_range(logic [2:0] m, int i);
    return m != 0 && int'(m) <= i + 1 && i <= int'(m) + 2;
  endfunction

  // Rotation to the left by (m - 1) mod 4: bit i of the product is bit i mod 4 of it.
  function automatic logic [3:0] rotated(logic [3:0] u, logic [1:0] m);
    unique case (m)
      2'd1: return u;
      2'd2: return {u[2:0], u[3]};
      2'd3: return {u[1:0], u[3:2]};
      default: return {u[0], u[3:1]};
    endcase
  endfunction

  // {unused, sign, m in 5..7, m in 1..4}
  function automatic logic [3:0] recoded(logic [3:0] w);
    return {1'b0, w[3], w[2] && w[1:0] != 0, w[2:0] != 0 && w[2:0] <= 4};
  endfunction
endmodule
