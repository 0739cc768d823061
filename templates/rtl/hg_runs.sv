// SPDX-License-Identifier: Apache-2.0
// Walker of a LOAD or STORE descriptor (formats §6): asks the memory port for every run and gives
// bank and address of every beat, in order.
//
// A descriptor is taken when none is in work; `finish` ends it. Requests come as fast as they are
// taken, the first one 2 + log2(rows) cycles after the descriptor (rows*width is summed bit by
// bit), and run ahead of the places. An image (row_beats not 0) is asked for row by row, the first
// one 2 cycles after the descriptor. Places: first one 4 cycles after the descriptor, II 1, each
// holds until place_ready; place_last marks the last beat of the descriptor.
module hg_runs #(
  // Banks, a power of two from 2
  parameter int unsigned BanksN   = 16,
  // Beats of a bank
  parameter int unsigned ActDepth = 4096,
  localparam int unsigned BankW   = $clog2(BanksN)
) (
  input  logic             clk,
  input  logic             rst_n,
  input  logic             desc_valid,
  output logic             desc_ready,
  input  logic [1023:0]    desc,
  input  logic             finish,
  // From the descriptor's second cycle to its end
  output logic [15:0]      runs_n,
  output logic             start,        // its first cycle
  output logic [6:2][63:0] job,
  // Requests, one a run
  output logic             req_valid,
  input  logic             req_ready,
  output logic [31:0]      req_addr,
  output logic [31:0]      req_beats,
  // Places
  output logic             place_valid,
  input  logic             place_ready,
  output logic [BankW-1:0] place_bank,
  output logic [15:0]      place_addr,
  output logic             place_last
);
  if (BanksN < 2 || (BanksN & (BanksN - 1)) != 0) begin : gen_banks_check
    $error("hg_runs BanksN must be a power of two of at least 2, not %0d", BanksN);
  end
  if (ActDepth < 2 || ActDepth > 65536) begin : gen_depth_check
    $error("hg_runs ActDepth must be in 2..65536, not %0d", ActDepth);
  end

  // Descriptor: beats 2..6 hold the fields
  logic [6:2][63:0] job_q;
  logic             busy_q, start_q, image;
  logic [15:0]      rows_n, width;

  assign desc_ready = desc_valid && !busy_q;
  assign runs_n     = job_q[3][47:32];
  assign rows_n     = job_q[3][63:48];
  assign width      = job_q[4][15:0];
  assign image      = job_q[6][15:0] != '0;
  assign start      = start_q;
  assign job        = job_q;

  always_ff @(posedge clk) begin
    if (desc_ready) job_q <= desc[2*64 +: 5*64];
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      busy_q  <= 1'b0;
      start_q <= 1'b0;
    end else begin
      busy_q  <= desc_ready || (busy_q && !finish);
      start_q <= desc_ready;
    end
  end

  // Requests: rows*width by shift and add, then one a run; of an image, one a row
  logic [15:0] rows_q, runs_q;
  logic [31:0] width_q;

  assign req_valid = runs_q != '0 && rows_q == '0;

  always_ff @(posedge clk) begin
    if (start_q) begin
      width_q   <= 32'(width);
      req_beats <= image ? 32'(job_q[6][15:0]) : '0;
      req_addr  <= job_q[2][31:0];
    end else begin
      width_q <= width_q << 1;
      if (rows_q[0]) req_beats <= req_beats + width_q;
      if (req_valid && req_ready) req_addr <= req_addr + job_q[3][31:0];
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      rows_q <= '0;
      runs_q <= '0;
    end else if (start_q) begin
      rows_q <= image ? '0 : rows_n;
      runs_q <= image ? rows_n : runs_n;
    end else begin
      rows_q <= rows_q >> 1;
      if (req_valid && req_ready) runs_q <= runs_q - 16'd1;
    end
  end

  // Places
  logic        step, wrap, stop;
  logic [15:0] y, x, run_q;

  assign wrap = x + 16'd1 == width && y + 16'd1 == rows_n;
  assign stop = wrap && run_q + 16'd1 == runs_n;

  always_ff @(posedge clk) begin
    if (!rst_n || start_q) run_q <= '0;
    else if (step && wrap) run_q <= run_q + 16'd1;
  end

  hg_place #(.BanksN(BanksN), .ActDepth(ActDepth), .TagW(1)) u_place (
    .clk, .rst_n, .start(start_q), .base(job_q[4][31:16]), .run_stride(job_q[4][47:32]), .width,
    .pitch(job_q[4][63:48]), .s(job_q[5][3:0]), .off_step(job_q[5][15:8]),
    .phase_stride(job_q[5][31:16]), .step, .y, .x, .wrap, .stop, .tag(stop),
    .out_valid(place_valid), .out_ready(place_ready), .out_bank(place_bank),
    .out_addr(place_addr), .out_tag(place_last)
  );

  logic unused_fields;
  assign unused_fields = &{1'b0, desc, job_q};

`ifndef SYNTHESIS
  a_fields: assert property (@(posedge clk) disable iff (!rst_n)
    start_q |-> runs_n != '0 && rows_n != '0 && width != '0
                && job_q[5][3:0] >= 4'd1 && job_q[5][3:0] <= 4'd4)
    else $error("hg_runs: runs, rows, width must be at least 1 and s in 1..4");
  a_finish: assert property (@(posedge clk) disable iff (!rst_n)
    finish |-> busy_q && runs_q == '0 && rows_q == '0)
    else $error("hg_runs: finished with runs that were not asked for");
`endif
endmodule
