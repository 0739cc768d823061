// SPDX-License-Identifier: Apache-2.0
// Residual reader: codes of the second operand of an add, in the order in which the entries of the
// requantisation come: block, tile, DrainN pixels, row group.
//
// The tensor has s = 1 and pitch Wv (formats §6): pixel o lies in bank o mod BanksN, and the even
// and odd pixel of an entry at one address of a pair of banks, so an entry is one read; II 1. With
// AddPlanesN 2 codes have 8 bits; an entry of two planes is two reads, the low one first.
// Reads run ahead by the FIFO: two tiles and the way from the window to the add. The first entry of
// a descriptor is in the FIFO 6 cycles after job_start (AddPlanesN 2: 7, of two planes 8).
// `res_tile_done` pulses in the cycle after a tile's last entry was written; that entry can be
// popped from the cycle after the pulse on.
module hg_residual #(
  parameter  int unsigned ActBits  = 4,
  parameter  int unsigned Pot4N    = 41,
  parameter  int unsigned Fixed4N  = 20,
  parameter  int unsigned Fixed8N  = 3,
  parameter  int unsigned PixelsN  = 10,
  parameter  int unsigned BanksN   = 16,
  parameter  int unsigned DrainN   = 2,
  parameter  int unsigned ActDepth = 4096,
  parameter  int unsigned AddPlanesN = 1,
  localparam int unsigned CodeW    = AddPlanesN * ActBits,
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
  output logic [DrainN-1:0][GroupLanesN-1:0][CodeW-1:0] r_data,
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
  logic             add, two_planes;
  logic [15:0]      blocks_n, tiles_n;
  logic [AddrW-1:0] base, cg_stride, plane_stride;
  assign add       = job_desc[2:0] == 3'd3 && job_desc[7*64+48];
  assign blocks_n  = job_desc[3*64 +: 16];
  assign tiles_n   = job_desc[3*64+16 +: 16];
  assign base      = job_desc[7*64 +: AddrW];
  assign cg_stride = job_desc[7*64+16 +: AddrW];
  assign two_planes   = AddPlanesN == 2 && job_desc[7*64+51];
  assign plane_stride = job_desc[6*64+48 +: AddrW];

  // Loops: one read a step
  logic              active_q, step, high_q, entry_end, group_end, tile_end, block_end, job_end;
  logic [3:0]        group_q, pair_q;
  logic [15:0]       tile_q, block_q;
  logic [PlaceW-1:0] pixel_q;
  logic [AddrW-1:0]  group_addr_q, block_addr_q, addr_q;
  logic [CreditW-1:0] credit_q;

  assign step      = active_q && (!rs_req || rs_gnt) && credit_q != '0;
  assign entry_end = step && (!two_planes || high_q);
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
    end else if (entry_end) begin
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
      addr_q  <= two_planes && high_q ? addr_q + plane_stride
                                      : group_addr_q + pixel_q[PlaceW-1:BankW];
    end
    if (!rst_n || job_start) high_q <= 1'b0;
    else if (step) high_q <= two_planes && !high_q;
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      active_q <= 1'b0;
      rs_req   <= 1'b0;
      credit_q <= CreditW'(FifoN);
    end else begin
      active_q <= job_start ? add : active_q && !(entry_end && job_end);
      rs_req   <= step || (rs_req && !rs_gnt);
      credit_q <= credit_q - CreditW'(entry_end) + CreditW'(r_pop);
    end
  end

  // Data
  logic [DrainN-1:0][GroupLanesN-1:0][ActBits-1:0] entry;
  logic [DrainN-1:0][GroupLanesN-1:0][CodeW-1:0]   codes;
  logic                    codes_valid, fifo_ready;
  logic [TileW-1:0]        count_q;

  if (DrainN == 2) begin : gen_two
    logic unused_odd;
    assign entry      = rd_pair;
    assign unused_odd = rd_odd;
  end else begin : gen_one
    assign entry = rd_pair[rd_odd];
  end

  if (AddPlanesN == 2) begin : gen_wide
    // Both planes meet in registers; the high one of a tensor of one plane is 0
    logic [DrainN-1:0][GroupLanesN-1:0][ActBits-1:0] low_code_q, high_code_q;
    logic half_q;
    always_ff @(posedge clk) begin
      if (rs_rvalid && !half_q) low_code_q <= entry;
      if (!two_planes) high_code_q <= '0;
      else if (rs_rvalid) high_code_q <= entry;
      codes_valid <= rst_n && rs_rvalid && (half_q || !two_planes);
      if (!rst_n) half_q <= 1'b0;
      else if (rs_rvalid) half_q <= two_planes && !half_q;
    end
    for (genvar r = 0; r < DrainN; r++) begin : gen_pixel
      for (genvar l = 0; l < GroupLanesN; l++) begin : gen_lane
        assign codes[r][l] = {high_code_q[r][l], low_code_q[r][l]};
      end
    end
  end else begin : gen_narrow
    assign codes = entry;
    assign codes_valid = rs_rvalid;
  end

  hg_fifo #(.Width(DrainN * GroupLanesN * CodeW), .Depth(FifoN)) u_fifo (
    .clk, .rst_n, .s_valid(codes_valid), .s_ready(fifo_ready), .s_data(codes),
    .m_valid(r_valid), .m_ready(r_pop), .m_data(r_data)
  );

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      count_q       <= '0;
      res_tile_done <= 1'b0;
    end else begin
      res_tile_done <= codes_valid && count_q == TileW'(TileN - 1);
      if (codes_valid) count_q <= count_q == TileW'(TileN - 1) ? '0 : count_q + 1'b1;
    end
  end

  logic unused_fields;
  assign unused_fields = &{1'b0, job_desc, fifo_ready};

`ifndef SYNTHESIS
  a_room: assert property (@(posedge clk) disable iff (!rst_n) codes_valid |-> fifo_ready)
    else $error("hg_residual: an entry without room in the FIFO");
  a_pop: assert property (@(posedge clk) disable iff (!rst_n) r_pop |-> r_valid)
    else $error("hg_residual: popped while empty");
  a_start: assert property (@(posedge clk) disable iff (!rst_n)
    job_start |-> !active_q && credit_q == CreditW'(FifoN))
    else $error("hg_residual: entries of the descriptor before are left");
`endif
endmodule
