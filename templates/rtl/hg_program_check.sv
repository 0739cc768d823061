// SPDX-License-Identifier: Apache-2.0
// Rules for one beat of a descriptor (formats §6): which walker takes it, and whether it is legal.
//
// Combinational. `op` is the operation of the descriptor (valid from beat 1 on).
module hg_program_check #(
  parameter int unsigned RingDepth = 256,
  parameter int unsigned RecordDepth = 128,
  parameter int unsigned TapsN = 128
) (
  input  logic [3:0]  beat,
  input  logic [63:0] data,
  input  logic [7:0]  op,
  input  logic [15:0] slots,

  // Unknown operation, version or engine (beat 0); a field out of its range (any beat)
  output logic        bad_op,
  output logic        bad_field,
  // 0 FETCH, 1 LOAD, 2 CONV and POOL, 3 STORE (beat 0)
  output logic [1:0]  walker
);
  localparam logic [7:0] Fetch = 8'd1;
  localparam logic [7:0] Load = 8'd2;
  localparam logic [7:0] Conv = 8'd3;
  localparam logic [7:0] Pool = 8'd4;
  localparam logic [7:0] Store = 8'd5;

  logic compute, copies;

  assign compute = op == Conv || op == Pool;
  assign copies = op == Load || op == Store;
  assign bad_op = beat == 4'd0 &&
                  (data[7:0] == 8'd0 || data[7:0] > Store || data[15:8] != 8'd1 ||
                   data[23:16] != 8'd0);

  always_comb begin
    case (data[7:0])
      Fetch: walker = 2'd0;
      Load: walker = 2'd1;
      Store: walker = 2'd3;
      default: walker = 2'd2;
    endcase
  end

  always_comb begin
    bad_field = 1'b0;
    case (beat)
      4'd0: bad_field = data[47:32] >= slots && data[47:32] != 16'hFFFF;
      4'd2: begin
        if (copies) bad_field = data[39:32] > 8'd2 || data[2:0] != 3'd0;
        if (op == Fetch) bad_field = data[2:0] != 3'd0 || data[34:32] != 3'd0;
        if (compute) begin
          bad_field = data[47:32] == '0 || 32'(data[47:32]) > TapsN || data[3:0] != 4'd0;
        end
        if (op == Conv && data[63:48] == '0) bad_field = 1'b1;
      end
      4'd3: begin
        if (op == Fetch) begin
          bad_field = data[15:0] == '0 || data[47:32] == '0 || 32'(data[47:32]) > RingDepth ||
                      32'(data[31:16]) >= RecordDepth;
        end
        if (copies) bad_field = data[47:32] == '0 || data[63:48] == '0 || data[2:0] != 3'd0;
        if (compute) begin
          bad_field = data[15:0] == '0 || data[31:16] == '0 || data[39:32] == '0 ||
                      data[47:40] > 8'd2;
        end
      end
      4'd4: begin
        if (op == Fetch) bad_field = data[31:0] == '0;
        if (copies) bad_field = data[15:0] == '0;
        if (compute) bad_field = data[15:0] == '0 || data[31:16] == '0 || data[47:32] == '0;
      end
      default: ;
    endcase
  end
endmodule
