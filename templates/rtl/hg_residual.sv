// SPDX-License-Identifier: Apache-2.0
// Residual reader: codes of the second operand of an add, in the order in which the entries of the
// requantisation come: block, tile, DrainN pixels, row group.
//
// The tensor has s = 1 and pitch Wv (formats §6): pixel o lies in bank o mod BanksN, and the even
// and odd pixel of an entry at one address of a pair of banks, so an entry is one read; II 1. Reads
// run ahead by the FIFO: two tiles and the way from the window to the add. The first entry of a
// descriptor is in the FIFO 6 cycles after job_start. `res_tile_done` pulses in the cycle after a
// tile's last entry was written; that entry can be popped from the cycle after the pulse on.
module hg_residual #(
  parameter  int unsigned ActBits  = 4,
  parameter  int unsigned Pot4N    = 41,
  parameter  int unsigned Fixed4N  = 20,
  parameter  int unsigned Fixed8N  = 3,
  parameter  int unsigned PixelsN  = 10,
  parameter  int unsigned BanksN   = 16,
  parameter  int unsigned DrainN   = 2,
  parameter  int unsigned ActDepth = 4096,
  localparam int unsigned BankW    = $clog2(BanksN),
  localparam int unsigned GroupLanesN = 64 / ActBits
) (
  input  logic                     clk,
  input  logic                     rst_n,
  input  logic                     job_start,
  input  logic [1023:0]            job_desc,
  // to actmem
  output logic                     rs_req,
  input  logic                     rs_gnt,
  output logic [BankW-1:0]         rs_bank,
  output logic [15:0]              rs_addr,
  input  logic                     rs_rvalid,
  input  logic [1:0][63:0]         rd_pair,
  input  logic                     rd_odd,
  // to add: first word falls through
  output logic                     r_valid,
  input  logic                     r_pop,
  output logic [DrainN-1:0][GroupLanesN-1:0][ActBits-1:0] r_data,
  output logic                     res_tile_done   // pulse: all beats of a tile are in the FIFO
);
  localparam int unsigned RowGroupsN = (Pot4N + Fixed4N + Fixed8N) / GroupLanesN;
  localparam int unsigned TileN   = PixelsN / DrainN * RowGroupsN;
  // From a step to the add and back: some 40 cycles
  localparam int unsigned FifoN   = 1 << $clog2(2 * TileN + 48);
  localparam int unsigned CreditW = $clog2(FifoN) + 1;
  localparam int unsigned TileW   = $clog2(TileN + 1);
  localparam int unsigned AddrW   = $clog2(ActDepth);
  localparam int unsigned PlaceW  = AddrW + BankW;

  if (ActBits != 4 && ActBits != 8) begin : gen_bits_check
    $error("hg_residual ActBits must be 4 or 8, not %0d", ActBits);
  end
  if ((Pot4N + Fixed4N + Fixed8N) % GroupLanesN != 0 || RowGroupsN == 0 || RowGroupsN > 16)
  begin : gen_rows_check
    $error("hg_residual rows must be a multiple of %0d up to 128, not %0d", GroupLanesN,
           Pot4N + Fixed4N + Fixed8N);
  end
  if (DrainN != 1 && DrainN != 2) begin : gen_drain_check
    $error("hg_residual DrainN must be 1 or 2, not %0d", DrainN);
  end
  if (PixelsN % 2 != 0 || PixelsN > BanksN) begin : gen_pixels_check
    $error("hg_residual PixelsN must be even and at most %0d banks, not %0d", BanksN, PixelsN);
  end

  // Descriptor; it stays until the last step of its last tile, which waits for its residuals
  logic             add;
  logic [15:0]      blocks_n, tiles_n;
  logic [AddrW-1:0] base, cg_stride;
  assign add       = job_desc[2:0] == 3'd3 && job_desc[7*64+48];
  assign blocks_n  = job_desc[3*64 +: 16];
  assign tiles_n   = job_desc[3*64+16 +: 16];
  assign base      = job_desc[7*64 +: AddrW];
  assign cg_stride = job_desc[7*64+16 +: AddrW];

  // Loops: one read a step
  logic              active_q, step, group_end, tile_end, block_end, job_end;
  logic [3:0]        group_q, pair_q;
  logic [15:0]       tile_q, block_q;
  logic [PlaceW-1:0] pixel_q;
  logic [AddrW-1:0]  group_addr_q, block_addr_q, addr_q;
  logic [CreditW-1:0] credit_q;

  assign step      = active_q && (!rs_req || rs_gnt) && credit_q != '0;
  assign group_end = group_q == 4'(RowGroupsN - 1);
  assign tile_end  = group_end && pair_q == 4'(PixelsN / DrainN - 1);
  assign block_end = tile_end && tile_q + 16'd1 == tiles_n;
  assign job_end   = block_end && block_q + 16'd1 == blocks_n;
  assign rs_addr   = 16'(addr_q);

  always_ff @(posedge clk) begin
    if (!rst_n || job_start) begin
      {group_q, pair_q, tile_q, block_q, pixel_q} <= '0;
      group_addr_q <= base;
      block_addr_q <= base;
    end else if (step) begin
      group_q      <= group_end ? '0 : group_q + 4'd1;
      group_addr_q <= group_end && !block_end ? block_addr_q : group_addr_q + cg_stride;
      if (group_end) begin
        pair_q  <= tile_end ? '0 : pair_q + 4'd1;
        pixel_q <= block_end ? '0 : pixel_q + PlaceW'(DrainN);
      end
      if (tile_end) tile_q <= block_end ? '0 : tile_q + 16'd1;
      if (block_end) begin
        block_q      <= block_q + 16'd1;
        block_addr_q <= group_addr_q + cg_stride;
      end
    end
  end

  always_ff @(posedge clk) begin
    if (step) begin
      rs_bank <= pixel_q[BankW-1:0];
      addr_q  <= group_addr_q + pixel_q[PlaceW-1:BankW];
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      active_q <= 1'b0;
      rs_req   <= 1'b0;
      credit_q <= CreditW'(FifoN);
    end else begin
      active_q <= job_start ? add : active_q && !(step && job_end);
      rs_req   <= step || (rs_req && !rs_gnt);
      credit_q <= credit_q - CreditW'(step) + CreditW'(r_pop);
    end
  end

  // Data
  logic [DrainN-1:0][63:0] entry;
  logic                    fifo_ready;
  logic [TileW-1:0]        count_q;

  if (DrainN == 2) begin : gen_two
    logic unused_odd;
    assign entry      = rd_pair;
    assign unused_odd = rd_odd;
  end else begin : gen_one
    assign entry = rd_pair[rd_odd];
  end

  hg_fifo #(.Width(DrainN * 64), .Depth(FifoN)) u_fifo (
    .clk, .rst_n, .s_valid(rs_rvalid), .s_ready(fifo_ready), .s_data(entry),
    .m_valid(r_valid), .m_ready(r_pop), .m_data(r_data)
  );

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      count_q       <= '0;
      res_tile_done <= 1'b0;
    end else begin
      res_tile_done <= rs_rvalid && count_q == TileW'(TileN - 1);
      if (rs_rvalid) count_q <= count_q == TileW'(TileN - 1) ? '0 : count_q + 1'b1;
    end
  end

  logic unused_fields;
  assign unused_fields = &{1'b0, job_desc, fifo_ready};

`ifndef SYNTHESIS
  a_room: assert property (@(posedge clk) disable iff (!rst_n) rs_rvalid |-> fifo_ready)
    else $error("hg_residual: an entry without room in the FIFO");
  a_pop: assert property (@(posedge clk) disable iff (!rst_n) r_pop |-> r_valid)
    else $error("hg_residual: popped while empty");
  a_start: assert property (@(posedge clk) disable iff (!rst_n)
    job_start |-> !active_q && credit_q == CreditW'(FifoN))
    else $error("hg_residual: entries of the descriptor before are left");
`endif
endmodule
