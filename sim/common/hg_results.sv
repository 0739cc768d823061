// SPDX-License-Identifier: Apache-2.0
// Where a stage's results go: hg_axi_write, its port with the assertions of hg_axi_check, and a
// memory that refuses a beat in `stall` percent of the cycles and answers late. Poisoned; BeatsN
// beats from Base on. `check` compares it with a file's image, from which the number of differences
// comes.
module hg_results #(
  parameter int unsigned BeatsN = 1 << 15,
  parameter logic [31:0] Base = 32'h2000_0000
) (
  input  logic        clk,
  input  logic        rst_n,
  input  int          stall,
  input  logic        req_valid,
  output logic        req_ready,
  input  logic [31:0] req_addr,
  input  logic [31:0] req_beats,
  input  logic        s_valid,
  output logic        s_ready,
  input  logic [63:0] s_data,
  output logic        wr_done
);
  localparam logic [63:0] POISON = 64'hDEAD_BEEF_DEAD_BEEF;
  logic [63:0] mem [BeatsN], want [BeatsN];

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
    .done(wr_done), .s_valid, .s_ready, .s_data, .aw_valid(aw_v[0]), .aw_ready(aw_r[0]),
    .aw_addr(aw_a[0]), .aw_len(aw_n[0]), .w_valid(w_v[0]), .w_ready(w_r[0]), .w_data(w_d[0]),
    .w_strb(w_s[0]), .w_last(w_l[0]), .b_valid(b_v[0]), .b_resp(2'b00)
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

  task automatic check(string file, output int errors);
    errors = 0;
    $readmemh(file, want);
    for (int i = 0; i < BeatsN; i++) begin
      if (mem[i] !== want[i]) begin
        errors++;
        if (errors < 5) $display("ERROR beat %0d: got %h, want %h", i, mem[i], want[i]);
      end
    end
  endtask
endmodule
