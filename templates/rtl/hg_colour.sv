// SPDX-License-Identifier: Apache-2.0
// Colour space of resized pixels, over the stream of the proposal engine (microarchitecture.md).
//
// BGR as it is; HSV or grey (hg_colour_lane) where they are built. The space is constant while
// beats are in the stage. Latency 9 cycles in every space, II 1.
module hg_colour #(
  parameter int unsigned LanesN = 3,
  parameter int unsigned Hsv = 1,
  parameter int unsigned Gray = 1,
  localparam int unsigned TagW = 56
) (
  input  logic                        clk,
  input  logic                        rst_n,
  input  logic [1:0]                  space,     // 0 BGR, 1 HSV, 2 grey
  input  logic                        i_valid,
  input  logic [TagW-1:0]             i_tag,
  input  logic [LanesN-1:0][2:0][7:0] i_pixels,
  output logic                        o_valid,
  output logic [TagW-1:0]             o_tag,
  output logic [LanesN-1:0][2:0][7:0] o_pixels
);
  localparam int unsigned Latency = 9;
  if (LanesN == 0 || LanesN > 8) begin : gen_lanes_check
    $error("hg_colour LanesN must be in 1..8, not %0d", LanesN);
  end

  logic [Latency-1:0] valid_q;
  always_ff @(posedge clk) begin
    if (!rst_n) valid_q <= '0;
    else valid_q <= {valid_q[Latency-2:0], i_valid};
  end
  assign o_valid = valid_q[Latency-1];
  hg_delay #(.Width(TagW), .Cycles(Latency)) u_tag (.clk, .d(i_tag), .q(o_tag));

  for (genvar l = 0; l < LanesN; l++) begin : gen_lane
    logic [2:0][7:0] same, hsv;
    logic [7:0]      gray;
    hg_delay #(.Width(24), .Cycles(Latency - 1)) u_same (.clk, .d(i_pixels[l]), .q(same));
    if (Hsv != 0) begin : gen_hsv
      hg_colour_hsv u_hsv (.clk, .pixel(i_pixels[l]), .hsv_q(hsv));
    end else begin : gen_no_hsv
      assign hsv = '0;
    end
    if (Gray != 0) begin : gen_gray
      hg_colour_gray u_gray (.clk, .pixel(i_pixels[l]), .gray_q(gray));
    end else begin : gen_no_gray
      assign gray = '0;
    end
    always_ff @(posedge clk) begin
      case (space)
        2'd1:    o_pixels[l] <= hsv;
        2'd2:    o_pixels[l] <= {16'd0, gray};
        default: o_pixels[l] <= same;
      endcase
    end
  end
endmodule
