// SPDX-License-Identifier: Apache-2.0
// Reads the layer program (formats §6), checks it and deals its descriptors to the walkers' queues.
//
// The program is read once a frame. Addresses become absolute in beat 2, and beats 13..15 are
// stamped: 13 [31:0] LOADs and [63:32] CONVs and POOLs to wait for, 14 [31:0] STOREs to wait for,
// [63:32] frame, 15 [31:0] report entry, [47:32] index. On a fault everything stops (`halt`), the
// header of the report is written with its status, and `done` follows. `core_rst_n` falls for
// some cycles before each start, so that a fault leaves nothing behind.
module hg_program #(
  parameter logic [63:0] LayoutHash = '0,
  parameter int unsigned ActBits = 8,
  parameter int unsigned RowsN = 32,
  parameter int unsigned PixelsN = 4,
  parameter int unsigned ActDepth = 1024,
  parameter int unsigned RingDepth = 256,
  parameter int unsigned RecordDepth = 256,
  parameter int unsigned TapsN = 128,
  parameter int unsigned WideCodes = 0
) (
  input  logic        clk,
  input  logic        rst_n,

  // Arguments, stable while it runs
  input  logic        start,
  output logic        done,
  input  logic [31:0] arg_program,
  input  logic [31:0] arg_weights,
  input  logic [31:0] arg_input,
  input  logic [31:0] arg_output,
  input  logic [31:0] arg_scratch,
  input  logic [31:0] arg_frames,
  input  logic [31:0] arg_in_stride, arg_out_stride,

  output logic        core_rst_n,
  output logic        halt,
  // Cycles since the start
  output logic [47:0] now,
  // STOREs of a frame
  output logic [15:0] stores_n,

  // Nothing is queued or runs; no burst outstanding; first fault of a walker (status, index)
  input  logic        walkers_idle,
  input  logic        axi_idle,
  input  logic [7:0]  fault_status,
  input  logic [15:0] fault_index,

  // Descriptors to the queues
  input  logic [3:0]  q_room,
  output logic        q_valid,
  output logic [1:0]  q_walker,
  output logic [3:0]  q_beat,
  output logic [63:0] q_data,

  // Header of the report
  output logic        head_valid,
  input  logic        head_done,
  output logic [7:0]  status,
  output logic [15:0] status_index,

  output logic        read_idle,
  output logic        ar_valid,
  input  logic        ar_ready,
  output logic [31:0] ar_addr,
  output logic [3:0]  ar_len,
  input  logic        r_valid,
  input  logic [63:0] r_data,
  input  logic [1:0]  r_resp
);
  typedef enum logic [3:0] {
    Idle, Clear, HeadReq, Head, HeadCheck, FrameReq, Deal, Drain, Halt, Report
  } state_e;

  localparam logic [31:0] Magic = 32'h5250_4748;

  state_e state_q;
  logic [3:0] count_q, beat_q;
  logic req_ready, m_valid, m_ready, read_error, take;
  logic [63:0] m_data, stamped;
  // Header
  logic [15:0] descriptors_q, loads_q, computes_q, slots_q;
  logic bad_magic_q, bad_version_q, bad_hash_q;
  // Frame: index, base of the input and output, walkers' descriptors before it, report entries
  logic [31:0] frame_q, in_q, out_q, loads_base_q, computes_base_q, stores_base_q, entry_q;
  logic [15:0] index_q;
  // Descriptor
  logic [7:0] op_q;
  logic [7:0] beat_fault, fault_q;
  logic hold_first, last_descriptor;
  logic [31:0] load_wait_q, compute_wait_q, store_wait_q, desc_entry_q, address;
  logic [1:0] walker_q, walker_d;

  hg_axi_read #(.FifoDepth(64)) u_read (
    .clk, .rst_n(core_rst_n), .halt, .idle(read_idle), .error(read_error),
    .req_valid(state_q == HeadReq || state_q == FrameReq), .req_ready,
    .req_addr(state_q == HeadReq ? arg_program : arg_program + 32'd128),
    .req_beats(state_q == HeadReq ? 32'd16 : {12'd0, descriptors_q, 4'd0}),
    .m_valid, .m_ready, .m_data,
    .ar_valid, .ar_ready, .ar_addr, .ar_len, .r_valid, .r_data, .r_resp
  );

  hg_program_check #(
    .ActBits(ActBits), .RowsN(RowsN), .PixelsN(PixelsN), .ActDepth(ActDepth),
    .RingDepth(RingDepth), .RecordDepth(RecordDepth), .TapsN(TapsN), .WideCodes(WideCodes)
  ) u_check (
    .clk, .take, .beat(beat_q), .data(m_data), .op(op_q), .slots(slots_q), .fault(beat_fault),
    .walker(walker_d)
  );

  assign hold_first = beat_q == 4'd0 && !q_room[walker_d] && beat_fault == '0;
  assign m_ready = state_q == Head || (state_q == Deal && !hold_first);
  assign take = m_valid && m_ready;
  assign last_descriptor = index_q + 16'd1 == descriptors_q;

  always_comb begin
    case (op_q)
      8'd1: address = arg_weights;
      8'd2, 8'd5:
        case (m_data[33:32])
          2'd0: address = in_q;
          2'd1: address = arg_scratch;
          default: address = out_q;
        endcase
      default: address = '0;
    endcase
  end

  always_comb begin
    case (beat_q)
      4'd2: stamped = {m_data[63:32], m_data[31:0] + address};
      4'd13: stamped = {compute_wait_q, load_wait_q};
      4'd14: stamped = {frame_q, store_wait_q};
      4'd15: stamped = {16'd0, index_q, desc_entry_q};
      default: stamped = m_data;
    endcase
  end

  // The last beat commits; a faulty descriptor never reaches it
  assign q_valid = state_q == Deal && take && !(beat_q == 4'd15 && fault_q != '0);
  assign q_walker = beat_q == 4'd0 ? walker_d : walker_q;
  assign q_beat = beat_q;
  assign q_data = stamped;
  assign head_valid = state_q == Report;
  // From a fault until the next start has reset the core: nothing may move behind `done`
  assign halt = status != 8'd0 || state_q == Clear;

  function automatic logic [31:0] threshold(logic [31:0] base, logic [15:0] delta);
    logic [31:0] sum;
    sum = base + {{16{delta[15]}}, delta};
    return (delta == 16'h8000 || sum[31]) ? '0 : sum;
  endfunction

  always_ff @(posedge clk) begin
    if (state_q == Head && take) begin
      case (beat_q)
        4'd0: begin
          bad_magic_q <= m_data[31:0] != Magic;
          bad_version_q <= m_data[47:32] != 16'd1;
          descriptors_q <= m_data[63:48];
        end
        4'd1: bad_hash_q <= m_data != LayoutHash;
        4'd2: {computes_q, loads_q} <= m_data[63:32];
        4'd3: {slots_q, stores_n} <= m_data[31:0];
        default: ;
      endcase
    end
    if (state_q == Deal && take) begin
      if (beat_q == 4'd0) begin
        op_q <= m_data[7:0];
        walker_q <= walker_d;
        desc_entry_q <= &m_data[47:32] ? '1 : entry_q + {16'd0, m_data[47:32]};
      end
      if (beat_q == 4'd1) begin
        load_wait_q <= threshold(loads_base_q, m_data[15:0]);
        compute_wait_q <= threshold(computes_base_q, m_data[31:16]);
        store_wait_q <= threshold(stores_base_q, m_data[47:32]);
      end
      if (beat_q == 4'd0 || fault_q == '0) fault_q <= beat_fault;
    end
    // The frame's bases
    if (state_q == HeadCheck) begin
      frame_q <= '0;
      in_q <= arg_input;
      out_q <= arg_output;
      {loads_base_q, computes_base_q, stores_base_q, entry_q} <= '0;
    end else if (state_q == Deal && take && beat_q == 4'd15 && last_descriptor) begin
      frame_q <= frame_q + 32'd1;
      in_q <= in_q + arg_in_stride;
      out_q <= out_q + arg_out_stride;
      loads_base_q <= loads_base_q + {16'd0, loads_q};
      computes_base_q <= computes_base_q + {16'd0, computes_q};
      stores_base_q <= stores_base_q + {16'd0, stores_n};
      entry_q <= entry_q + {16'd0, slots_q};
    end
  end

  always_ff @(posedge clk) begin
    done <= state_q == Report && head_done;
    now <= state_q == Idle || state_q == Clear ? '0 : now + 48'd1;
    core_rst_n <= rst_n && state_q != Clear;
    if (take) beat_q <= beat_q + 4'd1;
    if (!rst_n) begin
      state_q <= Idle;
      count_q <= '0;
      beat_q <= '0;
      status <= '0;
      status_index <= '0;
    end else begin
      case (state_q)
        Idle: if (start) begin
          state_q <= Clear;
          {status, status_index, count_q, beat_q} <= '0;
        end
        Clear: begin
          count_q <= count_q + 4'd1;
          if (&count_q) state_q <= HeadReq;
        end
        HeadReq: if (req_ready && core_rst_n) state_q <= Head;
        Head: if (take && beat_q == 4'd15) state_q <= HeadCheck;
        HeadCheck: begin
          index_q <= '0;
          status <= bad_magic_q ? 8'd1 : bad_version_q ? 8'd2 :
                    bad_hash_q && descriptors_q != '0 ? 8'd3 : 8'd0;
          state_q <= bad_magic_q || bad_version_q || bad_hash_q || descriptors_q == '0 ||
                     arg_frames == '0 ? Drain : FrameReq;
        end
        FrameReq: if (req_ready) state_q <= Deal;
        Deal: if (take && beat_q == 4'd15) begin
          index_q <= last_descriptor ? '0 : index_q + 16'd1;
          if (fault_q != '0) begin
            state_q <= Halt;
            status <= fault_q;
            status_index <= index_q;
          end else if (last_descriptor) begin
            state_q <= frame_q + 32'd1 == arg_frames ? Drain : FrameReq;
          end
        end
        Drain: if (walkers_idle && axi_idle) state_q <= Report;
        Halt: if (axi_idle) state_q <= Report;
        default: if (head_done) state_q <= Idle;
      endcase
      if (state_q != Idle && state_q != Clear && state_q != Halt && state_q != Report) begin
        if (read_error || fault_status != '0) begin
          state_q <= Halt;
          status <= read_error ? 8'd6 : fault_status;
          status_index <= read_error ? index_q : fault_index;
        end
      end
    end
  end
endmodule
