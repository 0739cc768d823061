// SPDX-License-Identifier: Apache-2.0
// Window: runs CONV and POOL descriptors, one k-step (P pixels x N lanes, one weight word) a cycle.
module hg_window #(
  parameter  int unsigned ActBits   = 4,
  parameter  int unsigned Pot4N     = 41,
  parameter  int unsigned Fixed4N   = 20,
  parameter  int unsigned Fixed8N   = 3,
  parameter  int unsigned LanesN    = 8,
  parameter  int unsigned PixelsN   = 10,
  parameter  int unsigned BanksN    = 16,
  parameter  int unsigned DrainN    = 2,
  parameter  int unsigned ActDepth  = 4096,
  parameter  int unsigned RingDepth = 4096,
  parameter  int unsigned TapsN     = 128,
  localparam int unsigned WordW     = LanesN * (4 * (Pot4N + Fixed4N) + 8 * Fixed8N)
) (
  input  logic                     clk,
  input  logic                     rst_n,
  // descriptors (CONV, POOL) and the taps that precede each of them
  input  logic                     desc_valid,
  output logic                     desc_ready,     // pulse: taken
  input  logic [1023:0]            desc,
  output logic                     desc_done,      // pulse: last beat written to actmem
  input  logic                     tap_we,
  input  logic [7:0]               tap_index,
  input  logic [127:0]             tap_data,
  output logic                     tap_room,       // taps of the next descriptor may be written
  // the descriptor in work, to requant, add, residual and writer
  output logic [1023:0]            job_desc,       // stable from cfg_valid to the next cfg_valid
  output logic                     cfg_valid,      // pulse: job_desc is new; the one before may drain
  output logic                     job_start,      // pulse: the one before is written, this one runs
  // requant's record buffers; block parity runs on over descriptors (first block after reset: 0)
  input  logic [1:0]               blk_loaded,     // cleared by requant the cycle after blk_take
  output logic                     blk_take,       // pulse: first step of a block was issued
  // word ring of fetch; ring_count takes a release into account one cycle after the pulse
  output logic                     ring_en,
  output logic [15:0]              ring_addr,
  input  logic [WordW-1:0]         ring_data,      // two cycles after ring_en
  input  logic [15:0]              ring_count,
  output logic                     ring_release,
  output logic [15:0]              ring_release_n,
  // actmem port A
  output logic                     a_en,
  output logic [BanksN-1:0][15:0]  a_addr,
  input  logic [BanksN-1:0][63:0]  a_rdata,
  // k-steps to the array, all aligned
  output logic                     k_valid,
  output logic                     k_first,        // first step of a tile: clear
  output logic                     k_shift,        // first step of a further plane: acc <<= AB
  output logic                     k_last,         // last step of a tile
  output logic                     k_blk,          // record buffer parity
  output logic [PixelsN-1:0][LanesN-1:0][ActBits-1:0] k_acts,
  output logic [WordW-1:0]         k_word,
  // steps to the pool (k_valid is low then)
  output logic                     pk_valid,
  output logic                     pk_first,       // first tap of a sub-slice
  output logic                     pk_last,        // last tap of a sub-slice
  output logic [PixelsN-1:0]       k_mask,         // pixel reads inside the tensor
  // flow control
  input  logic                     tile_done,      // pulse of the writer: a tile is written
  input  logic                     res_tile_done,  // pulse of the residual reader: a tile is read
  // report: figures of the descriptor that was done last
  output logic [31:0]              rpt_busy,
  output logic [31:0]              rpt_wait_weights,
  output logic [31:0]              rpt_wait_drain,
  output logic [31:0]              rpt_tiles
);
endmodule
