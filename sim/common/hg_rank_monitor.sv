// SPDX-License-Identifier: Apache-2.0
// Writes the streams of points to the trace: bound into hg_rank, simulation only.
//
// A record for each point: kind 12 kept by suppression, 13 given by the limit, 14 calibrated, 15
// given by the top k; slot, of kinds 14 and 15 the index of the size (descriptor), x (block),
// y (tile), cycle since the start (step), score or value (where).
module hg_rank_monitor #(
  parameter int unsigned LanesN = 3,
  parameter int unsigned MapXW = 8,
  parameter int unsigned MapYW = 8,
  localparam int unsigned ScoreW = 18,
  localparam int unsigned ValueW = 32,
  localparam int unsigned PlaceW = MapXW + MapYW,
  localparam int unsigned PointW = 6 + PlaceW + ScoreW,
  localparam int unsigned GroupsN = (LanesN + 2) / 3
) (
  input logic                           clk,
  input logic                           rst_n,
  input logic [GroupsN-1:0]             kept,
  input logic [GroupsN-1:0][PointW-1:0] points,
  input logic                           mark,
  input logic                           limit_goes,
  input logic                           limit_mark,
  input logic [5:0]                     limit_slot,
  input logic [ScoreW+PlaceW-1:0]       limit_key,
  input logic                           value_valid,
  input logic [ValueW-1:0]              value,
  input logic [6+PlaceW:0]              value_side,  // mark, ~index, ~y, ~x
  input logic                           top_valid,
  input logic                           top_ready,
  input logic                           top_mark,
  input logic                           top_held,
  input logic [ValueW+6+PlaceW-1:0]     top_key      // value, ~index, ~y, ~x
);
  localparam int unsigned Words = (24 * LanesN + 63) / 64;
  localparam int unsigned Suppress = 0, Limit = 1, Calibrate = 2, Top = 3;

  int unsigned cycle;
  int unsigned frame [4];

  function automatic void emit(int unsigned k, logic [5:0] slot, logic [PlaceW-1:0] place,
                               logic [31:0] number);
    hg_trace_pkg::bare(Words, 12 + k, frame[k], 32'(slot), 32'(place[MapXW-1:0]),
                       32'(place[MapXW +: MapYW]), cycle, number, 0);
  endfunction

  always @(posedge clk) begin
    if (!rst_n) begin  // before each start
      cycle = 1;
      frame = '{default: 0};
    end else begin
      for (int i = 0; i < int'(GroupsN); i++) begin
        if (kept[i]) begin
          emit(Suppress, points[i][ScoreW+PlaceW +: 6], points[i][ScoreW +: PlaceW],
               32'(signed'(points[i][ScoreW-1:0])));
        end
      end
      if (mark) frame[Suppress]++;
      if (limit_goes) begin
        if (limit_mark) frame[Limit]++;
        else emit(Limit, limit_slot, ~limit_key[PlaceW-1:0],
                  32'(signed'(limit_key[PlaceW +: ScoreW])));
      end
      if (value_valid) begin
        if (value_side[6+PlaceW]) frame[Calibrate]++;
        else emit(Calibrate, ~value_side[PlaceW +: 6], ~value_side[PlaceW-1:0], value);
      end
      if (top_valid && top_ready) begin
        if (top_mark) frame[Top]++;
        else if (top_held) begin
          emit(Top, ~top_key[PlaceW +: 6], ~top_key[PlaceW-1:0], top_key[PlaceW+6 +: ValueW]);
        end
      end
      cycle++;
    end
  end
endmodule
