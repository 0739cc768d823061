// SPDX-License-Identifier: Apache-2.0
// Bench of hg_proposal_program: starts one after the other, each with its program in a memory with
// +latency and +stall (percent of cycles), a beat whose response is an error, a fault of others
// while the frames run. Compared: status and index, and of a good start every table beat and the
// settings; of a faulty one the table beats that were written. The bench is the front and back
// half: `core_ready` rises some time behind the reset, frames take 20 cycles each.
`timescale 1ns / 1ps
module hg_proposal_program_bench #(
  parameter int unsigned WidthMax = 70,
  parameter int unsigned HeightMax = 40,
  parameter int unsigned LanesN = 3,
  parameter int unsigned TopK = 1000,
  parameter int unsigned SizesN = 10,
  parameter int unsigned LineDepth = 128,
  parameter int unsigned JobsDepth = 1024
) (
  output logic done,
  output int   errors
);
  localparam logic [63:0] LayoutHash = 64'h0123_4567_89AB_CDEF;
  localparam int unsigned SettingsW = 6 + 2 + 5 * 16 + 128 + 32;
  localparam int unsigned FrameCycles = 20;
  typedef struct packed {
    logic [31:0] address, frames, wants, bad_address;  // place and number of table beats; 0: none
    logic [31:0] ready_after;                          // cycles behind the reset
    logic [7:0]  other, status;                        // status of a fault of others; wanted one
    logic [15:0] index;
    logic [31:0] wants_n;
    logic        runs;
    logic [SettingsW-1:0] settings;
  } start_t;
  typedef struct packed {
    logic [1:0]  kind;   // 0 size, 1 column, 2 job
    logic [15:0] place;  // slot, beat of the table, index
    logic [1:0]  part;   // beat of the record, pair of lanes
    logic [63:0] data;
  } want_t;

  logic clk = 1'b0, rst_n = 1'b0;
  always #5 clk = !clk;
  logic start, program_done, core_rst_n, halt, core_ready, axi_idle, read_idle, go;
  logic [31:0] arg_program, arg_frames, frames_done, ar_addr;
  logic [47:0] now;
  logic [7:0]  fault_status, status;
  logic [15:0] fault_index, status_index, job_index, jobs_n, width, height, row_beats, row_stride;
  logic [63:0] table_data, r_data;
  logic        size_we, tab_we, job_we, head_valid, head_done, ar_valid, ar_ready, r_valid;
  logic        reading;
  logic [5:0]  size_slot, last_slot;
  logic [1:0]  size_beat, tab_pair, space, r_resp;
  logic [13:0] tab_place;
  logic [1:0][63:0] signs;
  logic [1:0][15:0] coeffs;
  logic [3:0]  ar_len;

  hg_proposal_program #(
    .LayoutHash(LayoutHash), .WidthMax(WidthMax), .HeightMax(HeightMax), .LanesN(LanesN),
    .TopK(TopK), .SizesN(SizesN), .LineDepth(LineDepth), .JobsDepth(JobsDepth)
  ) u_program (.done(program_done), .*);

  hg_reads u_reads (.bad_address(want_start.bad_address), .busy(reading), .*);

  logic [$bits(start_t)-1:0] start_mem [128];
  logic [$bits(want_t)-1:0]  want_mem [1 << 17];
  string folder;
  int    starts_n, cycle_q;
  initial begin
    if (!$value$plusargs("folder=%s", folder)) $fatal(1, "+folder is missing");
    if (!$value$plusargs("starts=%d", starts_n)) $fatal(1, "+starts is missing");
    $readmemh({folder, "/starts.hex"}, start_mem, 0, starts_n - 1);
    $readmemh({folder, "/wants.hex"}, want_mem);
    repeat (4) @(posedge clk);
    rst_n <= 1'b1;
  end

  // What surrounds the program, and what it must do
  start_t want_start;
  want_t  want, got;
  int     number, wants_seen, reset_cycles, since_reset, frame_cycles, gone, idle_q;
  logic   ran;
  function automatic void wrong(input string what);
    errors <= errors + 1;
    $display("ERROR start %0d, cycle %0d: %s", number, cycle_q, what);
  endfunction
  assign want_start  = start_mem[number];
  assign arg_program = want_start.address;
  assign arg_frames  = want_start.frames;
  assign axi_idle    = read_idle;
  assign fault_index = 16'd77;
  assign want        = want_mem[want_start.wants + wants_seen];
  assign got = size_we ? {2'd0, 10'd0, size_slot, size_beat, table_data} :
               tab_we ? {2'd1, 2'd0, tab_place, tab_pair, table_data} :
               {2'd2, job_index, 2'd0, table_data};

  always @(posedge clk) begin
    start <= 1'b0;
    head_done <= head_valid && !u_reads.stalled();
    if (!rst_n) begin
      {cycle_q, number, wants_seen, reset_cycles, since_reset, frame_cycles, idle_q} = '0;
      {ran, fault_status, frames_done, core_ready} = '0;
      errors <= 0;
      done <= 1'b0;
    end else if (!done) begin
      cycle_q = cycle_q + 1;
      idle_q = idle_q + 1;
      if (idle_q == 3) begin
        start <= 1'b1;
        {wants_seen, reset_cycles, frame_cycles} = '0;
        ran = 1'b0;
      end
      if (!core_rst_n) begin
        reset_cycles = reset_cycles + 1;
        since_reset = 0;
        fault_status = '0;
        frames_done = '0;
      end else since_reset = since_reset + 1;
      core_ready = since_reset > int'(want_start.ready_after);
      if (size_we || tab_we || job_we) begin
        if (32'(wants_seen) >= want_start.wants_n || got !== want) begin
          wrong($sformatf("table beat %0d: got %h, want %h", wants_seen, got, want));
        end
        if (go) wrong("a table is written while it runs");
        wants_seen = wants_seen + 1;
      end
      if (go) begin
        if (!core_ready || reset_cycles < 16 || halt) wrong("go too early");
        if ({last_slot, space, jobs_n, width, height, row_beats, row_stride, signs[0], signs[1],
             coeffs[0], coeffs[1]} !== want_start.settings) wrong("settings");
        ran = 1'b1;
        frame_cycles = frame_cycles + 1;
        if (want_start.other != '0) fault_status = want_start.other;
        else if (frame_cycles % FrameCycles == 0) frames_done = frames_done + 1;
      end
      if (program_done) begin
        if ({status, status_index} !== {want_start.status, want_start.index}) begin
          wrong($sformatf("status %0d, index %0d", status, status_index));
        end
        if (ran != want_start.runs) wrong("ran or not");
        if ((want_start.runs || want_start.status == '0)
            && 32'(wants_seen) != want_start.wants_n) wrong("tables not whole");
        if (want_start.runs && want_start.other == '0 && frames_done != want_start.frames) begin
          wrong("frames are missing");
        end
        if (reading) wrong("bursts outstanding");
        if (halt != (status != '0)) wrong("halt");
        if (now + 48'd40 < 48'(cycle_q - gone) || now > 48'(cycle_q - gone)) wrong("cycles");
        number = number + 1;
        idle_q = 0;
        done <= number == starts_n;
      end
      if (start) gone = cycle_q;
      if (cycle_q > 500000) begin
        wrong("no end");
        done <= 1'b1;
      end
    end
  end
endmodule
