// SPDX-License-Identifier: Apache-2.0
// What surrounds a stage that writes results of frames: clock and reset, a start, FOLDER/sizes.hex
// as beats of size records, and where the results go: hg_axi_write, its port with the assertions of
// hg_axi_check, and a memory that refuses a beat in +stall percent of the cycles and answers late.
// Poisoned; BeatsN beats from Base on. Compared: the number of records of each frame with
// FOLDER/counts.hex and, when all frames are there and the bench has `fed` its whole script, the
// memory with FOLDER/want.hex. Takes +frames, +sizes, +width, +height, +stride, +seed.
`timescale 1ns / 1ps
module hg_results #(
  parameter int unsigned BeatsN = 1 << 15,
  parameter logic [31:0] Base = 32'h2000_0400
) (
  output logic        clk,
  output logic        rst_n,
  output int          cycle,       // behind the reset
  // Settings and table
  output logic        start,
  output logic [12:0] image_w,
  output logic [12:0] image_h,
  output logic [31:0] out_base,
  output logic [31:0] out_stride,
  output logic        size_we,
  output logic [5:0]  size_slot,
  output logic [5:0]  last_slot,
  output logic [1:0]  size_beat,
  output logic [63:0] size_data,
  output logic        loaded,      // the table is full
  // Results
  input  logic        req_valid,
  output logic        req_ready,
  input  logic [31:0] req_addr,
  input  logic [31:0] req_beats,
  input  logic        m_valid,
  output logic        m_ready,
  input  logic [63:0] m_data,
  output logic        wr_done,
  input  logic        frame_done,
  input  logic [12:0] frame_records,
  input  logic        fed,
  output logic        all_done,    // with the last frame's end
  output logic        done,
  output int          errors
);
  localparam logic [63:0] POISON = 64'hDEAD_BEEF_DEAD_BEEF;
  localparam int unsigned Patience = 1000000;  // cycles until the stage hangs
  logic [63:0] mem [BeatsN], want_mem [BeatsN], size_mem [256];
  logic [12:0] count_mem [256];
  string       folder;
  int          sizes_n, frames_n, stall, seed, width, height, stride, ok;

  initial {clk, rst_n} = 2'b00;
  always #5 clk = !clk;
  initial begin
    ok = $value$plusargs("folder=%s", folder) & $value$plusargs("sizes=%d", sizes_n)
       & $value$plusargs("frames=%d", frames_n) & $value$plusargs("stall=%d", stall)
       & $value$plusargs("seed=%d", seed) & $value$plusargs("width=%d", width)
       & $value$plusargs("height=%d", height) & $value$plusargs("stride=%d", stride);
    if (ok == 0) $fatal(1, "a plusarg is missing");
    void'($urandom(seed));
    $readmemh({folder, "/sizes.hex"}, size_mem, 0, 4 * sizes_n - 1);
    $readmemh({folder, "/counts.hex"}, count_mem, 0, frames_n - 1);
    $readmemh({folder, "/want.hex"}, want_mem);
    repeat (4) @(posedge clk);
    rst_n <= 1'b1;
  end
  assign start      = cycle == 1;
  assign image_w    = 13'(width);
  assign image_h    = 13'(height);
  assign out_base   = Base;
  assign out_stride = 32'(stride);
  assign size_we    = cycle < 4 * sizes_n;
  assign size_slot  = 6'(cycle / 4);
  assign last_slot  = 6'(sizes_n - 1);
  assign size_beat  = 2'(cycle);
  assign size_data  = size_mem[cycle[7:0]];
  assign loaded     = cycle > 4 * sizes_n;

  logic [1:0]       aw_v, aw_r, w_v, w_r, w_l, b_v;
  logic [1:0][31:0] aw_a;
  logic [1:0][3:0]  aw_n;
  logic [1:0][63:0] w_d;
  logic [1:0][7:0]  w_s;
  logic             aw_valid, aw_ready, w_valid, w_ready, w_last, b_valid;
  logic [31:0]      aw_addr;
  logic [3:0]       aw_len;
  logic [63:0]      w_data;
  logic [7:0]       w_strb;

  hg_axi_write u_write (
    .clk, .rst_n, .halt(1'b0), .idle(), .error(), .req_valid, .req_ready, .req_addr, .req_beats,
    .done(wr_done), .s_valid(m_valid), .s_ready(m_ready), .s_data(m_data), .aw_valid(aw_v[0]),
    .aw_ready(aw_r[0]), .aw_addr(aw_a[0]), .aw_len(aw_n[0]), .w_valid(w_v[0]), .w_ready(w_r[0]),
    .w_data(w_d[0]), .w_strb(w_s[0]), .w_last(w_l[0]), .b_valid(b_v[0]), .b_resp(2'b00)
  );
  assign {aw_v[1], aw_a[1], aw_n[1], w_v[1], w_d[1], w_s[1], w_l[1]} = '0;
  hg_axi_share_write #(.WritersN(2)) u_share (
    .clk, .rst_n, .s_aw_valid(aw_v), .s_aw_ready(aw_r), .s_aw_addr(aw_a), .s_aw_len(aw_n),
    .s_w_valid(w_v), .s_w_ready(w_r), .s_w_data(w_d), .s_w_strb(w_s), .s_w_last(w_l),
    .s_b_valid(b_v), .aw_valid, .aw_ready, .aw_addr, .aw_len, .w_valid, .w_ready, .w_data, .w_strb,
    .w_last, .b_valid
  );
  hg_axi_check #(.Port(0)) u_check (
    .clk, .rst_n, .done(1'b0), .strobes(1'b1), .ar_valid(1'b0), .ar_ready(1'b0), .ar_addr('0),
    .ar_len('0), .ar_size('0), .ar_burst('0), .r_valid(1'b0), .r_ready(1'b0), .r_last(1'b0),
    .aw_valid, .aw_ready, .aw_addr({32'd0, aw_addr}), .aw_len({4'd0, aw_len}), .aw_size(3'd3),
    .aw_burst(2'd1), .w_valid, .w_ready, .w_data, .w_strb, .w_last, .b_valid, .b_ready(1'b1)
  );

  // The memory
  int          waiting_q, index;
  logic [31:0] addr [$];
  function automatic logic go();
    return int'($urandom_range(99)) >= stall;
  endfunction
  initial for (int i = 0; i < BeatsN; i++) mem[i] = POISON;
  always @(posedge clk) begin
    aw_ready <= go();
    w_ready  <= go();
    b_valid  <= 1'b0;
    if (!rst_n) begin
      waiting_q = 0;
      addr.delete();
    end else begin
      if (aw_valid && aw_ready) addr.push_back(aw_addr);
      if (w_valid && w_ready) begin
        index = int'((addr[0] - Base) >> 3);
        if (index < 0 || index >= BeatsN) $fatal(1, "beat outside the memory: %h", addr[0]);
        mem[index] = w_data;
        addr[0] = addr[0] + 32'd8;
        if (w_last) begin
          void'(addr.pop_front());
          waiting_q = waiting_q + 1;
        end
      end
      if (waiting_q != 0 && go() && $urandom_range(3) == 0) begin
        b_valid <= 1'b1;
        waiting_q = waiting_q - 1;
      end
    end
  end

  // What the frames left
  int frame_n;
  assign all_done = frame_done && frame_n + 1 == frames_n;
  function automatic int differences();
    differences = 0;
    for (int i = 0; i < BeatsN; i++) begin
      if (mem[i] !== want_mem[i]) begin
        differences++;
        if (differences < 5) $display("ERROR beat %0d: got %h, want %h", i, mem[i], want_mem[i]);
      end
    end
  endfunction
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      {cycle, frame_n, errors} <= '0;
      done <= 1'b0;
    end else begin
      cycle <= cycle + 1;
      if (frame_done) begin
        if (frame_records !== count_mem[frame_n]) begin
          errors <= errors + 1;
          $display("ERROR frame %0d: %0d points", frame_n, frame_records);
        end
        frame_n <= frame_n + 1;
      end
      if (frame_n == frames_n && fed && !done) begin
        errors <= errors + differences();
        done   <= 1'b1;
      end
      if (cycle > int'(Patience)) begin
        $display("ERROR no end: frame %0d", frame_n);
        errors <= errors + 1;
        done   <= 1'b1;
      end
    end
  end
endmodule
