// SPDX-License-Identifier: Apache-2.0
// One lane of the resize (hg_resize): a copy of the row cache and the interpolation of a pixel.
//
// Memories by column modulo 4 and row parity, so that the four pixels of a tap lie in different
// ones. Inputs come when they are used, counted from x at cycle 0: across 0, base 0, odd 3, down 4.
// Latency 10 cycles, II 1.
module hg_resize_lane #(
  parameter int unsigned XW = 9,
  parameter int unsigned BankDepth = 500,
  parameter int unsigned PortsN = 1,
  localparam int unsigned AddrW = $clog2(BankDepth)
) (
  input  logic                  clk,
  // By port, bank and (write) parity
  input  logic [PortsN-1:0][3:0][1:0]       write,
  input  logic [PortsN-1:0][3:0][AddrW-1:0] write_addr,
  input  logic [PortsN-1:0][3:0][23:0]      write_data,
  input  logic [XW-1:0]         x,
  input  logic [8:0]            across,
  input  logic [1:0][AddrW-1:0] base,        // of the rows by parity
  input  logic                  odd,         // the upper row is
  input  logic [8:0]            down,
  output logic [2:0][7:0]       pixel_q
);
  // 1: addresses; the right pixel of column 3 lies one word on, in bank 0. 3: data
  logic [1:0][AddrW-1:0]  addr_q, addr_next_q;
  logic [1:0][3:0][23:0]  data;
  logic [1:0]             column_q3;
  hg_delay #(.Width(2), .Cycles(3)) u_column (.clk, .d(x[1:0]), .q(column_q3));
  always_ff @(posedge clk) begin
    for (int p = 0; p < 2; p++) begin
      addr_q[p] <= base[p] + AddrW'(x[XW-1:2]);
      addr_next_q[p] <= base[p] + AddrW'(x[XW-1:2]) + AddrW'(&x[1:0]);
    end
  end
  for (genvar p = 0; p < 2; p++) begin : gen_parity
    localparam int unsigned Port = p % PortsN;
    for (genvar c = 0; c < 4; c++) begin : gen_bank
      hg_ram #(.Width(24), .Depth(BankDepth)) u_bank (
        .clk, .we(write[Port][c][p]), .waddr(write_addr[Port][c]),
        .wdata(write_data[Port][c]),
        .re(1'b1), .raddr(c == 0 ? addr_next_q[p] : addr_q[p]), .rdata(data[p][c])
      );
    end
  end

  // 4: the four pixels, side 0 is left
  logic [1:0][2:0][7:0] upper_q4, lower_q4;
  always_ff @(posedge clk) begin
    for (int s = 0; s < 2; s++) begin
      upper_q4[s] <= data[odd][column_q3 + 2'(s)];
      lower_q4[s] <= data[!odd][column_q3 + 2'(s)];
    end
  end

  logic [8:0]        across_q8;
  logic signed [9:0] down_q5;
  hg_delay #(.Width(9), .Cycles(8)) u_across (.clk, .d(across), .q(across_q8));
  always_ff @(posedge clk) down_q5 <= $signed({1'b0, down});
  for (genvar k = 0; k < 3; k++) begin : gen_colour
    // 5 to 7: down both columns
    logic [1:0][15:0] column_q7;
    for (genvar s = 0; s < 2; s++) begin : gen_side
      logic signed [8:0]  step_q5;
      logic signed [18:0] part_q6, sum_q7;
      logic [7:0]         from_q5, from_q6;
      always_ff @(posedge clk) begin
        step_q5 <= $signed({1'b0, lower_q4[s][k]}) - $signed({1'b0, upper_q4[s][k]});
        from_q5 <= upper_q4[s][k];
        from_q6 <= from_q5;
        part_q6 <= step_q5 * down_q5;
        sum_q7 <= $signed({3'b0, from_q6, 8'd0}) + part_q6;
      end
      assign column_q7[s] = sum_q7[15:0];
      logic unused_sum;
      assign unused_sum = ^sum_q7;
    end

    // 8 to 10: across; half a code is added in time
    logic [15:0]        column_q8, column_q9;
    logic signed [16:0] step_q8;
    logic signed [26:0] part_q9, total_q10;
    always_ff @(posedge clk) begin
      step_q8 <= $signed({1'b0, column_q7[1]}) - $signed({1'b0, column_q7[0]});
      column_q8 <= column_q7[0] + 16'd128;
      column_q9 <= column_q8;
      part_q9 <= step_q8 * $signed({1'b0, across_q8});
      total_q10 <= $signed({3'b0, column_q9, 8'd0}) + part_q9;
    end
    assign pixel_q[k] = total_q10[23:16];
    logic unused;
    assign unused = ^total_q10;
  end

  logic unused_write;
  assign unused_write = ^write;
endmodule
