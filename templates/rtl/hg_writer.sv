// SPDX-License-Identifier: Apache-2.0
// Writer: takes requantised tiles into the output FIFO and writes their beats into the activation
// memory, by the layout of the output tensor (formats §2). II: one entry (DrainN pixels of one
// channel group) a cycle; twice that for two planes, and again where both pixels lie in one bank;
// three times in merge mode (read, wait, write).
// Pixels outside Wo x Ho and channel groups from the count on are dropped. Entries are in the
// order pp, byte, group for CONV (of a raw tensor of one pixel pp 0 alone) and pp for POOL; they
// are never refused (the window counts tiles under way). `tile_done` pulses when the last beat of
// a tile is in memory.
module hg_writer #(
  parameter int unsigned ActBits  = 4,
  parameter int unsigned Pot4N    = 41,
  parameter int unsigned Fixed4N  = 20,
  parameter int unsigned Fixed8N  = 3,
  parameter int unsigned PixelsN  = 10,
  parameter int unsigned BanksN   = 16,
  parameter int unsigned DrainN   = 2,
  parameter int unsigned ActDepth = 4096,
  localparam int unsigned GroupLanesN = 64 / ActBits
) (
  input  logic                     clk,
  input  logic                     rst_n,
  input  logic                     job_start,
  input  logic [1023:0]            job_desc,
  // From add (CONV)
  input  logic                     o_valid,
  input  logic [DrainN-1:0][GroupLanesN-1:0][7:0] o_data,
  input  logic [GroupLanesN-1:0]   o_mask,         // lanes written
  input  logic [3:0]               o_group,
  input  logic [1:0]               o_byte,
  input  logic                     o_last,         // last entry of the tile
  // From the pool (POOL)
  input  logic                     p_valid,
  input  logic [DrainN-1:0][GroupLanesN-1:0][7:0] p_data,
  input  logic                     p_last,
  // To actmem
  output logic                     wr_req,
  input  logic                     wr_hold,         // no write now, unless it merges
  output logic                     wr_we,
  output logic [BanksN-1:0]        wr_en,
  output logic [BanksN-1:0]        wr_sel,
  output logic [DrainN-1:0][15:0]  wr_addr,
  output logic [DrainN-1:0][63:0]  wr_data,
  output logic [GroupLanesN-1:0]   wr_keep,
  output logic                     tile_done,
  output logic                     idle            // nothing held
);
  localparam int unsigned RowGroupsN = (Pot4N + Fixed4N + Fixed8N) / GroupLanesN;
  localparam int unsigned PairsN = PixelsN / DrainN;
  localparam int unsigned AddrW  = $clog2(ActDepth);
  localparam int unsigned BankW  = $clog2(BanksN);
  localparam int unsigned DataW  = DrainN * GroupLanesN * 8;
  // A raw tile, or four tiles of codes, and at least 64: hg_sequencer repeats it
  localparam int unsigned TileN  = PairsN * RowGroupsN;
  localparam int unsigned FifoN  = 1 << $clog2(TileN > 16 ? 4 * TileN : 64);

  if ((Pot4N + Fixed4N + Fixed8N) % GroupLanesN != 0 || RowGroupsN > 16) begin : gen_rows_check
    $error("hg_writer rows must be a multiple of %0d up to 128, not %0d", GroupLanesN,
           Pot4N + Fixed4N + Fixed8N);
  end

  // Descriptor (formats §6); the window may hold the next one while this one still drains
  logic [1023:0]   job_q;
  logic            start_q, is_pool, merge, raw, lone, two_planes;
  logic [15:0]     tiles_n, groups_n;
  logic [AddrW-1:0] cg_stride, plane_stride;

  always_ff @(posedge clk) begin
    if (job_start) job_q <= job_desc;
    if (!rst_n) start_q <= 1'b0;
    else start_q <= job_start;
  end
  assign is_pool      = job_q[2:0] == 3'd4;
  assign merge        = job_q[25];
  assign raw          = !is_pool && job_q[3*64+40 +: 8] == 8'd2;
  assign lone         = raw && job_q[4*64+16 +: 32] == {16'd1, 16'd1};
  assign two_planes   = ActBits == 4 && job_q[3*64+40 +: 8] != 8'd0;
  assign tiles_n      = job_q[3*64+16 +: 16];
  assign cg_stride    = job_q[5*64+16 +: AddrW];
  assign plane_stride = job_q[5*64+32 +: AddrW];
  assign groups_n     = job_q[6*64+32 +: 16];

  // Output FIFO
  logic                                   in_ready, e_valid, e_ready;
  logic [DrainN-1:0][GroupLanesN-1:0][7:0] e_data;
  logic [GroupLanesN-1:0]                 e_mask;

  hg_fifo #(.Width(DataW + GroupLanesN), .Depth(FifoN)) u_fifo (
    .clk, .rst_n, .s_valid(o_valid || p_valid), .s_ready(in_ready),
    .s_data(p_valid ? {{GroupLanesN{1'b1}}, p_data} : {o_mask, o_data}),
    .m_valid(e_valid), .m_ready(e_ready), .m_data({e_mask, e_data})
  );

  // The pixels of the entry in work
  logic                          pix_valid, pix_take, conflict;
  logic [DrainN-1:0]             pix_drop;
  logic [DrainN-1:0][BankW-1:0]  pix_bank;
  logic [DrainN-1:0][AddrW-1:0]  pix_addr;

  hg_write_places #(
    .PixelsN(PixelsN), .BanksN(BanksN), .DrainN(DrainN), .ActDepth(ActDepth)
  ) u_places (
    .clk, .rst_n, .start(start_q), .base(job_q[5*64 +: 16]), .width(job_q[4*64 +: 16]),
    .pitch(job_q[6*64 +: 16]), .s(job_q[6*64+16 +: 4]), .off_step(job_q[6*64+24 +: 8]),
    .phase_stride(job_q[5*64+48 +: 16]), .tiles_n, .out_w(job_q[4*64+16 +: 16]),
    .out_h(job_q[4*64+32 +: 16]), .lone, .pix_valid, .pix_take, .pix_drop, .pix_bank,
    .pix_addr, .conflict
  );

  // Loops over pairs, bytes, groups; of an entry: planes, pixels one by one where banks conflict
  logic             high_q, half_q, op_ready, op;
  logic             entry_end, group_end, byte_end, pair_end, block_end;
  logic [1:0]       byte_q;
  logic [3:0]       group_q, pair_q;
  logic [15:0]      tile_out_q, tile_last_q, index_q, block_index_q;
  logic [AddrW-1:0] group_off_q, block_off_q, plane_off_q, plane_high_q, plane_next;

  assign op        = e_valid && pix_valid && op_ready;
  assign entry_end = op && (!two_planes || high_q) && (!conflict || half_q);
  assign group_end = entry_end && group_q == (is_pool ? 4'd0 : 4'(RowGroupsN - 1));
  assign byte_end  = group_end && (!raw || byte_q == 2'd3);
  assign pair_end  = byte_end && (lone || pair_q == 4'(PairsN - 1));
  assign block_end = pair_end && tile_out_q == tile_last_q;
  assign e_ready   = entry_end;
  assign pix_take  = byte_end;
  assign plane_next = two_planes ? plane_high_q + plane_stride : plane_high_q;

  always_ff @(posedge clk) begin
    tile_last_q <= tiles_n - 16'd1;
    if (start_q) begin
      {high_q, half_q, byte_q, group_q, pair_q, tile_out_q, index_q, block_index_q} <= '0;
      {group_off_q, block_off_q, plane_off_q} <= '0;
      plane_high_q <= plane_stride;
    end else if (op) begin
      half_q <= conflict && !half_q;
      if (!conflict || half_q) high_q <= two_planes && !high_q;
      if (entry_end) begin
        group_q     <= group_end ? '0 : group_q + 4'd1;
        index_q     <= index_q + 16'd1;
        group_off_q <= group_off_q + cg_stride;
      end
      if (group_end) begin
        byte_q       <= byte_end ? '0 : byte_q + 2'd1;
        plane_off_q  <= byte_end ? '0 : plane_next;
        plane_high_q <= byte_end ? plane_stride : plane_next + plane_stride;
        if (!block_end) begin
          index_q     <= block_index_q;
          group_off_q <= block_off_q;
        end
      end
      if (byte_end) pair_q <= pair_end ? '0 : pair_q + 4'd1;
      if (pair_end) tile_out_q <= block_end ? '0 : tile_out_q + 16'd1;
      if (block_end) begin
        block_index_q <= index_q + 16'd1;
        block_off_q   <= group_off_q + cg_stride;
      end
    end
  end

  // Operation: one write, or read, wait and write
  logic       op_valid_q, op_end_q;
  logic [1:0] phase_q;

  assign op_ready = !op_valid_q || (merge ? phase_q == 2'd2 : !wr_hold);
  assign wr_req   = op_valid_q && (merge ? phase_q != 2'd1 : !wr_hold);
  assign wr_we    = !merge || phase_q == 2'd2;
  assign idle     = !e_valid && !op_valid_q;

  always_ff @(posedge clk) begin
    if (op) begin
      wr_keep <= merge ? ~e_mask : '0;
      for (int unsigned r = 0; r < DrainN; r++) begin
        wr_addr[r] <= 16'(AddrW'(pix_addr[r] + group_off_q
                                 + (high_q ? plane_high_q : plane_off_q)));
        for (int unsigned l = 0; l < GroupLanesN; l++) begin
          wr_data[r][l*ActBits +: ActBits] <=
            ActBits == 4 && high_q ? e_data[r][l][8-ActBits +: ActBits] : e_data[r][l][ActBits-1:0];
        end
      end
      for (int unsigned k = 0; k < BanksN; k++) begin
        wr_en[k]  <= 1'b0;
        wr_sel[k] <= DrainN == 2 && pix_bank[DrainN-1] == BankW'(k)
                     && (!conflict || half_q) && !pix_drop[DrainN-1];
        for (int unsigned r = 0; r < DrainN; r++) begin
          if (pix_bank[r] == BankW'(k) && !pix_drop[r] && index_q < groups_n
              && (!conflict || half_q == 1'(r))) wr_en[k] <= 1'b1;
        end
      end
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      op_valid_q <= 1'b0;
      op_end_q   <= 1'b0;
      phase_q    <= '0;
      tile_done  <= 1'b0;
    end else begin
      if (op_ready) begin
        op_valid_q <= op;
        op_end_q   <= pair_end;
      end
      phase_q   <= op_ready || !merge ? '0 : phase_q + 2'd1;
      tile_done <= op_valid_q && op_end_q && op_ready;
    end
  end

  logic unused_inputs;
  assign unused_inputs = &{1'b0, o_group, o_byte, o_last, p_last, job_q};

`ifndef SYNTHESIS
  logic [3:0] group_in_q;
  logic [1:0] byte_in_q;
  always_ff @(posedge clk) begin
    if (!rst_n || job_start) {group_in_q, byte_in_q} <= '0;
    else if (o_valid) begin
      group_in_q <= group_in_q == 4'(RowGroupsN - 1) ? '0 : group_in_q + 4'd1;
      if (group_in_q == 4'(RowGroupsN - 1)) byte_in_q <= raw ? byte_in_q + 2'd1 : '0;
    end
  end
  a_room: assert property (@(posedge clk) disable iff (!rst_n)
    o_valid || p_valid |-> in_ready) else $error("hg_writer: output FIFO overflows");
  a_order: assert property (@(posedge clk) disable iff (!rst_n)
    o_valid |-> o_group == group_in_q && o_byte == byte_in_q)
    else $error("hg_writer: entries out of the order pp, byte, group");
`endif
endmodule
