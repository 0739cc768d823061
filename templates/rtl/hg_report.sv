// SPDX-License-Identifier: Apache-2.0
// Writes the report (formats §8): an entry for each CONV and POOL while it runs, the header last.
//
// Entries wait in a FIFO of 4 (hg_issue never sends more). The header is asked for by
// `head_valid` when nothing else is under way; `head_done` follows its write response.
module hg_report #(
  parameter logic [63:0] LayoutHash = '0,
  // Beat 5 of the header: AB, N, P, T, Wp, Rp
  parameter logic [47:0] Capabilities = '0
) (
  input  logic         clk,
  input  logic         rst_n,
  input  logic [31:0]  base,
  output logic         idle,
  output logic         error,

  input  logic         entry_valid,
  input  logic [31:0]  entry_index,
  input  logic [303:0] entry,
  output logic         entry_done,

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
  logic f_ready, e_valid, e_pop, req_ready, done, s_valid, s_ready, write_idle;
  logic [31:0] e_index;
  logic [303:0] e_data;
  logic [47:0] e_start, e_end, cycles_q;
  logic [31:0] e_busy, e_weights, e_tokens, e_drain;
  logic [63:0] e_meta;
  logic [3:0] beat_q;
  logic [63:0] data;
  logic [15:0] unused_pad;

  hg_fifo #(.Width(336), .Depth(4)) u_fifo (
    .clk, .rst_n, .s_valid(entry_valid), .s_ready(f_ready), .s_data({entry_index, entry}),
    .m_valid(e_valid), .m_ready(e_pop), .m_data({e_index, e_data})
  );

  assign {e_meta, e_drain, e_tokens, e_weights, e_busy, e_end, e_start, unused_pad} = e_data;

  hg_axi_write u_write (
    .clk, .rst_n, .halt(1'b0), .idle(write_idle), .error,
    .req_valid(state_q == EntryReq || state_q == HeadReq), .req_ready,
    .req_addr(state_q == HeadReq ? base : base + 32'd128 + {e_index[25:0], 6'd0}),
    .req_beats(state_q == HeadReq ? 32'd16 : 32'd8), .done,
    .s_valid, .s_ready, .s_data(data),
    .aw_valid, .aw_ready, .aw_addr, .aw_len, .w_valid, .w_ready, .w_data, .w_strb, .w_last,
    .b_valid, .b_resp
  );

  assign s_valid = state_q == Entry || state_q == Head;
  assign e_pop = state_q == Entry && s_ready && beat_q == 4'd7;
  assign entry_done = e_pop;
  assign head_done = state_q == HeadWait && done;
  assign idle = state_q == Idle && !e_valid && write_idle;

  always_comb begin
    if (state_q == Head) begin
      case (beat_q)
        4'd0: data = {16'd0, 16'd1, Magic};
        4'd1: data = LayoutHash;
        4'd2: data = {16'd0, status_index, 24'd0, status};
        4'd3: data = {32'd0, frames_done};
        4'd4: data = {16'd0, cycles_q};
        4'd5: data = {16'd0, Capabilities};
        default: data = '0;
      endcase
    end else begin
      case (beat_q)
        4'd0: data = {16'd0, e_start};
        4'd1: data = {16'd0, e_end};
        4'd2: data = {32'd0, e_busy};
        4'd3: data = {32'd0, e_weights};
        4'd4: data = {32'd0, e_tokens};
        4'd5: data = {32'd0, e_drain};
        4'd6: data = {16'd0, e_meta[63:16]};
        default: data = {48'd0, e_meta[15:0]};
      endcase
    end
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
          if (e_valid) state_q <= EntryReq;
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
        default: if (done) state_q <= Idle;
      endcase
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk) begin
    if (rst_n && entry_valid) begin
      a_room : assert (f_ready) else $error("hg_report: entry without room");
    end
  end
`else
  logic unused_ready;
  assign unused_ready = f_ready;
`endif

  logic unused_index;
  assign unused_index = ^e_index[31:26];
endmodule
