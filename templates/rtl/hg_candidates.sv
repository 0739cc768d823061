// SPDX-License-Identifier: Apache-2.0
// FIFO of kept points with several inlets: takes the points of a beat, lower inlets first, and
// behind them the mark of a frame's end; gives one a cycle. Nothing comes in the cycle after a
// mark.
//
// Points go round BanksN FIFOs (a power of two), one place each a cycle, and leave in the same
// order. Depth, a power of two, is proven by the host (proposals.md §7); without room the FIFO is
// in error.
module hg_candidates #(
  parameter int unsigned InletsN = 1,
  parameter int unsigned Width = 40,
  parameter int unsigned Depth = 512
) (
  input  logic                          clk,
  input  logic                          rst_n,
  input  logic [InletsN-1:0]            i_valid,
  input  logic [InletsN-1:0][Width-1:0] i_points,
  input  logic                          i_mark,
  output logic                          m_valid,
  input  logic                          m_ready,
  output logic                          m_mark,
  output logic [Width-1:0]              m_point
);
  localparam int unsigned BankBits = $clog2(InletsN);
  localparam int unsigned BanksN = 1 << BankBits;
  localparam int unsigned TurnW = BankBits == 0 ? 1 : BankBits;

  // A mark is a word of its own, a cycle behind the points
  logic [InletsN-1:0]            valid_q;
  logic [InletsN-1:0][Width-1:0] points_q;
  logic                          mark_q, mark_q2;
  always_ff @(posedge clk) begin
    {mark_q2, mark_q} <= rst_n ? {mark_q, i_mark} : '0;
    valid_q  <= rst_n ? i_valid | InletsN'(mark_q) : '0;
    points_q <= i_points;
  end

  logic [TurnW-1:0]              in_q, out_q;   // the next bank
  logic [InletsN-1:0][TurnW-1:0] turn;          // bank of each inlet's point
  logic [BanksN-1:0]             put, room, there;
  logic [BanksN-1:0][Width:0]    in, out;

  always_comb begin
    logic [TurnW-1:0] next;
    next = in_q;
    put = '0;
    in = '0;
    for (int unsigned i = 0; i < InletsN; i++) begin
      turn[i] = BanksN == 1 ? '0 : next;
      next = next + TurnW'(valid_q[i]);
      if (valid_q[i]) begin
        put[turn[i]] = 1'b1;
        in[turn[i]]  = {mark_q2, points_q[i]};
      end
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) {in_q, out_q} <= '0;
    else begin
      for (int unsigned i = 0; i < InletsN; i++) begin
        if (valid_q[i]) in_q <= BanksN == 1 ? '0 : turn[i] + TurnW'(1);
      end
      if (m_valid && m_ready) out_q <= BanksN == 1 ? '0 : out_q + TurnW'(1);
    end
  end

  for (genvar b = 0; b < BanksN; b++) begin : gen_bank
    hg_fifo #(.Width(Width + 1), .Depth(Depth / BanksN)) u_fifo (
      .clk, .rst_n, .s_valid(put[b]), .s_ready(room[b]), .s_data(in[b]),
      .m_valid(there[b]), .m_ready(m_ready && out_q == TurnW'(b)), .m_data(out[b])
    );
`ifndef SYNTHESIS
    a_room: assert property (@(posedge clk) disable iff (!rst_n) put[b] |-> room[b])
      else $error("hg_candidates: more than %0d points wait", Depth);
`endif
  end
  assign m_valid = there[out_q];
  assign {m_mark, m_point} = out[out_q];

`ifndef SYNTHESIS
  a_apart: assert property (@(posedge clk) disable iff (!rst_n) mark_q |-> i_valid == '0 && !i_mark)
    else $error("hg_candidates: a point in the cycle after a mark");
`else
  logic unused;
  assign unused = ^room;
`endif
endmodule
