// SPDX-License-Identifier: Apache-2.0
// Bench of hg_proposal_front: a line writes the program (table, job, size record) or starts, with
// {signs, coefficients, space}; the image comes from a memory with +latency and +stall (percent of
// cycles). A beat is {tag, scored, scores}. A frame is given back +give cycles behind its end.
`timescale 1ns / 1ps
module hg_front_bench #(
  parameter int unsigned LanesN = 3,
  parameter int unsigned PortsN = 1,
  parameter int unsigned WidthMax = 70,
  parameter int unsigned ColumnDepth = 128,
  parameter int unsigned JobDepth = 1024
) (
  output logic done,
  output int   errors
);
  localparam logic [31:0] Base = 32'h3000_0000;
  localparam int unsigned ScoreW = 18;
  logic clk, rst_n, go, tab_we, job_we, size_we, o_valid, given_back;
  logic [13:0] tab_place;
  logic [1:0]  tab_pair, size_beat;
  logic [63:0] tab_data, job_data, size_data;
  logic [15:0] job_index;
  logic [5:0]  size_slot;
  logic [1:0]  space;
  logic [1:0][63:0] signs;
  logic [1:0][15:0] coeffs;
  logic [55:0] o_tag;
  logic [LanesN-1:0] o_scored;
  logic [LanesN-1:0][ScoreW-1:0] o_scores;
  logic v_ready, v_moves, v_bad;  // no camera
  logic [12:0] v_bad_row;
  logic axi_idle, jobs_idle, axi_error, frame_begins, frame_ends, wait_rows, wait_bank;
  logic [PortsN-1:0]       ar_valid, ar_ready, r_valid;
  logic [PortsN-1:0][31:0] ar_addr;
  logic [PortsN-1:0][3:0]  ar_len;
  logic [PortsN-1:0][63:0] r_data;
  int width, height, row_beats, row_stride, in_stride, frames, jobs_n;
  int latency, stall, give, seed, ok;

  hg_beats #(.LineW(162 + 1 + 81 + 81 + 73), .DataW(56 + (1 + ScoreW) * LanesN)) u_beats (
    .clk, .rst_n,
    .line({signs, coeffs, space, go, tab_we, tab_place, tab_pair, tab_data, job_we, job_index,
           job_data, size_we, size_slot, size_beat, size_data}),
    .o_valid, .o_data({o_tag, o_scored, o_scores}), .done, .errors
  );
  hg_proposal_front #(
    .LanesN(LanesN), .PortsN(PortsN), .WidthMax(WidthMax), .LineDepth(ColumnDepth),
    .JobDepth(JobDepth), .FifoDepth(128), .ScoreW(ScoreW)
  ) u_front (
    .halt(1'b0), .base(Base), .in_stride(32'(in_stride)), .frames(32'(frames)),
    .width(13'(width)), .height(13'(height)), .row_beats(16'(row_beats)),
    .row_stride(16'(row_stride)), .jobs_n(16'(jobs_n)), .r_resp('0), .v_valid(1'b0), .v_data('0),
    .v_user(1'b0), .v_last(1'b0), .*
  );

  // Memory
  logic [63:0] dram_mem [1 << 14];
  string       folder;
  initial begin
    ok = $value$plusargs("width=%d", width) & $value$plusargs("height=%d", height)
       & $value$plusargs("row_beats=%d", row_beats) & $value$plusargs("row_stride=%d", row_stride)
       & $value$plusargs("in_stride=%d", in_stride) & $value$plusargs("frames=%d", frames)
       & $value$plusargs("jobs=%d", jobs_n) & $value$plusargs("latency=%d", latency)
       & $value$plusargs("stall=%d", stall) & $value$plusargs("give=%d", give)
       & $value$plusargs("seed=%d", seed) & $value$plusargs("folder=%s", folder);
    if (ok == 0) $fatal(1, "a plusarg is missing");
    void'($urandom(seed));
    $readmemh({folder, "/dram.hex"}, dram_mem);
  end
  function automatic logic stalled();
    return int'($urandom_range(99)) < stall;
  endfunction
  int cycle_q;
  always_ff @(posedge clk) cycle_q <= rst_n ? cycle_q + 1 : 0;
  for (genvar p = 0; p < PortsN; p++) begin : gen_memory
    logic [31:0] address [$];
    int          due [$];
    always @(posedge clk) begin
      ar_ready[p] <= rst_n && !stalled();
      r_valid[p] <= 1'b0;
      if (ar_valid[p] && ar_ready[p]) begin
        for (int i = 0; i <= int'(ar_len[p]); i++) begin
          address.push_back((ar_addr[p] - Base >> 3) + i);
          due.push_back(cycle_q + latency);
        end
      end
      if (due.size() != 0 && due[0] <= cycle_q && !stalled()) begin
        r_valid[p] <= 1'b1;
        r_data[p] <= dram_mem[address.pop_front()[13:0]];
        void'(due.pop_front());
      end
    end
  end

  // Frames are given back in order
  int pending_q, left_q, waits_q, banks_q;
  always_ff @(posedge clk) begin
    given_back <= 1'b0;
    if (!rst_n) {pending_q, left_q, waits_q, banks_q} <= '0;
    else begin
      pending_q <= pending_q + int'(o_valid && o_tag[55]) - int'(given_back);
      left_q <= pending_q == 0 || given_back ? give : left_q - 1;
      given_back <= pending_q != 0 && left_q == 0 && !given_back;
      waits_q <= waits_q + int'(wait_rows);
      banks_q <= banks_q + int'(wait_bank);
      if (o_valid && o_tag[55]) begin
        $display("END cycle %0d rows %0d banks %0d", cycle_q, waits_q, banks_q);
      end
      if (axi_error) $fatal(1, "error of the reader");
      if (done) begin
        if (!axi_idle || !jobs_idle) $fatal(1, "not idle at the end");
      end
    end
  end
endmodule
