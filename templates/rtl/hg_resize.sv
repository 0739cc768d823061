// SPDX-License-Identifier: Apache-2.0
// Bilinear resize over the stream of the proposal engine (microarchitecture.md), from a cache of
// source rows:
//
//   v(x) = 256 p[y0][x] + wy (p[y0+1][x] - p[y0][x])
//   out = (256 v(x0) + wx (v(x0+1) - v(x0)) + 2^15) >> 16
//
// Row y lies in slot y modulo CacheRowsN. The unpacker writes up to three neighbouring pixels of a
// row a cycle; two ports write rows of their own parity. The slot of y0 and wy come with the beat,
// {x0, wx} of its lanes from the column table. Pixels are read 3 to 5 cycles after their beat came.
// Latency 12 cycles, II 1.
module hg_resize #(
  parameter int unsigned LanesN = 3,
  parameter int unsigned WidthMax = 500,
  parameter int unsigned HeightMax = 500,
  parameter int unsigned CacheRowsN = 8,
  parameter int unsigned PortsN = 1,
  parameter int unsigned ColumnDepth = 763,
  localparam int unsigned TagW = 56,
  localparam int unsigned SlotW = $clog2(CacheRowsN)
) (
  input  logic                        clk,
  input  logic                        rst_n,
  // Column table (formats §11): word `pair` of beat `place` has lanes 2 * pair and 2 * pair + 1
  input  logic                        tab_we,
  input  logic [13:0]                 tab_place,
  input  logic [1:0]                  tab_pair,
  input  logic [63:0]                 tab_data,
  // Pixels w_x, w_x + 1 and w_x + 2 of a row, from every port
  input  logic [PortsN-1:0][2:0]       w_valid,
  input  logic [PortsN-1:0][SlotW-1:0] w_slot,
  input  logic [PortsN-1:0][11:0]      w_x,
  input  logic [PortsN-1:0][2:0][23:0] w_pixels,
  input  logic                        i_valid,
  input  logic [TagW-1:0]             i_tag,
  input  logic [SlotW-1:0]            i_slot,
  input  logic [8:0]                  i_weight,
  output logic                        o_valid,
  output logic [TagW-1:0]             o_tag,
  output logic [LanesN-1:0][2:0][7:0] o_pixels
);
  localparam int unsigned Latency = 12;
  localparam int unsigned PlaceW = $clog2(ColumnDepth);
  localparam int unsigned XW = $clog2(WidthMax);
  localparam int unsigned TapW = XW + 9;
  localparam int unsigned PairsN = (LanesN + 1) / 2;
  localparam int unsigned RowWords = (WidthMax + 3) / 4;
  localparam int unsigned BankDepth = CacheRowsN / 2 * RowWords;
  localparam int unsigned AddrW = $clog2(BankDepth);
  if (LanesN == 0 || LanesN > 8) begin : gen_lanes_check
    $error("hg_resize LanesN must be in 1..8, not %0d", LanesN);
  end
  if (WidthMax < 8 || WidthMax > 4096 || HeightMax < 8 || HeightMax > 4096) begin : gen_image_check
    $error("hg_resize image must be 8x8 to 4096x4096, not %0dx%0d", WidthMax, HeightMax);
  end
  if (CacheRowsN != 4 && CacheRowsN != 8 && CacheRowsN != 16) begin : gen_rows_check
    $error("hg_resize CacheRowsN must be 4, 8 or 16, not %0d", CacheRowsN);
  end
  if (PortsN != 1 && PortsN != 2) begin : gen_ports_check
    $error("hg_resize PortsN must be 1 or 2, not %0d", PortsN);
  end
  if (ColumnDepth < 2 || ColumnDepth > 1 << 14) begin : gen_depth_check
    $error("hg_resize ColumnDepth must be in 2..16384, not %0d", ColumnDepth);
  end

  logic [Latency-1:0] valid_q;
  always_ff @(posedge clk) begin
    if (!rst_n) valid_q <= '0;
    else valid_q <= {valid_q[Latency-2:0], i_valid};
  end
  assign o_valid = valid_q[Latency-1];
  hg_delay #(.Width(TagW), .Cycles(Latency)) u_tag (.clk, .d(i_tag), .q(o_tag));

  // 2: taps of the lanes
  logic [2*PairsN-1:0][TapW-1:0] taps;
  for (genvar p = 0; p < PairsN; p++) begin : gen_table
    localparam int unsigned Width = 2 * p + 1 < LanesN ? 2 * TapW : TapW;
    logic [2*TapW-1:0] word;
    logic [Width-1:0]  read;
    assign word = {tab_data[48 +: 9], tab_data[32 +: XW], tab_data[16 +: 9], tab_data[0 +: XW]};
    hg_ram #(.Width(Width), .Depth(ColumnDepth)) u_table (
      .clk, .we(tab_we && tab_pair == 2'(p)), .waddr(tab_place[PlaceW-1:0]),
      .wdata(word[Width-1:0]), .re(1'b1), .raddr(i_tag[30 +: PlaceW]), .rdata(read)
    );
    assign taps[2*p +: 2] = (2 * TapW)'(read);
    logic unused_word;
    assign unused_word = ^word;
  end

  // 1: the words of the two rows by parity; 2: the first word of each in its banks
  function automatic logic [AddrW-1:0] row_base(input logic [SlotW-2:0] word);
    row_base = '0;  // a choice of constants, no multiplier
    for (int r = 0; r < CacheRowsN / 2; r++) begin
      if (word == (SlotW - 1)'(r)) row_base = AddrW'(r * RowWords);
    end
  endfunction
  logic [1:0][SlotW-2:0] word_q;
  logic [1:0][AddrW-1:0] base_q2;
  logic                  odd_q5;
  logic [8:0]            down_q6;
  hg_delay #(.Width(1), .Cycles(5)) u_odd (.clk, .d(i_slot[0]), .q(odd_q5));
  hg_delay #(.Width(9), .Cycles(6)) u_down (.clk, .d(i_weight), .q(down_q6));
  always_ff @(posedge clk) begin
    word_q[0] <= i_slot[SlotW-1:1] + (SlotW - 1)'(i_slot[0]);
    word_q[1] <= i_slot[SlotW-1:1];
    for (int p = 0; p < 2; p++) base_q2[p] <= row_base(word_q[p]);
  end

  // Writes: the bank of a column has the pixel (column - w_x) modulo 4 of the three
  logic [PortsN-1:0][3:0][1:0]       write_q;    // by bank and parity
  logic [PortsN-1:0][3:0][AddrW-1:0] write_addr_q;
  logic [PortsN-1:0][3:0][23:0]      write_data_q;
  always_ff @(posedge clk) begin
    for (int p = 0; p < PortsN; p++) begin
      for (int c = 0; c < 4; c++) begin
        automatic logic [1:0] pixel = 2'(c) - w_x[p][1:0];
        automatic logic       hit = pixel != 2'd3 && w_valid[p][pixel];
        write_q[p][c] <= {hit && w_slot[p][0], hit && !w_slot[p][0]};
        write_addr_q[p][c] <= row_base(w_slot[p][SlotW-1:1]) + AddrW'(w_x[p][11:2])
                            + AddrW'(2'(c) < w_x[p][1:0]);
        write_data_q[p][c] <= w_pixels[p][pixel];
      end
    end
    if (!rst_n) write_q <= '0;
  end

  for (genvar l = 0; l < LanesN; l++) begin : gen_lane
    hg_resize_lane #(.XW(XW), .BankDepth(BankDepth), .PortsN(PortsN)) u_lane (
      .clk, .write(write_q), .write_addr(write_addr_q), .write_data(write_data_q),
      .x(taps[l][XW-1:0]), .across(taps[l][XW +: 9]), .base(base_q2), .odd(odd_q5),
      .down(down_q6), .pixel_q(o_pixels[l])
    );
  end

  logic unused;
  assign unused = ^{tab_data, tab_place, taps};
endmodule
