// SPDX-License-Identifier: Apache-2.0
// The job sequencer of the proposal engine: gives the beats of the row jobs of the program's list,
// frame after frame, one beat a cycle and without a gap between jobs.
//
// A job with pixels waits until its two source rows are written; the first job of a frame until
// fewer than two frames are under way (begun, top k not given back). `freed` are the rows, over all
// frames, that no beat reads any more: those below the first one of the job that was taken, eight
// cycles ago, as earlier beats are still in the resize. An idle job passes its cycles. II 1.
module hg_row_jobs #(
  parameter int unsigned LanesN = 3,
  parameter int unsigned CacheRowsN = 8,
  parameter int unsigned JobDepth = 2400,
  localparam int unsigned TagW = 56,
  localparam int unsigned SlotW = $clog2(CacheRowsN)
) (
  input  logic             clk,
  input  logic             rst_n,
  // Jobs and size records of the program (formats §11), before `go`
  input  logic             job_we,
  input  logic [15:0]      job_index,
  input  logic [63:0]      job_data,
  input  logic             size_we,
  input  logic [5:0]       size_slot,
  input  logic [1:0]       size_beat,
  input  logic [63:0]      size_data,
  // Constant while `go`
  input  logic             go,
  input  logic [15:0]      jobs_n,
  input  logic [31:0]      frames,
  input  logic [12:0]      height,
  // Rows and frames
  input  logic [15:0]      written,
  output logic [15:0]      freed,
  input  logic             given_back,
  // What the report counts, a cycle each
  output logic             frame_begins,
  output logic             frame_ends,   // its last job is taken, idle ones apart
  output logic             wait_rows,
  output logic             wait_bank,
  // To hg_resize
  output logic             o_valid,
  output logic [TagW-1:0]  o_tag,
  output logic [SlotW-1:0] o_slot,
  output logic [8:0]       o_weight
);
  localparam int unsigned IndexW = $clog2(JobDepth);
  localparam int unsigned JobW = 53;
  localparam int unsigned QueueN = 8;
  localparam logic [1:0] PIXELS = 2'd0, PUSH = 2'd1, PASS = 2'd2;
  if (LanesN == 0 || LanesN > 8) begin : gen_lanes_check
    $error("hg_row_jobs LanesN must be in 1..8, not %0d", LanesN);
  end
  if (JobDepth < 2 || JobDepth > 1 << 16) begin : gen_depth_check
    $error("hg_row_jobs JobDepth must be in 2..65536, not %0d", JobDepth);
  end

  // Sizes: width of the map and base in the line memories; the last job that is not idle
  (* ram_style = "distributed" *) logic [11:0] width_mem [64];
  (* ram_style = "distributed" *) logic [13:0] base_mem [64];
  logic [15:0] final_q;
  always_ff @(posedge clk) begin
    if (size_we && size_beat == 2'd0) begin
      width_mem[size_slot] <= size_data[11:0];
      base_mem[size_slot] <= size_data[45:32];
    end
    if (job_we && job_data[1:0] != PASS) final_q <= job_index;
  end

  // Jobs ahead of their time, read over and over
  logic [JobW-1:0]         word;
  logic [15:0]             index_q;
  logic [31:0]             frame_q;
  logic [$clog2(QueueN):0] room_q;
  logic                    fetch, more, take, queued, ready_unused;
  logic [1:0]              fetch_q;
  logic [1:0]              mark, mark_q2, head_mark;
  logic [JobW-1:0]         head;
  assign more = go && frame_q != frames;
  assign fetch = more && room_q != '0;
  assign mark = {index_q == '0, index_q == final_q};
  always_ff @(posedge clk) begin
    if (!rst_n || !go) begin
      {index_q, frame_q} <= '0;
      fetch_q <= '0;
      room_q <= ($clog2(QueueN) + 1)'(QueueN);
    end else begin
      fetch_q <= {fetch_q[0], fetch};
      room_q <= room_q - ($clog2(QueueN) + 1)'(fetch) + ($clog2(QueueN) + 1)'(take);
      if (fetch) begin
        index_q <= index_q + 16'd1 == jobs_n ? '0 : index_q + 16'd1;
        if (index_q + 16'd1 == jobs_n) frame_q <= frame_q + 32'd1;
      end
    end
  end
  hg_ram #(.Width(JobW), .Depth(JobDepth)) u_jobs (
    .clk, .we(job_we), .waddr(job_index[IndexW-1:0]), .wdata({job_data[59:48], job_data[40:0]}),
    .re(1'b1), .raddr(index_q[IndexW-1:0]), .rdata(word)
  );
  hg_delay #(.Width(2), .Cycles(2)) u_mark (.clk, .d(mark), .q(mark_q2));
  hg_fifo #(.Width(JobW + 2), .Depth(QueueN)) u_queue (
    .clk, .rst_n(rst_n && go), .s_valid(fetch_q[1]), .s_ready(ready_unused),
    .s_data({mark_q2, word}), .m_valid(queued), .m_ready(take), .m_data({head_mark, head})
  );

  // A job is taken in the cycle of the last beat of the one before
  logic [15:0] row_base_q, first_row, spare, freed_q;
  logic [1:0]  under_way_q;
  logic        rows_there, bank_there, over, busy_q;
  logic [11:0] beats_q, beat_q, x_q, width_q, row_q;
  logic [13:0] place_q;
  logic [5:0]  slot_q;
  logic        real_q, push_q, end_q, last;
  logic [8:0]  weight_q;
  logic [SlotW-1:0] source_q;
  assign first_row = row_base_q + {4'd0, head[31:20]};
  assign spare = written - first_row - 16'd2;
  assign rows_there = head[1:0] != PIXELS || !spare[15];
  assign bank_there = !head_mark[1] || under_way_q != 2'd2;
  assign last = beat_q == beats_q;
  assign over = !busy_q || last;
  assign take = queued && over && rows_there && bank_there;
  assign frame_begins = take && head_mark[1];
  assign frame_ends = take && head_mark[0];
  assign wait_bank = queued && over && !bank_there;
  assign wait_rows = queued && over && bank_there && !rows_there;

  always_ff @(posedge clk) begin
    if (take) begin
      {beats_q, row_q, slot_q} <= {head[52:41] - 12'd1, head[19:8], head[7:2]};
      {width_q, place_q} <= {width_mem[head[7:2]], base_mem[head[7:2]]};
      {beat_q, x_q} <= '0;
      {real_q, push_q, end_q} <= {head[1:0] != PASS, head[1:0] == PUSH, head_mark[0]};
      {source_q, weight_q} <= {first_row[SlotW-1:0], head[40:32]};
    end else begin
      beat_q <= beat_q + 12'd1;
      x_q <= x_q + 12'(LanesN);
      place_q <= place_q + 14'd1;
    end
    if (!rst_n || !go) begin
      {busy_q, under_way_q} <= '0;
    end else begin
      busy_q <= take || !over;
      under_way_q <= under_way_q + 2'(frame_begins) - 2'(given_back);
    end
    if (!rst_n) {row_base_q, freed_q} <= '0;
    else if (take) begin
      if (head_mark[0]) row_base_q <= row_base_q + {3'd0, height};
      case (head[1:0])
        PIXELS:  freed_q <= first_row;
        PUSH:    freed_q <= row_base_q + {3'd0, height};
        default: ;
      endcase
    end
  end
  hg_delay #(.Width(16), .Cycles(7)) u_freed (.clk, .d(freed_q), .q(freed));

  logic [7:0] lanes;
  for (genvar l = 0; l < 8; l++) begin : gen_lane
    assign lanes[l] = l < LanesN && 13'(x_q) + 13'(l) < {1'b0, width_q};
  end
  always_ff @(posedge clk) begin
    o_tag <= {end_q && last, push_q, last, beat_q == '0, lanes, place_q, beat_q, row_q, slot_q};
    {o_slot, o_weight} <= {source_q, weight_q};
    o_valid <= rst_n && busy_q && real_q;
  end

  logic unused;
  assign unused = ^{job_data, size_data, spare[14:0], ready_unused};
endmodule
