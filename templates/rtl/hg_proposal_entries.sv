// SPDX-License-Identifier: Apache-2.0
// Counts what the report says of each frame (formats §11), and hands it over when the frame's last
// record is written.
//
// Frames overlap: of each count the end of a frame is told by its own signal, and it then waits in
// a place of the frame's. Of four frames under way there is a place: a frame begins when the top k
// of the second one before is given back, which is behind the last record of the third one before,
// and the entries leave in the order of the records.
module hg_proposal_entries (
  input  logic        clk,
  input  logic        rst_n,
  input  logic [47:0] now,
  // A cycle each: first job taken, last one taken, waits; beat of a job, last one of a frame
  input  logic        frame_begins,
  input  logic        frame_ends,
  input  logic        wait_rows,
  input  logic        wait_bank,
  input  logic        beat,
  input  logic        beat_end,
  // A point taken by the limit; all of a frame; records written, and how many
  input  logic        point_taken,
  input  logic        points_end,
  input  logic        frame_done,
  input  logic [12:0] frame_records,
  output logic [31:0] frames_done,
  // To hg_report
  output logic        entry_valid,
  input  logic        entry_done,
  output logic [31:0] entry_index,
  input  logic [2:0]  entry_beat,
  output logic [63:0] entry_data
);
  logic [47:0] start_mem [4], end_mem [4];
  logic [31:0] rows_mem [4], bank_mem [4], beats_mem [4], points_mem [4];
  logic [12:0] records_mem [4];
  logic [31:0] rows_q, bank_q, beats_q, points_q;
  // Frames of which each count has been told
  logic [1:0]  begun_q, ended_q, beaten_q, pointed_q, place;

  always_ff @(posedge clk) begin
    if (frame_begins) start_mem[begun_q] <= now;
    if (frame_ends) rows_mem[ended_q] <= rows_q;
    if (frame_ends) bank_mem[ended_q] <= bank_q;
    if (beat && beat_end) beats_mem[beaten_q] <= beats_q + 32'd1;
    if (points_end) points_mem[pointed_q] <= points_q;
    if (frame_done) end_mem[frames_done[1:0]] <= now;
    if (frame_done) records_mem[frames_done[1:0]] <= frame_records;
    if (!rst_n) begin
      {begun_q, ended_q, beaten_q, pointed_q} <= '0;
      {rows_q, bank_q, beats_q, points_q} <= '0;
      {frames_done, entry_index} <= '0;
    end else begin
      begun_q   <= begun_q + 2'(frame_begins);
      ended_q   <= ended_q + 2'(frame_ends);
      beaten_q  <= beaten_q + 2'(beat && beat_end);
      pointed_q <= pointed_q + 2'(points_end);
      rows_q    <= frame_ends ? '0 : rows_q + 32'(wait_rows);
      bank_q    <= frame_ends ? '0 : bank_q + 32'(wait_bank);
      beats_q   <= beat && beat_end ? '0 : beats_q + 32'(beat);
      points_q  <= points_end ? '0 : points_q + 32'(point_taken);
      frames_done <= frames_done + 32'(frame_done);
      entry_index <= entry_index + 32'(entry_done);
    end
  end

  assign entry_valid = entry_index != frames_done;
  assign place = entry_index[1:0];
  always_comb begin
    case (entry_beat)
      3'd0:    entry_data = {16'd0, start_mem[place]};
      3'd1:    entry_data = {16'd0, end_mem[place]};
      3'd2:    entry_data = {32'd0, beats_mem[place]};
      3'd3:    entry_data = {32'd0, rows_mem[place]};
      3'd4:    entry_data = {32'd0, bank_mem[place]};
      3'd5:    entry_data = {32'd0, points_mem[place]};
      3'd6:    entry_data = {16'd0, entry_index, 16'd0};
      default: entry_data = {51'd0, records_mem[place]};
    endcase
  end
endmodule
