// SPDX-License-Identifier: Apache-2.0
// Pixel walker: banks and addresses of a tensor's pixels, in order, by its layout (formats §2).
//
// From `start` on (the fields stable) it walks x, then y, PixelsN pixels a cycle, without
// multipliers: q and phase are counted on. `y`, `x` are the pixels that enter the output register;
// its user says whether the next one behind them is (0, 0) of the next run (`wrap`) or there is
// none (`stop`), and adds a tag. Latency 3 from start, II 1; the output holds until `out_ready`.
module hg_place #(
  parameter int unsigned BanksN   = 16,
  parameter int unsigned ActDepth = 4096,
  // Pixels of a cycle
  parameter int unsigned PixelsN  = 1,
  // Bits that travel with them
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
  // Pixels in work
  output logic             step,
  output logic [PixelsN-1:0][15:0] y,
  output logic [PixelsN-1:0][15:0] x,
  input  logic             wrap,
  input  logic             stop,
  input  logic [TagW-1:0]  tag,
  // Their places
  output logic             out_valid,
  input  logic             out_ready,
  output logic [PixelsN-1:0][BankW-1:0] out_bank,
  output logic [PixelsN-1:0][15:0]      out_addr,
  output logic [TagW-1:0]  out_tag
);
  typedef struct packed {
    logic [15:0]       y, x;
    logic [1:0]        y_phase, x_phase;
    logic [PlaceW-1:0] q, q_row;
    logic [AddrW-1:0]  phase, phase_row;
  } pixel_t;

  logic                          start_q, active_q;
  logic [1:0]                    s_last;
  logic [PlaceW-1:0]             q_wrap_q;
  logic [AddrW-1:0]              phase_wrap_q, phase_down_q, phase, base_q, base_next;
  logic [PixelsN-1:0][AddrW-1:0] addr_q;
  logic [15:0]                   width_last_q;
  pixel_t                        pixel_q, next;   // the first one in work, and the one behind all
  pixel_t [PixelsN-1:0]          pixel;

  assign s_last    = 2'(s - 4'd1);
  assign phase     = phase_stride[AddrW-1:0];
  assign step      = active_q && (!out_valid || out_ready);
  assign base_next = base_q + run_stride[AddrW-1:0];

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

  always_comb begin
    next = pixel_q;
    for (int i = 0; i < int'(PixelsN); i++) begin
      pixel[i] = next;
      if (next.x == width_last_q) begin
        next.x = '0;
        next.x_phase = '0;
        next.y = next.y + 16'd1;
        if (next.y_phase == s_last) begin
          next.y_phase = '0;
          next.q_row = next.q_row + PlaceW'(pitch);
          next.phase_row = base_q;
        end else begin
          next.y_phase = next.y_phase + 2'd1;
          next.phase_row = next.phase_row + phase_down_q;
        end
        next.q = next.q_row;
        next.phase = next.phase_row;
      end else begin
        next.x = next.x + 16'd1;
        if (next.x_phase == s_last) begin
          next.x_phase = '0;
          next.q = next.q + q_wrap_q;
          next.phase = next.phase - phase_wrap_q;
        end else begin
          next.x_phase = next.x_phase + 2'd1;
          next.q = next.q + PlaceW'(off_step);
          next.phase = next.phase + phase;
        end
      end
    end
  end

  always_ff @(posedge clk) begin
    if (start_q || (step && wrap)) begin
      pixel_q <= '0;
      base_q  <= start_q ? base[AddrW-1:0] : base_next;
      pixel_q.phase     <= start_q ? base[AddrW-1:0] : base_next;
      pixel_q.phase_row <= start_q ? base[AddrW-1:0] : base_next;
    end else if (step) begin
      pixel_q <= next;
    end
  end

  for (genvar i = 0; i < int'(PixelsN); i++) begin : gen_pixel
    assign y[i]        = pixel[i].y;
    assign x[i]        = pixel[i].x;
    assign out_addr[i] = 16'(addr_q[i]);
    always_ff @(posedge clk) begin
      if (step) begin
        out_bank[i] <= pixel[i].q[BankW-1:0];
        addr_q[i]   <= pixel[i].phase + pixel[i].q[PlaceW-1:BankW];
      end
    end
  end

  always_ff @(posedge clk) begin
    if (step) out_tag <= tag;
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
