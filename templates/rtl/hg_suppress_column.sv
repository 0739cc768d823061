// SPDX-License-Identifier: Apache-2.0
// Which of five rows comes first, for one column and every attempt of suppression: the greatest
// {undecided, score}, of equal ones the oldest. Values are by age, 0 the newest row; attempt i
// looks at ages SpacingN * i up to that + 4. `best` is {value, label}, label 4 for the oldest row,
// 2 for the middle one: a greater number comes first. Latency 3, II 1.
module hg_suppress_column #(
  parameter int unsigned ValueW = 19,
  parameter int unsigned AttemptsN = 8,
  parameter int unsigned SpacingN = 2,
  localparam int unsigned RowsN = SpacingN * (AttemptsN - 1) + 5,
  localparam int unsigned BestW = ValueW + 3
) (
  input  logic                             clk,
  input  logic [RowsN-1:0][ValueW-1:0]     values,
  output logic [AttemptsN-1:0][BestW-1:0]  best
);
  localparam int unsigned Next = 2 / SpacingN;
  localparam int unsigned PairsN = AttemptsN + Next;

  logic [PairsN-1:0][ValueW:0]      pair_q;
  logic [AttemptsN-1:0][ValueW-1:0] oldest_q, oldest_q2;
  logic [AttemptsN-1:0][ValueW+1:0] four_q;

  for (genvar j = 0; j < PairsN; j++) begin : gen_pair
    localparam int unsigned Age = SpacingN * j;
    always_ff @(posedge clk) begin
      if (values[Age+1] >= values[Age]) pair_q[j] <= {values[Age+1], 1'b1};
      else pair_q[j] <= {values[Age], 1'b0};
    end
  end

  for (genvar i = 0; i < AttemptsN; i++) begin : gen_attempt
    always_ff @(posedge clk) begin
      oldest_q[i]  <= values[SpacingN*i+4];
      oldest_q2[i] <= oldest_q[i];
      if (pair_q[i+Next][ValueW:1] >= pair_q[i][ValueW:1]) begin
        four_q[i] <= {pair_q[i+Next][ValueW:1], 1'b1, pair_q[i+Next][0]};
      end else begin
        four_q[i] <= {pair_q[i][ValueW:1], 1'b0, pair_q[i][0]};
      end
      if (oldest_q2[i] >= four_q[i][ValueW+1:2]) best[i] <= {oldest_q2[i], 3'd4};
      else best[i] <= {four_q[i][ValueW+1:2], 1'b0, four_q[i][1:0]};
    end
  end
endmodule
