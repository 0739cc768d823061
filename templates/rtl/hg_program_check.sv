// SPDX-License-Identifier: Apache-2.0
// Rules for one beat of a descriptor (formats §6): which walker takes it, and whether it is legal.
//
// Combinational. `op` is the operation of the descriptor (valid from beat 1 on).
module hg_program_check #(
  parameter int unsigned ActBits = 8,
  // Rows of the array
  parameter int unsigned RowsN = 32,
  parameter int unsigned RingDepth = 256,
  parameter int unsigned TapsN = 128
) (
  input  logic [3:0]  beat,
  input  logic [63:0] data,
  input  logic [7:0]  op,
  input  logic [15:0] slots,

  // Status of the fault that this beat shows, 0 = none
  output logic [7:0]  fault,
  // 0 FETCH, 1 LOAD, 2 CONV and POOL, 3 STORE (beat 0)
  output logic [1:0]  walker
);
  localparam logic [7:0] Fetch = 8'd1;
  localparam logic [7:0] Load = 8'd2;
  localparam logic [7:0] Conv = 8'd3;
  localparam logic [7:0] Pool = 8'd4;
  localparam logic [7:0] Store = 8'd5;
  localparam int unsigned TablesN = (2 * (1 << ActBits) + 2) / 3;
  localparam int unsigned PlanesN = 8 / ActBits;

  logic compute, copies, bad_field, bad_op, bad_version;

  assign compute = op == Conv || op == Pool;
  assign copies = op == Load || op == Store;
  assign bad_version = beat == 4'd0 && data[15:8] != 8'd1;
  assign bad_op = beat == 4'd0 && (data[7:0] == 8'd0 || data[7:0] > Store || data[23:16] != 8'd0);
  assign fault = bad_version ? 8'd2 : bad_op ? 8'd4 : bad_field ? 8'd5 : 8'd0;

  always_comb begin
    case (data[7:0])
      Fetch: walker = 2'd0;
      Load: walker = 2'd1;
      Store: walker = 2'd3;
      default: walker = 2'd2;
    endcase
  end

  function automatic logic bad_s(logic [3:0] s);
    return s == 4'd0 || s > 4'd4;
  endfunction

  function automatic logic bad_count(logic [15:0] count, int unsigned most);
    return count == '0 || 32'(count) > most;
  endfunction

  always_comb begin
    bad_field = 1'b0;
    case (beat)
      4'd0: bad_field = data[47:32] >= slots && data[47:32] != 16'hFFFF;
      4'd2: begin
        if (copies) bad_field = data[39:32] > 8'd2 || data[2:0] != 3'd0;
        if (op == Fetch) bad_field = data[2:0] != 3'd0 || data[34:32] != 3'd0;
        if (compute) bad_field = bad_count(data[47:32], TapsN) || data[3:0] != 4'd0;
        if (op == Conv && bad_count(data[63:48], RingDepth)) bad_field = 1'b1;
      end
      4'd3: begin
        if (op == Fetch) begin
          bad_field = data[15:0] == '0 || 32'(data[31:16]) != RowsN ||
                      bad_count(data[47:32], RingDepth) ||
                      (data[63:48] != '0 && 32'(data[63:48]) != TablesN);
        end
        if (copies) bad_field = data[47:32] == '0 || data[63:48] == '0 || data[2:0] != 3'd0;
        if (compute) begin
          bad_field = data[15:0] == '0 || data[31:16] == '0 ||
                      bad_count({8'd0, data[39:32]}, op == Pool ? 1 : PlanesN) ||
                      data[47:40] > (op == Pool ? 8'd0 : 8'd2);
        end
      end
      4'd4: begin
        if (op == Fetch) bad_field = data[31:0] == '0;
        if (copies) bad_field = data[15:0] == '0;
        if (compute) begin
          bad_field = data[31:16] == '0 || data[47:32] == '0 || data[15:0] < data[31:16];
        end
      end
      4'd5: if (copies) bad_field = bad_s(data[3:0]);
      4'd6: begin
        if (compute) bad_field = bad_s(data[19:16]);
        if (op == Store) bad_field = data != '0;
        // Of an image: bytes from beat to beat, planes
        if (op == Load && data[15:0] != '0) begin
          bad_field = bad_count({8'd0, data[23:16]}, 16) || (data[43] && ActBits == 8);
        end
      end
      default: ;
    endcase
  end
endmodule
