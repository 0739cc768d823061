// SPDX-License-Identifier: Apache-2.0
// Front half of the proposal engine: from image rows to the stream of scores.
//
// hg_image, or of a camera hg_image_stream (StreamPixelsN pixels a beat, 0: from memory), writes
// the row cache, hg_row_jobs gives the beats, which go through resize, colour,
// gradient and score without a stall. Tables are written before `go`; settings are constant while
// `go`; reset comes before every start. Wires only.
module hg_proposal_front #(
  parameter int unsigned LanesN = 3,
  parameter int unsigned WidthMax = 500,
  parameter int unsigned HeightMax = 500,
  parameter int unsigned CacheRowsN = 8,
  parameter int unsigned PortsN = 1,
  parameter int unsigned StreamPixelsN = 0,
  parameter int unsigned LineDepth = 763,
  parameter int unsigned JobDepth = 2400,
  parameter int unsigned FifoDepth = 256,
  parameter int unsigned ScoreW = 18,
  localparam int unsigned VideoW = StreamPixelsN == 2 ? 48 : 24,
  localparam int unsigned TagW = 56
) (
  input  logic                          clk,
  input  logic                          rst_n,
  input  logic                          halt,
  output logic                          axi_idle,
  output logic                          axi_error,
  // Column table, jobs and size records
  input  logic                          tab_we,
  input  logic [13:0]                   tab_place,
  input  logic [1:0]                    tab_pair,
  input  logic [63:0]                   tab_data,
  input  logic                          job_we,
  input  logic [15:0]                   job_index,
  input  logic [63:0]                   job_data,
  input  logic                          size_we,
  input  logic [5:0]                    size_slot,
  input  logic [1:0]                    size_beat,
  input  logic [63:0]                   size_data,
  // Settings of the program and arguments
  input  logic                          go,
  input  logic [31:0]                   base,
  input  logic [31:0]                   in_stride,
  input  logic [31:0]                   frames,
  input  logic [12:0]                   width,
  input  logic [12:0]                   height,
  input  logic [15:0]                   row_beats,
  input  logic [15:0]                   row_stride,
  input  logic [15:0]                   jobs_n,
  input  logic [1:0]                    space,
  input  logic [1:0][63:0]              signs,
  input  logic [1:0][15:0]              coeffs,
  // Frames and what the report counts
  input  logic                          given_back,
  output logic                          frame_begins,
  output logic                          frame_ends,
  output logic                          wait_rows,
  output logic                          wait_bank,
  // AXI4-Stream video, and whether a beat broke its frame, in which row
  input  logic                          v_valid,
  output logic                          v_ready,
  input  logic [VideoW-1:0]             v_data,
  input  logic                          v_user,
  input  logic                          v_last,
  output logic                          v_moves,
  output logic                          v_bad,
  output logic [12:0]                   v_bad_row,
  // Scores
  output logic                          o_valid,
  output logic [TagW-1:0]               o_tag,
  output logic [LanesN-1:0]             o_scored,
  output logic [LanesN-1:0][ScoreW-1:0] o_scores,
  // AXI read channels; R is always ready
  output logic [PortsN-1:0]             ar_valid,
  input  logic [PortsN-1:0]             ar_ready,
  output logic [PortsN-1:0][31:0]       ar_addr,
  output logic [PortsN-1:0][3:0]        ar_len,
  input  logic [PortsN-1:0]             r_valid,
  input  logic [PortsN-1:0][63:0]       r_data,
  input  logic [PortsN-1:0][1:0]        r_resp
);
  localparam int unsigned SlotW = $clog2(CacheRowsN);
  logic [15:0]                        written, freed;
  logic [PortsN-1:0][2:0]             w_valid;
  logic [PortsN-1:0][SlotW-1:0]       w_slot;
  logic [PortsN-1:0][11:0]            w_x;
  logic [PortsN-1:0][2:0][23:0]       w_pixels;
  logic                               beat_valid, resized_valid, converted_valid, grad_valid;
  logic [TagW-1:0]                    beat_tag, resized_tag, converted_tag, grad_tag;
  logic [SlotW-1:0]                   beat_slot;
  logic [8:0]                         beat_weight;
  logic [LanesN-1:0][2:0][7:0]        resized, converted;
  logic [LanesN-1:0][7:0]             grads;

  if (StreamPixelsN == 0) begin : gen_memory
    hg_image #(.PortsN(PortsN), .CacheRowsN(CacheRowsN), .FifoDepth(FifoDepth)) u_image (
      .clk, .rst_n, .halt, .idle(axi_idle), .error(axi_error), .go, .base, .in_stride, .frames,
      .width, .height, .row_beats, .row_stride, .freed, .written, .w_valid, .w_slot, .w_x,
      .w_pixels, .ar_valid, .ar_ready, .ar_addr, .ar_len, .r_valid, .r_data, .r_resp
    );
    assign {v_ready, v_moves, v_bad, v_bad_row} = '0;
    logic unused;
    assign unused = ^{v_valid, v_data, v_user, v_last};
  end else begin : gen_stream
    if (PortsN != 1) begin : gen_ports_check
      $error("hg_proposal_front PortsN must be 1 with a camera, not %0d", PortsN);
    end
    hg_image_stream #(.PixelsN(StreamPixelsN), .CacheRowsN(CacheRowsN)) u_image (
      .clk, .rst_n, .go, .frames, .width, .height, .s_valid(v_valid), .s_ready(v_ready),
      .s_data(v_data), .s_user(v_user), .s_last(v_last), .moves(v_moves), .bad(v_bad),
      .bad_row(v_bad_row), .freed, .written, .w_valid(w_valid[0]), .w_slot(w_slot[0]),
      .w_x(w_x[0]), .w_pixels(w_pixels[0])
    );
    assign {axi_idle, axi_error} = 2'b10;
    assign {ar_valid, ar_addr, ar_len} = '0;
    logic unused;
    assign unused = ^{halt, base, in_stride, row_beats, row_stride, ar_ready, r_valid, r_data,
                      r_resp};
  end
  hg_row_jobs #(.LanesN(LanesN), .CacheRowsN(CacheRowsN), .JobDepth(JobDepth)) u_row_jobs (
    .clk, .rst_n, .job_we, .job_index, .job_data, .size_we, .size_slot, .size_beat, .size_data,
    .go, .jobs_n, .frames, .height, .written, .freed, .given_back, .frame_begins, .frame_ends,
    .wait_rows, .wait_bank, .o_valid(beat_valid), .o_tag(beat_tag), .o_slot(beat_slot),
    .o_weight(beat_weight)
  );
  hg_resize #(
    .LanesN(LanesN), .WidthMax(WidthMax), .HeightMax(HeightMax), .CacheRowsN(CacheRowsN),
    .PortsN(PortsN), .ColumnDepth(LineDepth)
  ) u_resize (
    .clk, .rst_n, .tab_we, .tab_place, .tab_pair, .tab_data, .w_valid, .w_slot, .w_x, .w_pixels,
    .i_valid(beat_valid), .i_tag(beat_tag), .i_slot(beat_slot), .i_weight(beat_weight),
    .o_valid(resized_valid), .o_tag(resized_tag), .o_pixels(resized)
  );
  hg_colour #(.LanesN(LanesN)) u_colour (
    .clk, .rst_n, .space, .i_valid(resized_valid), .i_tag(resized_tag), .i_pixels(resized),
    .o_valid(converted_valid), .o_tag(converted_tag), .o_pixels(converted)
  );
  hg_gradient #(.LanesN(LanesN), .LineDepth(LineDepth)) u_gradient (
    .clk, .rst_n, .space, .i_valid(converted_valid), .i_tag(converted_tag), .i_pixels(converted),
    .o_valid(grad_valid), .o_tag(grad_tag), .o_grads(grads)
  );
  hg_score #(.LanesN(LanesN), .LineDepth(LineDepth), .ScoreW(ScoreW)) u_score (
    .clk, .rst_n, .signs, .coeffs, .i_valid(grad_valid), .i_tag(grad_tag), .i_grads(grads),
    .o_valid, .o_tag, .o_scored, .o_scores
  );
endmodule
