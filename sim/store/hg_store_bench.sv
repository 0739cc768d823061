// SPDX-License-Identifier: Apache-2.0
// Bench of hg_store beside hg_load on hg_actmem: step k runs LOAD k and STORE k at the same time (in
// different halves of the memory; one after the other with +alone=1). External memory answers at
// once (+stall=0) or with gaps, and other clients take port B (percent of cycles, +seed). At the end
// every beat of the external output is compared.
`timescale 1ns / 1ps
module hg_store_bench #(
  parameter int unsigned BanksN   = 16,
  parameter int unsigned ActDepth = 64
) (
  output logic done,
  output int   errors
);
  localparam int unsigned BankW  = $clog2(BanksN);
  localparam int unsigned BeatsN = BanksN * ActDepth;
  localparam int unsigned OutN   = 1 << 16;
  localparam logic [31:0] Base   = 32'h3000_0000;

  logic clk = 1'b0, rst_n = 1'b0;
  always #5 clk = !clk;

  logic [63:0]   act_mem [BeatsN], dram_mem [OutN], out_mem [OutN], want_mem [OutN];
  logic [1023:0] load_mem [1024], store_mem [1024];
  string         folder;
  int            jobs_n, stall, seed, alone, ok;

  // 0 load, 1 store
  logic [1:0]       desc_valid, desc_ready, desc_done, req_valid, req_ready, last, ask_q;
  logic [1:0][31:0] req_addr, req_beats, left_q, index_q;
  logic             m_valid, m_ready, s_valid, s_ready, wr_done, show_q, take_q;
  logic             ld_req, ld_gnt, st_req, st_gnt, st_rvalid, rd_odd, wr_req, rs_req, fill, busy_q;
  logic [63:0]      ld_data, ld_high_data, s_data;
  logic             ld_two;
  logic [15:0]      ld_high_addr;
  logic [BankW-1:0] ld_bank, st_bank;
  logic [15:0]      ld_addr, st_addr;
  logic [1:0][63:0] rd_pair;
  int               fill_n, job_n, responses_q, begin_q, cycle_q;

  hg_load #(.BanksN(BanksN), .ActDepth(ActDepth)) u_load (
    .clk, .rst_n, .desc_valid(desc_valid[0]), .desc_ready(desc_ready[0]), .desc(load_mem[job_n]),
    .desc_done(desc_done[0]), .req_valid(req_valid[0]), .req_ready(req_ready[0]),
    .req_addr(req_addr[0]), .req_beats(req_beats[0]), .m_valid, .m_ready,
    .m_data(dram_mem[index_q[0][15:0]]), .ld_req, .ld_gnt, .ld_bank, .ld_addr, .ld_data,
    .ld_two, .ld_high_addr, .ld_high_data
  );

  hg_store #(.BanksN(BanksN), .ActDepth(ActDepth)) u_store (
    .clk, .rst_n, .desc_valid(desc_valid[1]), .desc_ready(desc_ready[1]), .desc(store_mem[job_n]),
    .desc_done(desc_done[1]), .req_valid(req_valid[1]), .req_ready(req_ready[1]),
    .req_addr(req_addr[1]), .req_beats(req_beats[1]), .s_valid, .s_ready, .s_data, .wr_done,
    .st_req, .st_gnt, .st_bank, .st_addr, .st_rvalid, .rd_pair, .rd_odd
  );

  hg_actmem #(.ActBits(8), .BanksN(BanksN), .DrainN(1), .ActDepth(ActDepth)) u_actmem (
    .clk, .rst_n, .a_en(1'b0), .a_addr('0), .a_rdata(), .wr_req, .wr_hold(), .wr_we(1'b1),
    .wr_en(fill ? BanksN'(1) << fill_n / ActDepth : '0), .wr_sel('0),
    .wr_addr(16'(fill_n % ActDepth)), .wr_data(act_mem[fill_n]), .wr_keep('0),
    .rs_req, .rs_gnt(), .rs_bank(BankW'(cycle_q)), .rs_addr('0), .rs_rvalid(),
    .ld_req, .ld_gnt, .ld_bank, .ld_addr, .ld_data, .ld_two, .ld_high_addr, .ld_high_data,
    .st_req, .st_gnt, .st_bank, .st_addr, .st_rvalid, .rd_pair, .rd_odd
  );

  function automatic logic idle();
    return int'($urandom_range(99)) < stall;
  endfunction

  initial begin
    if (!$value$plusargs("folder=%s", folder)) $fatal(1, "+folder is missing");
    ok = $value$plusargs("jobs=%d", jobs_n) & $value$plusargs("stall=%d", stall)
       & $value$plusargs("seed=%d", seed) & $value$plusargs("alone=%d", alone);
    if (ok == 0) $fatal(1, "a plusarg is missing");
    void'($urandom(seed));
    $readmemh({folder, "/act.hex"}, act_mem);
    $readmemh({folder, "/dram.hex"}, dram_mem);
    $readmemh({folder, "/out.hex"}, out_mem);
    $readmemh({folder, "/want.hex"}, want_mem);
    $readmemh({folder, "/loads.hex"}, load_mem, 0, jobs_n - 1);
    $readmemh({folder, "/stores.hex"}, store_mem, 0, jobs_n - 1);
    repeat (4) @(posedge clk);
    rst_n <= 1'b1;
    // A reset in the middle of the first descriptor; then all over again
    while (!desc_ready[1]) @(posedge clk);
    repeat (25) @(posedge clk);
    rst_n <= 1'b0;
    repeat (2) @(posedge clk);
    rst_n <= 1'b1;
  end

  // External memory
  logic [1:0] beat;
  assign m_valid = left_q[0] != '0 && show_q;
  assign s_ready = left_q[1] != '0 && take_q;
  assign beat    = {s_valid && s_ready, m_valid && m_ready};
  assign wr_done = responses_q != 0 && ask_q[0];
  always_ff @(posedge clk) begin
    show_q <= !idle() || (m_valid && !m_ready);
    take_q <= !idle();
    if (!rst_n) responses_q <= 0;
    else responses_q <= responses_q + 32'(last[1]) - 32'(wr_done);
    if (beat[1]) out_mem[index_q[1][15:0]] <= s_data;
  end
  for (genvar w = 0; w < 2; w++) begin : gen_port
    assign last[w]      = left_q[w] == 32'd1 && beat[w];
    assign req_ready[w] = (left_q[w] == '0 || last[w]) && ask_q[w];
    always_ff @(posedge clk) begin
      ask_q[w] <= !idle();
      if (!rst_n) left_q[w] <= '0;
      else if (req_valid[w] && req_ready[w]) begin
        left_q[w]  <= req_beats[w];
        index_q[w] <= (req_addr[w] - Base) >> 3;
      end else if (beat[w]) begin
        left_q[w]  <= left_q[w] - 32'd1;
        index_q[w] <= index_q[w] + 32'd1;
      end
    end
  end

  // Image, steps, comparison
  typedef enum logic [1:0] {Fill, Work, Check} state_e;
  state_e     state_q;
  logic [1:0] taken_q, ended_q;
  assign fill          = state_q == Fill && rst_n;
  assign wr_req        = fill || busy_q;
  assign desc_valid[0] = state_q == Work && !taken_q[0];
  assign desc_valid[1] = state_q == Work && !taken_q[1] && (alone == 0 || ended_q[0]);
  always_ff @(posedge clk) begin
    cycle_q <= cycle_q + 1;
    busy_q  <= stall != 0 && idle();
    rs_req  <= stall != 0 && idle();
    if (!rst_n) begin
      state_q <= Fill;
      {fill_n, job_n, cycle_q, errors} <= '0;
      {taken_q, ended_q} <= '0;
      done <= 1'b0;
    end else begin
      case (state_q)
        Fill: begin
          fill_n <= fill_n == BeatsN - 1 ? 0 : fill_n + 1;
          if (fill_n == BeatsN - 1) state_q <= Work;
        end
        Work: begin
          taken_q <= taken_q | desc_ready;
          ended_q <= ended_q | desc_done;
          if (desc_ready[1]) begin_q <= cycle_q;
          if (desc_done[1]) $display("JOB %0d cycles %0d", job_n, cycle_q - begin_q);
          if (&ended_q) begin
            {taken_q, ended_q} <= '0;
            job_n <= job_n + 1;
            if (left_q != '0 || responses_q != 0 || s_valid) errors <= errors + 1;
            if (job_n == jobs_n - 1) state_q <= Check;
          end
        end
        default: if (!done) begin
          for (int i = 0; i < OutN; i++) begin
            if (out_mem[i] !== want_mem[i]) begin
              errors <= errors + 1;
              $display("ERROR beat %0d: got %h, want %h", i, out_mem[i], want_mem[i]);
            end
          end
          done <= 1'b1;
        end
      endcase
      if (cycle_q > 200000) begin  // at least twice the longest run
        $display("ERROR no end: step %0d", job_n);
        errors <= errors + 1;
        done   <= 1'b1;
      end
    end
  end
endmodule
