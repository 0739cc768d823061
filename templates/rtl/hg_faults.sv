// SPDX-License-Identifier: Apache-2.0
// The first fault of a run (formats §8), and the watchdog that turns a standstill into one.
//
// `status` stays from the cycle after the first fault to the next start. A program that waits for
// what never comes (a threshold, a word, a record) makes no `progress`; after 2^WatchW cycles
// without any, the fault is 8 with the index of the CONV or POOL that started last.
module hg_faults #(
  parameter int unsigned WatchW = 20
) (
  input  logic             clk,
  input  logic             rst_n,
  input  logic             progress,

  // Rules broken: a FETCH, a tap, a frame of a camera
  input  logic             fetch_bad,
  input  logic [15:0]      fetch_bad_index,
  input  logic             taps_bad,
  input  logic             stream_bad,
  input  logic [15:0]      stream_row,
  // Responses that are not OKAY: weights, taps, LOAD, STORE, an entry of the report
  input  logic             fetch_error,
  input  logic             taps_error,
  input  logic             load_error,
  input  logic             store_error,
  input  logic             report_error,
  input  logic [15:0]      report_slot,
  // Descriptor that each walker took last, and the one whose taps are read
  input  logic [3:0][15:0] index,
  input  logic [15:0]      taps_index,

  output logic [7:0]       status,
  output logic [15:0]      status_index
);
  localparam logic [7:0] Field = 8'd5;
  localparam logic [7:0] Read = 8'd6;
  localparam logic [7:0] Write = 8'd7;
  localparam logic [7:0] Standstill = 8'd8;
  localparam logic [7:0] Stream = 8'd9;

  logic [WatchW-1:0] quiet_q;

  always_ff @(posedge clk) begin
    if (!rst_n || progress) quiet_q <= '0;
    else quiet_q <= quiet_q + 1'b1;
  end

  always_ff @(posedge clk) begin
    if (!rst_n) {status, status_index} <= '0;
    else if (status == '0) begin
      if (fetch_error) {status, status_index} <= {Read, index[0]};
      else if (taps_error) {status, status_index} <= {Read, taps_index};
      else if (load_error) {status, status_index} <= {Read, index[1]};
      else if (store_error) {status, status_index} <= {Write, index[3]};
      else if (report_error) {status, status_index} <= {Write, report_slot};
      else if (fetch_bad) {status, status_index} <= {Field, fetch_bad_index};
      else if (taps_bad) {status, status_index} <= {Field, taps_index};
      else if (stream_bad) {status, status_index} <= {Stream, stream_row};
      else if (&quiet_q) {status, status_index} <= {Standstill, index[2]};
    end
  end
endmodule
