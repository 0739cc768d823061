// SPDX-License-Identifier: Apache-2.0
// The array: RowsN rows x LanesN input-channel lanes x PixelsN pixels, one k-step a cycle.
//
//   acc[t][p] = (first ? 0 : shift ? acc << ActBits : acc) + sum over n of w[t][n] * x[t][p][n]
//   x = u on pot4 slots, u - 2^(ActBits-1) on fixed4 and fixed8 slots (formats §4)
//
// k_word holds, for lane n, the weights of slots 0..RowsN-1 (pot4 and fixed4 slots 4 bits, fixed8
// slots 8), first one lowest; sp2 the flags of both record buffers, chosen by k_blk.
// Lanes are skewed by a cycle each, so that sums ripple through pipelined chains. The sum of a
// step stands LanesN + 6 cycles after the step in every kind of row; d_start comes LanesN + 8
// cycles after k_last, and acc_q is stable from then until the next d_start. d_soon comes three
// cycles before d_start, so that the drain can look up its first slots. II 1, never stalls.
module hg_array #(
  parameter int unsigned ActBits = 4,
  parameter int unsigned Pot4N = 41,
  parameter int unsigned Fixed4N = 20,
  parameter int unsigned Fixed8N = 3,
  parameter int unsigned LanesN = 8,
  parameter int unsigned PixelsN = 10,
  parameter int unsigned AccW = 24,
  localparam int unsigned RowsN = Pot4N + Fixed4N + Fixed8N,
  localparam int unsigned LaneW = 4 * (Pot4N + Fixed4N) + 8 * Fixed8N,
  localparam int unsigned WordW = LanesN * LaneW
) (
  input  logic                                        clk,
  input  logic                                        rst_n,
  input  logic                                        k_valid,
  input  logic                                        k_first,
  input  logic                                        k_shift,
  input  logic                                        k_last,
  input  logic                                        k_blk,
  input  logic [PixelsN-1:0][LanesN-1:0][ActBits-1:0] k_acts,
  input  logic [WordW-1:0]                            k_word,
  input  logic [1:0][RowsN-1:0]                       sp2,
  output logic                                        d_soon,
  output logic                                        d_soon_blk,
  output logic                                        d_start,
  output logic                                        d_blk,
  output logic [RowsN-1:0][PixelsN-1:0][AccW-1:0]     acc_q
);
  if (Fixed4N % 2 != 0 || PixelsN % 2 != 0) begin : gen_check
    $error("hg_array Fixed4N and PixelsN must be even");
  end

  // Lanes of a DSP cascade: as many as keep its sums within their fields.
  localparam int unsigned Chain4N = ActBits == 4 && LanesN > 4 ? 4 : LanesN;
  localparam int unsigned Chain8N = ActBits == 8 && LanesN > 2 ? 2 : LanesN;
  // Rows that share a copy of the activations, so that no net has more than 64 loads
  localparam int unsigned PotShareN = 16;
  localparam int unsigned PairShareN = ActBits == 4 ? 8 : 2;
  localparam int unsigned Fixed8ShareN = 4;

  // Controls: at cycle LanesN + 5 for the rows, which register them for every two pixels.
  localparam int unsigned ControlShareN = 64 / (PixelsN / 2);
  localparam int unsigned ControlsN = (RowsN + ControlShareN - 1) / ControlShareN;
  logic [3:0] controls, controls_late;
  logic [RowsN-1:0] en, first, shift, last;
  assign controls = {k_valid, k_valid && k_last, k_first, k_shift};
  hg_delay #(.Width(4), .Cycles(LanesN + 4)) u_controls (.clk, .d(controls), .q(controls_late));
  logic [ControlsN-1:0][3:0] copies;
  for (genvar k = 0; k < ControlsN; k++) begin : gen_controls
    (* keep_hierarchy *)
    hg_copy #(.Width(4)) u_copy (.clk, .d(controls_late), .q(copies[k]));
  end
  for (genvar t = 0; t < RowsN; t++) begin : gen_row_controls
    assign {en[t], last[t], first[t], shift[t]} = copies[t/ControlShareN];
  end
  logic [LanesN+7:0] last_q, blk_q;
  always_ff @(posedge clk) begin
    if (!rst_n) last_q <= '0;
    else last_q <= {last_q[LanesN+6:0], k_valid && k_last};
    blk_q <= {blk_q[LanesN+6:0], k_blk};
  end
  assign d_soon = last_q[LanesN+4];
  assign d_soon_blk = blk_q[LanesN+4];
  assign d_start = last_q[LanesN+7];
  assign d_blk = blk_q[LanesN+7];

  logic [LanesN-1:0][LaneW-1:0] word;
  assign word = k_word;

  if (Pot4N > 0) begin : gen_pot4
    localparam int unsigned CopiesN = (Pot4N + PotShareN - 1) / PotShareN;
    logic [CopiesN-1:0][PixelsN-1:0][LanesN-1:0][ActBits-1:0] acts;
    hg_act_skew #(
      .Width(ActBits), .LanesN(LanesN), .PixelsN(PixelsN), .ChainN(LanesN), .Cycles(5),
      .CopiesN(CopiesN)
    ) u_skew (
      .clk, .d(k_acts), .q(acts)
    );
    for (genvar t = 0; t < Pot4N; t++) begin : gen_row
      logic [LanesN-1:0][3:0] weight;
      always_comb for (int n = 0; n < LanesN; n++) weight[n] = word[n][4*t+:4];
      hg_row_pot4 #(
        .ActBits(ActBits), .LanesN(LanesN), .PixelsN(PixelsN), .AccW(AccW)
      ) u_row (
        .clk, .en(en[t]), .first(first[t]), .shift(shift[t]), .last(last[t]), .weight,
        .acts(acts[t/PotShareN]), .acc_q(acc_q[t])
      );
    end
  end

  // Operands of the DSP rows, at cycle 1
  logic [PixelsN/2-1:0][LanesN-1:0][ActBits-1:0] lo;
  logic [PixelsN/2-1:0][LanesN-1:0][ActBits:0]   hi;
  if (Fixed4N + Fixed8N > 0) begin : gen_pairs
    hg_act_pairs #(.ActBits(ActBits), .LanesN(LanesN), .PixelsN(PixelsN)) u_pairs (
      .clk, .acts(k_acts), .lo_q(lo), .hi_q(hi)
    );
  end else begin : gen_no_pairs
    assign {lo, hi} = '0;
    logic unused_pairs;
    assign unused_pairs = ^{lo, hi};
  end

  if (Fixed4N > 0) begin : gen_fixed4
    localparam int unsigned CopiesN = (Fixed4N / 2 + PairShareN - 1) / PairShareN;
    localparam int unsigned Cycles = LanesN + 3 - Chain4N - $clog2(LanesN / Chain4N);
    logic [CopiesN-1:0][PixelsN/2-1:0][LanesN-1:0][ActBits-1:0] pair_lo;
    logic [CopiesN-1:0][PixelsN/2-1:0][LanesN-1:0][ActBits:0]   pair_hi;
    hg_act_skew #(
      .Width(ActBits), .LanesN(LanesN), .PixelsN(PixelsN / 2), .ChainN(Chain4N),
      .Cycles(Cycles), .CopiesN(CopiesN)
    ) u_lo (
      .clk, .d(lo), .q(pair_lo)
    );
    hg_act_skew #(
      .Width(ActBits + 1), .LanesN(LanesN), .PixelsN(PixelsN / 2), .ChainN(Chain4N),
      .Cycles(Cycles), .CopiesN(CopiesN)
    ) u_hi (
      .clk, .d(hi), .q(pair_hi)
    );
    logic [Fixed4N-1:0] sp2_q;
    always_ff @(posedge clk) sp2_q <= sp2[k_blk][Pot4N+Fixed4N-1:Pot4N];
    for (genvar t = 0; t < Fixed4N; t += 2) begin : gen_row
      logic [1:0][LanesN-1:0][3:0] weight;
      always_comb begin
        for (int n = 0; n < LanesN; n++) begin
          for (int r = 0; r < 2; r++) weight[r][n] = word[n][4*(Pot4N+t+r)+:4];
        end
      end
      hg_row_fixed4 #(
        .ActBits(ActBits), .LanesN(LanesN), .PixelsN(PixelsN), .AccW(AccW), .ChainN(Chain4N)
      ) u_row (
        .clk, .en(en[Pot4N+t+:2]), .first(first[Pot4N+t+:2]), .shift(shift[Pot4N+t+:2]),
        .last(last[Pot4N+t+:2]), .sp2(sp2_q[t+:2]), .weight,
        .pair_lo(pair_lo[t/2/PairShareN]), .pair_hi(pair_hi[t/2/PairShareN]),
        .acc_q(acc_q[Pot4N+t+:2])
      );
    end
  end else begin : gen_no_fixed4
    logic unused_sp2;
    assign unused_sp2 = ^sp2;
  end

  if (Fixed8N > 0) begin : gen_fixed8
    localparam int unsigned CopiesN = (Fixed8N + Fixed8ShareN - 1) / Fixed8ShareN;
    localparam int unsigned Cycles = LanesN + 3 - Chain8N - $clog2(LanesN / Chain8N);
    logic [CopiesN-1:0][PixelsN/2-1:0][LanesN-1:0][ActBits-1:0] pair_lo;
    logic [CopiesN-1:0][PixelsN/2-1:0][LanesN-1:0][ActBits:0]   pair_hi;
    hg_act_skew #(
      .Width(ActBits), .LanesN(LanesN), .PixelsN(PixelsN / 2), .ChainN(Chain8N),
      .Cycles(Cycles), .CopiesN(CopiesN)
    ) u_lo (
      .clk, .d(lo), .q(pair_lo)
    );
    hg_act_skew #(
      .Width(ActBits + 1), .LanesN(LanesN), .PixelsN(PixelsN / 2), .ChainN(Chain8N),
      .Cycles(Cycles), .CopiesN(CopiesN)
    ) u_hi (
      .clk, .d(hi), .q(pair_hi)
    );
    localparam int unsigned Dsp8 = Pot4N + Fixed4N;
    for (genvar t = 0; t < Fixed8N; t++) begin : gen_row
      logic [LanesN-1:0][7:0] weight;
      always_comb begin
        for (int n = 0; n < LanesN; n++) weight[n] = word[n][4*(Pot4N+Fixed4N)+8*t+:8];
      end
      hg_row_fixed8 #(
        .ActBits(ActBits), .LanesN(LanesN), .PixelsN(PixelsN), .AccW(AccW), .ChainN(Chain8N)
      ) u_row (
        .clk, .en(en[Dsp8+t]), .first(first[Dsp8+t]), .shift(shift[Dsp8+t]),
        .last(last[Dsp8+t]), .weight, .pair_lo(pair_lo[t/Fixed8ShareN]),
        .pair_hi(pair_hi[t/Fixed8ShareN]), .acc_q(acc_q[Dsp8+t])
      );
    end
  end
endmodule
