// SPDX-License-Identifier: Apache-2.0
// Splits the joined beats of a FETCH into records and weight words and addresses the rings.
//
// Stream of a job: table records, then for each block one header and its row records, then K
// words. A record takes ceil(3 / Wp) cycles, a run of words ceil(K * NB / Wp); padding is dropped.
// A cycle is taken only if every word or record that it touches has its place in the ring.
// Beats reach the banks one cycle later (`bank_*`, `record_*`); `word_done` comes with the last
// beat of a word. At most one word and one record become complete in a cycle.
module hg_fetch_unpack #(
  parameter int unsigned RingDepth = 256,
  parameter int unsigned RecordDepth = 128,
  // Beats of a weight word, at least WeightPortsN
  parameter int unsigned WordBeatsN = 9,
  parameter int unsigned WeightPortsN = 3
) (
  input  logic        clk,
  input  logic        rst_n,

  // [15:0] blocks, [31:16] row records of a block, [47:32] K, [63:48] table records
  input  logic        job_valid,
  output logic        job_done,
  input  logic [63:0] job,

  input  logic                          s_valid,
  output logic                          s_ready,
  input  logic [WeightPortsN-1:0][63:0] s_data,

  input  logic        ring_release,
  input  logic        rec_release,
  input  logic [15:0] rec_release_n,

  output logic                                          word_done,
  output logic [WordBeatsN-1:0]                         bank_we,
  output logic [WordBeatsN-1:0][$clog2(RingDepth)-1:0]  bank_addr,
  output logic [WordBeatsN-1:0][63:0]                   bank_data,
  output logic                                          record_we,
  output logic [$clog2(RecordDepth)-1:0]                record_addr,
  output logic [191:0]                                  record_data
);
  localparam int unsigned Wp = WeightPortsN;
  localparam int unsigned RecordCycles = (3 + Wp - 1) / Wp;
  localparam int unsigned PosW = $clog2(WordBeatsN + Wp) + 1;
  localparam int unsigned RingW = $clog2(RingDepth);
  localparam int unsigned RecordW = $clog2(RecordDepth);

  typedef enum logic [1:0] {Start, Records, Words} state_e;

  state_e state_q;
  logic take, record_last, word_last, run_last, block_last, wraps, complete;
  // Records or words left in the run, blocks left, cycle of a record
  logic [15:0] left_q, blocks_q;
  logic [1:0] cycle_q;
  // First bank of this cycle's beats; next one
  logic [PosW-1:0] pos_q, pos_sum;
  // Ring places: next address, words and records that are not yet released
  logic [RingW-1:0] word_addr_q, word_addr_next;
  logic [RecordW-1:0] record_addr_q;
  logic [RingW:0] words_used_q, words_needed;
  logic [RecordW:0] records_used_q;
  logic [1:0][Wp-1:0][63:0] held_q;

  assign pos_sum = pos_q + PosW'(Wp);
  assign complete = pos_sum >= PosW'(WordBeatsN);
  assign wraps = pos_sum > PosW'(WordBeatsN) && left_q != 16'd1;
  assign word_addr_next = word_addr_q == RingW'(RingDepth - 1) ? '0 : word_addr_q + 1'b1;
  assign words_needed = words_used_q + (RingW + 1)'(1) + (RingW + 1)'(wraps);

  always_comb begin
    case (state_q)
      Records: s_ready = records_used_q != (RecordW + 1)'(RecordDepth);
      Words: s_ready = words_needed <= (RingW + 1)'(RingDepth);
      default: s_ready = 1'b0;
    endcase
  end
  assign take = s_valid && s_ready;
  assign record_last = cycle_q == 2'(RecordCycles - 1);
  assign word_last = left_q == 16'd1 && complete;
  assign run_last = state_q == Words ? word_last : left_q == 16'd1 && record_last;
  assign block_last = blocks_q == 16'd1;
  assign job_done = take && state_q == Words && word_last && block_last;

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      state_q <= Start;
      left_q <= '0;
      blocks_q <= '0;
      cycle_q <= '0;
      pos_q <= '0;
    end else if (state_q == Start) begin
      if (job_valid) state_q <= Records;
      // The tables and the first block's records follow each other
      left_q <= job[63:48] + job[31:16] + 16'd1;
      blocks_q <= job[15:0];
      cycle_q <= '0;
      pos_q <= '0;
    end else if (take && state_q == Records) begin
      cycle_q <= record_last ? '0 : cycle_q + 2'd1;
      if (record_last) left_q <= left_q - 16'd1;
      if (run_last) begin
        state_q <= Words;
        left_q <= job[47:32];
      end
    end else if (take) begin
      pos_q <= word_last ? '0 : complete ? pos_sum - PosW'(WordBeatsN) : pos_sum;
      if (complete) left_q <= left_q - 16'd1;
      if (word_last) begin
        state_q <= block_last ? Start : Records;
        left_q <= job[31:16] + 16'd1;
        blocks_q <= blocks_q - 16'd1;
      end
    end
  end

  // Places in the rings
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      word_addr_q <= '0;
      record_addr_q <= '0;
      words_used_q <= '0;
      records_used_q <= '0;
    end else begin
      if (take && state_q == Words && complete) word_addr_q <= word_addr_next;
      if (take && state_q == Records && record_last) record_addr_q <= record_addr_q + 1'b1;
      words_used_q <= words_used_q + (RingW + 1)'(take && state_q == Words && complete) -
                      (RingW + 1)'(ring_release);
      records_used_q <= records_used_q + (RecordW + 1)'(take && state_q == Records && record_last) -
                        (rec_release ? rec_release_n[RecordW:0] : '0);
    end
  end

  // Beats to banks: beat j of a cycle goes to bank pos + j, or to the next word behind the end
  always_ff @(posedge clk) begin
    bank_we <= '0;
    for (int b = 0; b < int'(WordBeatsN); b++) begin
      bank_addr[b] <= PosW'(b) < pos_q ? word_addr_next : word_addr_q;
      for (int j = 0; j < int'(Wp); j++) begin
        if (pos_q + PosW'(j) == PosW'(b)) begin
          bank_we[b] <= take && state_q == Words;
          bank_data[b] <= s_data[j];
        end
        if (pos_q + PosW'(j) == PosW'(b) + PosW'(WordBeatsN)) begin
          bank_we[b] <= take && state_q == Words && left_q != 16'd1;
          bank_data[b] <= s_data[j];
        end
      end
    end
    word_done <= rst_n && take && state_q == Words && complete;
  end

  // Records: the cycles before are held, the last one completes the three beats
  logic [3*Wp*64-1:0] joined;

  always_ff @(posedge clk) begin
    if (take) held_q <= {s_data, held_q[1]};
    record_we <= rst_n && take && state_q == Records && record_last;
    record_addr <= record_addr_q;
    record_data <= joined[191:0];
  end

  if (RecordCycles == 3) begin : gen_three
    assign joined = {s_data, held_q};
  end else if (RecordCycles == 2) begin : gen_two
    assign joined = {{Wp*64{1'b0}}, s_data, held_q[1]};
  end else begin : gen_one
    assign joined = {{2*Wp*64{1'b0}}, s_data};
  end

  logic unused_bits;
  assign unused_bits = ^{joined, held_q, rec_release_n};
endmodule
