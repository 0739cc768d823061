// SPDX-License-Identifier: Apache-2.0
// The back half of the proposal engine: from the scores of beats to the records of the best boxes.
//
//   suppress -> candidates' FIFO -> heap (limit) -> calibrate -> heap (top k) -> boxes
//
// The mark of a frame's end goes the same way behind the points and turns each heap round. Keys: of
// the limit {score, ~y, ~x}, of the top k {value, ~index of the size, ~y, ~x}. The FIFO behind
// calibration has a place for every point that leaves the limit, so nothing stalls in between.
// `given_back` pulses when a frame's top k has been taken by boxes; of points that come meanwhile
// those of one more frame have a place. Points must not come while `ready` is low (the sweep behind
// a reset).
module hg_rank #(
  parameter int unsigned LanesN = 3,
  parameter int unsigned LineDepth = 763,
  parameter int unsigned AttemptsN = 8,
  parameter int unsigned SizesN = 28,
  parameter int unsigned LimitN = 130,
  parameter int unsigned TopK = 1000,
  // Bits of x and y of a point
  parameter int unsigned MapXW = 8,
  parameter int unsigned MapYW = 8,
  // Places of the candidates' FIFO
  parameter int unsigned FifoDepth = 512,
  localparam int unsigned ScoreW = 18,
  localparam int unsigned CoordinateW = 13
) (
  input  logic                          clk,
  input  logic                          rst_n,
  output logic                          ready,
  // Settings
  input  logic [5:0]                    last_slot,
  input  logic [CoordinateW-1:0]        image_w,
  input  logic [CoordinateW-1:0]        image_h,
  input  logic                          start,         // pulse: the addresses are there
  input  logic [31:0]                   out_base,
  input  logic [31:0]                   out_stride,
  input  logic                          size_we,
  input  logic [5:0]                    size_slot,
  input  logic [1:0]                    size_beat,
  input  logic [63:0]                   size_data,
  // From the score stage
  input  logic                          i_valid,
  input  logic [55:0]                   i_tag,
  input  logic [LanesN-1:0][ScoreW-1:0] i_scores,
  input  logic [LanesN-1:0]             i_scored,
  // To hg_axi_write
  output logic                          req_valid,
  input  logic                          req_ready,
  output logic [31:0]                   req_addr,
  output logic [31:0]                   req_beats,
  output logic                          m_valid,
  input  logic                          m_ready,
  output logic [63:0]                   m_data,
  input  logic                          wr_done,
  // To sequencer and report
  output logic                          point_taken,   // by the limit
  output logic                          points_end,    // it has all of a frame
  output logic                          given_back,
  output logic                          frame_done,    // last write response
  output logic [12:0]                   frame_records
);
  localparam int unsigned GroupsN = (LanesN + 2) / 3;
  localparam int unsigned PlaceW = MapXW + MapYW;
  localparam int unsigned PointW = 6 + PlaceW + ScoreW;
  localparam int unsigned ValueW = 32;
  localparam int unsigned IndexW = 6;
  localparam int unsigned SideW = 1 + IndexW + PlaceW;
  localparam int unsigned LimitW = ScoreW + PlaceW;
  localparam int unsigned TopW = ValueW + IndexW + PlaceW;
  localparam int unsigned WaitN = 16;

  // Kept points
  logic [GroupsN-1:0]             kept;
  logic [GroupsN-1:0][PointW-1:0] points;
  logic                           mark;
  hg_suppress #(
    .LanesN(LanesN), .LineDepth(LineDepth), .ScoreW(ScoreW), .AttemptsN(AttemptsN), .SpacingN(2),
    .MapXW(MapXW), .MapYW(MapYW)
  ) u_suppress (
    .clk, .rst_n, .i_valid, .i_tag, .i_scores, .i_scored, .o_valid(kept), .o_points(points),
    .o_mark(mark)
  );

  logic              point_valid, point_ready, point_mark;
  logic [5:0]        point_slot;
  logic [PlaceW-1:0] point_place;
  logic [ScoreW-1:0] point_score;
  hg_candidates #(.InletsN(GroupsN), .Width(PointW), .Depth(FifoDepth)) u_candidates (
    .clk, .rst_n, .i_valid(kept), .i_points(points), .i_mark(mark), .m_valid(point_valid),
    .m_ready(point_ready), .m_mark(point_mark), .m_point({point_slot, point_place, point_score})
  );
  assign point_taken = point_valid && point_ready && !point_mark;
  assign points_end  = point_valid && point_ready && point_mark;

  // The best of a size
  logic              limit_valid, limit_ready, limit_mark, limit_held, limit_goes;
  logic [5:0]        limit_slot;
  logic [LimitW-1:0] limit_key;
  hg_heap #(.HeapsN(SizesN), .EntriesN(LimitN), .KeyW(LimitW), .BanksN(2)) u_limit (
    .clk, .rst_n, .ready, .last_heap(last_slot), .s_valid(point_valid), .s_ready(point_ready),
    .s_mark(point_mark), .s_heap(point_slot), .s_key({point_score, ~point_place}),
    .m_valid(limit_valid), .m_ready(limit_ready), .m_mark(limit_mark), .m_held(limit_held),
    .m_heap(limit_slot), .m_key(limit_key)
  );

  // Made comparable; what is under way has its place behind
  localparam int unsigned RoomW = $clog2(WaitN + 1);
  logic [RoomW-1:0]  room_q;
  logic [IndexW-1:0] index_mem [64];
  logic              value_valid, value_fits, best_valid, best_ready, best_mark;
  logic [ValueW-1:0] value;
  logic [SideW-1:0]  value_side;
  logic [TopW-1:0]   best_key;
  assign limit_ready = room_q != '0;
  assign limit_goes  = limit_valid && limit_ready && (limit_held || limit_mark);
  always_ff @(posedge clk) begin
    if (size_we && size_beat == 2'd1) index_mem[size_slot] <= size_data[63:58];
    if (!rst_n) room_q <= RoomW'(WaitN);
    else room_q <= room_q - RoomW'(limit_goes) + RoomW'(best_valid && best_ready);
  end
  hg_calibrate #(.ScoreW(ScoreW), .ValueW(ValueW), .SideW(SideW)) u_calibrate (
    .clk, .rst_n, .size_we, .size_slot, .size_beat, .size_data, .i_valid(limit_goes),
    .i_slot(limit_slot), .i_score(limit_key[LimitW-1-:ScoreW]),
    .i_side({limit_mark, ~index_mem[limit_slot], limit_key[PlaceW-1:0]}),
    .o_valid(value_valid), .o_value(value), .o_side(value_side)
  );
  hg_fifo #(.Width(1 + TopW), .Depth(WaitN)) u_values (
    .clk, .rst_n, .s_valid(value_valid), .s_ready(value_fits),
    .s_data({value_side[SideW-1], value, value_side[SideW-2:0]}),
    .m_valid(best_valid), .m_ready(best_ready), .m_data({best_mark, best_key})
  );

  // The best of all
  logic              top_valid, top_ready, top_mark, top_held, unused_ready;
  logic [5:0]        unused_heap;
  logic [TopW-1:0]   top_key;
  hg_heap #(.HeapsN(1), .EntriesN(TopK), .KeyW(TopW), .BanksN(1)) u_top (
    .clk, .rst_n, .ready(unused_ready), .last_heap('0), .s_valid(best_valid), .s_ready(best_ready),
    .s_mark(best_mark), .s_heap('0), .s_key(best_key), .m_valid(top_valid), .m_ready(top_ready),
    .m_mark(top_mark), .m_held(top_held), .m_heap(unused_heap), .m_key(top_key)
  );
  assign given_back = top_valid && top_ready && top_mark;

  hg_boxes #(
    .BoxesN(TopK), .CoordinateW(CoordinateW), .ValueW(ValueW), .MapXW(MapXW), .MapYW(MapYW)
  ) u_boxes (
    .clk, .rst_n, .start, .out_base, .out_stride, .image_w, .image_h, .size_we, .size_beat,
    .size_data, .s_valid(top_valid), .s_ready(top_ready), .s_mark(top_mark), .s_held(top_held),
    .s_value(top_key[TopW-1-:ValueW]), .s_index(~top_key[PlaceW+:IndexW]),
    .s_y(~top_key[MapXW+:MapYW]), .s_x(~top_key[MapXW-1:0]), .req_valid, .req_ready, .req_addr,
    .req_beats, .m_valid, .m_ready, .m_data, .wr_done, .frame_done, .frame_records
  );

  logic unused;
  assign unused = ^{unused_heap, unused_ready, value_fits};

`ifndef SYNTHESIS
  a_room: assert property (@(posedge clk) disable iff (!rst_n) value_valid |-> value_fits)
    else $error("hg_rank: a value without room");
  a_ready: assert property (@(posedge clk) disable iff (!rst_n) kept != '0 |-> ready)
    else $error("hg_rank: a point while the heaps are swept");
`endif
endmodule
