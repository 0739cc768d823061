// SPDX-License-Identifier: Apache-2.0
// One level of a bank of heaps: pairs of siblings, each word {side, other, least}: `least` is the
// smaller entry of the pair, `side` says which child it is. Level 0 has single roots.
//
// An operation puts x in place of the root and lets it sink. It asks for its pair in one cycle
// (up_*), finds it in the next and goes on below at once (dn_*): the path of least children is
// stored and does not wait for a comparison. What stays here is known when the level below has
// compared: the least child from there if x is greater, else x. One operation a cycle; two on the
// same heap lie 2 or at least 4 cycles apart (the word of the one 2 cycles before is still on its
// way to memory).
//
// Entry: KeyW + 1 bits, {~key sign, key} for a key; two equal upper bits mean empty or done, 00
// being empty while polarity is 0, done while it is 1. Order: empty, keys, done.
module hg_heap_level #(
  parameter int unsigned Level = 1,
  parameter int unsigned EntryW = 35,
  // Bits of the heap's number, 0 for a single heap
  parameter int unsigned HeapBits = 6,
  // Entries of a heap on this level
  parameter int unsigned LastN = 2,
  // Bits of the sweep's address
  parameter int unsigned SweepW = 8,
  localparam int unsigned HeapW = HeapBits == 0 ? 1 : HeapBits,
  localparam int unsigned PathW = 12
) (
  input  logic              clk,
  input  logic              rst_n,
  input  logic              sweep,       // every word becomes empty
  input  logic [SweepW-1:0] sweep_addr,
  // From above: an operation that asks for a pair
  input  logic              up_valid,
  input  logic [HeapW-1:0]  up_heap,
  input  logic [PathW-1:0]  up_path,     // number of the pair
  input  logic              up_polarity,
  input  logic [EntryW-1:0] up_x,
  // A cycle later: the least entry of the pair, and whether it goes up
  output logic              up_take,
  output logic [EntryW-1:0] up_least,
  // To the level below, as up_*
  output logic              dn_valid,
  output logic [HeapW-1:0]  dn_heap,
  output logic [PathW-1:0]  dn_path,
  output logic              dn_polarity,
  output logic [EntryW-1:0] dn_x,
  input  logic              dn_take,
  input  logic [EntryW-1:0] dn_least
);
  localparam int unsigned PairsN = (LastN + 1) / 2;
  localparam int unsigned Depth = PairsN << HeapBits;
  localparam int unsigned AddrW = Depth > 1 ? $clog2(Depth) : 1;
  localparam int unsigned FullW = 2 * EntryW + 1;
  localparam int unsigned WordW = Level == 0 ? EntryW : FullW;

  function automatic logic [EntryW-1:0] rank(logic [EntryW-1:0] entry, logic polarity);
    logic flip;
    flip = polarity && entry[EntryW-1] == entry[EntryW-2];
    return {entry[EntryW-1-:2] ^ {2{flip}}, entry[EntryW-3:0]};
  endfunction

  // T - 1: the pair is asked for
  logic [AddrW-1:0] addr, addr_q, addr_q2, write_addr_q;
  logic [WordW-1:0] mem [Depth];
  logic [WordW-1:0] read_q, word_q;
  logic             valid_q, single_q, forward_q, polarity_q, stay_q, write_q;
  logic [HeapW-1:0] heap_q;
  logic [PathW-1:0] path_q;
  logic [EntryW-1:0] x_q, least, other;
  logic              side;

  if (HeapBits == 0) begin : gen_one_heap
    assign addr = AddrW'(up_path);
    logic unused_heap;
    assign unused_heap = ^up_heap;
  end else begin : gen_heaps
    assign addr = AddrW'({up_path, up_heap});
  end

  always_ff @(posedge clk) begin
    read_q     <= mem[addr];
    addr_q     <= addr;
    heap_q     <= up_heap;
    path_q     <= up_path;
    polarity_q <= up_polarity;
    x_q        <= up_x;
    single_q   <= LastN % 2 == 1 && up_path == PathW'(PairsN - 1);
    forward_q  <= stay_q && addr == addr_q2;
    valid_q    <= rst_n && up_valid && up_path < PathW'(PairsN);
  end

  // T: the pair is there
  logic [FullW-1:0] word;
  assign word = FullW'(forward_q ? word_q : read_q);
  assign {side, other, least} = word;
  assign up_least = least;
  assign up_take = valid_q && rank(x_q, polarity_q) > rank(least, polarity_q);
  assign dn_valid = up_take;
  assign dn_heap = heap_q;
  assign dn_path = {path_q[PathW-2:0], side};
  assign dn_polarity = polarity_q;
  assign dn_x = x_q;

  logic              polarity_q2, side_q2, single_q2, x_least_q2;
  logic [EntryW-1:0] x_q2, other_q2;
  always_ff @(posedge clk) begin
    stay_q      <= rst_n && up_take;
    addr_q2     <= addr_q;
    polarity_q2 <= polarity_q;
    side_q2     <= side;
    single_q2   <= single_q;
    x_q2        <= x_q;
    other_q2    <= other;
    x_least_q2  <= rank(x_q, polarity_q) < rank(other, polarity_q);
  end

  // T + 1: the level below has compared
  logic              is_least;
  logic [EntryW-1:0] entry;
  assign entry = dn_take ? dn_least : x_q2;
  assign is_least = single_q2 || (dn_take
                    ? rank(dn_least, polarity_q2) < rank(other_q2, polarity_q2) : x_least_q2);

  always_ff @(posedge clk) begin
    write_q      <= sweep || (stay_q && rst_n);
    write_addr_q <= sweep ? AddrW'(sweep_addr) : addr_q2;
    if (sweep) word_q <= '0;
    else if (is_least) word_q <= WordW'({side_q2, other_q2, entry});
    else word_q <= WordW'({!side_q2, entry, other_q2});
  end

  // T + 2
  always_ff @(posedge clk) begin
    if (write_q) mem[write_addr_q] <= word_q;
  end

  logic unused;
  assign unused = ^{path_q[PathW-1], sweep_addr};
endmodule
