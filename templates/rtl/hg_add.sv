// SPDX-License-Identifier: Apache-2.0
// Residual add on codes in channel order (formats §5):
//
//   y = (first[u1] + second[u2]) >> 25, ties to even where asked, code = min(max(y, lo), hi)
//
// u1 comes with the entry, u2 is popped from the residual FIFO, which holds it by contract.
// Every lane has its own pair of tables (2^ActBits x 36 bits, two buffers: the next layer's
// tables are written while this layer's are read). Without an add the entry passes unchanged
// with the same latency: o_* comes 4 cycles after q_*. II 1, never stalls.
module hg_add #(
  parameter int unsigned ActBits = 4,
  parameter int unsigned DrainN = 2,
  localparam int unsigned GroupLanesN = 64 / ActBits,
  localparam int unsigned EntryW = 36,
  localparam int unsigned FractionW = 25
) (
  input  logic                                            clk,
  input  logic                                            rst_n,
  input  logic                                            job_start,
  input  logic [1023:0]                                   job_desc,
  // Tables: entries 0..2^ActBits-1 are `first`, the others `second`
  input  logic                                            tab_we,
  input  logic                                            tab_sel,    // buffer, 0 after reset
  input  logic [ActBits:0]                                tab_index,
  input  logic [EntryW-1:0]                               tab_data,
  // From requantisation
  input  logic                                            q_valid,
  input  logic [DrainN-1:0][GroupLanesN-1:0][7:0]         q_data,
  input  logic [GroupLanesN-1:0]                          q_mask,
  input  logic [3:0]                                      q_group,
  input  logic [1:0]                                      q_byte,
  input  logic                                            q_last,
  // Residual codes, first word falls through
  input  logic                                            r_valid,
  output logic                                            r_pop,
  input  logic [DrainN-1:0][GroupLanesN-1:0][ActBits-1:0] r_data,
  // To the writer
  output logic                                            o_valid,
  output logic [DrainN-1:0][GroupLanesN-1:0][7:0]         o_data,
  output logic [GroupLanesN-1:0]                          o_mask,
  output logic [3:0]                                      o_group,
  output logic [1:0]                                      o_byte,
  output logic                                            o_last
);
  localparam int unsigned Latency = 4;
  localparam int unsigned SideW = GroupLanesN + 8;

  if (ActBits != 4 && ActBits != 8) begin : gen_check
    $error("hg_add ActBits must be 4 or 8, not %0d", ActBits);
  end

  // Layer: the buffer changes with every layer that adds
  logic add, tie_even, tie_parity, sel;
  logic [7:0] lo, hi;
  always_ff @(posedge clk) begin
    if (job_start) begin
      lo <= job_desc[64*7+32 +: 8];
      hi <= job_desc[64*7+40 +: 8];
      tie_even <= job_desc[64*7+49];
      tie_parity <= job_desc[64*7+50];
    end
    if (!rst_n) {add, sel} <= 2'b01;
    else if (job_start) begin
      add <= job_desc[64*7+48];
      sel <= sel ^ job_desc[64*7+48];
    end
  end

  assign r_pop = q_valid && add;

  logic [Latency-1:0] valid_q;
  always_ff @(posedge clk) begin
    if (!rst_n) valid_q <= '0;
    else valid_q <= {valid_q[Latency-2:0], q_valid};
  end
  assign o_valid = valid_q[Latency-1];
  hg_delay #(.Width(SideW - 1), .Cycles(Latency)) u_side (
    .clk, .d({q_mask, q_group, q_byte, q_last}), .q({o_mask, o_group, o_byte, o_last})
  );

  for (genvar r = 0; r < DrainN; r++) begin : gen_pixel
    for (genvar l = 0; l < GroupLanesN; l++) begin : gen_lane
      logic [EntryW-1:0] first, second;  // two cycles after the codes
      logic signed [EntryW-1:0] sum_q;
      logic [7:0] code_q, code_q2, code_q3;
      hg_ram #(.Width(EntryW), .Depth(2**(ActBits+1))) u_first (
        .clk, .we(tab_we && !tab_index[ActBits]), .waddr({tab_sel, tab_index[ActBits-1:0]}),
        .wdata(tab_data), .re(1'b1), .raddr({sel, q_data[r][l][ActBits-1:0]}), .rdata(first)
      );
      hg_ram #(.Width(EntryW), .Depth(2**(ActBits+1))) u_second (
        .clk, .we(tab_we && tab_index[ActBits]), .waddr({tab_sel, tab_index[ActBits-1:0]}),
        .wdata(tab_data), .re(1'b1), .raddr({sel, r_data[r][l]}), .rdata(second)
      );
      always_ff @(posedge clk) begin
        sum_q <= $signed(first) + $signed(second);
        code_q <= q_data[r][l];
        code_q2 <= code_q;
        code_q3 <= code_q2;
      end

      logic signed [EntryW-FractionW-1:0] whole;
      logic down;
      logic [7:0] clamped;
      assign whole = sum_q[EntryW-1:FractionW];
      assign down = tie_even && sum_q[FractionW-1:0] == '0 && whole[0] != tie_parity;
      // hi is a code: a step down at hi + 1 still ends at hi, so the comparisons see y itself
      always_comb begin
        logic signed [EntryW-FractionW:0] y;
        y = {whole[EntryW-FractionW-1], whole} - (EntryW-FractionW+1)'(down);
        if (y < $signed({4'b0, lo})) clamped = lo;
        else if (y > $signed({4'b0, hi})) clamped = hi;
        else clamped = y[7:0];
      end
      always_ff @(posedge clk) o_data[r][l] <= add ? clamped : code_q3;
    end
  end

  logic unused_desc;
  assign unused_desc = ^{job_desc[1023:64*7+51], job_desc[64*7+31:0], r_valid};

`ifndef SYNTHESIS
  always_ff @(posedge clk) begin
    if (rst_n && q_valid && add) begin
      assert (r_valid) else $error("hg_add: the residual FIFO must hold the entry that is added");
    end
  end
`endif
endmodule
