// SPDX-License-Identifier: Apache-2.0
// Bank of bounded heaps: each keeps the greatest EntriesN keys that come between two marks, and
// gives them back in ascending order.
//
// A key takes two cycles. When a mark is taken the heaps 0..last_heap are given back: EntriesN
// results each, two cycles a result, those never filled first (m_held 0); the mark comes out behind
// them. With two banks the next frame's keys go to the other bank meanwhile, in the cycles between;
// a mark waits until the one before is out. With one bank keys wait. Levels work one cycle behind
// one another (hg_heap_level). Behind reset all entries are swept empty; `ready` and s_ready are
// low as long. What was given back is "done", greater than all keys; for the next frame the codes
// of empty and done change places. Keys of a heap must differ. s_ready depends on s_mark; m_* hold
// until m_ready.
module hg_heap #(
  // Heaps of a bank, 1..64
  parameter int unsigned HeapsN = 28,
  // Keys of a heap, 1..4096
  parameter int unsigned EntriesN = 130,
  // Bits of a key, signed
  parameter int unsigned KeyW = 34,
  parameter int unsigned BanksN = 2
) (
  input  logic            clk,
  input  logic            rst_n,
  output logic            ready,      // swept
  input  logic [5:0]      last_heap,  // the last one in use; constant between resets
  input  logic            s_valid,
  output logic            s_ready,
  input  logic            s_mark,     // end of a frame, no key
  input  logic [5:0]      s_heap,
  input  logic [KeyW-1:0] s_key,
  output logic            m_valid,
  input  logic            m_ready,
  output logic            m_mark,
  output logic            m_held,     // a key, not an entry that was never filled
  output logic [5:0]      m_heap,
  output logic [KeyW-1:0] m_key
);
  localparam int unsigned LevelsN  = $clog2(EntriesN + 1);
  localparam int unsigned EntryW   = KeyW + 1;
  localparam int unsigned OwnBits  = $clog2(HeapsN);
  localparam int unsigned HeapBits = OwnBits + BanksN - 1;
  localparam int unsigned HeapW    = HeapBits == 0 ? 1 : HeapBits;
  localparam int unsigned PathW    = 12;
  localparam int unsigned CountW   = $clog2(EntriesN + 1);
  localparam int unsigned SweepW   = LevelsN > 1 ? LevelsN - 2 + HeapW : HeapW;

  if (HeapsN < 1 || HeapsN > 64 || EntriesN < 1 || EntriesN > 4096) begin : gen_size_check
    $error("hg_heap must have 1..64 heaps of 1..4096 entries, not %0d of %0d", HeapsN, EntriesN);
  end
  if (BanksN < 1 || BanksN > 2 || KeyW < 2) begin : gen_bank_check
    $error("hg_heap must have 1 or 2 banks of keys of 2 bits and more, not %0d, %0d", BanksN, KeyW);
  end

  // Banks, and which one is given back
  typedef enum logic [1:0] {FILL, WAIT, GIVE, MARK} state_e;
  state_e              state_q;
  logic                phase_q, sweep_q, fill_bank_q, give_bank, waited_q;
  logic [BanksN-1:0]   polarity_q;
  logic [SweepW-1:0]   sweep_addr_q;
  logic [5:0]          heap_q;
  logic [CountW-1:0]   left_q;
  logic                take, give, heap_end, give_end, given_q, room;
  logic [5:0]          given_heap_q;
  logic [LevelsN-1:0][EntryW-1:0] least;

  assign ready     = !sweep_q;
  assign s_ready   = ready && !phase_q && (state_q == FILL || (BanksN == 2 && !s_mark));
  assign take      = s_valid && s_ready && !s_mark;
  assign give_bank = BanksN == 2 && !fill_bank_q;
  assign room      = !m_valid || m_ready;
  assign give      = state_q == GIVE && phase_q == 1'(BanksN == 2) && room;
  assign heap_end  = left_q == CountW'(1);
  assign give_end  = give && heap_end && heap_q == last_heap;

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      {phase_q, fill_bank_q, waited_q, given_q, polarity_q} <= '0;
      state_q <= FILL;
      sweep_q <= 1'b1;
      sweep_addr_q <= '0;
    end else begin
      phase_q <= !phase_q;
      sweep_addr_q <= sweep_addr_q + 1'b1;
      if (&sweep_addr_q) sweep_q <= 1'b0;
      given_q  <= give;
      waited_q <= state_q == WAIT;
      case (state_q)
        FILL: if (s_valid && s_ready && s_mark) begin
          state_q <= WAIT;
          fill_bank_q <= BanksN == 2 && !fill_bank_q;
        end
        WAIT: if (waited_q) state_q <= GIVE;  // the last keys' words are in memory
        GIVE: if (give_end) begin
          state_q <= MARK;
          polarity_q[give_bank] <= !polarity_q[give_bank];
        end
        default: if (!given_q && room) state_q <= FILL;
      endcase
    end
    if (state_q == WAIT) begin
      heap_q <= '0;
      left_q <= CountW'(EntriesN);
    end else if (give) begin
      left_q <= heap_end ? CountW'(EntriesN) : left_q - CountW'(1);
      heap_q <= heap_q + 6'(heap_end);
    end
    given_heap_q <= heap_q;
  end

  // Results
  always_ff @(posedge clk) begin
    if (!rst_n) m_valid <= 1'b0;
    else m_valid <= given_q || (state_q == MARK && !given_q && room) || (m_valid && !m_ready);
    if (given_q || room) begin
      m_mark <= !given_q;
      m_held <= given_q && least[0][EntryW-1] != least[0][EntryW-2];
      m_heap <= given_heap_q;
      m_key  <= least[0][KeyW-1:0];
    end
  end

  // Operations
  logic [LevelsN:0]             valid, polarity;
  logic [LevelsN:0][HeapW-1:0]  heap;
  logic [LevelsN:0][PathW-1:0]  path;
  logic [LevelsN:0][EntryW-1:0] x;
  logic [LevelsN-1:0]           taken;
  logic                         bank;

  assign valid[0] = take || give;
  assign bank     = give ? give_bank : fill_bank_q;
  assign path[0]  = '0;
  assign polarity[0] = polarity_q[BanksN == 2 && bank];
  assign x[0] = give ? {{2{!polarity[0]}}, {(KeyW - 1){1'b0}}} : {!s_key[KeyW-1], s_key};
  if (HeapBits == 0) begin : gen_no_number
    assign heap[0] = '0;
  end else if (BanksN == 1) begin : gen_number
    assign heap[0] = HeapW'(give ? heap_q : s_heap);
  end else if (OwnBits == 0) begin : gen_bank
    assign heap[0] = bank;
  end else begin : gen_bank_number
    assign heap[0] = {bank, OwnBits'(give ? heap_q : s_heap)};
  end

  for (genvar j = 0; j < LevelsN; j++) begin : gen_level
    localparam int unsigned BeforeN = (1 << j) - 1;
    localparam int unsigned LastN = EntriesN - BeforeN < (1 << j) ? EntriesN - BeforeN : 1 << j;
    logic              below_take;
    logic [EntryW-1:0] below_least;
    if (j + 1 < LevelsN) begin : gen_below
      assign below_take = taken[j+1];
      assign below_least = least[j+1];
    end else begin : gen_leaf
      assign below_take = 1'b0;
      assign below_least = '0;
    end
    hg_heap_level #(
      .Level(j), .EntryW(EntryW), .HeapBits(HeapBits), .LastN(LastN), .SweepW(SweepW)
    ) u_level (
      .clk, .rst_n, .sweep(sweep_q), .sweep_addr(sweep_addr_q),
      .up_valid(valid[j]), .up_heap(heap[j]), .up_path(path[j]), .up_polarity(polarity[j]),
      .up_x(x[j]), .up_take(taken[j]), .up_least(least[j]),
      .dn_valid(valid[j+1]), .dn_heap(heap[j+1]), .dn_path(path[j+1]),
      .dn_polarity(polarity[j+1]), .dn_x(x[j+1]),
      .dn_take(below_take), .dn_least(below_least)
    );
  end

  logic unused;
  assign unused = ^{valid[LevelsN], heap[LevelsN], path[LevelsN], polarity[LevelsN], x[LevelsN],
                    taken[0], s_heap};

`ifndef SYNTHESIS
  always_ff @(posedge clk) begin
    if (rst_n && take) begin
      a_heap: assert (s_heap <= last_heap && 32'(s_heap) < HeapsN)
        else $error("hg_heap: heap %0d must be at most %0d", s_heap, last_heap);
    end
  end
  a_hold: assert property (@(posedge clk) disable iff (!rst_n)
    m_valid && !m_ready |=> m_valid && $stable({m_mark, m_held, m_heap, m_key}))
    else $error("hg_heap: a result changed or went away without m_ready");
`endif
endmodule
