// SPDX-License-Identifier: Apache-2.0
// Routes the codes of a step to their lanes and assembles the StepsN steps of a round into beats
// of consecutive channel groups, for DrainN pixels at once:
//
//   step i: beat[dg(i, l)][l] = code[xl(i, l)] where dv(i, l);  then beats 0..StepsN-1 go out
//
// in_valid and code come at cycle 0 (in_first, in_last mark the steps of a round), xl at cycle 0,
// dg and dv at cycle 1. A beat leaves every cycle from two cycles after the round's last step on;
// two buffers, so rounds may follow each other at once. II 1, never stalls.
module hg_permute #(
  parameter int unsigned LanesN = 16,
  parameter int unsigned StepsN = 4,
  parameter int unsigned DrainN = 2,
  localparam int unsigned StepW = StepsN > 1 ? $clog2(StepsN) : 1
) (
  input  logic                               clk,
  input  logic                               rst_n,
  input  logic                               in_valid,
  input  logic                               in_last,
  input  logic [DrainN-1:0][LanesN-1:0][7:0] code,
  input  logic [LanesN-1:0][3:0]             xl,
  input  logic [LanesN-1:0][3:0]             dg,
  input  logic [LanesN-1:0]                  dv,
  output logic                               q_valid,
  output logic                               q_first,
  output logic [StepW-1:0]                   q_group,
  output logic [DrainN-1:0][LanesN-1:0][7:0] q_data
);
  localparam int unsigned LaneW = $clog2(LanesN);
  localparam int unsigned DepthN = 2 ** (StepW + 1);

  // Cycle 1: crossbar. 2: written. The round's beats are read when its last step is written.
  logic [DrainN-1:0][LanesN-1:0][7:0] routed_q;
  logic valid_q, last_q, ready_q, buffer_q;
  always_ff @(posedge clk) begin
    for (int r = 0; r < DrainN; r++) begin
      for (int l = 0; l < LanesN; l++) routed_q[r][l] <= code[r][xl[l][LaneW-1:0]];
    end
    valid_q <= in_valid;
    last_q <= in_last;
    ready_q <= valid_q && last_q;
    if (valid_q && last_q) buffer_q <= !buffer_q;
    if (!rst_n) begin
      {valid_q, ready_q, buffer_q} <= '0;
    end
  end

  // Reading: StepsN cycles from ready_q on
  logic             busy_q, reading, read_first;
  logic [StepW-1:0] group_q, group;
  assign reading = ready_q || busy_q;
  assign read_first = ready_q;
  assign group = ready_q ? '0 : group_q;
  always_ff @(posedge clk) begin
    group_q <= group + StepW'(1);
    busy_q <= reading && group != StepW'(StepsN - 1);
    q_valid <= reading;
    q_first <= read_first;
    q_group <= group;
    if (!rst_n) {busy_q, q_valid} <= '0;
  end

  for (genvar l = 0; l < LanesN; l++) begin : gen_lane
    (* ram_style = "distributed" *) logic [8*DrainN-1:0] mem [DepthN];
    logic [8*DrainN-1:0] word, read_q;
    always_comb begin
      for (int r = 0; r < DrainN; r++) begin
        word[8*r+:8] = routed_q[r][l];
        q_data[r][l] = read_q[8*r+:8];
      end
    end
    always_ff @(posedge clk) begin
      if (valid_q && dv[l]) mem[{buffer_q, dg[l][StepW-1:0]}] <= word;
      read_q <= mem[{!buffer_q, group}];
    end
  end

  logic unused;
  assign unused = ^{xl, dg};
endmodule
