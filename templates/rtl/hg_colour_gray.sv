// SPDX-License-Identifier: Apache-2.0
// Grey value of a pixel, equal to OpenCV's:
//
//   gray = (3735 B + 19235 G + 9798 R + 2^14) >> 15
//        = (2^15 R + 3735 (B - R) + 19235 (G - R) + 2^14) >> 15
//
// The weights add up to 2^15, so two products do. Latency 8 cycles, II 1.
module hg_colour_gray (
  input  logic            clk,
  input  logic [2:0][7:0] pixel,    // blue lowest
  output logic [7:0]      gray_q
);
  logic signed [8:0]  blue_q, green_q;
  logic signed [24:0] blue_part_q2, green_part_q2, blue_part_q3, green_part_q3, sum;
  logic [7:0]         red_q3, gray_q4;

  hg_delay #(.Width(8), .Cycles(3)) u_red (.clk, .d(pixel[2]), .q(red_q3));
  assign sum = $signed({2'b0, red_q3, 15'd16384}) + blue_part_q3 + green_part_q3;
  always_ff @(posedge clk) begin
    blue_q <= $signed({1'b0, pixel[0]}) - $signed({1'b0, pixel[2]});
    green_q <= $signed({1'b0, pixel[1]}) - $signed({1'b0, pixel[2]});
    blue_part_q2 <= blue_q * 16'sd3735;
    green_part_q2 <= green_q * 16'sd19235;
    {blue_part_q3, green_part_q3} <= {blue_part_q2, green_part_q2};
    gray_q4 <= sum[22:15];
  end
  hg_delay #(.Width(8), .Cycles(4)) u_late (.clk, .d(gray_q4), .q(gray_q));

  logic unused;
  assign unused = ^{sum[24:23], sum[14:0]};
endmodule
