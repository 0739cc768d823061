// SPDX-License-Identifier: Apache-2.0
// First-word-fall-through FIFO. Purpose: small elastic buffers between stages.
// A word is visible two cycles after it was written (RAM, then output register); II 1 both ways.
// The RAM has a registered read port, so tools may take LUTRAM or BRAM. Holds Depth words in the
// RAM and one in the output register; `count` counts all of them.
// wr_ready does not depend on rd_ready; rd_valid and rd_data hold until rd_ready.
module hg_fifo #(
  parameter  int unsigned Width  = 8,              // bits of a word
  parameter  int unsigned Depth  = 16,             // words of the RAM, a power of two, at least 2
  localparam int unsigned CountW = $clog2(Depth) + 1
) (
  input  logic              clk,
  input  logic              rst_n,
  input  logic              wr_valid,
  output logic              wr_ready,
  input  logic [Width-1:0]  wr_data,
  output logic              rd_valid,
  input  logic              rd_ready,
  output logic [Width-1:0]  rd_data,
  output logic [CountW-1:0] count                  // words held, output register included
);
  localparam int unsigned PtrW = $clog2(Depth);

  if (Depth < 2 || (Depth & (Depth - 1)) != 0) begin : g_depth
    $error("hg_fifo Depth must be a power of two of at least 2");
  end

  logic [Width-1:0] mem [Depth];
  logic [PtrW:0]    wr_ptr_q, rd_ptr_q;
  logic [Width-1:0] out_q;
  logic             out_valid_q;
  logic             empty, full, push, load;

  assign empty    = wr_ptr_q == rd_ptr_q;
  assign full     = wr_ptr_q == {~rd_ptr_q[PtrW], rd_ptr_q[PtrW-1:0]};
  assign push     = wr_valid && !full;
  assign load     = !empty && (!out_valid_q || rd_ready);
  assign wr_ready = !full;
  assign rd_valid = out_valid_q;
  assign rd_data  = out_q;
  assign count    = wr_ptr_q - rd_ptr_q + CountW'(out_valid_q);

  always_ff @(posedge clk) begin
    if (push) mem[wr_ptr_q[PtrW-1:0]] <= wr_data;
  end

  always_ff @(posedge clk) begin
    if (load) out_q <= mem[rd_ptr_q[PtrW-1:0]];
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      wr_ptr_q    <= '0;
      rd_ptr_q    <= '0;
      out_valid_q <= 1'b0;
    end else begin
      if (push) wr_ptr_q <= wr_ptr_q + 1'b1;
      if (load) rd_ptr_q <= rd_ptr_q + 1'b1;
      out_valid_q <= load || (out_valid_q && !rd_ready);
    end
  end

`ifndef SYNTHESIS
  a_hold: assert property (@(posedge clk) disable iff (!rst_n)
    rd_valid && !rd_ready |=> rd_valid && $stable(rd_data))
    else $error("rd_data changed or went away without rd_ready");
`endif
endmodule
