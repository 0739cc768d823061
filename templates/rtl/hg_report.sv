// SPDX-License-Identifier: Apache-2.0
// Writes the report (formats §8): the entries while the program runs, the header last.
//
// An entry holds until `entry_done`; `entry_data` is its beat `entry_beat`. The header is asked for
// by `head_valid` when nothing else is under way; `head_done` follows its write response. An
// `error` of an entry comes with its slot.
module hg_report #(
  parameter logic [63:0] LayoutHash = '0,
  // Beat 5 of the header
  parameter logic [63:0] Capabilities = '0
) (
  input  logic         clk,
  input  logic         rst_n,
  input  logic [31:0]  base,
  output logic         idle,
  output logic         error,
  output logic [15:0]  error_slot,

  input  logic         entry_valid,
  output logic         entry_done,
  input  logic [31:0]  entry_index,
  output logic [2:0]   entry_beat,
  input  logic [63:0]  entry_data,

  input  logic         head_valid,
  output logic         head_done,
  input  logic [7:0]   status,
  input  logic [15:0]  status_index,
  input  logic [31:0]  frames_done,
  input  logic [47:0]  now,

  output logic         aw_valid,
  input  logic         aw_ready,
  output logic [31:0]  aw_addr,
  output logic [3:0]   aw_len,
  output logic         w_valid,
  input  logic         w_ready,
  output logic [63:0]  w_data,
  output logic [7:0]   w_strb,
  output logic         w_last,
  input  logic         b_valid,
  input  logic [1:0]   b_resp
);
  typedef enum logic [2:0] {Idle, EntryReq, Entry, HeadReq, Head, HeadWait} state_e;

  localparam logic [31:0] Magic = 32'h5052_4748;

  state_e state_q;
  logic req_ready, done, s_valid, s_ready, write_idle;
  logic [47:0] cycles_q;
  logic [3:0] beat_q;
  logic [63:0] data;

  hg_axi_write u_write (
    .clk, .rst_n, .halt(1'b0), .idle(write_idle), .error,
    .req_valid(state_q == EntryReq || state_q == HeadReq), .req_ready,
    .req_addr(state_q == HeadReq ? base : base + 32'd128 + {entry_index[25:0], 6'd0}),
    .req_beats(state_q == HeadReq ? 32'd16 : 32'd8), .done,
    .s_valid, .s_ready, .s_data(data),
    .aw_valid, .aw_ready, .aw_addr, .aw_len, .w_valid, .w_ready, .w_data, .w_strb, .w_last,
    .b_valid, .b_resp
  );

  // Slots of the entries on their way, one burst each; `error` comes one cycle behind a response
  logic slot_valid, slot_ready, slot_known;
  logic [15:0] slot;

  assign slot_valid = state_q == Entry && s_ready && beat_q == 4'd6;
  hg_fifo #(.Width(16), .Depth(16)) u_slots (
    .clk, .rst_n, .s_valid(slot_valid), .s_ready(slot_ready), .s_data(entry_data[15:0]),
    .m_valid(slot_known), .m_ready(b_valid), .m_data(slot)
  );
  always_ff @(posedge clk) error_slot <= slot;

  assign s_valid = state_q == Entry || state_q == Head;
  assign entry_beat = beat_q[2:0];
  assign entry_done = state_q == Entry && s_ready && beat_q == 4'd7;
  assign head_done = state_q == HeadWait && done;
  assign idle = state_q == Idle && !entry_valid && write_idle;

  always_comb begin
    case (beat_q)
      4'd0: data = {16'd0, 16'd1, Magic};
      4'd1: data = LayoutHash;
      4'd2: data = {16'd0, status_index, 24'd0, status};
      4'd3: data = {32'd0, frames_done};
      4'd4: data = {16'd0, cycles_q};
      4'd5: data = Capabilities;
      default: data = '0;
    endcase
    if (state_q == Entry) data = entry_data;
  end

  always_ff @(posedge clk) begin
    if (state_q == Idle) cycles_q <= now;
    if (!rst_n) begin
      state_q <= Idle;
      beat_q <= '0;
    end else begin
      case (state_q)
        Idle: begin
          beat_q <= '0;
          if (entry_valid) state_q <= EntryReq;
          else if (head_valid) state_q <= HeadReq;
        end
        EntryReq: if (req_ready) state_q <= Entry;
        Entry: if (s_ready) begin
          beat_q <= beat_q + 4'd1;
          if (beat_q == 4'd7) state_q <= Idle;
        end
        HeadReq: if (req_ready) state_q <= Head;
        Head: if (s_ready) begin
          beat_q <= beat_q + 4'd1;
          if (beat_q == 4'd15) state_q <= HeadWait;
        end
        default: if (head_done) state_q <= Idle;
      endcase
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk) begin
    if (rst_n && slot_valid) begin
      a_room : assert (slot_ready) else $error("hg_report: too many entries on their way");
    end
    if (rst_n && state_q == HeadReq) begin
      a_alone : assert (!slot_known) else $error("hg_report: header before an entry's response");
    end
  end
`endif

  logic unused_bits;
  assign unused_bits = ^{entry_index[31:26], slot_ready, slot_known};
endmodule
