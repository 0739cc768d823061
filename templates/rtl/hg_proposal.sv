// SPDX-License-Identifier: Apache-2.0
// The proposal engine: image rows in memory or from a camera to records of boxes in memory, started
// and reported by registers (docs/spec/proposals.md, formats §11).
//
// Port 0 of AXI reads and writes, port 1 reads odd rows of the image; R and B are always ready.
// The program is read before the image, both by port 0. Results and report share its writes. With
// a camera (StreamPixelsN is not 0) the image comes as AXI4-Stream video and no port reads it.
module hg_proposal #(
  parameter int unsigned WidthMax = 500,
  parameter int unsigned HeightMax = 500,
  parameter int unsigned LanesN = 3,
  parameter int unsigned PortsN = 1,
  parameter int unsigned StreamPixelsN = 0,
  parameter int unsigned AttemptsN = 8,
  parameter int unsigned LimitN = 130,
  parameter int unsigned TopK = 1000,
  parameter int unsigned SizesN = 28,
  parameter int unsigned LineDepth = 763,
  parameter int unsigned JobsDepth = 2560,
  parameter int unsigned CacheRowsN = 8,
  parameter int unsigned MapBitsX = 8,
  parameter int unsigned MapBitsY = 8,
  parameter int unsigned CandidatesDepth = 512,
  parameter logic [63:0] LayoutHash = '0,
  // A standstill is 2^WatchW cycles; a camera may be silent for much longer than memory
  parameter int unsigned WatchW = StreamPixelsN == 0 ? 20 : 28,
  localparam int unsigned VideoW = StreamPixelsN == 2 ? 48 : 24
) (
  input  logic                    clk,
  input  logic                    rst_n,

  input  logic                    c_awvalid, c_wvalid, c_bready, c_arvalid, c_rready,
  output logic                    c_awready, c_wready, c_bvalid, c_arready, c_rvalid,
  input  logic [6:0]              c_awaddr, c_araddr,
  input  logic [31:0]             c_wdata,
  input  logic [3:0]              c_wstrb,
  output logic [31:0]             c_rdata,
  output logic                    irq,

  input  logic                    v_valid,
  output logic                    v_ready,
  input  logic [VideoW-1:0]       v_data,
  input  logic                    v_user,
  input  logic                    v_last,

  output logic [PortsN-1:0]       ar_valid,
  input  logic [PortsN-1:0]       ar_ready,
  output logic [PortsN-1:0][31:0] ar_addr,
  output logic [PortsN-1:0][3:0]  ar_len,
  input  logic [PortsN-1:0]       r_valid,
  input  logic [PortsN-1:0][63:0] r_data,
  input  logic [PortsN-1:0][1:0]  r_resp,
  input  logic [PortsN-1:0]       r_last,
  output logic                    aw_valid,
  input  logic                    aw_ready,
  output logic [31:0]             aw_addr,
  output logic [3:0]              aw_len,
  output logic                    w_valid,
  input  logic                    w_ready,
  output logic [63:0]             w_data,
  output logic [7:0]              w_strb,
  output logic                    w_last,
  input  logic                    b_valid,
  input  logic [1:0]              b_resp
);
  localparam int unsigned ScoreW = 18;
  localparam logic [63:0] Capabilities = {16'(TopK), 16'(LimitN), 8'(SizesN), 8'(AttemptsN),
                                          4'(StreamPixelsN), 4'(PortsN), 8'(LanesN)};

  // Registers
  logic start, done, running;
  logic [5:0][63:0] pointer;
  logic [2:0][31:0] value;
  hg_control u_control (
    .clk, .rst_n, .aw_valid(c_awvalid), .aw_ready(c_awready), .aw_addr(c_awaddr),
    .w_valid(c_wvalid), .w_ready(c_wready), .w_data(c_wdata), .w_strb(c_wstrb),
    .b_valid(c_bvalid), .b_ready(c_bready), .ar_valid(c_arvalid), .ar_ready(c_arready),
    .ar_addr(c_araddr), .r_valid(c_rvalid), .r_ready(c_rready), .r_data(c_rdata), .irq,
    .start, .done, .running, .arg_pointer(pointer), .arg_value(value)
  );

  // Port 0: readers are program and image, writers report and results. Other ports are the image's
  logic [1:0] rd_valid, rd_ready, rd_r_valid;
  logic [1:0][31:0] rd_addr;
  logic [1:0][3:0] rd_len;
  logic [PortsN-1:0] row_valid, row_ready, row_r_valid;
  logic [PortsN-1:0][31:0] row_addr;
  logic [PortsN-1:0][3:0] row_len;
  logic [1:0] wr_aw_valid, wr_aw_ready, wr_w_valid, wr_w_ready, wr_w_last, wr_b_valid;
  logic [1:0] wr_idle, wr_error;
  logic [1:0][31:0] wr_aw_addr;
  logic [1:0][3:0] wr_aw_len;
  logic [1:0][63:0] wr_w_data;
  logic [1:0][7:0] wr_w_strb;
  assign {rd_valid[1], rd_addr[1], rd_len[1]} = {row_valid[0], row_addr[0], row_len[0]};
  assign {row_ready[0], row_r_valid[0]} = {rd_ready[1], rd_r_valid[1]};
  for (genvar p = 1; p < PortsN; p++) begin : gen_port
    assign {ar_valid[p], ar_addr[p], ar_len[p]} = {row_valid[p], row_addr[p], row_len[p]};
    assign {row_ready[p], row_r_valid[p]} = {ar_ready[p], r_valid[p]};
  end
  hg_axi_share_read #(.ReadersN(2)) u_share_read (
    .clk, .rst_n, .s_valid(rd_valid), .s_ready(rd_ready), .s_addr(rd_addr), .s_len(rd_len),
    .s_r_valid(rd_r_valid), .ar_valid(ar_valid[0]), .ar_ready(ar_ready[0]), .ar_addr(ar_addr[0]),
    .ar_len(ar_len[0]), .r_valid(r_valid[0]), .r_last(r_last[0])
  );
  hg_axi_share_write #(.WritersN(2)) u_share_write (
    .clk, .rst_n, .s_aw_valid(wr_aw_valid), .s_aw_ready(wr_aw_ready), .s_aw_addr(wr_aw_addr),
    .s_aw_len(wr_aw_len), .s_w_valid(wr_w_valid), .s_w_ready(wr_w_ready), .s_w_data(wr_w_data),
    .s_w_strb(wr_w_strb), .s_w_last(wr_w_last), .s_b_valid(wr_b_valid),
    .aw_valid, .aw_ready, .aw_addr, .aw_len, .w_valid, .w_ready, .w_data, .w_strb, .w_last,
    .b_valid
  );

  // Program
  logic core_rst_n, halt, core_ready, read_idle, rows_idle, go, head_valid, head_done;
  logic [47:0] now;
  logic [31:0] frames_done;
  logic [7:0] fault_status, status;
  logic [15:0] fault_index, status_index, error_slot;
  logic [63:0] table_data;
  logic size_we, tab_we, job_we;
  logic [5:0] size_slot, last_slot;
  logic [1:0] size_beat, tab_pair, space;
  logic [13:0] tab_place;
  logic [15:0] job_index, jobs_n, width, height, row_beats, row_stride;
  logic [1:0][63:0] signs;
  logic [1:0][15:0] coeffs;
  hg_proposal_program #(
    .LayoutHash(LayoutHash), .WidthMax(WidthMax), .HeightMax(HeightMax), .LanesN(LanesN),
    .TopK(TopK), .SizesN(SizesN), .LineDepth(LineDepth), .JobsDepth(JobsDepth)
  ) u_program (
    .clk, .rst_n, .start, .done, .arg_program(pointer[0][31:0]), .arg_frames(value[0]),
    .core_rst_n, .halt, .now, .core_ready, .frames_done,
    .axi_idle(read_idle && rows_idle && &wr_idle), .fault_status, .fault_index, .table_data,
    .size_we, .size_slot, .size_beat, .tab_we, .tab_place, .tab_pair, .job_we, .job_index, .go,
    .last_slot, .space, .jobs_n, .width, .height, .row_beats, .row_stride, .signs, .coeffs,
    .head_valid, .head_done, .status, .status_index, .read_idle, .ar_valid(rd_valid[0]),
    .ar_ready(rd_ready[0]), .ar_addr(rd_addr[0]), .ar_len(rd_len[0]), .r_valid(rd_r_valid[0]),
    .r_data(r_data[0]), .r_resp(r_resp[0])
  );

  // Image rows to scores
  logic v_moves, v_bad, rows_error, given_back, frame_begins, frame_ends, wait_rows, wait_bank;
  logic scored;
  logic [55:0] score_tag;
  logic [12:0] v_bad_row;
  logic [LanesN-1:0] score_there;
  logic [LanesN-1:0][ScoreW-1:0] scores;
  hg_proposal_front #(
    .LanesN(LanesN), .WidthMax(WidthMax), .HeightMax(HeightMax), .CacheRowsN(CacheRowsN),
    .PortsN(PortsN), .StreamPixelsN(StreamPixelsN), .LineDepth(LineDepth), .JobDepth(JobsDepth),
    .ScoreW(ScoreW)
  ) u_front (
    .clk, .rst_n(core_rst_n), .halt, .axi_idle(rows_idle), .axi_error(rows_error), .tab_we,
    .tab_place, .tab_pair, .tab_data(table_data), .job_we, .job_index, .job_data(table_data),
    .size_we, .size_slot, .size_beat, .size_data(table_data), .go, .base(pointer[2][31:0]),
    .in_stride(value[1]), .frames(value[0]), .width(width[12:0]), .height(height[12:0]),
    .row_beats, .row_stride, .jobs_n, .space, .signs, .coeffs, .v_valid, .v_ready, .v_data,
    .v_user, .v_last, .v_moves, .v_bad, .v_bad_row, .given_back, .frame_begins, .frame_ends,
    .wait_rows, .wait_bank, .o_valid(scored), .o_tag(score_tag), .o_scored(score_there),
    .o_scores(scores), .ar_valid(row_valid), .ar_ready(row_ready), .ar_addr(row_addr),
    .ar_len(row_len), .r_valid(row_r_valid), .r_data, .r_resp
  );

  // Scores to records
  logic req_valid, req_ready, m_valid, m_ready, wr_done, point_taken, points_end, frame_done;
  logic [31:0] req_addr, req_beats;
  logic [63:0] m_data;
  logic [12:0] frame_records;
  hg_rank #(
    .LanesN(LanesN), .LineDepth(LineDepth), .AttemptsN(AttemptsN), .SizesN(SizesN),
    .LimitN(LimitN), .TopK(TopK), .MapXW(MapBitsX), .MapYW(MapBitsY), .FifoDepth(CandidatesDepth)
  ) u_rank (
    .clk, .rst_n(core_rst_n), .ready(core_ready), .last_slot, .image_w(width[12:0]),
    .image_h(height[12:0]), .start(!go), .out_base(pointer[3][31:0]), .out_stride(value[2]),
    .size_we, .size_slot, .size_beat, .size_data(table_data), .i_valid(scored), .i_tag(score_tag),
    .i_scores(scores), .i_scored(score_there), .req_valid, .req_ready, .req_addr, .req_beats,
    .m_valid, .m_ready, .m_data, .wr_done, .point_taken, .points_end, .given_back, .frame_done,
    .frame_records
  );
  hg_axi_write u_results (
    .clk, .rst_n(core_rst_n), .halt, .idle(wr_idle[1]), .error(wr_error[1]), .req_valid,
    .req_ready, .req_addr, .req_beats, .done(wr_done), .s_valid(m_valid), .s_ready(m_ready),
    .s_data(m_data), .aw_valid(wr_aw_valid[1]), .aw_ready(wr_aw_ready[1]), .aw_addr(wr_aw_addr[1]),
    .aw_len(wr_aw_len[1]), .w_valid(wr_w_valid[1]), .w_ready(wr_w_ready[1]),
    .w_data(wr_w_data[1]), .w_strb(wr_w_strb[1]), .w_last(wr_w_last[1]), .b_valid(wr_b_valid[1]),
    .b_resp
  );

  // Report and faults
  logic entry_valid, entry_done;
  logic [31:0] entry_index;
  logic [2:0] entry_beat;
  logic [63:0] entry_data;
  hg_proposal_entries u_entries (
    .clk, .rst_n(core_rst_n), .now, .frame_begins, .frame_ends, .wait_rows, .wait_bank,
    .beat(scored), .beat_end(score_tag[55]), .point_taken, .points_end, .frame_done,
    .frame_records, .frames_done, .entry_valid, .entry_done, .entry_index, .entry_beat, .entry_data
  );
  hg_report #(.LayoutHash(LayoutHash), .Capabilities(Capabilities)) u_report (
    .clk, .rst_n(core_rst_n), .base(pointer[5][31:0]), .idle(wr_idle[0]), .error(wr_error[0]),
    .error_slot, .entry_valid, .entry_done, .entry_index, .entry_beat, .entry_data, .head_valid,
    .head_done, .status, .status_index, .frames_done, .now, .aw_valid(wr_aw_valid[0]),
    .aw_ready(wr_aw_ready[0]), .aw_addr(wr_aw_addr[0]), .aw_len(wr_aw_len[0]),
    .w_valid(wr_w_valid[0]), .w_ready(wr_w_ready[0]), .w_data(wr_w_data[0]),
    .w_strb(wr_w_strb[0]), .w_last(wr_w_last[0]), .b_valid(wr_b_valid[0]), .b_resp
  );
  // Rows are a LOAD's beats and results a STORE's; what goes wrong there has no index
  hg_faults #(.WatchW(WatchW)) u_faults (
    .clk, .rst_n(core_rst_n), .progress(|r_valid || b_valid || scored || v_moves),
    .fetch_bad(1'b0), .fetch_bad_index('0), .taps_bad(1'b0), .stream_bad(v_bad),
    .stream_row({3'd0, v_bad_row}), .fetch_error(1'b0), .taps_error(1'b0),
    .load_error(rows_error), .store_error(wr_error[1]), .report_error(wr_error[0]),
    .report_slot(error_slot), .index('0), .taps_index('0), .status(fault_status),
    .status_index(fault_index)
  );

  logic unused;
  assign unused = ^{pointer, width[15:13], height[15:13], r_last, running};

`ifndef SYNTHESIS
  logic step, unused_step;  // for the bench: something moves that no port shows
  assign step = scored || u_rank.limit_goes || (u_rank.top_valid && u_rank.top_ready) ||
                v_moves;
  assign unused_step = step;
`endif
endmodule
