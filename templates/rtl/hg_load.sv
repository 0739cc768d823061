// SPDX-License-Identifier: Apache-2.0
// Load: LOAD descriptors, from an AXI read master into the activation memory (formats §6).
//
// Takes the stream's beats in order and writes each at its place; II 1 while a beat is there and
// port B is granted. Rows of an image become beats of neighbouring pixels in hg_fold; both planes
// of a pixel are written in one cycle, the second one B/2 banks further on. `desc_done`
// comes one cycle after the last write (and, of an image, the last beat read). One descriptor at a
// time; the runs of a descriptor are asked for ahead.
module hg_load #(
  parameter  int unsigned ActBits  = 8,
  parameter  int unsigned BanksN   = 16,
  parameter  int unsigned ActDepth = 4096,
  localparam int unsigned BankW    = $clog2(BanksN)
) (
  input  logic                     clk,
  input  logic                     rst_n,
  input  logic                     desc_valid,
  output logic                     desc_ready,     // pulse: taken
  input  logic [1023:0]            desc,
  output logic                     desc_done,      // pulse: last beat is in actmem
  // hg_axi_read: one request a run
  output logic                     req_valid,
  input  logic                     req_ready,
  output logic [31:0]              req_addr,
  output logic [31:0]              req_beats,
  input  logic                     m_valid,
  output logic                     m_ready,
  input  logic [63:0]              m_data,
  // actmem
  output logic                     ld_req,
  input  logic                     ld_gnt,
  output logic [BankW-1:0]         ld_bank,
  output logic [15:0]              ld_addr,
  output logic [63:0]              ld_data,
  output logic                     ld_two,         // the second plane too
  output logic [15:0]              ld_high_addr,
  output logic [63:0]              ld_high_data
);
  logic             place_valid, place_last, start, finish;
  logic             image, f_finish, s_ready, f_valid;
  logic [15:0]      place_addr, unused_runs;
  logic [63:0]      f_low;
  logic [6:2][63:0] job;

  hg_runs #(.BanksN(BanksN), .ActDepth(ActDepth)) u_runs (
    .clk, .rst_n, .desc_valid, .desc_ready, .desc, .finish, .runs_n(unused_runs),
    .start, .job, .req_valid, .req_ready, .req_addr, .req_beats, .place_valid, .place_ready(ld_gnt),
    .place_bank(ld_bank), .place_addr, .place_last
  );

  hg_fold #(.ActBits(ActBits)) u_fold (
    .clk, .rst_n, .start(start && image), .rows(job[3][63:48]), .width(job[4][15:0]),
    .row_beats(job[6][15:0]), .step(job[6][23:16]), .lead(job[6][31:24]), .pad(job[6][39:32]),
    .tail(job[6][42:40]), .finish(f_finish),
    .s_valid(m_valid), .s_ready, .s_data(m_data),
    .m_valid(f_valid), .m_ready(ld_gnt), .m_low(f_low), .m_high(ld_high_data)
  );

  assign image       = job[6][15:0] != '0;
  assign ld_req      = place_valid && (image ? f_valid : m_valid);
  assign ld_data     = image ? f_low : m_data;
  assign ld_addr     = place_addr;
  assign ld_two      = image && job[6][43];
  // Banks from B/2 on wrap around: the next address
  assign ld_high_addr = place_addr + job[6][63:48] + 16'(ld_bank[BankW-1]);
  assign m_ready     = image ? s_ready : ld_gnt;
  assign finish      = image ? f_finish : ld_gnt && place_last;

  always_ff @(posedge clk) begin
    if (!rst_n) desc_done <= 1'b0;
    else desc_done <= finish;
  end

  logic unused_fields;
  assign unused_fields = &{1'b0, job};

`ifndef SYNTHESIS
  a_grant: assert property (@(posedge clk) disable iff (!rst_n) ld_gnt |-> ld_req)
    else $error("hg_load: granted without a request");
`endif
endmodule
