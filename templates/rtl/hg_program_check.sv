// SPDX-License-Identifier: Apache-2.0
// Rules of a descriptor (formats §6), beat by beat: which walker takes it, and whether it is legal.
//
// `fault` follows `beat` and `data` in the same cycle; what one field asks of another is held from
// beat to beat (`take`). `op` is the operation of the descriptor (valid from beat 1 on). The words
// of a CONV that holds, K x blocks, are summed a bit of `blocks` a beat and judged with beat 14.
module hg_program_check #(
  parameter int unsigned ActBits = 8,
  // Rows of the array
  parameter int unsigned RowsN = 32,
  parameter int unsigned PixelsN = 4,
  parameter int unsigned ActDepth = 1024,
  parameter int unsigned RingDepth = 256,
  parameter int unsigned RecordDepth = 256,
  parameter int unsigned TapsN = 128,
  // 1: Add and MaxPool take codes of two planes
  parameter int unsigned WideCodes = 0
) (
  input  logic        clk,
  input  logic        take,
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
  localparam int unsigned TablesN = ((WideCodes != 0 ? 4 : 2) * (1 << ActBits) + 2) / 3;
  localparam int unsigned PlanesN = 8 / ActBits;
  localparam logic [7:0] KindsMax = ActBits == 4 ? 8'd1 : 8'd0;
  // Of what a POOL reads and writes
  localparam int unsigned PoolPlanesN = WideCodes != 0 ? 2 : 1;
  localparam logic [7:0] PoolKindMax = WideCodes != 0 ? 8'd1 : 8'd0;
  localparam logic [7:0] Raw = 8'd2;
  // Rows and columns that the window counts
  localparam int unsigned SideN = 4096;
  // Blocks whose records the ring can hold, without and with the tables of an add
  localparam int unsigned CountW = 12;
  localparam int unsigned HeldMax = (1 << CountW) - 1;
  localparam int unsigned HeldN = RecordDepth / (1 + RowsN) < HeldMax
                                  ? RecordDepth / (1 + RowsN) : HeldMax;
  localparam int unsigned HeldAddN = (RecordDepth - TablesN) / (1 + RowsN) < HeldMax
                                     ? (RecordDepth - TablesN) / (1 + RowsN) : HeldMax;
  localparam int unsigned SumW = $clog2(RingDepth) + 2;

  logic compute, copies, bad_field, bad_op, bad_version;
  logic hold_q, codes_q, many_add_q, over_q, one_run_q;
  logic [CountW-1:0] blocks_q;
  logic [SumW-2:0] words_q, sum_q;
  logic [SumW-1:0] sum_next;

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

  function automatic logic bad_base(logic [15:0] base);
    return 32'(base) >= ActDepth;
  endfunction

  function automatic logic bad_stride(logic [15:0] stride);
    return 32'(stride) > ActDepth;
  endfunction

  // P div Wv and P mod Wv
  function automatic logic bad_steps(logic [15:0] width, logic [15:0] steps);
    for (int unsigned w = 1; w <= PixelsN; w++) begin
      if (width == 16'(w)) return steps != {8'(PixelsN % w), 8'(PixelsN / w)};
    end
    return steps != {8'(PixelsN), 8'd0};
  endfunction

  // Once the sum is beyond the ring it stays there, whatever it grows to
  assign sum_next = {sum_q, 1'b0} + (blocks_q[CountW-1] ? SumW'(words_q) : '0);

  always_ff @(posedge clk) begin
    if (take) begin
      blocks_q <= blocks_q << 1;
      sum_q <= sum_next[SumW-2:0];
      over_q <= over_q || 32'(sum_next) > RingDepth;
      if (beat == 4'd0) hold_q <= data[24];
      if (beat == 4'd2) words_q <= (SumW - 1)'(data[63:48]);
      if (beat == 4'd3) begin
        codes_q <= data[47:41] == '0 && (WideCodes != 0 || !data[40]);
        one_run_q <= data[47:32] == 16'd1;
        many_add_q <= 32'(data[15:0]) > HeldAddN;
        blocks_q <= data[CountW-1:0];
        sum_q <= '0;
        over_q <= 1'b0;
      end
    end
  end

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
                      bad_count({8'd0, data[39:32]}, op == Pool ? PoolPlanesN : PlanesN) ||
                      data[47:40] > (op == Pool ? PoolKindMax : Raw) ||
                      (data[47:40] != Raw && data[47:40] > KindsMax) ||
                      (op == Conv && hold_q && 32'(data[15:0]) > HeldN);
        end
      end
      4'd4: begin
        if (op == Fetch) bad_field = data[31:0] == '0;
        if (copies) begin
          bad_field = data[15:0] == '0 || bad_base(data[31:16]) || bad_stride(data[47:32]);
        end
        if (compute) begin
          bad_field = data[31:16] == '0 || data[15:0] < data[31:16] ||
                      bad_count(data[15:0], SideN) || bad_count(data[47:32], SideN) ||
                      bad_steps(data[15:0], data[63:48]);
        end
      end
      4'd5: begin
        if (copies) bad_field = bad_s(data[3:0]) || bad_stride(data[31:16]);
        if (compute) begin
          bad_field = bad_base(data[15:0]) || bad_stride(data[31:16]) ||
                      bad_stride(data[47:32]) || bad_stride(data[63:48]);
        end
      end
      4'd6: begin
        if (compute) begin
          bad_field = bad_s(data[19:16]) || (WideCodes != 0 && bad_stride(data[63:48]));
        end
        if (op == Store) bad_field = data != '0;
        // Of an image: one run, bytes from beat to beat, planes
        if (op == Load && data[15:0] != '0) begin
          bad_field = !one_run_q || bad_count({8'd0, data[23:16]}, 16) ||
                      (data[43] && ActBits == 8) || bad_stride(data[63:48]);
        end
      end
      4'd7: if (compute) begin
        bad_field = bad_base(data[15:0]) || bad_stride(data[31:16]) ||
                    (data[48] && (op == Pool || !codes_q || (hold_q && many_add_q)));
      end
      4'd14: bad_field = op == Conv && hold_q && (over_q || 32'(sum_next) > RingDepth);
      default: ;
    endcase
  end
endmodule
