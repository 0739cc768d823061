// SPDX-License-Identifier: Apache-2.0
// Bench of hg_load on hg_actmem: descriptors from a file, beats from a memory that answers at once
// (+stall=0) or with gaps, other clients of port B (percent of cycles, +seed); at the end every beat
// of the activation memory is compared.
`timescale 1ns / 1ps
module hg_load_bench #(
  parameter int unsigned ActBits  = 8,
  parameter int unsigned BanksN   = 16,
  parameter int unsigned ActDepth = 64
) (
  output logic done,
  output int   errors
);
  localparam int unsigned BankW  = $clog2(BanksN);
  localparam int unsigned BeatsN = BanksN * ActDepth;
  localparam logic [31:0] Base   = 32'h3000_0000;

  logic clk = 1'b0, rst_n = 1'b0;
  always #5 clk = !clk;

  logic [63:0]   act_mem [BeatsN], want_mem [BeatsN], dram_mem [1 << 16];
  logic [1023:0] job_mem [1024];
  string         folder;
  int            jobs_n, stall, seed, ok;

  logic                    desc_valid, desc_ready, desc_done, req_valid, req_ready, m_valid, m_ready;
  logic [31:0]             req_addr, req_beats;
  logic [63:0]             m_data, ld_data, ld_high_data;
  logic                    ld_two;
  logic [15:0]             ld_high_addr;
  logic                    ld_req, ld_gnt, wr_req, wr_hold, rs_req, fill, a_en;
  logic [BankW-1:0]        ld_bank;
  logic [15:0]             ld_addr;
  logic [BanksN-1:0][15:0] a_addr;
  logic [BanksN-1:0][63:0] a_rdata;
  int                      fill_n, job_n, read_n, got_n, begin_q, cycle_q;

  hg_load #(.ActBits(ActBits), .BanksN(BanksN), .ActDepth(ActDepth)) u_load (.desc(job_mem[job_n]), .*);

  // The image comes in through the writer's port, which afterwards reads all banks, and much of the
  // time in every cycle that it is not asked to leave out
  hg_actmem #(
    .ActBits(ActBits), .BanksN(BanksN), .DrainN(1), .ActDepth(ActDepth)
  ) u_actmem (
    .clk, .rst_n, .a_en, .a_addr, .a_rdata, .wr_req, .wr_hold, .wr_we(fill),
    .wr_en(fill ? BanksN'(1) << fill_n / ActDepth : '0), .wr_sel('0),
    .wr_addr(16'(fill_n % ActDepth)), .wr_data(act_mem[fill_n]), .wr_keep('0),
    .rs_req, .rs_gnt(), .rs_bank('0), .rs_addr('0), .rs_rvalid(),
    .ld_req, .ld_gnt, .ld_bank, .ld_addr, .ld_data, .ld_two, .ld_high_addr, .ld_high_data,
    .st_req(1'b0), .st_gnt(), .st_bank('0), .st_addr('0), .st_rvalid(), .rd_pair(), .rd_odd()
  );

  function automatic logic idle();
    return int'($urandom_range(99)) < stall;
  endfunction

  initial begin
    if (!$value$plusargs("folder=%s", folder)) $fatal(1, "+folder is missing");
    ok = $value$plusargs("jobs=%d", jobs_n) & $value$plusargs("stall=%d", stall)
       & $value$plusargs("seed=%d", seed);
    if (ok == 0) $fatal(1, "a plusarg is missing");
    void'($urandom(seed));
    $readmemh({folder, "/act.hex"}, act_mem);
    $readmemh({folder, "/want.hex"}, want_mem);
    $readmemh({folder, "/dram.hex"}, dram_mem);
    $readmemh({folder, "/jobs.hex"}, job_mem, 0, jobs_n - 1);
    repeat (4) @(posedge clk);
    rst_n <= 1'b1;
    // A reset in the middle of the first descriptor; then all over again
    while (!desc_ready) @(posedge clk);
    repeat (25) @(posedge clk);
    rst_n <= 1'b0;
    repeat (2) @(posedge clk);
    rst_n <= 1'b1;
  end

  // Memory
  logic [31:0] left_q, index_q;
  logic        show_q, ask_q, last;
  assign last      = left_q == 32'd1 && m_valid && m_ready;
  assign req_ready = (left_q == '0 || last) && ask_q;
  assign m_valid   = left_q != '0 && show_q;
  assign m_data    = m_valid ? dram_mem[index_q[15:0]] : 'x;
  always_ff @(posedge clk) begin
    ask_q  <= !idle();
    show_q <= !idle() || (m_valid && !m_ready);
    if (!rst_n) left_q <= '0;
    else if (req_valid && req_ready) begin
      left_q  <= req_beats;
      index_q <= (req_addr - Base) >> 3;
    end else if (m_valid && m_ready) begin
      left_q  <= left_q - 32'd1;
      index_q <= index_q + 32'd1;
    end
  end

  // Image, descriptors, comparison
  typedef enum logic [1:0] {Fill, Feed, Work, Dump} state_e;
  state_e     state_q;
  logic [1:0] read_q;
  logic       busy_q;
  assign fill       = state_q == Fill && rst_n;
  assign wr_req     = fill || (busy_q && !wr_hold);
  assign desc_valid = state_q == Feed;
  assign a_en       = state_q == Dump && read_n < ActDepth;
  assign a_addr     = {BanksN{16'(read_n)}};
  always_ff @(posedge clk) begin
    cycle_q <= cycle_q + 1;
    busy_q  <= stall != 0 && (idle() || job_n[0]);
    rs_req  <= stall != 0 && idle();
    read_q  <= {read_q[0], a_en};
    if (!rst_n) begin
      state_q <= Fill;
      {fill_n, job_n, read_n, got_n, cycle_q, errors} <= '0;
      read_q <= '0;
      done   <= 1'b0;
    end else begin
      case (state_q)
        Fill: begin
          fill_n <= fill_n == BeatsN - 1 ? 0 : fill_n + 1;
          if (fill_n == BeatsN - 1) state_q <= Feed;
        end
        Feed: if (desc_ready) begin
          begin_q <= cycle_q;
          job_n   <= job_n + 1;
          state_q <= Work;
        end
        Work: if (desc_done) begin
          $display("JOB %0d cycles %0d", job_n - 1, cycle_q - begin_q);
          if (left_q != '0) errors <= errors + 1;
          state_q <= job_n == jobs_n ? Dump : Feed;
        end
        default: if (a_en) read_n <= read_n + 1;
      endcase
      if (read_q[1]) begin
        got_n <= got_n + 1;
        for (int b = 0; b < BanksN; b++) begin
          if (a_rdata[b] !== want_mem[b * ActDepth + got_n]) begin
            errors <= errors + 1;
            $display("ERROR bank %0d address %0d: got %h, want %h", b, got_n, a_rdata[b],
                     want_mem[b * ActDepth + got_n]);
          end
        end
        if (got_n == ActDepth - 1) done <= 1'b1;
      end
      if (cycle_q > 400000) begin  // at least twice the longest run
        $display("ERROR no end: job %0d", job_n - 1);
        errors <= errors + 1;
        done   <= 1'b1;
      end
    end
  end
endmodule
