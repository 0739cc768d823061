// SPDX-License-Identifier: Apache-2.0
// Window: runs CONV and POOL descriptors, one k-step (P pixels x N lanes, one weight word) a cycle
// for any kernel, stride and padding (formats §3). Pads are substituted.
// A k-step leaves 9 cycles after its issue: 4 for the address, 2 for actmem, 3 to rotate; the
// weight word is asked for so that it arrives in the same cycle. II 1; nothing behind the issue
// stalls.
module hg_window #(
  parameter int unsigned ActBits   = 4,
  parameter int unsigned Pot4N     = 41,
  parameter int unsigned Fixed4N   = 20,
  parameter int unsigned Fixed8N   = 3,
  parameter int unsigned LanesN    = 8,
  parameter int unsigned PixelsN   = 10,
  parameter int unsigned BanksN    = 16,
  parameter int unsigned DrainN    = 2,
  parameter int unsigned ActDepth  = 4096,
  parameter int unsigned RingDepth = 4096,
  parameter int unsigned TapsN     = 128,
  parameter int unsigned WideCodes = 0,
  localparam int unsigned WordW    = LanesN * (4 * (Pot4N + Fixed4N) + 8 * Fixed8N),
  localparam int unsigned RingW    = $clog2(RingDepth)
) (
  input  logic                     clk,
  input  logic                     rst_n,
  // Descriptors (CONV, POOL), and the taps that precede each of them
  input  logic                     desc_valid,
  output logic                     desc_ready,     // pulse: taken
  input  logic [1023:0]            desc,
  output logic                     desc_done,      // pulse: last beat written to actmem
  input  logic                     tap_we,
  input  logic [7:0]               tap_index,
  input  logic [127:0]             tap_data,
  output logic                     tap_room,       // taps of the next descriptor may be written
  // The descriptor in work, to requant, add, residual and writer
  output logic [1023:0]            job_desc,       // stable from cfg_valid to the next cfg_valid
  output logic                     cfg_valid,      // pulse: job_desc is new, the last may drain
  output logic                     job_start,      // pulse: the last is written, this one runs
  // Requant's record buffers; block parity runs on over descriptors (first block after reset: 0)
  input  logic [1:0]               blk_loaded,     // cleared by requant in the cycle after blk_take
  output logic                     blk_take,       // pulse: first step of a block was issued
  // Word ring of fetch; ring_count takes a release into account one cycle after the pulse
  output logic                     ring_en,
  output logic [RingW-1:0]         ring_addr,
  input  logic [WordW-1:0]         ring_data,      // two cycles after ring_en
  input  logic [15:0]              ring_count,
  output logic                     ring_release,   // pulse: a word
  // Actmem port A
  output logic                     a_en,
  output logic [BanksN-1:0][15:0]  a_addr,
  input  logic [BanksN-1:0][63:0]  a_rdata,
  // K-steps to the array, all aligned
  output logic                     k_valid,
  output logic                     k_first,        // first step of a tile: clear
  output logic                     k_shift,        // first step of a further plane: acc <<= AB
  output logic                     k_last,         // last step of a tile
  output logic                     k_blk,          // record buffer parity
  output logic [PixelsN-1:0][LanesN-1:0][ActBits-1:0] k_acts,
  output logic [WordW-1:0]         k_word,
  // Steps to the pool (k_valid is low then): whole beats; of two planes the high one, then the low
  output logic                     pk_valid,
  output logic                     pk_first,       // first tap of a tile
  output logic                     pk_last,        // last tap of a tile
  output logic                     pk_low,         // plane 0
  output logic [PixelsN-1:0][64/ActBits-1:0][ActBits-1:0] pk_acts,
  output logic [PixelsN-1:0]       k_mask,         // pixel lies inside the tensor
  // Flow control
  input  logic                     tile_done,      // pulse of the writer: a tile is written
  input  logic                     res_tile_done,  // pulse of the residual reader: a tile is read
  // Report, per cycle: a step was issued, or waited for weights, or for the drain
  output logic                     cnt_busy,
  output logic                     cnt_wait_weights,
  output logic                     cnt_wait_drain
);
  localparam int unsigned RowGroupsN = (Pot4N + Fixed4N + Fixed8N) / (64 / ActBits);
  localparam int unsigned AddrW  = $clog2(ActDepth);
  localparam int unsigned BankW  = $clog2(BanksN);
  localparam int unsigned PlaceW = AddrW + BankW;
  localparam int unsigned SubsN  = 64 / (ActBits * LanesN);
  localparam int unsigned SubW   = SubsN > 1 ? $clog2(SubsN) : 1;
  localparam int unsigned SliceW = ActBits * LanesN;
  // Registers of a k-step: address, memory, rotation
  localparam int unsigned AddrL  = 4;
  localparam int unsigned DataL  = AddrL + 2;
  localparam int unsigned StepL  = DataL + 3;

  if (ActBits != 4 && ActBits != 8) begin : gen_bits_check
    $error("hg_window ActBits must be 4 or 8, not %0d", ActBits);
  end
  if ((Pot4N + Fixed4N + Fixed8N) % (64 / ActBits) != 0) begin : gen_rows_check
    $error("hg_window rows must be a multiple of %0d, not %0d", 64 / ActBits,
           Pot4N + Fixed4N + Fixed8N);
  end
  if ((64 / ActBits) % LanesN != 0) begin : gen_lanes_check
    $error("hg_window LanesN must divide %0d, not %0d", 64 / ActBits, LanesN);
  end
  if (PixelsN % 2 != 0 || PixelsN > BanksN) begin : gen_pixels_check
    $error("hg_window PixelsN must be even and at most %0d banks, not %0d", BanksN, PixelsN);
  end

  logic                     tap_valid, slice_first, slice_end, tap_end, pos_valid, word_ok;
  logic [127:0]             tap;
  logic [PixelsN-1:0][11:0] pos_y, pos_x;
  logic                     step, pass_end, tile_end, block_tail, block_end, job_end, is_pool;
  logic                     pass_first, tile_first, low_plane, blk_parity, pool_pairs;
  logic [SubW-1:0]          sub;
  logic [AddrW-1:0]         group_offset;
  logic [PlaceW-1:0]        tile_q;
  logic [RingW-1:0]         word_ptr;

  // The other buffer is free as soon as a descriptor was taken, and its taps come before the next
  assign tap_room = 1'b1;
  // A tap of a POOL of two planes is two steps
  assign pool_pairs = WideCodes != 0 && is_pool && job_desc[3*64+33];

  hg_tap_buffer #(.TapsN(TapsN)) u_taps (
    .clk, .rst_n, .tap_we, .tap_index, .tap_data, .take(desc_ready),
    .taps_n(job_desc[2*64+32 +: 16]), .single(is_pool && !pool_pairs), .pairs(pool_pairs), .step,
    .tap_valid, .slice_first, .slice_end, .tap_end, .tap
  );

  hg_positions #(.PixelsN(PixelsN)) u_positions (
    .clk, .rst_n, .take(desc_ready), .width(job_desc[4*64 +: 16]),
    .tiles_n(job_desc[3*64+16 +: 16]), .pop(tile_end), .pos_valid, .pos_y, .pos_x
  );

  hg_ring_pointer #(.RingDepth(RingDepth), .ReleaseDelay(StepL)) u_ring (
    .clk, .rst_n, .step(step && !is_pool), .restart(pass_end || (job_desc[26] && slice_end)),
    .last_read(block_tail && (!job_desc[26] || tap_end)), .block_end, .job_end, .hold(job_desc[24]),
    .word_ok, .word_ptr, .ring_count, .ring_release
  );

  hg_sequencer #(
    .ActBits(ActBits), .RowGroupsN(RowGroupsN), .LanesN(LanesN), .PixelsN(PixelsN),
    .DrainN(DrainN), .AddrW(AddrW), .PlaceW(PlaceW), .WideCodes(WideCodes)
  ) u_sequencer (
    .clk, .rst_n, .desc_valid, .desc_ready, .desc, .desc_done, .job_desc, .cfg_valid, .job_start,
    .tap_valid, .slice_first, .slice_end, .tap_end, .tap, .pos_valid, .word_ok, .blk_loaded,
    .blk_take, .tile_done, .res_tile_done, .step, .pass_end, .tile_end, .block_tail, .block_end,
    .job_end, .is_pool, .pass_first, .tile_first, .low_plane, .blk_parity, .sub, .group_offset,
    .tile_q, .cnt_busy, .cnt_wait_weights, .cnt_wait_drain
  );

  // Address and data
  logic [BankW-1:0]   shift;
  logic [PixelsN-1:0] mask;

  hg_window_addr #(.PixelsN(PixelsN), .BanksN(BanksN), .ActDepth(ActDepth)) u_addr (
    .clk, .tap, .plane(!low_plane), .skew(!low_plane && job_desc[27]),
    .group_offset, .tile_q, .pos_y, .pos_x, .a_addr, .shift, .mask
  );

  // Delays: element i is i + 1 cycles behind the issue
  logic [StepL-1:0]                  valid_q;
  logic [DataL-1:0][SubW-1:0]        sub_q;
  logic [StepL-2:0][ActBits-1:0]     pad_q;
  logic [DataL:0][RingW-1:0]         ptr_q;
  logic [StepL-1:0][7:0]             flags_q;
  logic [DataL-AddrL-1:0][BankW-1:0] shift_q;
  logic [StepL-AddrL-1:0][PixelsN-1:0] mask_q;

  always_ff @(posedge clk) begin
    if (!rst_n) valid_q <= '0;
    else valid_q <= {valid_q[StepL-2:0], step};
  end

  always_ff @(posedge clk) begin
    sub_q   <= {sub_q[DataL-2:0], sub};
    pad_q   <= {pad_q[StepL-3:0], low_plane ? job_desc[3*64+48 +: ActBits]
                                            : job_desc[3*64+56 +: ActBits]};
    ptr_q   <= {ptr_q[DataL-1:0], word_ptr};
    flags_q <= {flags_q[StepL-2:0], {low_plane, is_pool, tile_first, pass_first && !tile_first,
                                     tile_end, blk_parity, pass_first, pass_end}};
    shift_q <= {shift_q[DataL-AddrL-2:0], shift};
    mask_q  <= {mask_q[StepL-AddrL-2:0], mask};
  end

  assign a_en      = valid_q[AddrL-1];
  assign ring_en   = valid_q[DataL] && !flags_q[DataL][6];
  assign ring_addr = ptr_q[DataL];

  // Of a beat the step's slice goes to the array; a pool takes them all, the first one from there
  logic [SubsN-1:0][BanksN-1:0][SliceW-1:0] slices;
  logic [SubsN-1:0][PixelsN-1:0][LanesN-1:0][ActBits-1:0] acts;

  always_comb begin
    for (int b = 0; b < int'(BanksN); b++) begin
      for (int s = 0; s < int'(SubsN); s++) slices[s][b] = a_rdata[b][s*SliceW +: SliceW];
    end
  end

  for (genvar s = 0; s < int'(SubsN); s++) begin : gen_slice
    localparam int unsigned ChoicesN = s == 0 ? SubsN : 1;
    hg_rotate #(
      .ActBits(ActBits), .LanesN(LanesN), .PixelsN(PixelsN), .BanksN(BanksN), .SlicesN(ChoicesN)
    ) u_rotate (
      .clk, .slices(slices[s+ChoicesN-1:s]), .slice(s == 0 ? sub_q[DataL-1] : '0),
      .shift(shift_q[DataL-AddrL-1]), .mask(mask_q[StepL-AddrL-2]),
      .pad(pad_q[StepL-2]), .acts(acts[s])
    );
    for (genvar j = 0; j < int'(PixelsN); j++) begin : gen_pixel
      assign pk_acts[j][s*LanesN +: LanesN] = acts[s][j];
    end
  end
  assign k_acts = acts[0];

  logic pool_step;
  assign {pk_low, pool_step, k_first, k_shift, k_last, k_blk, pk_first, pk_last} = flags_q[StepL-1];
  assign k_valid  = valid_q[StepL-1] && !pool_step;
  assign pk_valid = valid_q[StepL-1] && pool_step;
  assign k_mask   = mask_q[StepL-AddrL-1];
  assign k_word   = ring_data;
endmodule
