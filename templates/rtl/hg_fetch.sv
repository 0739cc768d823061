// SPDX-License-Identifier: Apache-2.0
// Weight fetch: streams records and weight words from memory into two rings (formats §4-§6).
//
// A FETCH asks each of the WeightPortsN ports for its share; the ports' beats are joined in
// lockstep and unpacked by hg_fetch_unpack. Requests of the next FETCH go out while the present
// one still streams, so the rings fill across layers and frames. Only complete words and records
// count; a word may be read from the cycle in which `ring_count` covers it. Reads: two cycles.
// `bad` pulses when a FETCH's beats are not those that its blocks, K and tables take: the streams
// behind it would be out of step. `bad_index` is its descriptor.
module hg_fetch #(
  // Weight words in the ring; records in theirs, a power of two
  parameter int unsigned RingDepth = 256,
  parameter int unsigned RecordDepth = 128,
  // Bits of a weight word
  parameter int unsigned WordW = 576,
  // Memory ports, 1..4, at most the beats of a word
  parameter int unsigned WeightPortsN = 3,
  // Beats in flight of each port
  parameter int unsigned FifoDepth = 256
) (
  input  logic                         clk,
  input  logic                         rst_n,
  input  logic                         halt,
  output logic                         idle,
  output logic                         error,
  output logic                         bad,
  output logic [15:0]                  bad_index,

  input  logic                         desc_valid,
  output logic                         desc_ready,
  input  logic [1023:0]                desc,
  output logic                         desc_done,
  // Beats of all ports were taken, or were there and the rings had no room
  output logic                         cnt_busy,
  output logic                         cnt_full,

  // Weight words, to the window
  input  logic                         ring_en,
  input  logic [$clog2(RingDepth)-1:0] ring_addr,
  output logic [WordW-1:0]             ring_data,
  output logic [15:0]                  ring_count,
  input  logic                         ring_release,   // a word

  // Records, to the requantisation
  input  logic                           rec_en,
  input  logic [$clog2(RecordDepth)-1:0] rec_addr,
  output logic [191:0]                   rec_data,
  output logic [15:0]                    rec_count,
  input  logic                           rec_release,
  input  logic [15:0]                    rec_release_n,

  // AXI read channels
  output logic [WeightPortsN-1:0]       ar_valid,
  input  logic [WeightPortsN-1:0]       ar_ready,
  output logic [WeightPortsN-1:0][31:0] ar_addr,
  output logic [WeightPortsN-1:0][3:0]  ar_len,
  input  logic [WeightPortsN-1:0]       r_valid,
  input  logic [WeightPortsN-1:0][63:0] r_data,
  input  logic [WeightPortsN-1:0][1:0]  r_resp
);
  localparam int unsigned WordBeatsN = (WordW + 63) / 64;
  // A bank is 72 bits wide as a block RAM is: the word's first beats lie, byte by byte, beside the
  // others; so few of them that they are needed no more when the next word's come.
  localparam int unsigned SideN = (WordBeatsN + 1 - WeightPortsN) / 9;
  localparam int unsigned BanksN = WordBeatsN - SideN;
  localparam int unsigned RingW = $clog2(RingDepth);
  localparam int unsigned RecordW = $clog2(RecordDepth);

  if (WeightPortsN > WordBeatsN) begin : gen_check
    $error("hg_fetch WeightPortsN must be at most the beats of a word (%0d), not %0d",
           WordBeatsN, WeightPortsN);
  end

  // Requests: every port takes its own; the descriptor is taken with the last one
  logic [WeightPortsN-1:0] sent_q, req_ready, port_idle, port_error;
  logic accept, job_ready;
  logic [WeightPortsN-1:0] m_valid;
  logic [WeightPortsN-1:0][63:0] m_data;
  logic join_ready;
  logic [WeightPortsN-1:0][31:0] offset;

  for (genvar i = 0; i < int'(WeightPortsN); i++) begin : gen_port
    if (i == 0) begin : gen_first
      assign offset[i] = desc[64*2 +: 32];
    end else begin : gen_next
      assign offset[i] = offset[i-1] + desc[64*2+32 +: 32];
    end
    hg_axi_read #(.FifoDepth(FifoDepth)) u_read (
      .clk, .rst_n, .halt, .idle(port_idle[i]), .error(port_error[i]),
      .req_valid(desc_valid && job_ready && !sent_q[i]), .req_ready(req_ready[i]),
      .req_addr(offset[i]), .req_beats(desc[64*4 +: 32]),
      .m_valid(m_valid[i]), .m_ready(join_ready && &m_valid), .m_data(m_data[i]),
      .ar_valid(ar_valid[i]), .ar_ready(ar_ready[i]), .ar_addr(ar_addr[i]), .ar_len(ar_len[i]),
      .r_valid(r_valid[i]), .r_data(r_data[i]), .r_resp(r_resp[i])
    );
  end

  assign accept = desc_valid && job_ready && &(sent_q | req_ready);
  assign desc_ready = accept;
  assign idle = &port_idle;
  assign error = |port_error;
  assign cnt_busy = &m_valid && join_ready;
  assign cnt_full = &m_valid && !join_ready;

  always_ff @(posedge clk) begin
    if (!rst_n || accept) sent_q <= '0;
    else if (desc_valid && job_ready) sent_q <= sent_q | req_ready;
  end

  // What the stream of each FETCH holds: blocks, row records, words of a block, table records;
  // beats of a port; index
  logic job_valid, job_done, beats_end;
  logic [63:0] job;
  logic [31:0] job_beats, beat_q;
  logic [15:0] job_index;

  hg_fifo #(.Width(112), .Depth(4)) u_jobs (
    .clk, .rst_n, .s_valid(accept), .s_ready(job_ready),
    .s_data({desc[64*15+32 +: 16], desc[64*4 +: 32], desc[64*3 +: 64]}),
    .m_valid(job_valid), .m_ready(job_done), .m_data({job_index, job_beats, job})
  );

  // The last beat must be the one that ends the job
  assign beats_end = beat_q == job_beats;
  always_ff @(posedge clk) begin
    bad_index <= job_index;
    bad <= rst_n && join_ready && &m_valid && beats_end != job_done;
    if (!rst_n || job_done) beat_q <= 32'd1;
    else if (join_ready && &m_valid) beat_q <= beat_q + 32'd1;
  end

  logic word_done, record_we;
  logic [WordBeatsN-1:0] bank_we;
  logic [WordBeatsN-1:0][RingW-1:0] bank_addr;
  logic [WordBeatsN-1:0][63:0] bank_data;
  logic [RecordW-1:0] record_addr;
  logic [191:0] record_data;

  hg_fetch_unpack #(
    .RingDepth(RingDepth), .RecordDepth(RecordDepth), .WordBeatsN(WordBeatsN),
    .WeightPortsN(WeightPortsN)
  ) u_unpack (
    .clk, .rst_n, .job_valid, .job_done, .job,
    .s_valid(&m_valid), .s_ready(join_ready), .s_data(m_data),
    .ring_release, .rec_release, .rec_release_n,
    .word_done, .bank_we, .bank_addr, .bank_data, .record_we, .record_addr, .record_data
  );

  // Rings: beat SideN + b goes to bank b, a cycle later, when its byte of the first beats is there
  logic [WordBeatsN*64-1:0] ring_read;

  for (genvar b = 0; b < int'(BanksN); b++) begin : gen_bank
    localparam int unsigned Beat = SideN + b;
    logic             we_q;
    logic [RingW-1:0] addr_q;
    logic [63:0]      data_q;
    always_ff @(posedge clk) begin
      we_q   <= bank_we[Beat];
      addr_q <= bank_addr[Beat];
      data_q <= bank_data[Beat];
    end
    if (b < int'(8 * SideN)) begin : gen_wide
      logic [7:0] side_q;
      always_ff @(posedge clk) begin
        if (bank_we[b / 8]) side_q <= bank_data[b / 8][8*(b % 8) +: 8];
      end
      hg_ram #(.Width(72), .Depth(RingDepth)) u_bank (
        .clk, .we(we_q), .waddr(addr_q), .wdata({side_q, data_q}), .re(ring_en),
        .raddr(ring_addr), .rdata({ring_read[8*b +: 8], ring_read[64*Beat +: 64]})
      );
    end else begin : gen_plain
      hg_ram #(.Width(64), .Depth(RingDepth)) u_bank (
        .clk, .we(we_q), .waddr(addr_q), .wdata(data_q), .re(ring_en), .raddr(ring_addr),
        .rdata(ring_read[64*Beat +: 64])
      );
    end
  end
  assign ring_data = ring_read[WordW-1:0];
  if (WordBeatsN * 64 > WordW) begin : gen_pad
    logic unused_pad;
    assign unused_pad = ^ring_read[WordBeatsN*64-1:WordW];
  end

  hg_ram #(.Width(192), .Depth(RecordDepth)) u_records (
    .clk, .we(record_we), .waddr(record_addr), .wdata(record_data),
    .re(rec_en), .raddr(rec_addr), .rdata(rec_data)
  );

  // What the readers see: written one cycle before it counts
  logic [16:0] words_q, records_q;
  logic        word_done_q;

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      words_q <= '0;
      records_q <= '0;
      desc_done <= 1'b0;
      word_done_q <= 1'b0;
    end else begin
      word_done_q <= word_done;
      words_q <= words_q + 17'(word_done_q) - 17'(ring_release);
      records_q <= records_q + 17'(record_we) - (rec_release ? {1'b0, rec_release_n} : '0);
      desc_done <= job_done;
    end
  end
  assign ring_count = words_q[16] ? '1 : words_q[15:0];
  assign rec_count = records_q[16] ? '1 : records_q[15:0];

`ifndef SYNTHESIS
  always_ff @(posedge clk) begin
    if (rst_n && ring_release) begin
      a_words : assert (words_q != '0) else $error("hg_fetch: release of a word, none present");
    end
    if (rst_n && rec_release) begin
      a_records : assert (17'(rec_release_n) <= records_q)
        else $error("hg_fetch: release of %0d records, %0d present", rec_release_n, records_q);
    end
  end
`endif

  logic unused_desc;
  assign unused_desc = ^desc;
endmodule
