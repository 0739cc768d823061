// SPDX-License-Identifier: Apache-2.0
// Requantisation: drains the shadow accumulators of a tile, pixels in order, and hands out codes
// in beats of channel groups (formats §5). Record loader and drain; formulas in hg_requant_lane.
//
// A tile takes PixelsN/DrainN * (raw ? 4 : 1) * StepsN cycles (StepsN = row groups) from d_soon
// (three cycles before the shadows are valid), a raw one of a single pixel (`lone`) 4 * StepsN;
// d_soon may come again after as many. q leaves, in
// the order pixels, byte, group, V + 11 + StepsN cycles behind d_soon (V of hg_requant_lane).
// Lanes of q_data that no record has written are 0. Never stalls.
module hg_requant #(
  parameter int unsigned ActBits = 4,
  parameter int unsigned RowsN = 64,
  parameter int unsigned PixelsN = 10,
  parameter int unsigned DrainN = 2,
  parameter int unsigned AccW = 24,
  parameter int unsigned MultW = 17,
  parameter int unsigned RecordDepth = 128,
  parameter int unsigned AddPlanesN = 1,
  localparam int unsigned IndexW = ActBits + AddPlanesN,
  localparam int unsigned LanesN = 64 / ActBits,
  localparam int unsigned StepsN = RowsN / LanesN,
  localparam int unsigned StepW = StepsN > 1 ? $clog2(StepsN) : 1,
  localparam int unsigned PairsN = PixelsN / DrainN,
  localparam int unsigned PairW = PairsN > 1 ? $clog2(PairsN) : 1,
  localparam int unsigned TermsN = (PairsN * 2 ** $clog2(StepsN) + 3) / 4,
  localparam int unsigned AddrW = $clog2(RecordDepth)
) (
  input  logic                clk,
  input  logic                rst_n,
  input  logic                cfg_valid,      // job_desc is the next CONV to load, while cfg_ready
  output logic                cfg_ready,
  input  logic [1023:0]       job_desc,
  output logic                rec_en,
  output logic [AddrW-1:0]    rec_addr,
  input  logic [191:0]        rec_data,
  input  logic [15:0]         rec_count,
  output logic                rec_release,
  output logic [15:0]         rec_release_n,
  output logic [1:0]          blk_loaded,
  input  logic                blk_take,
  output logic                blk_free,
  // Array
  output logic [1:0][RowsN-1:0]                       sp2,
  input  logic                                        d_soon,
  input  logic                                        d_soon_blk,
  input  logic [RowsN-1:0][PixelsN-1:0][AccW-1:0]     acc,
  // Tables of hg_add
  output logic                tab_we,
  output logic                tab_sel,
  output logic [IndexW-1:0]   tab_index,
  output logic [35:0]         tab_data,
  // Codes
  output logic                               q_valid,
  output logic [DrainN-1:0][LanesN-1:0][7:0] q_data,
  output logic [LanesN-1:0]                  q_mask,
  output logic [3:0]                         q_group,
  output logic [1:0]                         q_byte,
  output logic                               q_last
);
  localparam int unsigned VT = MultW == 17 ? 4 : 5;
  localparam int unsigned MultBits = MultW < 32 ? MultW : 32;
  // Cycles from a step to its accumulators, its codes, and the beats of its round
  localparam int unsigned AccT = 3;
  localparam int unsigned CodeT = AccT + VT + 4;

  logic [LanesN-1:0]                         row_we;
  logic [StepW:0]                            row_at;
  logic [191:0]                              row_record;
  logic [1:0][StepsN-1:0][LanesN-1:0]        written;
  logic [1:0][15:0]                          tiles;
  logic [1:0]                                raw_blk, lone_blk;
  hg_records #(
    .ActBits(ActBits), .RowsN(RowsN), .RecordDepth(RecordDepth), .AddPlanesN(AddPlanesN)
  ) u_records (
    .clk, .rst_n, .cfg_valid, .cfg_ready, .job_desc, .rec_en, .rec_addr, .rec_data, .rec_count,
    .rec_release, .rec_release_n, .blk_loaded, .blk_take, .blk_free, .row_we, .row_at,
    .row_record, .sp2, .written, .tiles, .raw(raw_blk), .lone(lone_blk), .tab_we, .tab_sel,
    .tab_index, .tab_data
  );

  // Steps, in the order pixels, byte, step
  logic             step_valid, step_last, step_blk, step_raw;
  logic [StepW-1:0] step;
  logic [PairW-1:0] step_pair;
  logic [1:0]       step_byte;
  hg_drain_steps #(.StepsN(StepsN), .PairsN(PairsN)) u_steps (
    .clk, .rst_n, .d_soon, .d_soon_blk, .raw_blk, .lone_blk, .step_valid, .step_last, .step_blk,
    .step_raw, .step, .step_pair, .step_byte
  );

  logic [1:0] byte_late;
  logic       raw_byte, raw, raw_late, code_valid, code_last;
  hg_delay #(.Width(2), .Cycles(AccT + 1)) u_byte (.clk, .d(step_byte), .q(byte_late));
  hg_delay #(.Width(1), .Cycles(AccT + 1)) u_raw_byte (.clk, .d(step_raw), .q(raw_byte));
  hg_delay #(.Width(1), .Cycles(CodeT - 2 - (AccT + 1))) u_raw (.clk, .d(raw_byte), .q(raw));
  always_ff @(posedge clk) raw_late <= raw;
  hg_delay #(.Width(1), .Cycles(CodeT)) u_last (.clk, .d(step_last), .q(code_last));
  logic [CodeT-1:0] valid_q;
  always_ff @(posedge clk) begin
    valid_q <= {valid_q[CodeT-2:0], step_valid};
    if (!rst_n) valid_q <= '0;
  end
  assign code_valid = valid_q[CodeT-1];

  // Lanes
  logic [LanesN-1:0]     off_we;
  logic [1:0][StepW+1:0] off_at;
  logic [1:0][31:0]      off_word;
  hg_record_offsets #(.LanesN(LanesN), .AtW(StepW + 1)) u_offsets (
    .clk, .we(row_we), .at(row_at), .offsets(row_record[127:64]), .off_we, .off_at, .off_word
  );
  logic [DrainN-1:0][LanesN-1:0][7:0] code;
  logic [LanesN-1:0][3:0]             xl, dg;
  logic [LanesN-1:0]                  dv;
  for (genvar l = 0; l < LanesN; l++) begin : gen_lane
    logic [3:0]          sg, shift_low;
    logic [31:0]         bias;
    logic [DrainN-1:0]   negative;
    logic [DrainN-1:0][31:0] off;
    logic [MultBits-1:0] mult;
    logic [1:0]          shift_high;
    logic                tie_even, tie_parity;
    logic [15:0]         z;
    logic [7:0]          lo, hi;
    logic [PairW-1:0]    pair_q;
    logic [DrainN-1:0][TermsN-1:0][AccW-1:0]  terms;
    logic [StepsN-1:0][PixelsN-1:0][AccW-1:0] slots;

    hg_record_lane #(.StepsN(StepsN), .DrainN(DrainN), .MultW(MultW)) u_record (
      .clk, .we(row_we[l]), .write_at(row_at), .record(row_record), .off_we(off_we[l]),
      .off_at(off_at[l%2]), .off_word(off_word[l%2]), .read_at({step_blk, step}), .negative,
      .sg_q(sg), .bias_q(bias), .mult_q(mult), .off_q(off), .shift_high_q(shift_high),
      .shift_low_q(shift_low), .tie_even_q(tie_even), .tie_parity_q(tie_parity), .z_q(z),
      .lo_q(lo), .hi_q(hi), .xl_q(xl[l]), .dg_q(dg[l]), .dv_q(dv[l])
    );
    always_ff @(posedge clk) pair_q <= step_pair;
    for (genvar g = 0; g < StepsN; g++) begin : gen_slot
      assign slots[g] = acc[g*LanesN+l];
    end
    hg_drain_mux #(
      .RowGroupsN(StepsN), .PixelsN(PixelsN), .DrainN(DrainN), .AccW(AccW)
    ) u_mux (
      .clk, .sg, .pair(pair_q), .acc(slots), .terms_q(terms)
    );
    for (genvar r = 0; r < DrainN; r++) begin : gen_pixel
      hg_requant_lane #(.TermsN(TermsN), .AccW(AccW), .MultW(MultW)) u_lane (
        .clk, .terms(terms[r]), .bias, .in_raw(raw_byte), .in_byte(byte_late), .mult,
        .negative(negative[r]), .off(off[r]), .shift_high, .shift_low, .tie_even, .tie_parity, .z,
        .raw, .raw_late, .lo, .hi, .code_q(code[r][l])
      );
    end
  end

  // Beats
  logic                               beat_valid, beat_first;
  logic [StepW-1:0]                   beat_group;
  logic [DrainN-1:0][LanesN-1:0][7:0] beat_data;
  hg_permute #(.LanesN(LanesN), .StepsN(StepsN), .DrainN(DrainN)) u_permute (
    .clk, .rst_n, .in_valid(code_valid), .in_last(code_last), .code, .xl, .dg, .dv,
    .q_valid(beat_valid), .q_first(beat_first), .q_group(beat_group), .q_data(beat_data)
  );
  hg_drain_beats #(
    .LanesN(LanesN), .StepsN(StepsN), .PairsN(PairsN), .DrainN(DrainN)
  ) u_beats (
    .clk, .rst_n, .beat_valid, .beat_first, .beat_group, .beat_data, .raw_blk, .lone_blk, .written,
    .tiles, .blk_free, .q_valid, .q_data, .q_mask, .q_group, .q_byte, .q_last
  );
endmodule
