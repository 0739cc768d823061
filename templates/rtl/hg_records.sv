// SPDX-License-Identifier: Apache-2.0
// Record loader: copies the records of a CONV from fetch's record ring (formats §5) into the
// lanes' LUTRAM, the header's sp2 flags into registers and the tables to hg_add, and keeps two
// record buffers, used in turn by the blocks (first block after reset: buffer 0).
//
// A block is loaded as soon as its buffer is free and its records are in the ring, one record a
// cycle (a table entry a cycle), and released at once; with `hold` nothing is released and the
// next CONV reads from the same place. blk_loaded falls in the cycle after blk_take; blk_free
// says that the oldest block's last tile has left.
module hg_records #(
  parameter int unsigned ActBits = 4,
  parameter int unsigned RowsN = 64,
  parameter int unsigned RecordDepth = 128,
  // Parts of a table of hg_add: 2 with codes of two planes
  parameter int unsigned AddPlanesN = 1,
  localparam int unsigned IndexW = ActBits + AddPlanesN,
  localparam int unsigned LanesN = 64 / ActBits,
  localparam int unsigned StepsN = RowsN / LanesN,
  localparam int unsigned StepW = StepsN > 1 ? $clog2(StepsN) : 1,
  localparam int unsigned AddrW = $clog2(RecordDepth)
) (
  input  logic                clk,
  input  logic                rst_n,
  input  logic                cfg_valid,      // job_desc is the next CONV to load, while cfg_ready
  output logic                cfg_ready,
  input  logic [1023:0]       job_desc,
  // Record ring; rec_count takes a release into account one cycle after the pulse
  output logic                rec_en,
  output logic [AddrW-1:0]    rec_addr,
  input  logic [191:0]        rec_data,       // two cycles after rec_en
  input  logic [15:0]         rec_count,
  output logic                rec_release,
  output logic [15:0]         rec_release_n,
  // Buffers
  output logic [1:0]          blk_loaded,
  input  logic                blk_take,
  input  logic                blk_free,
  // Row records
  output logic [LanesN-1:0]   row_we,
  output logic [StepW:0]      row_at,         // {buffer, step}
  output logic [191:0]        row_record,
  // By buffer: flags of the slots, written lanes of each group, configuration
  output logic [1:0][RowsN-1:0]               sp2,
  output logic [1:0][StepsN-1:0][LanesN-1:0]  written,
  output logic [1:0][15:0]                    tiles,
  output logic [1:0]                          raw,
  output logic [1:0]                          lone,   // raw, and of one pixel
  // Tables of hg_add, in its order; buffers 0, 1, 0 ...
  output logic                tab_we,
  output logic                tab_sel,
  output logic [IndexW-1:0]   tab_index,
  output logic [35:0]         tab_data
);
  localparam int unsigned EntriesN = 2 ** IndexW;
  localparam int unsigned TableRecordsN = (EntriesN + 2) / 3;
  localparam int unsigned BlockRecordsN = 1 + RowsN;
  localparam int unsigned FlushN = 8;
  if (RowsN % LanesN != 0 || RowsN > 128) begin : gen_check
    $error("hg_records RowsN must be a multiple of %0d up to 128", LanesN);
  end
  if (RecordDepth < BlockRecordsN + TableRecordsN) begin : gen_check_depth
    $error("hg_records RecordDepth must hold a block and the tables");
  end

  typedef enum logic [1:0] {IDLE, WAIT, READ, FLUSH} state_e;
  state_e state_q;

  logic        hold_q, tables_q, raw_q, lone_q, buffer_q, tab_sel_q;
  logic [15:0] blocks_q, tiles_q, pos_q, index_q, need;
  logic [1:0]  phase_q, busy_q;
  logic [3:0]  flush_q;
  logic [AddrW-1:0] base_q;
  logic        loaded, step, is_conv;

  assign cfg_ready = state_q == IDLE;
  assign is_conv = job_desc[7:0] == 8'd3;
  assign need = tables_q ? 16'(TableRecordsN) : 16'(BlockRecordsN);
  assign loaded = state_q == FLUSH && flush_q == 4'(FlushN - 1) && !tables_q;
  assign step = state_q == READ && (!tables_q || phase_q == 2'd2);

  always_ff @(posedge clk) begin
    unique case (state_q)
      IDLE: begin
        if (cfg_valid && is_conv) state_q <= WAIT;
        hold_q <= job_desc[24];
        blocks_q <= job_desc[3*64+:16];
        tiles_q <= job_desc[3*64+16+:16];
        raw_q <= job_desc[3*64+40+:8] == 8'd2;
        lone_q <= job_desc[3*64+40+:8] == 8'd2 && job_desc[4*64+16+:32] == {16'd1, 16'd1};
        tables_q <= job_desc[7*64+48];
        if (cfg_valid && is_conv && job_desc[7*64+48]) tab_sel_q <= !tab_sel_q;
        pos_q <= '0;
      end
      WAIT: begin
        index_q <= '0;
        phase_q <= '0;
        if (!busy_q[buffer_q] && rec_count >= pos_q + need) state_q <= READ;
      end
      READ: begin
        phase_q <= phase_q == 2'd2 ? '0 : phase_q + 2'd1;
        if (step) index_q <= index_q + 16'd1;
        flush_q <= '0;
        if (step && index_q == need - 16'd1) state_q <= FLUSH;
      end
      default: begin  // the last records arrive; the release is counted
        flush_q <= flush_q + 4'd1;
        if (flush_q == '0) begin
          if (hold_q) pos_q <= pos_q + need;
          else base_q <= base_q + AddrW'(need);
        end
        if (flush_q == 4'(FlushN - 1)) begin
          tables_q <= 1'b0;
          if (!tables_q) begin
            blocks_q <= blocks_q - 16'd1;
            buffer_q <= !buffer_q;
          end
          state_q <= !tables_q && blocks_q == 16'd1 ? IDLE : WAIT;
        end
      end
    endcase
    if (!rst_n) begin
      state_q <= IDLE;
      base_q <= '0;
      buffer_q <= 1'b0;
      tab_sel_q <= 1'b1;
    end
  end

  assign rec_en = state_q == READ && (!tables_q || phase_q == '0);
  assign rec_addr = base_q + AddrW'(pos_q) + AddrW'(index_q);
  assign rec_release = state_q == FLUSH && flush_q == '0 && !hold_q;
  assign rec_release_n = need;

  // What arrives, two cycles after the address: header, then rows by lane and step.
  logic        row_valid, head_valid, head, row;
  logic [7:0]  arriving;
  assign head = state_q == READ && !tables_q && index_q == '0;
  assign row = state_q == READ && !tables_q && index_q != '0;
  logic [9:0] tag;
  hg_delay #(.Width(10), .Cycles(2)) u_tag (
    .clk, .d({head, row, 8'(index_q - 16'd1)}), .q(tag)
  );
  assign {head_valid, row_valid, arriving} = tag;

  logic [StepW-1:0]       target;
  logic [$clog2(LanesN)-1:0] lane;
  assign target = StepW'(arriving >> $clog2(LanesN));
  assign lane = arriving[$clog2(LanesN)-1:0];
  always_ff @(posedge clk) begin
    row_record <= rec_data;
    row_at <= {buffer_q, target};
    row_we <= '0;
    if (row_valid) row_we[lane] <= 1'b1;
    if (head_valid) begin
      sp2[buffer_q] <= rec_data[RowsN-1:0];
      written[buffer_q] <= '0;
      tiles[buffer_q] <= tiles_q;
      raw[buffer_q] <= raw_q;
      lone[buffer_q] <= lone_q;
    end
    if (row_valid && rec_data[180]) begin
      for (int g = 0; g < StepsN; g++) begin
        if (32'(rec_data[179:176]) == g) written[buffer_q][g][lane] <= 1'b1;
      end
    end
  end

  // Tables: a record every three cycles, an entry every cycle
  logic        entry_en, entry_new, entry_en_q;
  logic [1:0]  entry_tag;
  logic [IndexW:0] entry_q;
  logic [107:0] entries_q;
  hg_delay #(.Width(2), .Cycles(2)) u_entry (
    .clk, .d({state_q == READ && tables_q, phase_q == '0}), .q(entry_tag)
  );
  assign {entry_en, entry_new} = entry_tag;
  always_ff @(posedge clk) begin
    entry_en_q <= entry_en;
    entries_q <= entry_new ? {rec_data[163:128], rec_data[99:64], rec_data[35:0]} :
                             {36'd0, entries_q[107:36]};
    if (state_q == WAIT) entry_q <= '0;
    else if (entry_en_q) entry_q <= entry_q + (IndexW + 1)'(1);
    if (!rst_n) entry_en_q <= 1'b0;
  end
  assign tab_we = entry_en_q && !entry_q[IndexW];
  assign tab_sel = tab_sel_q;
  assign tab_index = entry_q[IndexW-1:0];
  assign tab_data = entries_q[35:0];

  // Buffers: loaded until taken, busy until drained
  logic take_q, free_q;
  always_ff @(posedge clk) begin
    if (loaded) begin
      blk_loaded[buffer_q] <= 1'b1;
      busy_q[buffer_q] <= 1'b1;
    end
    if (blk_take) begin
      blk_loaded[take_q] <= 1'b0;
      take_q <= !take_q;
    end
    if (blk_free) begin
      busy_q[free_q] <= 1'b0;
      free_q <= !free_q;
    end
    if (!rst_n) begin
      blk_loaded <= '0;
      busy_q <= '0;
      {take_q, free_q} <= '0;
    end
  end

  logic unused;
  assign unused = ^{job_desc, rec_data};
endmodule
