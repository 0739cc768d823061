// SPDX-License-Identifier: Apache-2.0
// One lane of requantisation (formats §5), exact:
//
//   x = (OR of terms) + bias; xs = x saturated to 25 bits
//   v = xs * mult + (xs < 0 ? off_neg : off_pos)
//   w = {v, 0} >> shift;  y = (w >> 1) + w[0], but without w[0] at a tie that tie_even forbids
//   code = clamp(sat16(y) + z, lo, hi);   raw: code = byte `byte_index` of x
//
// Adding w[0] is adding 2^(shift-1) before the shift; the bits that w has lost tell a tie.
// Inputs come when they are used, counted from terms at cycle 0, with V = 4 (MultW 17) or 5 (34):
//   0 terms, bias   1 in_raw, in_byte (the raw byte's index)   1 mult   3 off, which xs < 0
//   (negative, at 2) has chosen   V shift[5:4]   V+1 shift[3:0], tie_even, tie_parity   V+2 z, raw
//   V+3 raw (raw_late), lo, hi   V+4 code_q
// II 1, never stalls.
module hg_requant_lane #(
  parameter int unsigned TermsN = 5,
  parameter int unsigned AccW = 24,
  parameter int unsigned MultW = 17,
  localparam int unsigned MultBits = MultW < 32 ? MultW : 32
) (
  input  logic                clk,
  input  logic [TermsN-1:0][AccW-1:0] terms,
  input  logic [31:0]         bias,
  input  logic                in_raw,
  input  logic [1:0]          in_byte,
  input  logic [MultBits-1:0] mult,
  output logic                negative,
  input  logic signed [31:0]  off,
  input  logic [1:0]          shift_high,
  input  logic [3:0]          shift_low,
  input  logic                tie_even,
  input  logic                tie_parity,
  input  logic [15:0]         z,
  input  logic                raw,
  input  logic                raw_late,
  input  logic [7:0]          lo,
  input  logic [7:0]          hi,
  output logic [7:0]          code_q
);
  if (MultW != 17 && MultW != 34) begin : gen_check
    $error("hg_requant_lane MultW must be 17 or 34");
  end
  // v: the product and an offset of 32 bits
  localparam int unsigned VW = 26 + MultBits;
  localparam int unsigned VT = MultW == 17 ? 4 : 5;

  // 1: x; the difference keeps the OR within the adder's LUT (hg_row_acc). 2: saturated, raw byte.
  logic [AccW-1:0]    acc;
  logic [33:0]        x;
  logic signed [32:0] x_q;
  logic signed [24:0] xs_q;
  logic [7:0]         byte_q, byte_late;
  always_comb begin
    acc = '0;
    for (int t = 0; t < TermsN; t++) acc |= terms[t];
    x = {bias[31], bias, 1'b0} - {~33'($signed(acc)), 1'b1};
  end
  always_ff @(posedge clk) begin
    x_q <= x[33:1];
    xs_q <= (x_q[32:24] == '0 || x_q[32:24] == '1) ? x_q[24:0] : {x_q[32], {24{!x_q[32]}}};
    byte_q <= x_q[8*in_byte+:8];
    if (!in_raw) byte_q <= '0;
  end
  assign negative = xs_q[24];
  hg_delay #(.Width(8), .Cycles(VT + 1)) u_byte (.clk, .d(byte_q), .q(byte_late));

  // 3: product of the low 17 bits and offset; 4 (and 5): v.
  logic signed [VW-1:0] v;
  logic signed [17:0]   mult_low_q;
  logic signed [42:0]   low_q;
  logic signed [42:0]   sum_low_q;
  always_ff @(posedge clk) begin
    mult_low_q <= {1'b0, mult[16:0]};
    low_q <= xs_q * mult_low_q;
    sum_low_q <= low_q + 43'(off);
  end
  if (MultW == 17) begin : gen_narrow
    assign v = sum_low_q;
  end else begin : gen_wide
    logic signed [24:0] xs_q2;
    logic signed [17:0] mult_high_q, mult_high_q2;
    logic signed [42:0] high_q;
    logic signed [40:0] sum_high_q;
    logic [16:0]        low_late_q;
    always_ff @(posedge clk) begin
      xs_q2 <= xs_q;
      mult_high_q <= {3'b0, mult[MultBits-1:17]};
      mult_high_q2 <= mult_high_q;
      high_q <= xs_q2 * mult_high_q2;
      sum_high_q <= 41'(high_q) + 41'(sum_low_q >>> 17);
      low_late_q <= sum_low_q[16:0];
    end
    assign v = {sum_high_q, low_late_q};
    logic unused_high;
    assign unused_high = ^high_q;
  end

  // V+1: shifted by multiples of 16. `more`: a lost upper bit differs from the sign.
  logic [79:0] wide;
  logic [31:0] s1_q;
  logic        sign_q, more_q, sticky_q;
  assign wide = 80'($signed({v, 1'b0}));
  always_ff @(posedge clk) begin
    s1_q <= wide[{1'b0, shift_high, 4'd0}+:32];
    sign_q <= v[VW-1];
    more_q <= (shift_high < 2'd2 && wide[63:48] != {16{v[VW-1]}}) ||
              (shift_high < 2'd1 && wide[47:32] != {16{v[VW-1]}});
    sticky_q <= (shift_high > 2'd0 && wide[15:0] != '0) ||
                (shift_high > 2'd1 && wide[31:16] != '0) ||
                (shift_high > 2'd2 && wide[47:32] != '0);
  end

  // V+2: w, whether y is saturated, whether w[0] counts. Shifted by multiples of 4, then by the
  // rest; bits that are lost are judged four at a time, but for those that the rest cuts.
  logic [19:0] s4;
  logic [16:0] s2;
  logic [2:0]  unlike, filled;
  logic [1:0]  fours, rest;
  logic [15:0] w_q;
  logic        over, lost, over_q, sign_q2, round_q;
  always_comb begin
    {fours, rest} = shift_low;
    s4 = s1_q[4*fours+:20];
    s2 = s4[{3'd0, rest}+:17];
    for (int g = 0; g < 3; g++) begin
      unlike[g] = s1_q[20+4*g+:4] != {4{sign_q}};
      filled[g] = s1_q[4*g+:4] != '0;
    end
    over = more_q || (fours < 2'd1 && unlike[0]) || (fours < 2'd2 && unlike[1]) ||
           (fours < 2'd3 && unlike[2]);
    lost = sticky_q || (fours > 2'd0 && filled[0]) || (fours > 2'd1 && filled[1]) ||
           (fours > 2'd2 && filled[2]);
    for (int k = 0; k < 4; k++) begin
      if (2'(k) >= rest && s4[16+k] != sign_q) over = 1'b1;
      if (2'(k) < rest && s4[k]) lost = 1'b1;
    end
  end
  always_ff @(posedge clk) begin
    w_q <= s2[16:1];
    sign_q2 <= sign_q;
    over_q <= over;
    round_q <= s2[0] && !over && s2[16:1] != 16'h7fff &&
               !(tie_even && !lost && s2[1] == tie_parity);
  end

  // V+3: y + z; the difference keeps the choice of y within the adder's LUT (hg_row_acc).
  logic signed [16:0] y, sum_q;
  logic [17:0]        sum;
  assign y = over_q ? {{2{sign_q2}}, {15{!sign_q2}}} : {w_q[15], w_q};
  assign sum = {z[15], z, round_q} - {~y, 1'b1};
  always_ff @(posedge clk) begin
    sum_q <= sum[17:1];
    if (raw) sum_q <= '0;
  end

  // V+4: clamped, or the raw byte, which is 0 where it is not asked for
  logic below, above;
  assign below = sum_q[16] || (sum_q[15:8] == '0 && sum_q[7:0] < lo && !raw_late);
  assign above = !sum_q[16] && (sum_q[15:8] != '0 || sum_q[7:0] > hi);
  always_ff @(posedge clk) code_q <= byte_late | (above ? hi : below ? lo : sum_q[7:0]);

  logic unused;
  assign unused = sum[0] ^ x[0];
endmodule
