// SPDX-License-Identifier: Apache-2.0
// Activation memory: BanksN banks of ActDepth beats of 64 bits, true dual port, II 1 a port.
// Port A (window): one read of every bank a cycle, data two cycles after a_en.
// Port B serves the writer and, on the banks that the writer leaves free, one other client a cycle:
// priority residual > load > store, *_gnt combinational. The reads of merge mode have all banks.
// Load writes one beat, or with ld_two another one B/2 banks further on, both in one cycle.
// Writer: bank k with wr_en[k] takes beat wr_sel[k] at address wr_addr[wr_sel[k]]; always served,
// so it has no grant. wr_we = 0 reads those banks instead, and a write two cycles later keeps
// the lanes of wr_keep as they were (read-modify-write). `wr_hold` follows a cycle in which the
// writer kept a load waiting, and asks for a cycle without a write: a load goes from bank to bank
// as the writer does, and would stay behind it.
// Residual and store read the banks {bank & ~1, bank | 1} at one address: both beats are in
// rd_pair three cycles after the grant, marked by rs_rvalid or st_rvalid; rd_odd is bank[0].
module hg_actmem #(
  // Bits of an activation, 4 or 8
  parameter int unsigned ActBits = 4,
  // Banks, a power of two from 2
  parameter int unsigned BanksN = 16,
  // Beats the writer hands over in a cycle, 1 or 2
  parameter int unsigned DrainN = 2,
  // Beats of a bank
  parameter int unsigned ActDepth = 4096,
  localparam int unsigned BankW = $clog2(BanksN),
  localparam int unsigned GroupLanesN = 64 / ActBits
) (
  input  logic                    clk,
  input  logic                    rst_n,
  // Port A: window
  input  logic                    a_en,
  input  logic [BanksN-1:0][15:0] a_addr,
  output logic [BanksN-1:0][63:0] a_rdata,
  // Writer
  input  logic                    wr_req,
  output logic                    wr_hold,
  input  logic                    wr_we,
  input  logic [BanksN-1:0]       wr_en,
  input  logic [BanksN-1:0]       wr_sel,
  input  logic [DrainN-1:0][15:0] wr_addr,
  input  logic [DrainN-1:0][63:0] wr_data,
  input  logic [GroupLanesN-1:0]  wr_keep,
  // Residual reader
  input  logic                    rs_req,
  output logic                    rs_gnt,
  input  logic [BankW-1:0]        rs_bank,
  input  logic [15:0]             rs_addr,
  output logic                    rs_rvalid,
  // Load
  input  logic                    ld_req,
  output logic                    ld_gnt,
  input  logic [BankW-1:0]        ld_bank,
  input  logic [15:0]             ld_addr,
  input  logic [63:0]             ld_data,
  input  logic                    ld_two,
  input  logic [15:0]             ld_high_addr,
  input  logic [63:0]             ld_high_data,
  // Store
  input  logic                    st_req,
  output logic                    st_gnt,
  input  logic [BankW-1:0]        st_bank,
  input  logic [15:0]             st_addr,
  output logic                    st_rvalid,
  // Read data of residual and store
  output logic [1:0][63:0]        rd_pair,
  output logic                    rd_odd
);
  localparam int unsigned AddrW = $clog2(ActDepth);
  localparam int unsigned PairW = BanksN > 2 ? BankW - 1 : 1;
  localparam bit TwoPlanes = ActBits == 4;  // an image's bytes are one plane otherwise

  if (BanksN < 2 || (BanksN & (BanksN - 1)) != 0) begin : gen_banks_check
    $error("hg_actmem BanksN must be a power of two of at least 2, not %0d", BanksN);
  end
  if (DrainN != 1 && DrainN != 2) begin : gen_drain_check
    $error("hg_actmem DrainN must be 1 or 2, not %0d", DrainN);
  end
  if (ActDepth < 2 || ActDepth > 65536) begin : gen_depth_check
    $error("hg_actmem ActDepth must be in 2..65536, not %0d", ActDepth);
  end

  // Arbitration and the shared part of a port B operation
  logic                   rd_any, rs_free, ld_free, st_free;
  logic [BankW-1:0]       rd_bank, ld_high_bank;
  logic [AddrW-1:0]       o_addr, o_high_addr;
  logic [BanksN-1:0][AddrW-1:0] b_addr;
  logic [BanksN-1:0]      b_en, b_we, b_sel, b_wr;
  logic [BanksN-1:0][63:0] b_rdata;

  // Banks that the writer leaves free this cycle; residual and store read pairs of banks
  logic [BanksN-1:0] wr_takes;
  assign wr_takes = wr_req ? wr_en | {BanksN{!wr_we}} : '0;
  assign rs_free = !wr_takes[rs_bank & ~BankW'(1)] && !wr_takes[rs_bank | BankW'(1)];
  assign ld_high_bank = ld_bank ^ BankW'(BanksN / 2);
  assign ld_free = !wr_takes[ld_bank] && !(ld_two && wr_takes[ld_high_bank]);
  assign st_free = !wr_takes[st_bank & ~BankW'(1)] && !wr_takes[st_bank | BankW'(1)];

  assign rs_gnt  = rs_req && rs_free;
  assign ld_gnt  = ld_req && !rs_req && ld_free;
  assign st_gnt  = st_req && !rs_req && !ld_req && st_free;
  assign rd_any  = rs_gnt || st_gnt;
  assign rd_bank = rs_req ? rs_bank : st_bank;

  always_comb begin
    if (rs_req) o_addr = rs_addr[AddrW-1:0];
    else if (ld_req) o_addr = ld_addr[AddrW-1:0];
    else o_addr = st_addr[AddrW-1:0];
    o_high_addr = !rs_req && ld_req && ld_two ? ld_high_addr[AddrW-1:0] : o_addr;
    for (int unsigned k = 0; k < BanksN; k++) begin
      b_sel[k]  = DrainN == 2 && wr_sel[k];
      b_wr[k]   = wr_req && wr_en[k];
      b_we[k]   = b_wr[k] ? wr_we : ld_gnt;
      b_en[k]   = b_wr[k] || (rd_any && rd_bank >> 1 == BankW'(k >> 1))
               || (ld_gnt && (ld_bank == BankW'(k) || (ld_two && ld_high_bank == BankW'(k))));
      b_addr[k] = !b_wr[k] ? (TwoPlanes && ld_high_bank == BankW'(k) ? o_high_addr : o_addr)
                : b_sel[k] ? wr_addr[DrainN-1][AddrW-1:0] : wr_addr[0][AddrW-1:0];
    end
  end

  // Of two beats loaded at once one lies in each half of the banks: one choice for a half
  logic [1:0][63:0] half_data;
  always_comb begin
    for (int unsigned h = 0; h < 2; h++) begin
      half_data[h] = TwoPlanes && ld_bank[BankW-1] != 1'(h) ? ld_high_data : ld_data;
    end
  end

  for (genvar k = 0; k < BanksN; k++) begin : gen_bank
    logic [63:0] beat, given;
    always_comb begin
      given = !b_wr[k] ? half_data[2*k/BanksN]
            : b_sel[k] ? wr_data[DrainN-1] : wr_data[0];
      for (int unsigned l = 0; l < GroupLanesN; l++) begin
        beat[l*ActBits +: ActBits] = b_wr[k] && wr_keep[l] ? b_rdata[k][l*ActBits +: ActBits]
                                   : given[l*ActBits +: ActBits];
      end
    end
    // Two halves: a RAMB36 has at most 36 bits a port as true dual port
    for (genvar h = 0; h < 2; h++) begin : gen_half
      hg_actmem_bank #(.Width(32), .Depth(ActDepth)) u_bank (
        .clk, .a_en, .a_addr(a_addr[k][AddrW-1:0]), .a_rdata(a_rdata[k][h*32 +: 32]),
        .b_en(b_en[k]), .b_we(b_we[k]), .b_addr(b_addr[k]),
        .b_wdata(beat[h*32 +: 32]), .b_rdata(b_rdata[k][h*32 +: 32])
      );
    end
  end

  // Read data of residual and store: the pair of banks, one register behind the RAM's
  logic [1:0]       rs_valid_q, st_valid_q, odd_q;
  logic [1:0][PairW-1:0] pair_q;

  always_ff @(posedge clk) begin
    odd_q     <= {odd_q[0], rd_bank[0]};
    pair_q    <= {pair_q[0], BanksN > 2 ? PairW'(rd_bank >> 1) : PairW'(0)};
    rd_odd    <= odd_q[1];
    for (int unsigned r = 0; r < 2; r++) begin
      rd_pair[r] <= b_rdata[BanksN > 2 ? BankW'({pair_q[1], 1'(r)}) : BankW'(r)];
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      rs_valid_q <= '0;
      st_valid_q <= '0;
      rs_rvalid  <= 1'b0;
      st_rvalid  <= 1'b0;
      wr_hold    <= 1'b0;
    end else begin
      wr_hold    <= ld_req && !ld_free && !rs_req && !wr_hold;
      rs_valid_q <= {rs_valid_q[0], rs_gnt};
      st_valid_q <= {st_valid_q[0], st_gnt};
      rs_rvalid  <= rs_valid_q[1];
      st_rvalid  <= st_valid_q[1];
    end
  end

  logic unused_addr;
  assign unused_addr = &{1'b0, a_addr, wr_addr, rs_addr, ld_addr, ld_high_addr, st_addr};

`ifndef SYNTHESIS
  for (genvar k = 0; k < BanksN; k++) begin : gen_assert
    a_depth: assert property (@(posedge clk) disable iff (!rst_n)
      b_en[k] && b_we[k] |-> 32'(b_addr[k]) < ActDepth)
      else $error("hg_actmem: bank %0d is written behind its end", k);
  end
`endif
endmodule
