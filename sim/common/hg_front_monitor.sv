// SPDX-License-Identifier: Apache-2.0
// Writes the streams of the maps to the trace: bound into hg_proposal_front, simulation only.
//
// A record for each beat that brings something: kind 8 resize, 9 colour, 10 gradient, 11 score;
// slot (descriptor), job row (block), beat (tile), cycle since the start (step), the lanes that
// count (mask), and their values, lane 0 lowest. Of each frame a record of kind 17 with its last
// beat: beats of jobs (block), cycle (step); one of kind 18 when its last job is taken: cycles that its
// jobs waited for source rows (tile) and for the limit bank (step). Counted here, so that they check the
// report's own.
module hg_front_monitor #(
  parameter int unsigned LanesN = 3,
  parameter int unsigned ScoreW = 18
) (
  input logic                          clk,
  input logic                          rst_n,
  input logic                          wait_rows,
  input logic                          wait_bank,
  input logic                          frame_ends,
  input logic                          beat_valid,
  input logic [55:0]                   beat_tag,
  input logic                          resized_valid,
  input logic [55:0]                   resized_tag,
  input logic [LanesN-1:0][2:0][7:0]   resized,
  input logic                          converted_valid,
  input logic [55:0]                   converted_tag,
  input logic [LanesN-1:0][2:0][7:0]   converted,
  input logic                          grad_valid,
  input logic [55:0]                   grad_tag,
  input logic [LanesN-1:0][7:0]        grads,
  input logic                          o_valid,
  input logic [55:0]                   o_tag,
  input logic [LanesN-1:0]             o_scored,
  input logic [LanesN-1:0][ScoreW-1:0] o_scores
);
  localparam int unsigned Words = (24 * LanesN + 63) / 64;
  localparam int unsigned Resize = 0, Colour = 1, Gradient = 2, Score = 3;
  typedef logic [64*Words-1:0] data_t;

  import hg_trace_pkg::*;

  int unsigned cycle, beats, rows, banks, beats_frame, waits_frame;
  int unsigned frame [4];

  // `lanes` that count; the frame ends with its last job's last beat
  function automatic void emit(int unsigned k, logic [55:0] tag, logic [LanesN-1:0] lanes,
                               data_t data);
    if (lanes != '0) begin
      hg_trace_head(8 + k, frame[k], 32'(tag[5:0]), 32'(tag[17:6]), 32'(tag[29:18]), cycle, 0,
                    64'(lanes));
      for (int i = 0; i < int'(Words); i++) hg_trace_data(data[64*i +: 64]);
    end
    if (tag[55]) frame[k]++;
  endfunction

  // Lanes of the map, in a row that is there
  function automatic logic [LanesN-1:0] there(logic [55:0] tag, logic row);
    return row && !tag[54] ? tag[44 +: LanesN] : '0;
  endfunction

  always @(posedge clk) begin
    if (!rst_n) begin  // before each start
      cycle = 1;
      {beats, rows, banks, beats_frame, waits_frame} = '0;
      frame = '{default: 0};
    end else begin
      if (resized_valid) emit(Resize, resized_tag, there(resized_tag, 1'b1), data_t'(resized));
      if (converted_valid) begin
        emit(Colour, converted_tag, there(converted_tag, 1'b1), data_t'(converted));
      end
      // The gradient gives row Y - 1 in job row Y
      if (grad_valid) begin
        emit(Gradient, grad_tag, there(grad_tag, grad_tag[17:6] != '0), data_t'(grads));
      end
      if (o_valid) emit(Score, o_tag, o_scored, data_t'(o_scores));
      rows += 32'(wait_rows);
      banks += 32'(wait_bank);
      beats += 32'(beat_valid);
      if (frame_ends) begin
        bare(Words, 18, waits_frame, 0, 0, rows, banks, 0, 0);
        {rows, banks} = '0;
        waits_frame++;
      end
      if (beat_valid && beat_tag[55]) begin
        bare(Words, 17, beats_frame, 0, beats, 0, cycle, 0, 0);
        beats = 0;
        beats_frame++;
      end
      cycle++;
    end
  end
endmodule
