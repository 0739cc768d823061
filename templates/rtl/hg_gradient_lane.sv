// SPDX-License-Identifier: Apache-2.0
// Gradient of one pixel from its neighbours along both axes; at a border one of a pair is the pixel
// itself (hg_gradient). Latency 5 cycles, II 1.
module hg_gradient_lane (
  input  logic            clk,
  input  logic            summed,       // rule of HSV
  input  logic [2:0][7:0] left,
  input  logic [2:0][7:0] right,
  input  logic            across_edge,
  input  logic [2:0][7:0] above,
  input  logic [2:0][7:0] below,
  input  logic            down_edge,
  output logic [7:0]      grad_q
);
  // Axis 0 is across, 1 is down
  logic [1:0][2:0][7:0] one_q, other_q, apart_q;
  logic [1:0][7:0]      third_q;
  logic [1:0][8:0]      two_q;
  logic [1:0][9:0]      all_q;
  logic [1:0]           edge_q4;
  logic [10:0]          sum;

  function automatic logic [7:0] difference(input logic [7:0] a, input logic [7:0] b);
    return a > b ? a - b : b - a;
  endfunction

  // Channels together, and the border's factor of two
  function automatic logic [9:0] merged(
    input logic [8:0] two, input logic [7:0] third, input logic is_edge, input logic add
  );
    logic [9:0] total;
    logic [7:0] most;
    total = {1'b0, two} + {2'b0, third};
    most = two[7:0] > third ? two[7:0] : third;
    if (add) return is_edge ? total : total >> 1;
    return is_edge ? {1'b0, most, 1'b0} : {2'b0, most};
  endfunction

  hg_delay #(.Width(2), .Cycles(3)) u_edge (.clk, .d({down_edge, across_edge}), .q(edge_q4));
  assign sum = {1'b0, all_q[0]} + {1'b0, all_q[1]};
  always_ff @(posedge clk) begin
    one_q <= {below, right};
    other_q <= {above, left};
    for (int a = 0; a < 2; a++) begin
      for (int c = 0; c < 3; c++) apart_q[a][c] <= difference(one_q[a][c], other_q[a][c]);
      if (summed) two_q[a] <= {1'b0, apart_q[a][0]} + {1'b0, apart_q[a][1]};
      else two_q[a] <= {1'b0, apart_q[a][0] > apart_q[a][1] ? apart_q[a][0] : apart_q[a][1]};
      third_q[a] <= apart_q[a][2];
      all_q[a] <= merged(two_q[a], third_q[a], edge_q4[a], summed);
    end
    grad_q <= sum > 11'd255 ? 8'd255 : sum[7:0];
  end
endmodule
