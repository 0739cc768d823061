// SPDX-License-Identifier: Apache-2.0
// Reads the taps of the next CONV or POOL and hands them to the window (formats §3, §6).
//
// Starts when the head of the compute queue is there and `tap_room`; `loaded` stays high until the
// head is taken (`pop`). The window keeps them in the buffer that the running layer does not use.
// A tap out of range, or words that do not add up to the descriptor's K, raise `bad` and never
// become `loaded`: the sequencer would ask for words that nobody sends.
module hg_taps #(
  parameter int unsigned ActDepth = 1024,
  // Slices of a beat
  parameter int unsigned SubsN = 1
) (
  input  logic         clk,
  input  logic         rst_n,
  input  logic         halt,
  output logic         idle,
  output logic         error,
  output logic         bad,

  // Byte address of the program, head of the compute queue, and its removal
  input  logic [31:0]  base,
  input  logic         head_valid,
  input  logic [31:0]  head_offset,
  input  logic [15:0]  head_taps,
  input  logic [15:0]  head_words,
  input  logic         head_pool,
  input  logic         head_shared,
  input  logic         pop,
  output logic         loaded,

  input  logic         tap_room,
  output logic         tap_we,
  output logic [7:0]   tap_index,
  output logic [127:0] tap_data,

  output logic         ar_valid,
  input  logic         ar_ready,
  output logic [31:0]  ar_addr,
  output logic [3:0]   ar_len,
  input  logic         r_valid,
  input  logic [63:0]  r_data,
  input  logic [1:0]   r_resp
);
  typedef enum logic [1:0] {Idle, Request, Receive, Loaded} state_e;

  state_e state_q;
  logic req_ready, m_valid, odd_q, last;
  logic [63:0] m_data, low_q;
  logic [31:0] addr_q;
  logic [8:0] index_q, taps_q;
  logic [15:0] words_q;
  // 256 taps of 4095 slices
  logic [19:0] sum_q;
  logic pool_q, shared_q, bad_low, bad_high;

  hg_axi_read #(.FifoDepth(64)) u_read (
    .clk, .rst_n, .halt, .idle, .error,
    .req_valid(state_q == Request), .req_ready, .req_addr(addr_q),
    .req_beats({22'd0, taps_q, 1'b0}),
    .m_valid, .m_ready(1'b1), .m_data,
    .ar_valid, .ar_ready, .ar_addr, .ar_len, .r_valid, .r_data, .r_resp
  );

  assign loaded = state_q == Loaded;
  assign last = index_q + 9'd1 == taps_q;

  // Beat 0 of a tap: base, q, cs, sub0, cg_stride; beat 1: plane_stride and the bounds
  assign bad_low = 32'(m_data[15:0]) >= ActDepth || 32'(m_data[63:48]) > ActDepth ||
                   (!pool_q && (m_data[43:32] == '0 || 32'(m_data[47:44]) >= SubsN ||
                                (shared_q && 16'(m_data[43:32]) != words_q)));
  assign bad_high = 32'(m_data[15:0]) > ActDepth ||
                    (last && !pool_q && !shared_q && sum_q != 20'(words_q));

  always_ff @(posedge clk) begin
    addr_q <= base + head_offset;
    taps_q <= head_taps[8:0];
    words_q <= head_words;
    pool_q <= head_pool;
    shared_q <= head_shared;
    if (m_valid) low_q <= m_data;
    tap_data <= {m_data, low_q};
    tap_index <= index_q[7:0];
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      state_q <= Idle;
      odd_q <= 1'b0;
      index_q <= '0;
      sum_q <= '0;
      tap_we <= 1'b0;
      bad <= 1'b0;
    end else begin
      tap_we <= m_valid && odd_q;
      if (m_valid) begin
        odd_q <= !odd_q;
        bad <= bad || (odd_q ? bad_high : bad_low);
        if (!odd_q) sum_q <= sum_q + 20'(m_data[43:32]);
      end
      case (state_q)
        // The head's fields are sampled in the cycle between Idle and Request
        Idle: if (head_valid && tap_room) state_q <= Request;
        Request: begin
          index_q <= '0;
          sum_q <= '0;
          if (req_ready) state_q <= Receive;
        end
        Receive: if (m_valid && odd_q) begin
          index_q <= index_q + 9'd1;
          if (last && !bad && !bad_high) state_q <= Loaded;
        end
        default: if (pop) state_q <= Idle;
      endcase
    end
  end

  // The program block has checked that the count is at most 256
  logic [6:0] unused_taps;
  assign unused_taps = head_taps[15:9];
endmodule
