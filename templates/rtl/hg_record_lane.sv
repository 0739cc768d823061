// SPDX-License-Identifier: Apache-2.0
// Row records of one lane: two buffers of StepsN records in LUTRAM. Every field is read in the
// cycle in which the lane needs it, so the address travels instead of the fields. The sign that
// chooses an offset is part of its address, so the offsets are written on their own, one after
// the other (hg_record_offsets).
//
// read_at is {buffer, step} at cycle 0; the fields come registered: sg at cycle 1, then with
// V as in hg_requant_lane: bias at 3, mult at 4, off at 6 (for `negative` of cycle 5), shift[5:4]
// at V+3, shift[3:0] and tie at V+4, z at V+5, lo and hi at V+6, xl at V+7, dg and dv at V+8
// (hg_requant_lane counts from cycle 3).
module hg_record_lane #(
  parameter int unsigned StepsN = 4,
  parameter int unsigned DrainN = 2,
  parameter int unsigned MultW = 17,
  localparam int unsigned StepW = StepsN > 1 ? $clog2(StepsN) : 1,
  localparam int unsigned MultBits = MultW < 32 ? MultW : 32
) (
  input  logic                clk,
  input  logic                we,
  input  logic [StepW:0]      write_at,
  input  logic [191:0]        record,
  input  logic                off_we,
  input  logic [StepW+1:0]    off_at,         // {write_at, offset of negative values}
  input  logic [31:0]         off_word,
  input  logic [StepW:0]      read_at,
  input  logic [DrainN-1:0]   negative,
  output logic [3:0]          sg_q,
  output logic [31:0]         bias_q,
  output logic [MultBits-1:0] mult_q,
  output logic [DrainN-1:0][31:0] off_q,
  output logic [1:0]          shift_high_q,
  output logic [3:0]          shift_low_q,
  output logic                tie_even_q,
  output logic                tie_parity_q,
  output logic [15:0]         z_q,
  output logic [7:0]          lo_q,
  output logic [7:0]          hi_q,
  output logic [3:0]          xl_q,
  output logic [3:0]          dg_q,
  output logic                dv_q
);
  localparam int unsigned VT = MultW == 17 ? 4 : 5;
  localparam int unsigned DepthN = 2 ** (StepW + 1);

  logic [VT+7:0][StepW:0] at;
  assign at[0] = read_at;
  for (genvar i = 1; i < VT + 8; i++) begin : gen_at
    always_ff @(posedge clk) at[i] <= at[i-1];
  end

  (* ram_style = "distributed" *) logic [3:0] sg_mem [DepthN];
  (* ram_style = "distributed" *) logic [31:0] bias_mem [DepthN];
  (* ram_style = "distributed" *) logic [MultBits-1:0] mult_mem [DepthN];
  (* ram_style = "distributed" *) logic [31:0] off_mem [2 * DepthN];
  (* ram_style = "distributed" *) logic [1:0] shift_high_mem [DepthN];
  (* ram_style = "distributed" *) logic [5:0] shift_low_mem [DepthN];
  (* ram_style = "distributed" *) logic [15:0] z_mem [DepthN];
  (* ram_style = "distributed" *) logic [15:0] limit_mem [DepthN];
  (* ram_style = "distributed" *) logic [3:0] xl_mem [DepthN];
  (* ram_style = "distributed" *) logic [4:0] target_mem [DepthN];

  always_ff @(posedge clk) begin
    if (we) begin
      bias_mem[write_at] <= record[31:0];
      mult_mem[write_at] <= record[32+:MultBits];
      shift_high_mem[write_at] <= record[133:132];
      shift_low_mem[write_at] <= {record[135:134], record[131:128]};
      z_mem[write_at] <= record[151:136];
      limit_mem[write_at] <= record[167:152];
      sg_mem[write_at] <= record[171:168];
      xl_mem[write_at] <= record[175:172];
      target_mem[write_at] <= {record[180], record[179:176]};
    end
    sg_q <= sg_mem[at[0]];
    bias_q <= bias_mem[at[2]];
    mult_q <= mult_mem[at[3]];
    if (off_we) off_mem[off_at] <= off_word;
    for (int r = 0; r < DrainN; r++) off_q[r] <= off_mem[{at[5], negative[r]}];
    shift_high_q <= shift_high_mem[at[VT+2]];
    {tie_parity_q, tie_even_q, shift_low_q} <= shift_low_mem[at[VT+3]];
    z_q <= z_mem[at[VT+4]];
    {hi_q, lo_q} <= limit_mem[at[VT+5]];
    xl_q <= xl_mem[at[VT+6]];
    {dv_q, dg_q} <= target_mem[at[VT+7]];
  end

  logic unused;
  assign unused = ^record;
endmodule
