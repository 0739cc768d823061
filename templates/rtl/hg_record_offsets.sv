// SPDX-License-Identifier: Apache-2.0
// Writes the two offsets of each row record one after the other: the lanes' memories have one
// write port, and the sign is part of their address. Records come one a cycle to lanes that take
// turns, so a lane's second offset is written while the next lane's first one is: lanes of even
// and of odd number have a bus each. The second offset leaves 2 cycles behind its record.
module hg_record_offsets #(
  parameter int unsigned LanesN = 16,
  parameter int unsigned AtW = 3
) (
  input  logic                   clk,
  input  logic [LanesN-1:0]      we,       // one-hot, never the same parity in successive cycles
  input  logic [AtW-1:0]         at,
  input  logic [63:0]            offsets,  // {negative, other}
  output logic [LanesN-1:0]      off_we,
  output logic [1:0][AtW:0]      off_at,   // by parity: {at, negative}
  output logic [1:0][31:0]       off_word
);
  logic [LanesN-1:0] we_q;
  logic [1:0][31:0]  second_q;
  logic [1:0]        new_record;
  always_comb begin
    new_record = '0;
    for (int l = 0; l < LanesN; l++) new_record[l%2] |= we[l];
  end
  always_ff @(posedge clk) begin
    we_q <= we;
    off_we <= we | we_q;
    for (int k = 0; k < 2; k++) begin
      if (new_record[k]) second_q[k] <= offsets[63:32];
      off_word[k] <= new_record[k] ? offsets[31:0] : second_q[k];
      off_at[k][0] <= !new_record[k];
      if (new_record[k]) off_at[k][AtW:1] <= at;
    end
  end

`ifndef SYNTHESIS
  logic [1:0] new_record_q;
  always_ff @(posedge clk) begin
    new_record_q <= new_record;
    assert ((new_record & new_record_q) == '0)
      else $error("hg_record_offsets: a record's second offset must be written before the next");
  end
`endif
endmodule
