// SPDX-License-Identifier: Apache-2.0
// Hands the record loader the CONV at the head of its queue while the one before still runs, so
// that records and tables are loaded under the work of the layer before.
//
// A head is handed over once, when the loader is free and the job before it has started: from then
// on the tables of the job before that one are no longer read (hg_add has two sets of tables).
module hg_ahead (
  input  logic       clk,
  input  logic       rst_n,
  input  logic       head_valid,
  input  logic [7:0] head_op,
  input  logic       head_taken,   // the window takes the head
  input  logic       job_start,    // the job taken last starts
  input  logic       cfg_ready,
  output logic       cfg_valid
);
  logic sent_q, waiting_q;

  assign cfg_valid = head_valid && head_op == 8'd3 && cfg_ready && !sent_q && !waiting_q;

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      sent_q <= 1'b0;
      waiting_q <= 1'b0;
    end else begin
      sent_q <= !head_taken && (sent_q || cfg_valid);
      waiting_q <= head_taken || (waiting_q && !job_start);
    end
  end

`ifndef SYNTHESIS
  a_sent: assert property (@(posedge clk) disable iff (!rst_n)
    head_taken && head_op == 8'd3 |-> sent_q || cfg_valid)
    else $error("hg_ahead: a CONV is taken whose records nobody loads");
`endif
endmodule
