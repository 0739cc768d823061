// SPDX-License-Identifier: Apache-2.0
// Writes frames to the trace: bound into hg_proposal, simulation only.
//
// A record of kind 3 for each frame that is complete, with its cycle, as of the mixed engine; one
// of kind 16 with the cycle in which its first job was taken.
module hg_proposal_monitor #(
  parameter int unsigned LanesN = 3
) (
  input logic        clk,
  input logic        core_rst_n,
  input logic        frame_begins,
  input logic        frame_done,
  input logic [47:0] now
);
  localparam int unsigned Words = (24 * LanesN + 63) / 64;

  int unsigned begun, done;

  function automatic void emit(int unsigned kind, int unsigned frame);
    hg_trace_pkg::bare(Words, kind, frame, 0, 0, now[31:0], 32'(now[47:32]), 0, 0);
  endfunction

  always @(posedge clk) begin
    if (!core_rst_n) begin  // before each start
      begun = 0;
      done = 0;
    end else begin
      if (frame_begins) begin
        emit(16, begun);
        begun++;
      end
      if (frame_done) begin
        emit(3, done);
        done++;
      end
    end
  end
endmodule
