// SPDX-License-Identifier: Apache-2.0
// Everything between the processor's side and the walkers: registers, layer program, queues,
// taps, report, and memory port 0, which program, taps and LOAD read and STORE and report write.
//
// `core_rst_n` resets the walkers before each start. Walkers: 0 FETCH, 1 LOAD, 2 CONV and POOL,
// 3 STORE.
module hg_front #(
  parameter logic [63:0] LayoutHash = '0,
  parameter int unsigned ActBits = 8,
  parameter int unsigned RowsN = 32,
  parameter int unsigned LanesN = 8,
  parameter int unsigned PixelsN = 8,
  parameter int unsigned DrainN = 1,
  parameter int unsigned ActDepth = 1024,
  parameter int unsigned RingDepth = 256,
  parameter int unsigned RecordDepth = 256,
  parameter int unsigned WeightPortsN = 3,
  parameter int unsigned TapsN = 128,
  parameter int unsigned WideCodes = 0
) (
  input  logic                clk,
  input  logic                rst_n,

  // AXI4-Lite
  input  logic                c_awvalid,
  output logic                c_awready,
  input  logic [6:0]          c_awaddr,
  input  logic                c_wvalid,
  output logic                c_wready,
  input  logic [31:0]         c_wdata,
  input  logic [3:0]          c_wstrb,
  output logic                c_bvalid,
  input  logic                c_bready,
  input  logic                c_arvalid,
  output logic                c_arready,
  input  logic [6:0]          c_araddr,
  output logic                c_rvalid,
  input  logic                c_rready,
  output logic [31:0]         c_rdata,
  output logic                irq,

  // Walkers
  output logic                core_rst_n,
  output logic                halt,
  output logic                running,
  output logic [47:0]         now,
  output logic [31:0]         frames_done,
  output logic [3:0]          desc_valid,
  input  logic [3:0]          desc_ready,
  input  logic [3:0]          desc_done,
  output logic [3:0][1023:0]  desc,          // heads of the queues
  output logic                next_valid,    // desc[2] is a descriptor, whether it may start or not
  input  logic                tap_room,
  output logic                tap_we,
  output logic [7:0]          tap_index,
  output logic [127:0]        tap_data,
  input  logic                cnt_busy,
  input  logic                cnt_wait_weights,
  input  logic                cnt_wait_drain,
  input  logic                cnt_fetch,     // beats of all weight ports were taken
  input  logic                cnt_fetch_full,
  input  logic                fetch_idle,
  input  logic                fetch_error,
  input  logic                fetch_bad,
  input  logic [15:0]         fetch_bad_index,

  // LOAD and STORE streams
  input  logic                ld_req_valid,
  output logic                ld_req_ready,
  input  logic [31:0]         ld_req_addr,
  input  logic [31:0]         ld_req_beats,
  output logic                ld_m_valid,
  input  logic                ld_m_ready,
  output logic [63:0]         ld_m_data,
  input  logic                st_req_valid,
  output logic                st_req_ready,
  input  logic [31:0]         st_req_addr,
  input  logic [31:0]         st_req_beats,
  input  logic                st_s_valid,
  output logic                st_s_ready,
  input  logic [63:0]         st_s_data,
  output logic                st_done,

  // AXI port 0
  output logic                ar_valid,
  input  logic                ar_ready,
  output logic [31:0]         ar_addr,
  output logic [3:0]          ar_len,
  input  logic                r_valid,
  input  logic [63:0]         r_data,
  input  logic [1:0]          r_resp,
  input  logic                r_last,
  output logic                aw_valid,
  input  logic                aw_ready,
  output logic [31:0]         aw_addr,
  output logic [3:0]          aw_len,
  output logic                w_valid,
  input  logic                w_ready,
  output logic [63:0]         w_data,
  output logic [7:0]          w_strb,
  output logic                w_last,
  input  logic                b_valid,
  input  logic [1:0]          b_resp
);
  localparam logic [63:0] Capabilities = {16'd0, 8'(DrainN), 8'(WeightPortsN), 8'(RowsN),
                                          8'(PixelsN), 8'(LanesN), 8'(ActBits)};

  // Registers
  logic start, done;
  logic [5:0][63:0] pointer;
  logic [2:0][31:0] value;

  hg_control u_control (
    .clk, .rst_n, .aw_valid(c_awvalid), .aw_ready(c_awready), .aw_addr(c_awaddr),
    .w_valid(c_wvalid), .w_ready(c_wready), .w_data(c_wdata), .w_strb(c_wstrb),
    .b_valid(c_bvalid), .b_ready(c_bready), .ar_valid(c_arvalid), .ar_ready(c_arready),
    .ar_addr(c_araddr), .r_valid(c_rvalid), .r_ready(c_rready), .r_data(c_rdata), .irq,
    .start, .done, .running, .arg_pointer(pointer), .arg_value(value)
  );

  // Readers of port 0: program, taps, LOAD; writers: report, STORE
  logic [2:0] rd_valid, rd_ready, rd_r_valid, rd_idle;
  logic [2:0][31:0] rd_addr;
  logic [2:0][3:0] rd_len;
  logic [1:0] wr_aw_valid, wr_aw_ready, wr_w_valid, wr_w_ready, wr_w_last, wr_b_valid, wr_idle;
  logic [1:0] wr_error;
  logic [1:0][31:0] wr_aw_addr;
  logic [1:0][3:0] wr_aw_len;
  logic [1:0][63:0] wr_w_data;
  logic [1:0][7:0] wr_w_strb;
  logic taps_error, taps_bad, load_error;

  hg_axi_share_read #(.ReadersN(3)) u_share_read (
    .clk, .rst_n, .s_valid(rd_valid), .s_ready(rd_ready), .s_addr(rd_addr), .s_len(rd_len),
    .s_r_valid(rd_r_valid), .ar_valid, .ar_ready, .ar_addr, .ar_len, .r_valid, .r_last
  );
  hg_axi_share_write #(.WritersN(2)) u_share_write (
    .clk, .rst_n, .s_aw_valid(wr_aw_valid), .s_aw_ready(wr_aw_ready), .s_aw_addr(wr_aw_addr),
    .s_aw_len(wr_aw_len), .s_w_valid(wr_w_valid), .s_w_ready(wr_w_ready), .s_w_data(wr_w_data),
    .s_w_strb(wr_w_strb), .s_w_last(wr_w_last), .s_b_valid(wr_b_valid),
    .aw_valid, .aw_ready, .aw_addr, .aw_len, .w_valid, .w_ready, .w_data, .w_strb, .w_last,
    .b_valid
  );
  hg_axi_read #(.FifoDepth(256)) u_load (
    .clk, .rst_n(core_rst_n), .halt, .idle(rd_idle[2]), .error(load_error),
    .req_valid(ld_req_valid), .req_ready(ld_req_ready), .req_addr(ld_req_addr),
    .req_beats(ld_req_beats), .m_valid(ld_m_valid), .m_ready(ld_m_ready), .m_data(ld_m_data),
    .ar_valid(rd_valid[2]), .ar_ready(rd_ready[2]), .ar_addr(rd_addr[2]), .ar_len(rd_len[2]),
    .r_valid(rd_r_valid[2]), .r_data, .r_resp
  );
  hg_axi_write u_store (
    .clk, .rst_n(core_rst_n), .halt, .idle(wr_idle[1]), .error(wr_error[1]),
    .req_valid(st_req_valid), .req_ready(st_req_ready), .req_addr(st_req_addr),
    .req_beats(st_req_beats), .done(st_done),
    .s_valid(st_s_valid), .s_ready(st_s_ready), .s_data(st_s_data),
    .aw_valid(wr_aw_valid[1]), .aw_ready(wr_aw_ready[1]), .aw_addr(wr_aw_addr[1]),
    .aw_len(wr_aw_len[1]), .w_valid(wr_w_valid[1]), .w_ready(wr_w_ready[1]),
    .w_data(wr_w_data[1]), .w_strb(wr_w_strb[1]), .w_last(wr_w_last[1]),
    .b_valid(wr_b_valid[1]), .b_resp
  );

  // Layer program
  logic [3:0] q_room, head_valid, pop;
  assign next_valid = head_valid[2];
  logic q_valid, taps_loaded, walkers_idle, rep_head_valid, rep_head_done, entry_valid, entry_done;
  logic [1:0] q_walker;
  logic [3:0] q_beat;
  logic [63:0] q_data;
  logic [3:0][15:0] index;
  logic [15:0] stores_n, status_index, fault_index, report_slot;
  logic [7:0] status, fault_status;
  logic [31:0] entry_index;
  logic [2:0] entry_beat;
  logic [63:0] entry_data;
  // Beats that went, that could not go
  logic [3:0] beats, stuck;

  assign beats = {st_s_valid && st_s_ready, cnt_busy, ld_m_valid && ld_m_ready, cnt_fetch};
  assign stuck = {st_s_valid && !st_s_ready, cnt_wait_drain, ld_m_valid && !ld_m_ready,
                  cnt_fetch_full};

  hg_program #(
    .LayoutHash(LayoutHash), .ActBits(ActBits), .RowsN(RowsN), .PixelsN(PixelsN),
    .ActDepth(ActDepth), .RingDepth(RingDepth), .RecordDepth(RecordDepth), .TapsN(TapsN),
    .WideCodes(WideCodes)
  ) u_program (
    .clk, .rst_n, .start, .done,
    .arg_program(pointer[0][31:0]), .arg_weights(pointer[1][31:0]), .arg_input(pointer[2][31:0]),
    .arg_output(pointer[3][31:0]), .arg_scratch(pointer[4][31:0]), .arg_frames(value[0]),
    .arg_in_stride(value[1]), .arg_out_stride(value[2]),
    .core_rst_n, .halt, .now, .stores_n, .walkers_idle,
    .axi_idle(&rd_idle && &wr_idle && fetch_idle), .fault_status, .fault_index,
    .q_room, .q_valid, .q_walker, .q_beat, .q_data,
    .head_valid(rep_head_valid), .head_done(rep_head_done), .status, .status_index,
    .read_idle(rd_idle[0]), .ar_valid(rd_valid[0]), .ar_ready(rd_ready[0]), .ar_addr(rd_addr[0]),
    .ar_len(rd_len[0]), .r_valid(rd_r_valid[0]), .r_data, .r_resp
  );
  hg_queues u_queues (
    .clk, .rst_n(core_rst_n), .room(q_room), .s_valid(q_valid), .s_walker(q_walker),
    .s_beat(q_beat), .s_data(q_data), .head_valid, .head(desc), .pop
  );
  hg_taps #(.ActDepth(ActDepth), .SubsN(64 / (ActBits * LanesN))) u_taps (
    .clk, .rst_n(core_rst_n), .halt, .idle(rd_idle[1]), .error(taps_error), .bad(taps_bad),
    .base(pointer[0][31:0]), .head_valid(head_valid[2]), .head_offset(desc[2][64*2 +: 32]),
    .head_taps(desc[2][64*2+32 +: 16]), .head_words(desc[2][64*2+48 +: 16]),
    .head_pool(desc[2][2:0] == 3'd4), .head_shared(desc[2][26]), .pop(pop[2]), .loaded(taps_loaded),
    .tap_room, .tap_we, .tap_index, .tap_data,
    .ar_valid(rd_valid[1]), .ar_ready(rd_ready[1]), .ar_addr(rd_addr[1]), .ar_len(rd_len[1]),
    .r_valid(rd_r_valid[1]), .r_data, .r_resp
  );
  hg_issue u_issue (
    .clk, .rst_n(core_rst_n), .halt, .now, .stores_n, .q_commit(q_valid && q_beat == 4'd15),
    .head_valid, .head(desc), .pop, .taps_loaded, .desc_valid, .desc_ready, .desc_done,
    .cnt_busy(beats), .cnt_wait_weights, .cnt_wait_drain(stuck), .idle(walkers_idle),
    .frames_done, .index, .entry_valid, .entry_done, .entry_index, .entry_beat, .entry_data
  );
  hg_report #(.LayoutHash(LayoutHash), .Capabilities(Capabilities)) u_report (
    .clk, .rst_n(core_rst_n), .base(pointer[5][31:0]), .idle(wr_idle[0]), .error(wr_error[0]),
    .error_slot(report_slot), .entry_valid, .entry_done, .entry_index, .entry_beat, .entry_data,
    .head_valid(rep_head_valid), .head_done(rep_head_done), .status, .status_index, .frames_done,
    .now, .aw_valid(wr_aw_valid[0]), .aw_ready(wr_aw_ready[0]), .aw_addr(wr_aw_addr[0]),
    .aw_len(wr_aw_len[0]), .w_valid(wr_w_valid[0]), .w_ready(wr_w_ready[0]),
    .w_data(wr_w_data[0]), .w_strb(wr_w_strb[0]), .w_last(wr_w_last[0]),
    .b_valid(wr_b_valid[0]), .b_resp
  );

  hg_faults u_faults (
    .clk, .rst_n(core_rst_n), .progress(r_valid || b_valid || cnt_busy || |desc_done),
    .fetch_bad, .fetch_bad_index, .taps_bad, .stream_bad(1'b0), .stream_row('0), .fetch_error,
    .taps_error, .load_error,
    .store_error(wr_error[1]), .report_error(wr_error[0]), .report_slot, .index,
    .taps_index(desc[2][64*15+32 +: 16]), .status(fault_status), .status_index(fault_index)
  );

  logic unused_high;
  assign unused_high = ^{pointer[0][63:32], pointer[1][63:32], pointer[2][63:32],
                         pointer[3][63:32], pointer[4][63:32], pointer[5][63:32]};
endmodule
