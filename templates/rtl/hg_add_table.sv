// SPDX-License-Identifier: Apache-2.0
// One table of the residual add, two buffers of 2^ActBits entries. Read latency 1 cycle (LUTRAM,
// ActBits 4) or 2 cycles (block RAM with its output register, ActBits 8).
module hg_add_table #(
  parameter int unsigned ActBits = 4
) (
  input  logic             clk,
  input  logic             we,
  input  logic [ActBits:0] write_at,
  input  logic [35:0]      write_data,
  input  logic [ActBits:0] read_at,
  output logic [35:0]      data_q
);
  if (ActBits == 4) begin : gen_lutram
    (* ram_style = "distributed" *) logic [35:0] mem [2 ** (ActBits + 1)];
    always_ff @(posedge clk) begin
      if (we) mem[write_at] <= write_data;
      data_q <= mem[read_at];
    end
  end else begin : gen_bram
    (* ram_style = "block" *) logic [35:0] mem [2 ** (ActBits + 1)];
    logic [35:0] read_q;
    always_ff @(posedge clk) begin
      if (we) mem[write_at] <= write_data;
      read_q <= mem[read_at];
      data_q <= read_q;
    end
  end
endmodule
