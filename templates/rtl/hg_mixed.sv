// SPDX-License-Identifier: Apache-2.0
// The mixed engine: wires the walkers, the array and the memories (docs/spec/microarchitecture.md).
//
// Port 0 of AXI reads and writes, ports 1..WeightPortsN read weights; R and B are always ready.
// Control is AXI4-Lite. Parameters are those of formats §1; LayoutHash identifies them.
module hg_mixed #(
  parameter int unsigned ActBits = 8,
  parameter int unsigned Pot4N = 0,
  parameter int unsigned Fixed4N = 0,
  parameter int unsigned Fixed8N = 16,
  parameter int unsigned LanesN = 4,
  parameter int unsigned PixelsN = 4,
  parameter int unsigned DrainN = 1,
  parameter int unsigned ActDepth = 1024,
  parameter int unsigned RingDepth = 256,
  parameter int unsigned RecordDepth = 256,
  parameter int unsigned WeightPortsN = 3,
  parameter int unsigned AccW = 28,
  parameter int unsigned MultW = 17,
  parameter int unsigned TapsN = 128,
  parameter int unsigned WideCodes = 0,
  parameter logic [63:0] LayoutHash = '0
) (
  input  logic                          clk, rst_n,

  input  logic                          c_awvalid, c_wvalid, c_bready, c_arvalid, c_rready,
  output logic                          c_awready, c_wready, c_bvalid, c_arready, c_rvalid,
  input  logic [6:0]                    c_awaddr, c_araddr,
  input  logic [31:0]                   c_wdata,
  input  logic [3:0]                    c_wstrb,
  output logic [31:0]                   c_rdata,
  output logic                          irq,

  output logic [WeightPortsN:0]         ar_valid,
  input  logic [WeightPortsN:0]         ar_ready,
  output logic [WeightPortsN:0][31:0]   ar_addr,
  output logic [WeightPortsN:0][3:0]    ar_len,
  input  logic [WeightPortsN:0]         r_valid,
  input  logic [WeightPortsN:0][63:0]   r_data,
  input  logic [WeightPortsN:0][1:0]    r_resp,
  input  logic [WeightPortsN:0]         r_last,
  output logic                          aw_valid, w_valid, w_last,
  input  logic                          aw_ready, w_ready,
  output logic [31:0]                   aw_addr,
  output logic [3:0]                    aw_len,
  output logic [63:0]                   w_data,
  output logic [7:0]                    w_strb,
  input  logic                          b_valid,
  input  logic [1:0]                    b_resp
);
  localparam int unsigned RowsN = Pot4N + Fixed4N + Fixed8N;
  localparam int unsigned GroupLanesN = 64 / ActBits;
  localparam int unsigned AddPlanesN = WideCodes != 0 ? 2 : 1;  // of what Add and MaxPool take
  localparam int unsigned CodeW = AddPlanesN * ActBits;
  localparam int unsigned TabW = ActBits + AddPlanesN;  // of an index into the tables of an add
  localparam int unsigned BanksN = 1 << $clog2(PixelsN);
  localparam int unsigned BankW = $clog2(BanksN);
  localparam int unsigned WordW = LanesN * (4 * (Pot4N + Fixed4N) + 8 * Fixed8N);
  localparam int unsigned RingW = $clog2(RingDepth);
  localparam int unsigned RecordW = $clog2(RecordDepth);

  // Front: registers, program, port 0
  logic core_rst_n, halt, running;
  logic [47:0] now;
  logic [31:0] frames_done;
  logic [3:0] desc_valid, desc_ready, desc_done;
  logic [3:0][1023:0] desc;
  logic tap_room, tap_we, cnt_busy, cnt_wait_weights, cnt_wait_drain, fetch_idle, fetch_error;
  logic cnt_fetch, cnt_fetch_full, next_valid, fetch_bad;
  logic [15:0] fetch_bad_index;
  logic [7:0] tap_index;
  logic [127:0] tap_data;
  logic ld_req_valid, ld_req_ready, ld_m_valid, ld_m_ready;
  logic st_req_valid, st_req_ready, st_s_valid, st_s_ready, st_done;
  logic [31:0] ld_req_addr, ld_req_beats, st_req_addr, st_req_beats;
  logic [63:0] ld_m_data, st_s_data;

  hg_front #(
    .LayoutHash(LayoutHash), .ActBits(ActBits), .RowsN(RowsN), .LanesN(LanesN), .PixelsN(PixelsN),
    .DrainN(DrainN), .ActDepth(ActDepth), .RingDepth(RingDepth), .RecordDepth(RecordDepth),
    .WeightPortsN(WeightPortsN), .TapsN(TapsN), .WideCodes(WideCodes)
  ) u_front (
    .clk, .rst_n, .c_awvalid, .c_awready, .c_awaddr, .c_wvalid, .c_wready, .c_wdata, .c_wstrb,
    .c_bvalid, .c_bready, .c_arvalid, .c_arready, .c_araddr, .c_rvalid, .c_rready, .c_rdata, .irq,
    .core_rst_n, .halt, .running, .now, .frames_done, .desc_valid, .desc_ready, .desc_done, .desc,
    .next_valid, .tap_room, .tap_we, .tap_index, .tap_data, .cnt_busy, .cnt_wait_weights,
    .cnt_wait_drain, .cnt_fetch, .cnt_fetch_full, .fetch_idle, .fetch_error, .fetch_bad,
    .fetch_bad_index, .ld_req_valid, .ld_req_ready, .ld_req_addr, .ld_req_beats, .ld_m_valid,
    .ld_m_ready, .ld_m_data, .st_req_valid, .st_req_ready, .st_req_addr, .st_req_beats, .st_s_valid,
    .st_s_ready, .st_s_data, .st_done, .ar_valid(ar_valid[0]), .ar_ready(ar_ready[0]),
    .ar_addr(ar_addr[0]), .ar_len(ar_len[0]), .r_valid(r_valid[0]), .r_data(r_data[0]),
    .r_resp(r_resp[0]), .r_last(r_last[0]), .aw_valid, .aw_ready, .aw_addr, .aw_len, .w_valid,
    .w_ready, .w_data, .w_strb, .w_last, .b_valid, .b_resp
  );

  // Weights and records
  logic ring_en, ring_release, rec_en, rec_release;
  logic [RingW-1:0] ring_addr;
  logic [RecordW-1:0] rec_addr;
  logic [WordW-1:0] ring_data;
  logic [191:0] rec_data;
  logic [15:0] ring_count, rec_count, rec_release_n;

  hg_fetch #(
    .RingDepth(RingDepth), .RecordDepth(RecordDepth), .WordW(WordW), .WeightPortsN(WeightPortsN)
  ) u_fetch (
    .clk, .rst_n(core_rst_n), .halt, .idle(fetch_idle), .error(fetch_error), .bad(fetch_bad),
    .bad_index(fetch_bad_index), .desc_valid(desc_valid[0]), .desc_ready(desc_ready[0]),
    .desc(desc[0]), .desc_done(desc_done[0]), .cnt_busy(cnt_fetch), .cnt_full(cnt_fetch_full),
    .ring_en, .ring_addr, .ring_data, .ring_count, .ring_release, .rec_en,
    .rec_addr, .rec_data, .rec_count, .rec_release, .rec_release_n,
    .ar_valid(ar_valid[WeightPortsN:1]), .ar_ready(ar_ready[WeightPortsN:1]),
    .ar_addr(ar_addr[WeightPortsN:1]), .ar_len(ar_len[WeightPortsN:1]),
    .r_valid(r_valid[WeightPortsN:1]), .r_data(r_data[WeightPortsN:1]),
    .r_resp(r_resp[WeightPortsN:1])
  );

  // Activation memory and its clients
  logic a_en, wr_req, wr_we, rs_req, rs_gnt, rs_rvalid, ld_req, ld_gnt, st_req, st_gnt, st_rvalid;
  logic wr_hold, rd_odd, ld_two;
  logic [BanksN-1:0][15:0] a_addr;
  logic [BanksN-1:0][63:0] a_rdata;
  logic [BanksN-1:0] wr_en, wr_sel;
  logic [DrainN-1:0][15:0] wr_addr;
  logic [DrainN-1:0][63:0] wr_data;
  logic [GroupLanesN-1:0] wr_keep;
  logic [BankW-1:0] rs_bank, ld_bank, st_bank;
  logic [15:0] rs_addr, ld_addr, ld_high_addr, st_addr;
  logic [63:0] ld_data, ld_high_data;
  logic [1:0][63:0] rd_pair;

  hg_actmem #(
    .ActBits(ActBits), .BanksN(BanksN), .DrainN(DrainN), .ActDepth(ActDepth)
  ) u_actmem (
    .clk, .rst_n(core_rst_n), .a_en, .a_addr, .a_rdata, .wr_req, .wr_hold, .wr_we, .wr_en, .wr_sel,
    .wr_addr, .wr_data, .wr_keep, .rs_req, .rs_gnt, .rs_bank, .rs_addr, .rs_rvalid, .ld_req,
    .ld_gnt, .ld_bank, .ld_addr, .ld_data, .ld_two, .ld_high_addr, .ld_high_data, .st_req, .st_gnt,
    .st_bank, .st_addr, .st_rvalid, .rd_pair, .rd_odd
  );
  hg_load #(.ActBits(ActBits), .BanksN(BanksN), .ActDepth(ActDepth)) u_load (
    .clk, .rst_n(core_rst_n), .desc_valid(desc_valid[1]), .desc_ready(desc_ready[1]),
    .desc(desc[1]), .desc_done(desc_done[1]), .req_valid(ld_req_valid), .req_ready(ld_req_ready),
    .req_addr(ld_req_addr), .req_beats(ld_req_beats), .m_valid(ld_m_valid), .m_ready(ld_m_ready),
    .m_data(ld_m_data), .ld_req, .ld_gnt, .ld_bank, .ld_addr, .ld_data, .ld_two, .ld_high_addr,
    .ld_high_data
  );
  hg_store #(.BanksN(BanksN), .ActDepth(ActDepth)) u_store (
    .clk, .rst_n(core_rst_n), .desc_valid(desc_valid[3]), .desc_ready(desc_ready[3]),
    .desc(desc[3]), .desc_done(desc_done[3]), .req_valid(st_req_valid), .req_ready(st_req_ready),
    .req_addr(st_req_addr), .req_beats(st_req_beats), .s_valid(st_s_valid), .s_ready(st_s_ready),
    .s_data(st_s_data), .wr_done(st_done), .st_req, .st_gnt, .st_bank, .st_addr, .st_rvalid,
    .rd_pair, .rd_odd
  );

  // Window, array, pool
  logic [1023:0] job_desc;
  logic cfg_valid, cfg_ready, job_start, blk_take, k_valid, k_first, k_shift, k_last, k_blk;
  logic pk_valid, pk_first, pk_last, pk_low, tile_done, res_tile_done, d_soon, d_soon_blk;
  logic p_valid, p_last, unused_cfg, unused_start, unused_blk, unused_free, unused_idle;
  logic [1:0] blk_loaded;
  logic [PixelsN-1:0][LanesN-1:0][ActBits-1:0] k_acts;
  logic [PixelsN-1:0][GroupLanesN-1:0][ActBits-1:0] pk_acts;
  logic [PixelsN-1:0] k_mask;
  logic [WordW-1:0] k_word;
  logic [1:0][RowsN-1:0] sp2;
  logic [RowsN-1:0][PixelsN-1:0][AccW-1:0] acc_q;
  logic [DrainN-1:0][GroupLanesN-1:0][7:0] p_data;

  hg_window #(
    .ActBits(ActBits), .Pot4N(Pot4N), .Fixed4N(Fixed4N), .Fixed8N(Fixed8N), .LanesN(LanesN),
    .PixelsN(PixelsN), .BanksN(BanksN), .DrainN(DrainN), .ActDepth(ActDepth),
    .RingDepth(RingDepth), .TapsN(TapsN), .WideCodes(WideCodes)
  ) u_window (
    .clk, .rst_n(core_rst_n), .desc_valid(desc_valid[2]), .desc_ready(desc_ready[2]),
    .desc(desc[2]), .desc_done(desc_done[2]), .tap_we, .tap_index, .tap_data, .tap_room, .job_desc,
    .cfg_valid(unused_cfg), .job_start, .blk_loaded, .blk_take, .ring_en, .ring_addr, .ring_data,
    .ring_count, .ring_release, .a_en, .a_addr, .a_rdata, .k_valid, .k_first, .k_shift, .k_last,
    .k_blk, .k_acts, .k_word, .pk_valid, .pk_first, .pk_last, .pk_low, .pk_acts, .k_mask,
    .tile_done, .res_tile_done, .cnt_busy, .cnt_wait_weights, .cnt_wait_drain
  );
  hg_array #(
    .ActBits(ActBits), .Pot4N(Pot4N), .Fixed4N(Fixed4N), .Fixed8N(Fixed8N), .LanesN(LanesN),
    .PixelsN(PixelsN), .AccW(AccW)
  ) u_array (
    .clk, .rst_n(core_rst_n), .k_valid, .k_first, .k_shift, .k_last, .k_blk, .k_acts, .k_word,
    .sp2, .d_soon, .d_soon_blk, .d_start(unused_start), .d_blk(unused_blk), .acc_q
  );
  hg_pool #(
    .ActBits(ActBits), .PixelsN(PixelsN), .DrainN(DrainN), .AddPlanesN(AddPlanesN)
  ) u_pool (
    .clk, .rst_n(core_rst_n), .pk_valid, .pk_first, .pk_last, .pk_low, .k_mask, .pk_acts, .p_valid,
    .p_data, .p_last
  );

  // Requantisation, residual add, writer
  logic q_valid, q_last, o_valid, o_last, r_pop, res_valid, tab_we, tab_sel;
  logic [DrainN-1:0][GroupLanesN-1:0][7:0] q_data, o_data;
  logic [GroupLanesN-1:0] q_mask, o_mask;
  logic [3:0] q_group, o_group;
  logic [1:0] q_byte, o_byte;
  logic [TabW-1:0] tab_index;
  logic [35:0] tab_data;
  logic [DrainN-1:0][GroupLanesN-1:0][CodeW-1:0] res_data;

  hg_ahead u_ahead (
    .clk, .rst_n(core_rst_n), .head_valid(next_valid), .head_op(desc[2][7:0]),
    .head_taken(desc_ready[2]), .job_start, .cfg_ready, .cfg_valid
  );
  hg_requant #(
    .ActBits(ActBits), .RowsN(RowsN), .PixelsN(PixelsN), .DrainN(DrainN), .AccW(AccW),
    .MultW(MultW), .RecordDepth(RecordDepth), .AddPlanesN(AddPlanesN)
  ) u_requant (
    .clk, .rst_n(core_rst_n), .cfg_valid, .cfg_ready, .job_desc(desc[2]), .rec_en, .rec_addr,
    .rec_data, .rec_count, .rec_release, .rec_release_n, .blk_loaded, .blk_take,
    .blk_free(unused_free), .sp2, .d_soon, .d_soon_blk, .acc(acc_q), .tab_we, .tab_sel, .tab_index,
    .tab_data, .q_valid, .q_data, .q_mask, .q_group, .q_byte, .q_last
  );
  hg_add #(.ActBits(ActBits), .DrainN(DrainN), .AddPlanesN(AddPlanesN)) u_add (
    .clk, .rst_n(core_rst_n), .job_start, .job_desc, .tab_we, .tab_sel, .tab_index, .tab_data,
    .q_valid, .q_data, .q_mask, .q_group, .q_byte, .q_last, .r_valid(res_valid), .r_pop,
    .r_data(res_data), .o_valid, .o_data, .o_mask, .o_group, .o_byte, .o_last
  );
  hg_residual #(
    .ActBits(ActBits), .Pot4N(Pot4N), .Fixed4N(Fixed4N), .Fixed8N(Fixed8N), .PixelsN(PixelsN),
    .BanksN(BanksN), .DrainN(DrainN), .ActDepth(ActDepth), .AddPlanesN(AddPlanesN)
  ) u_residual (
    .clk, .rst_n(core_rst_n), .job_start, .job_desc, .rs_req, .rs_gnt, .rs_bank, .rs_addr,
    .rs_rvalid, .rd_pair, .rd_odd, .r_valid(res_valid), .r_pop, .r_data(res_data), .res_tile_done
  );
  hg_writer #(
    .ActBits(ActBits), .Pot4N(Pot4N), .Fixed4N(Fixed4N), .Fixed8N(Fixed8N), .PixelsN(PixelsN),
    .BanksN(BanksN), .DrainN(DrainN), .ActDepth(ActDepth)
  ) u_writer (
    .clk, .rst_n(core_rst_n), .job_start, .job_desc, .o_valid, .o_data, .o_mask, .o_group, .o_byte,
    .o_last, .p_valid, .p_data, .p_last, .wr_req, .wr_hold, .wr_we, .wr_en, .wr_sel, .wr_addr,
    .wr_data, .wr_keep, .tile_done, .idle(unused_idle)
  );

  logic unused_last;  // ends of weight bursts are counted, not looked at
  assign unused_last = ^r_last;

`ifndef SYNTHESIS
  logic step, unused_bench;  // for the bench
  assign step = k_valid || pk_valid;
  assign unused_bench = ^{step, running, now, frames_done};
`else
  logic unused_bench;
  assign unused_bench = ^{running, now, frames_done};
`endif
endmodule
