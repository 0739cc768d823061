// SPDX-License-Identifier: Apache-2.0
// Hue, saturation and value of a pixel, equal to OpenCV's:
//
//   V = max, d = V - min, S = (d * sdiv[V] + 2^11) >> 12, sdiv[v] = round(255 * 2^12 / v)
//   h = V = R: G - B;  else V = G: B - R + 2d;  else R - G + 4d
//   H = (h * hdiv[d] + 2^11) >> 12, + 180 if negative; hdiv[d] = round(180 * 2^12 / (6 d))
//   sdiv[0] = hdiv[0] = 0
//
// Latency 8 cycles, II 1.
module hg_colour_hsv (
  input  logic            clk,
  input  logic [2:0][7:0] pixel,    // blue lowest
  output logic [2:0][7:0] hsv_q     // hue lowest
);
  // No quotient is a tie, so half up is half to even
  (* ram_style = "block" *) logic [19:0] saturation_mem [256];
  (* ram_style = "block" *) logic [16:0] hue_mem [256];
  initial begin
    saturation_mem[0] = '0;
    hue_mem[0] = '0;
    for (int i = 1; i < 256; i++) begin
      saturation_mem[i] = 20'((2 * 255 * 4096 + i) / (2 * i));
      hue_mem[i] = 17'((2 * 180 * 4096 + 6 * i) / (12 * i));
    end
  end

  // 1, 2: greatest and least; 3: spread and which is the greatest
  logic [7:0] most_q, least_q, most_q2, least_q2, most_q3, spread_q3, spread_q4;
  logic [2:0][7:0] pixel_q, pixel_q2, pixel_q3;
  always_ff @(posedge clk) begin
    pixel_q <= pixel;
    most_q <= pixel[0] > pixel[1] ? pixel[0] : pixel[1];
    least_q <= pixel[0] > pixel[1] ? pixel[1] : pixel[0];
    pixel_q2 <= pixel_q;
    most_q2 <= most_q > pixel_q[2] ? most_q : pixel_q[2];
    least_q2 <= least_q < pixel_q[2] ? least_q : pixel_q[2];
    pixel_q3 <= pixel_q2;
    most_q3 <= most_q2;
    spread_q3 <= most_q2 - least_q2;
    spread_q4 <= spread_q3;
  end

  // Tables: saturation's at 4, read from 2; hue's at 5, read from 3
  logic [19:0] saturation_read_q, saturation_of_q4;
  logic [16:0] hue_read_q, hue_of_q5;
  always_ff @(posedge clk) begin
    saturation_read_q <= saturation_mem[most_q2];
    saturation_of_q4 <= saturation_read_q;
    hue_read_q <= hue_mem[spread_q3];
    hue_of_q5 <= hue_read_q;
  end

  // Saturation: product 5, 6; rounded 7
  logic [27:0] saturation_q5, saturation_q6;
  logic [7:0]  saturation_q7;
  logic [15:0] saturation;
  assign saturation = saturation_q6[27:12] + 16'(saturation_q6[11]);
  always_ff @(posedge clk) begin
    saturation_q5 <= spread_q4 * saturation_of_q4;
    saturation_q6 <= saturation_q5;
    saturation_q7 <= saturation[7:0];
  end

  // Hue: sector 4, 5; product 6, 7
  logic signed [8:0]  apart_q4;
  logic [9:0]         turned_q4;
  logic signed [11:0] sector_q5;
  logic signed [29:0] hue_q6, hue_q7;
  logic signed [17:0] hue;
  logic [7:0]         hue_low;
  function automatic logic signed [8:0] minus(input logic [7:0] a, input logic [7:0] b);
    return $signed({1'b0, a}) - $signed({1'b0, b});
  endfunction
  assign hue = hue_q7[29:12] + 18'(hue_q7[11]);
  assign hue_low = hue[17] ? hue[7:0] + 8'd180 : hue[7:0];
  always_ff @(posedge clk) begin
    if (most_q3 == pixel_q3[2]) begin
      apart_q4 <= minus(pixel_q3[1], pixel_q3[0]);
      turned_q4 <= '0;
    end else if (most_q3 == pixel_q3[1]) begin
      apart_q4 <= minus(pixel_q3[0], pixel_q3[2]);
      turned_q4 <= {1'b0, spread_q3, 1'b0};
    end else begin
      apart_q4 <= minus(pixel_q3[2], pixel_q3[1]);
      turned_q4 <= {spread_q3, 2'b0};
    end
    sector_q5 <= 12'(apart_q4) + $signed({2'b0, turned_q4});
    hue_q6 <= sector_q5 * $signed({1'b0, hue_of_q5});
    hue_q7 <= hue_q6;
    hsv_q[0] <= hue_low;
    hsv_q[1] <= saturation_q7;
  end
  hg_delay #(.Width(8), .Cycles(5)) u_value (.clk, .d(most_q3), .q(hsv_q[2]));

  logic unused;
  assign unused = ^{saturation_q6, saturation, hue_q7[10:0], hue[16:8]};
endmodule
