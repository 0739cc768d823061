// SPDX-License-Identifier: Apache-2.0
// One lane of the residual add: two tables of 36-bit entries (four of two planes), sum, rounding,
// clamp; formula in hg_add. Latency as hg_add says, II 1. The layer's fields (sel to hi) are stable
// while entries of the layer are under way.
module hg_add_lane #(
  parameter int unsigned ActBits = 4,
  parameter int unsigned PlanesN = 1,
  parameter int unsigned Latency = 6,
  localparam int unsigned CodeW = PlanesN * ActBits,
  localparam int unsigned IndexW = ActBits + PlanesN
) (
  input  logic               clk,
  input  logic               write,
  input  logic               write_sel,
  input  logic [IndexW-1:0]  write_index,  // operand, plane, code of the plane
  input  logic [35:0]        write_data,
  input  logic               sel,
  input  logic [7:0]         first,
  input  logic [CodeW-1:0]   second,
  input  logic               add,
  input  logic               tie_even,
  input  logic               tie_parity,
  input  logic [7:0]         lo,
  input  logic [7:0]         hi,
  output logic [7:0]         code_q
);
  // 1: addresses. 2 (ActBits 8: 3): entries, those of a plane of both operands side by side.
  logic [PlanesN-1:0][1:0][ActBits:0] at_q;
  logic [PlanesN-1:0][1:0][35:0]      entry;
  logic [PlanesN-1:0][36:0]           both;
  for (genvar p = 0; p < PlanesN; p++) begin : gen_plane
    always_ff @(posedge clk) begin
      at_q[p] <= {{sel, second[p*ActBits +: ActBits]}, {sel, first[p*ActBits +: ActBits]}};
    end
    for (genvar k = 0; k < 2; k++) begin : gen_table
      hg_add_table #(.ActBits(ActBits)) u_table (
        .clk, .we(write && write_index[IndexW-1:ActBits] == PlanesN'(k * PlanesN + p)),
        .write_at({write_sel, write_index[ActBits-1:0]}), .write_data, .read_at(at_q[p][k]),
        .data_q(entry[p][k])
      );
    end
    assign both[p] = {entry[p][0][35], entry[p][0]} + {entry[p][1][35], entry[p][1]};
  end

  // Then the sum (of two planes a cycle later), y with its tie, y mended, the code clamped.
  logic signed [36:0] sum;
  if (PlanesN == 2) begin : gen_two
    logic [1:0][36:0] both_q;
    always_ff @(posedge clk) both_q <= both;
    assign sum = both_q[0] + both_q[1];
  end else begin : gen_one
    assign sum = both[0];
  end
  logic signed [36:0] sum_q;
  logic signed [11:0] y_q, y_q2;
  logic               tie_q;
  // What passes unchanged is 0 where an add is, and the sum the other way round
  logic [7:0]         first_q, first_late;
  logic               above, below;
  hg_delay #(.Width(8), .Cycles(Latency - 2)) u_first (.clk, .d(first_q), .q(first_late));
  assign above = !y_q2[11] && (y_q2[10:8] != '0 || y_q2[7:0] > hi);
  assign below = y_q2[11] || (y_q2[10:8] == '0 && y_q2[7:0] < lo && add);
  always_ff @(posedge clk) begin
    sum_q <= sum;
    y_q <= sum_q[36:25];
    tie_q <= tie_even && sum_q[24:0] == '0 && sum_q[25] != tie_parity;
    y_q2 <= y_q - 12'(tie_q);
    if (!add) y_q2 <= '0;
    first_q <= first;
    if (add) first_q <= '0;
    code_q <= first_late | (above ? hi : below ? lo : y_q2[7:0]);
  end
endmodule
