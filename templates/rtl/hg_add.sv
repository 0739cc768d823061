// SPDX-License-Identifier: Apache-2.0
// Residual add on codes in channel order (formats §5):
//
//   y = (first[u1] + second[u2]) >> 25, ties to even where asked, code = min(max(y, lo), hi)
//
// u1 comes with the entry, u2 is popped from the residual FIFO, which holds it by contract.
// With AddPlanesN 2 both codes have 8 bits; a table is the sum of one for each half of its code.
// Every lane has its own tables (hg_add_lane; two buffers: the next layer's tables are
// written while this layer's are read). Without an add the entry passes unchanged with the same
// latency: o_* comes 6 cycles after q_* (codes of 8 bits: 7). II 1, never stalls.
module hg_add #(
  parameter int unsigned ActBits = 4,
  parameter int unsigned DrainN = 2,
  // 2: with ActBits 4, codes of 8 bits
  parameter int unsigned AddPlanesN = 1,
  localparam int unsigned CodeW = AddPlanesN * ActBits,
  localparam int unsigned IndexW = ActBits + AddPlanesN,
  localparam int unsigned GroupLanesN = 64 / ActBits
) (
  input  logic                                            clk,
  input  logic                                            rst_n,
  input  logic                                            job_start,
  input  logic [1023:0]                                   job_desc,
  // Tables: `first`, then `second`, each 2^ActBits entries; of two planes those of the low half of
  // the code, then those of the high one
  input  logic                                            tab_we,
  input  logic                                            tab_sel,    // buffer, 0 after reset
  input  logic [IndexW-1:0]                               tab_index,
  input  logic [35:0]                                     tab_data,
  // From requantisation
  input  logic                                            q_valid,
  input  logic [DrainN-1:0][GroupLanesN-1:0][7:0]         q_data,
  input  logic [GroupLanesN-1:0]                          q_mask,
  input  logic [3:0]                                      q_group,
  input  logic [1:0]                                      q_byte,
  input  logic                                            q_last,
  // Residual codes, first word falls through
  input  logic                                            r_valid,
  output logic                                            r_pop,
  input  logic [DrainN-1:0][GroupLanesN-1:0][CodeW-1:0]   r_data,
  // To the writer
  output logic                                            o_valid,
  output logic [DrainN-1:0][GroupLanesN-1:0][7:0]         o_data,
  output logic [GroupLanesN-1:0]                          o_mask,
  output logic [3:0]                                      o_group,
  output logic [1:0]                                      o_byte,
  output logic                                            o_last
);
  localparam int unsigned Latency = CodeW == 4 ? 6 : 7;
  localparam int unsigned SideW = GroupLanesN + 7;
  if (ActBits != 4 && ActBits != 8) begin : gen_check
    $error("hg_add ActBits must be 4 or 8, not %0d", ActBits);
  end
  if (CodeW != 4 && CodeW != 8) begin : gen_planes_check
    $error("hg_add AddPlanesN must be 1, or 2 with ActBits 4, not %0d", AddPlanesN);
  end

  // Layer: the buffer changes with every layer that adds
  logic add, tie_even, tie_parity, sel;
  logic [7:0] lo, hi;
  always_ff @(posedge clk) begin
    if (job_start) begin
      lo <= job_desc[64*7+32 +: 8];
      hi <= job_desc[64*7+40 +: 8];
      tie_even <= job_desc[64*7+49];
      tie_parity <= job_desc[64*7+50];
    end
    if (!rst_n) {add, sel} <= 2'b01;
    else if (job_start) begin
      add <= job_desc[64*7+48];
      sel <= sel ^ job_desc[64*7+48];
    end
  end
  assign r_pop = q_valid && add;

  logic [Latency-1:0] valid_q;
  always_ff @(posedge clk) begin
    if (!rst_n) valid_q <= '0;
    else valid_q <= {valid_q[Latency-2:0], q_valid};
  end
  assign o_valid = valid_q[Latency-1];
  hg_delay #(.Width(SideW), .Cycles(Latency)) u_side (
    .clk, .d({q_mask, q_group, q_byte, q_last}), .q({o_mask, o_group, o_byte, o_last})
  );

  // Table writes are registered once for all lanes
  logic              write_q, write_sel_q;
  logic [IndexW-1:0] write_index_q;
  logic [35:0]       write_data_q;
  always_ff @(posedge clk) begin
    write_q <= tab_we && rst_n;
    write_sel_q <= tab_sel;
    write_index_q <= tab_index;
    write_data_q <= tab_data;
  end

  for (genvar r = 0; r < DrainN; r++) begin : gen_pixel
    for (genvar l = 0; l < GroupLanesN; l++) begin : gen_lane
      hg_add_lane #(.ActBits(ActBits), .PlanesN(AddPlanesN), .Latency(Latency)) u_lane (
        .clk, .write(write_q), .write_sel(write_sel_q), .write_index(write_index_q),
        .write_data(write_data_q), .sel, .first(q_data[r][l]), .second(r_data[r][l]), .add,
        .tie_even, .tie_parity, .lo, .hi, .code_q(o_data[r][l])
      );
    end
  end

  logic unused;
  assign unused = ^{job_desc, r_valid};

`ifndef SYNTHESIS
  always_ff @(posedge clk) begin
    if (rst_n && q_valid && add) begin
      assert (r_valid) else $error("hg_add: the residual FIFO must hold the entry that is added");
    end
  end
`endif
endmodule
