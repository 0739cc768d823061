// SPDX-License-Identifier: Apache-2.0
// Pixel walker: bank and address of pixel after pixel of a tensor, by its layout (formats §2).
//
// From `start` on (the fields stable) it walks x, then y, one pixel a cycle, without multipliers:
// q and phase are counted on. `y`, `x` are the pixel that enters the output register; its user
// says whether the next one is (0, 0) of the next run (`wrap`) or there is none (`stop`), and adds
// a tag. Latency 3 from start, II 1; the output holds until `out_ready`.
module hg_place #(
  parameter int unsigned BanksN   = 16,
  parameter int unsigned ActDepth = 4096,
  // Bits that travel with a pixel
  parameter int unsigned TagW     = 1,
  localparam int unsigned BankW   = $clog2(BanksN),
  localparam int unsigned AddrW   = $clog2(ActDepth),
  localparam int unsigned PlaceW  = AddrW + BankW
) (
  input  logic             clk,
  input  logic             rst_n,
  input  logic             start,
  // Layout; run_stride moves the base at each wrap
  input  logic [15:0]      base,
  input  logic [15:0]      run_stride,
  input  logic [15:0]      width,
  input  logic [15:0]      pitch,
  input  logic [3:0]       s,
  input  logic [7:0]       off_step,
  input  logic [15:0]      phase_stride,
  // Pixel in work
  output logic             step,
  output logic [15:0]      y,
  output logic [15:0]      x,
  input  logic             wrap,
  input  logic             stop,
  input  logic [TagW-1:0]  tag,
  // Its place
  output logic             out_valid,
  input  logic             out_ready,
  output logic [BankW-1:0] out_bank,
  output logic [15:0]      out_addr,
  output logic [TagW-1:0]  out_tag
);
  logic              start_q, active_q, row_end, x_phase_end, y_phase_end;
  logic [1:0]        s_last, x_phase_q, y_phase_q;
  logic [PlaceW-1:0] q_wrap_q, q_q, q_row_q, q_row_next;
  logic [AddrW-1:0]  phase_wrap_q, phase_down_q, phase, phase_q, phase_row_q, base_q, base_next;
  logic [AddrW-1:0]  phase_row_next, addr_q;
  logic [15:0]       width_last_q;

  assign s_last      = 2'(s - 4'd1);
  assign phase       = phase_stride[AddrW-1:0];
  assign row_end     = x == width_last_q;
  assign x_phase_end = x_phase_q == s_last;
  assign y_phase_end = y_phase_q == s_last;
  assign step        = active_q && (!out_valid || out_ready);
  assign out_addr    = 16'(addr_q);

  assign q_row_next     = y_phase_end ? q_row_q + PlaceW'(pitch) : q_row_q;
  assign phase_row_next = y_phase_end ? base_q : phase_row_q + phase_down_q;
  assign base_next      = base_q + run_stride[AddrW-1:0];

  // (s - 1) times a step, without a multiplier
  logic [9:0]       off_back;
  logic [AddrW-1:0] phase_back;
  assign off_back   = (s_last[0] ? 10'(off_step) : '0) + (s_last[1] ? {1'b0, off_step, 1'b0} : '0);
  assign phase_back = (s_last[0] ? phase : '0) + (s_last[1] ? phase << 1 : '0);

  // Steps of q and phase where x or y leaves the last phase
  always_ff @(posedge clk) begin
    width_last_q <= width - 16'd1;
    q_wrap_q     <= PlaceW'(1) - PlaceW'(off_back);
    phase_wrap_q <= phase_back;
    phase_down_q <= phase_back + phase;
  end

  always_ff @(posedge clk) begin
    if (start_q) begin
      {y, x, x_phase_q, y_phase_q, q_q, q_row_q} <= '0;
      base_q      <= base[AddrW-1:0];
      phase_q     <= base[AddrW-1:0];
      phase_row_q <= base[AddrW-1:0];
    end else if (step && wrap) begin
      {y, x, x_phase_q, y_phase_q, q_q, q_row_q} <= '0;
      base_q      <= base_next;
      phase_q     <= base_next;
      phase_row_q <= base_next;
    end else if (step && row_end) begin
      x           <= '0;
      x_phase_q   <= '0;
      y           <= y + 16'd1;
      y_phase_q   <= y_phase_end ? '0 : y_phase_q + 2'd1;
      q_q         <= q_row_next;
      q_row_q     <= q_row_next;
      phase_q     <= phase_row_next;
      phase_row_q <= phase_row_next;
    end else if (step) begin
      x         <= x + 16'd1;
      x_phase_q <= x_phase_end ? '0 : x_phase_q + 2'd1;
      q_q       <= q_q + (x_phase_end ? q_wrap_q : PlaceW'(off_step));
      phase_q   <= phase_q + (x_phase_end ? -phase_wrap_q : phase);
    end
  end

  always_ff @(posedge clk) begin
    if (step) begin
      out_bank <= q_q[BankW-1:0];
      addr_q   <= phase_q + q_q[PlaceW-1:BankW];
      out_tag  <= tag;
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      start_q   <= 1'b0;
      active_q  <= 1'b0;
      out_valid <= 1'b0;
    end else if (start) begin
      start_q   <= 1'b1;
      active_q  <= 1'b0;
      out_valid <= 1'b0;
    end else begin
      start_q   <= 1'b0;
      if (start_q) active_q <= 1'b1;
      else if (step && stop) active_q <= 1'b0;
      out_valid <= step || (out_valid && !out_ready);
    end
  end

  logic unused_high;
  assign unused_high = &{1'b0, base, run_stride, pitch, phase_stride};

`ifndef SYNTHESIS
  a_hold: assert property (@(posedge clk) disable iff (!rst_n || start)
    out_valid && !out_ready |=> out_valid && $stable({out_bank, out_addr, out_tag}))
    else $error("hg_place: a place changed before it was taken");
`endif
endmodule
