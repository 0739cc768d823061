// SPDX-License-Identifier: Apache-2.0
// Reads the proposal program (formats §11) once a start, checks it and fills the tables of the
// front and the back half; then all frames run (`go`).
//
// Sections come in the order size records, column table, jobs; a table is written a cycle behind
// its beat, all by `table_data`. `core_rst_n` falls for 16 cycles before each start; `go` waits for
// the heaps' sweep behind it (`core_ready`). On a fault everything stops (`halt`), the header of
// the report is written with its status, and `done` follows.
module hg_proposal_program #(
  parameter logic [63:0] LayoutHash = '0,
  parameter int unsigned WidthMax = 500,
  parameter int unsigned HeightMax = 500,
  parameter int unsigned LanesN = 3,
  parameter int unsigned TopK = 1000,
  parameter int unsigned SizesN = 28,
  parameter int unsigned LineDepth = 763,
  parameter int unsigned JobsDepth = 2560
) (
  input  logic             clk,
  input  logic             rst_n,

  // Arguments, stable while it runs
  input  logic             start,
  output logic             done,
  input  logic [31:0]      arg_program,
  input  logic [31:0]      arg_frames,

  output logic             core_rst_n,
  output logic             halt,
  output logic [47:0]      now,            // cycles since the start

  // The back half may take frames; frames complete; no burst outstanding; first fault of others
  input  logic             core_ready,
  input  logic [31:0]      frames_done,
  input  logic             axi_idle,
  input  logic [7:0]       fault_status,
  input  logic [15:0]      fault_index,

  // Tables
  output logic [63:0]      table_data,
  output logic             size_we,
  output logic [5:0]       size_slot,
  output logic [1:0]       size_beat,
  output logic             tab_we,
  output logic [13:0]      tab_place,
  output logic [1:0]       tab_pair,
  output logic             job_we,
  output logic [15:0]      job_index,

  // Settings, constant while `go`
  output logic             go,
  output logic [5:0]       last_slot,
  output logic [1:0]       space,
  output logic [15:0]      jobs_n,
  output logic [15:0]      width,
  output logic [15:0]      height,
  output logic [15:0]      row_beats,
  output logic [15:0]      row_stride,
  output logic [1:0][63:0] signs,
  output logic [1:0][15:0] coeffs,

  // Header of the report
  output logic             head_valid,
  input  logic             head_done,
  output logic [7:0]       status,
  output logic [15:0]      status_index,

  output logic             read_idle,
  output logic             ar_valid,
  input  logic             ar_ready,
  output logic [31:0]      ar_addr,
  output logic [3:0]       ar_len,
  input  logic             r_valid,
  input  logic [63:0]      r_data,
  input  logic [1:0]       r_resp
);
  typedef enum logic [3:0] {
    Idle, Clear, HeadReq, Head, HeadCheck, TableReq, Table, Wait, Run, Drain, Halt, Report
  } state_e;
  typedef enum logic [1:0] {Sizes, Columns, Jobs} section_e;

  localparam logic [31:0] Magic = 32'h5050_4748;
  localparam int unsigned SideMin = 8;
  localparam int unsigned PairsN = (LanesN + 1) / 2;
  localparam logic [7:0] FieldBad = 8'd5, ReadBad = 8'd6;
  localparam logic [8:0] One = 9'd256;  // weight

  state_e state_q;
  section_e section_q;
  logic req_ready, m_valid, m_ready, read_error, take, last;
  logic [63:0] m_data;
  logic [31:0] section_offset, section_beats;
  logic [16:0] left_q;
  logic [3:0] count_q;
  logic [15:0] index_q, beat_q, bad_beat_q;  // bad: the last one that came with an error
  // Header
  logic bad_magic_q, bad_version_q, bad_hash_q, bad_field_q;
  logic [7:0] sizes_q, space_q, head_status;
  logic [15:0] top_k_q, columns_q, width_beats_q;
  logic [31:0] jobs_q, sizes_at_q, columns_at_q, jobs_at_q;

  always_comb begin
    case (section_q)
      Sizes:   {section_offset, section_beats} = {sizes_at_q, 22'd0, sizes_q, 2'd0};
      Columns: {section_offset, section_beats} = {columns_at_q, 16'd0, columns_q};
      default: {section_offset, section_beats} = {jobs_at_q, jobs_q};
    endcase
  end

  hg_axi_read #(.FifoDepth(64)) u_read (
    .clk, .rst_n(core_rst_n), .halt, .idle(read_idle), .error(read_error),
    .req_valid(state_q == HeadReq || state_q == TableReq), .req_ready,
    .req_addr(arg_program + (state_q == HeadReq ? '0 : section_offset)),
    .req_beats(state_q == HeadReq ? 32'd16 : section_beats), .m_valid, .m_ready, .m_data,
    .ar_valid, .ar_ready, .ar_addr, .ar_len, .r_valid, .r_data, .r_resp
  );
  assign m_ready = state_q == Head || state_q == Table;
  assign take = m_valid && m_ready;
  assign last = left_q == 17'd1;

  // Header. Its last field comes beats before it is judged
  always_ff @(posedge clk) begin
    if (state_q == Head && take) begin
      case (index_q[3:0])
        4'd0: begin
          bad_magic_q <= m_data[31:0] != Magic;
          bad_version_q <= m_data[47:32] != 16'd1;
          {space_q, sizes_q} <= m_data[63:48];
        end
        4'd1: bad_hash_q <= m_data != LayoutHash;
        4'd2: jobs_q <= m_data[63:32];
        4'd3: {row_stride, row_beats, height, width} <= m_data;
        4'd4: signs[0] <= m_data;
        4'd5: signs[1] <= m_data;
        4'd6: {columns_q, top_k_q, coeffs} <= m_data;
        4'd7: {columns_at_q, sizes_at_q} <= m_data;
        4'd8: jobs_at_q <= m_data[31:0];
        default: ;
      endcase
    end
    width_beats_q <= 16'((18'({width, 1'b0}) + 18'(width) + 18'd7) >> 3);
    bad_field_q <= space_q > 8'd2 || 32'(sizes_q) > SizesN || 32'(top_k_q) != TopK ||
                   32'(width) < SideMin || 32'(width) > WidthMax ||
                   32'(height) < SideMin || 32'(height) > HeightMax ||
                   row_beats != width_beats_q ||
                   32'(columns_q) > LineDepth * PairsN || jobs_q == '0 || jobs_q > JobsDepth;
  end
  assign head_status = bad_magic_q ? 8'd1 : bad_version_q ? 8'd2 : sizes_q == '0 ? 8'd0 :
                       bad_hash_q ? 8'd3 : bad_field_q ? FieldBad : 8'd0;
  assign jobs_n = jobs_q[15:0];
  assign space = space_q[1:0];
  assign last_slot = 6'(sizes_q - 8'd1);

  // Tables
  always_ff @(posedge clk) begin
    table_data <= m_data;
    size_we <= state_q == Table && take && section_q == Sizes;
    tab_we  <= state_q == Table && take && section_q == Columns;
    job_we  <= state_q == Table && take && section_q == Jobs;
    {size_slot, size_beat} <= index_q[7:0];
    job_index <= index_q;
    if (state_q != Table) {tab_place, tab_pair} <= '0;
    else if (tab_we) begin
      tab_pair  <= tab_pair == 2'(PairsN - 1) ? '0 : tab_pair + 2'd1;
      tab_place <= tab_place + 14'(tab_pair == 2'(PairsN - 1));
    end
  end

  // A job is judged when it is written
  (* ram_style = "distributed" *) logic [15:0] beats_mem [64];
  logic judged_q, job_bad_q, idle_job;
  logic [15:0] judged_index_q;
  assign idle_job = table_data[1:0] == 2'd2;
  always_ff @(posedge clk) begin
    if (size_we && size_beat == 2'd0) beats_mem[size_slot] <= table_data[63:48];
    judged_q <= job_we;
    judged_index_q <= job_index;
    job_bad_q <= job_we && (table_data[1:0] == 2'd3 || 8'(table_data[7:2]) >= sizes_q ||
                            17'(table_data[31:20]) + 17'd1 >= 17'(height) ||
                            table_data[40:32] > One || table_data[59:48] == '0 ||
                            (!idle_job && 16'(table_data[59:48]) != beats_mem[table_data[7:2]]));
  end

  assign go = state_q == Run;
  assign head_valid = state_q == Report;

  // `halt` stays from a fault until the next start has reset the core: nothing moves behind `done`
  always_ff @(posedge clk) begin
    done <= state_q == Report && head_done;
    now <= state_q == Idle || state_q == Clear ? '0 : now + 48'd1;
    core_rst_n <= rst_n && state_q != Clear;
    left_q <= state_q == TableReq ? section_beats[16:0] : left_q - 17'(take);
    beat_q <= state_q == HeadReq || state_q == TableReq ? '0 : beat_q + 16'(r_valid);
    if (r_valid && r_resp != 2'd0) bad_beat_q <= beat_q;
    index_q <= state_q == HeadReq || state_q == TableReq ? '0 : index_q + 16'(take);
    if (!rst_n) begin
      state_q <= Idle;
      count_q <= '0;
      {halt, status, status_index} <= '0;
    end else begin
      case (state_q)
        Idle: if (start) begin
          state_q <= Clear;
          section_q <= Sizes;
          {status, status_index, count_q} <= '0;
        end
        Clear: begin
          count_q <= count_q + 4'd1;
          if (&count_q) begin
            halt <= 1'b0;
            state_q <= HeadReq;
          end
        end
        HeadReq: if (core_rst_n) state_q <= Head;
        Head: if (take && &index_q[3:0]) state_q <= HeadCheck;
        HeadCheck: begin
          status <= head_status;
          halt <= head_status != 8'd0;
          state_q <= head_status != 8'd0 || sizes_q == '0 ? Drain : TableReq;
        end
        TableReq: state_q <= Table;
        Table: if (take && last) begin
          section_q <= section_q == Sizes && columns_q != '0 ? Columns : Jobs;
          state_q <= section_q == Jobs ? Wait : TableReq;
        end
        Wait: if (core_ready && !job_we && !judged_q) state_q <= arg_frames == '0 ? Drain : Run;
        Run: if (frames_done == arg_frames) state_q <= Drain;
        Drain: if (axi_idle) state_q <= Report;
        Halt: if (axi_idle) state_q <= Report;
        default: if (head_done) state_q <= Idle;
      endcase
      if (state_q != Idle && state_q != Clear && state_q != Halt && state_q != Report) begin
        if (read_error || job_bad_q || fault_status != '0) begin
          halt <= 1'b1;
          state_q <= Halt;
          status <= read_error ? ReadBad : job_bad_q ? FieldBad : fault_status;
          status_index <= read_error ? (section_q == Jobs ? bad_beat_q : '0) :
                          job_bad_q ? judged_index_q : fault_index;
        end
      end
    end
  end

`ifndef SYNTHESIS
  // A section is asked for when the one before has come whole
  a_free: assert property (@(posedge clk) disable iff (!core_rst_n)
    state_q inside {HeadReq, TableReq} |-> req_ready)
    else $error("hg_proposal_program: the reader is not free");
`endif
endmodule
