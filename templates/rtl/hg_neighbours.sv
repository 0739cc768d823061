// SPDX-License-Identifier: Apache-2.0
// Beats of a row with their neighbours: BackN lanes to the left, one to the right. What lies
// outside the row is 0. A beat is held until the next one comes; the last of a row leaves in the
// next cycle. Combinational behind the held beat. Beats may come every cycle; nothing stalls.
module hg_neighbours #(
  parameter int unsigned LanesN = 3,
  // Bits of a lane
  parameter int unsigned Width = 8,
  // Lower bits of a lane that its neighbours see
  parameter int unsigned SideW = 8,
  parameter int unsigned BackN = 1
) (
  input  logic                         clk,
  input  logic                         rst_n,
  input  logic                         i_valid,
  input  logic                         i_first,
  input  logic                         i_last,
  input  logic [LanesN-1:0][Width-1:0] i_data,
  output logic                         o_valid,
  output logic                         o_first,
  output logic                         o_last,
  output logic [LanesN-1:0][Width-1:0] o_data,
  output logic [BackN-1:0][SideW-1:0]  o_left,   // the nearest lowest
  output logic [SideW-1:0]             o_right
);
  logic                        held_q;
  logic [BackN-1:0][SideW-1:0] left_q;

  assign o_valid = held_q && (i_valid || o_last);
  assign o_left  = o_first ? '0 : left_q;
  assign o_right = o_last ? '0 : i_data[0][SideW-1:0];

  always_ff @(posedge clk) begin
    if (!rst_n) held_q <= 1'b0;
    else held_q <= i_valid || (held_q && !o_valid);
    if (i_valid) begin
      o_first <= i_first;
      o_last  <= i_last;
      o_data  <= i_data;
    end
  end

  for (genvar b = 0; b < BackN; b++) begin : gen_left
    logic [SideW-1:0] lane;
    if (b < LanesN) begin : gen_held
      assign lane = o_data[LanesN-1-b][SideW-1:0];
    end else begin : gen_older
      assign lane = o_left[b-LanesN];
    end
    always_ff @(posedge clk) begin
      if (o_valid) left_q[b] <= lane;
    end
  end
endmodule
