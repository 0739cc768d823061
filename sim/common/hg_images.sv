// SPDX-License-Identifier: Apache-2.0
// What surrounds a stage that reads images from memory: their memory (hg_reads), their settings
// from plusargs, and the limit, which gives a frame back +give cycles behind its last beat. Prints
// when each frame ended and how long was waited. Behind the last beat (`over`) the stage must be
// idle in the end: then the bench is `done`. Otherwise, or if the reader has an error, it stops.
module hg_images #(
  parameter int unsigned PortsN = 1
) (
  input  logic                    clk,
  input  logic                    rst_n,
  output logic [31:0]             base,
  output logic [31:0]             in_stride,
  output logic [31:0]             frames,
  output logic [12:0]             width,
  output logic [12:0]             height,
  output logic [15:0]             row_beats,
  output logic [15:0]             row_stride,
  output logic [15:0]             jobs_n,
  input  logic                    frame_last,  // the last beat of a frame leaves the stage
  output logic                    given_back,
  input  logic                    wait_rows,
  input  logic                    wait_bank,
  input  logic                    error,
  input  logic                    idle,
  input  logic                    over,
  output logic                    done,
  input  logic [PortsN-1:0]       ar_valid,
  output logic [PortsN-1:0]       ar_ready,
  input  logic [PortsN-1:0][31:0] ar_addr,
  input  logic [PortsN-1:0][3:0]  ar_len,
  output logic [PortsN-1:0]       r_valid,
  output logic [PortsN-1:0][63:0] r_data,
  output logic [PortsN-1:0][1:0]  r_resp
);
  localparam logic [31:0] Base = 32'h3000_0000;
  localparam int Patience = 1000;
  int give, ok;
  initial begin
    ok = $value$plusargs("width=%d", width) & $value$plusargs("height=%d", height)
       & $value$plusargs("row_beats=%d", row_beats) & $value$plusargs("row_stride=%d", row_stride)
       & $value$plusargs("in_stride=%d", in_stride) & $value$plusargs("frames=%d", frames)
       & $value$plusargs("jobs=%d", jobs_n) & $value$plusargs("give=%d", give);
    if (ok == 0) $fatal(1, "a plusarg is missing");
  end
  assign base = Base;
  hg_reads #(.PortsN(PortsN), .Base(Base)) u_reads (.bad_address('0), .busy(), .*);

  // Frames are given back in order
  int cycle_q, pending_q, left_q, waits_q, banks_q, over_q;
  always_ff @(posedge clk) begin
    given_back <= 1'b0;
    done <= rst_n && over && idle;
    if (!rst_n) {cycle_q, pending_q, left_q, waits_q, banks_q, over_q} <= '0;
    else begin
      cycle_q <= cycle_q + 1;
      pending_q <= pending_q + int'(frame_last) - int'(given_back);
      left_q <= pending_q == 0 || given_back ? give : left_q - 1;
      given_back <= pending_q != 0 && left_q == 0 && !given_back;
      waits_q <= waits_q + int'(wait_rows);
      banks_q <= banks_q + int'(wait_bank);
      if (frame_last) $display("END cycle %0d rows %0d banks %0d", cycle_q, waits_q, banks_q);
      if (error) $fatal(1, "error of the reader");
      over_q <= over_q + int'(over);
      if (over_q == Patience) $fatal(1, "not idle at the end");
    end
  end
endmodule
