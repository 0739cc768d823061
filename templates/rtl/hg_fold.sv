// SPDX-License-Identifier: Apache-2.0
// Image rows to beats of neighbouring pixels, for a LOAD of an image (formats §6).
//
// From `start` on (the fields stable) each of `rows` rows takes its row_beats beats from the
// stream and gives `width` positions, of each the beat of the low bits and that of the high ones.
// The bytes of a row stand behind `lead` bytes of padding; position x shows the bytes from x*step
// on. A row that ends early goes on as padding; beats that no position needs are read over. II 1
// while step is at most 8 and the stream delivers; five cycles more a row. `finish` pulses when
// the last row is read over and its last position was taken.
module hg_fold #(
  parameter int unsigned ActBits = 4
) (
  input  logic        clk,
  input  logic        rst_n,
  input  logic        start,
  input  logic [15:0] rows,
  input  logic [15:0] width,
  input  logic [15:0] row_beats,
  input  logic [7:0]  step,         // bytes, 1..16
  input  logic [7:0]  lead,         // bytes
  input  logic [7:0]  pad,
  input  logic [2:0]  tail,         // bytes of a row's last beat that count; 0: all
  output logic        finish,
  // Rows of bytes
  input  logic        s_valid,
  output logic        s_ready,
  input  logic [63:0] s_data,
  // Beats of the activation memory
  output logic        m_valid,
  input  logic        m_ready,
  output logic [63:0] m_low,        // bits [ActBits-1:0] of each byte
  output logic [63:0] m_high        // bits [7 -: ActBits]
);
  localparam int unsigned LanesN = 64 / ActBits;

  if (ActBits != 4 && ActBits != 8) begin : gen_bits_check
    $error("hg_fold ActBits must be 4 or 8, not %0d", ActBits);
  end

  // Three beats of the row, oldest first; `off` is the position's first byte among them
  logic [2:0][63:0] beats_q;
  logic [5:0]       off_q, off_step, off_first;
  logic [5:0]       lead_beats;
  logic [6:0]       ahead_q;         // beats of padding still to come before the row
  logic [15:0]      left_q;          // beats of the row still to come
  logic [15:0]      rows_q, x_q;
  logic             start_q, row_q, work_q;
  logic             emit, last_x, shift, wanted, from_row, row_end;
  logic [63:0]      kept, next;
  logic [7:0]       keep;

  assign lead_beats = 6'((9'(lead) + 9'd7) >> 3);
  assign off_first  = 6'd24 + {3'd0, 3'(-lead)};
  assign from_row   = ahead_q == '0 && left_q != '0;
  assign emit       = row_q && work_q && off_q < 6'd8 && (!m_valid || m_ready);
  assign last_x     = x_q == 16'd1;
  assign off_step   = emit ? off_q + 6'(step) : off_q;
  // Behind the last position what is left of the row is read over
  assign wanted     = row_q && (work_q ? off_step >= 6'd8 && !(emit && last_x) : left_q != '0);
  assign shift      = wanted && (!from_row || s_valid);
  assign s_ready    = wanted && from_row;
  assign row_end    = row_q && !work_q && left_q == '0;

  assign keep = left_q == 16'd1 && tail != 3'd0 ? ~(8'hFF << tail) : 8'hFF;
  for (genvar i = 0; i < 8; i++) begin : gen_kept
    assign kept[8*i +: 8] = keep[i] ? s_data[8*i +: 8] : pad;
  end
  assign next = from_row ? kept : {8{pad}};

  always_ff @(posedge clk) begin
    if (!row_q) begin
      off_q   <= off_first;
      ahead_q <= 7'(lead_beats);
      left_q  <= row_beats;
      x_q     <= width;
    end else begin
      off_q <= shift ? off_step - 6'd8 : off_step;
      if (shift) begin
        beats_q <= {next, beats_q[2:1]};
        if (ahead_q != '0) ahead_q <= ahead_q - 7'd1;
        else if (left_q != '0) left_q <= left_q - 16'd1;
      end
      if (emit) x_q <= x_q - 16'd1;
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      {start_q, row_q, work_q, m_valid, finish} <= '0;
      rows_q <= '0;
    end else begin
      start_q <= start;
      finish  <= row_end && rows_q == 16'd1 && (!m_valid || m_ready);
      if (start_q) begin
        rows_q <= rows;
      end else if (row_end && (rows_q != 16'd1 || !m_valid || m_ready)) begin
        rows_q <= rows_q - 16'd1;
      end
      // A row ends in a cycle of its own, in which the registers above are set for the next one
      if (start_q) row_q <= 1'b0;
      else if (row_end) row_q <= rows_q == 16'd1 && m_valid && !m_ready;
      else if (!row_q) row_q <= rows_q != '0;
      if (!row_q) work_q <= 1'b1;
      else if (emit && last_x) work_q <= 1'b0;
      if (emit) m_valid <= 1'b1;
      else if (m_ready) m_valid <= 1'b0;
    end
  end

  // The position's bytes
  logic [191:0]            bytes;
  logic [LanesN-1:0][7:0]  window;
  assign bytes = beats_q;
  for (genvar l = 0; l < LanesN; l++) begin : gen_lane
    assign window[l] = bytes[8 * (32'(off_q[2:0]) + l) +: 8];
    always_ff @(posedge clk) begin
      if (emit) begin
        m_low[ActBits*l +: ActBits]  <= window[l][ActBits-1:0];
        m_high[ActBits*l +: ActBits] <= window[l][7 -: ActBits];
      end
    end
  end

`ifndef SYNTHESIS
  a_fields: assert property (@(posedge clk) disable iff (!rst_n)
    start_q |-> rows != '0 && width != '0 && row_beats != '0 && step != '0 && step <= 8'd16)
    else $error("hg_fold: rows, width, row_beats and step must be at least 1, step at most 16");
  a_hold: assert property (@(posedge clk) disable iff (!rst_n)
    m_valid && !m_ready |=> m_valid && $stable({m_low, m_high}))
    else $error("hg_fold: a beat changed before it was taken");
`endif
endmodule
