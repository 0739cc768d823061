// SPDX-License-Identifier: Apache-2.0
// First-word-fall-through FIFO. Purpose: small elastic buffers between stages.
// A word is visible two cycles after it was written (RAM, then output register); II 1 both ways.
// The RAM has a registered read port, so tools may take LUTRAM or BRAM. Holds Depth words in the
// RAM and one in the output register. s_ready does not depend on m_ready; m_valid and m_data hold
// until m_ready.
module hg_fifo #(
  // Bits of a word
  parameter int unsigned Width = 8,
  // Words of the RAM, a power of two, at least 2
  parameter int unsigned Depth = 16
) (
  input  logic             clk,
  input  logic             rst_n,
  input  logic             s_valid,
  output logic             s_ready,
  input  logic [Width-1:0] s_data,
  output logic             m_valid,
  input  logic             m_ready,
  output logic [Width-1:0] m_data
);
  localparam int unsigned PtrW = $clog2(Depth);

  if (Depth < 2 || (Depth & (Depth - 1)) != 0) begin : gen_check
    $error("hg_fifo Depth must be a power of two of at least 2, not %0d", Depth);
  end

  logic [Width-1:0] mem [Depth];
  logic [PtrW:0]    wr_ptr_q, rd_ptr_q;
  logic [Width-1:0] out_q;
  logic             out_valid_q, push, load;

  assign s_ready = wr_ptr_q != {~rd_ptr_q[PtrW], rd_ptr_q[PtrW-1:0]};
  assign push    = s_valid && s_ready;
  assign load    = wr_ptr_q != rd_ptr_q && (!out_valid_q || m_ready);
  assign m_valid = out_valid_q;
  assign m_data  = out_q;

  always_ff @(posedge clk) begin
    if (push) mem[wr_ptr_q[PtrW-1:0]] <= s_data;
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
      out_valid_q <= load || (out_valid_q && !m_ready);
    end
  end

`ifndef SYNTHESIS
  a_hold: assert property (@(posedge clk) disable iff (!rst_n)
    m_valid && !m_ready |=> m_valid && $stable(m_data))
    else $error("hg_fifo: m_data changed or went away without m_ready");
`endif
endmodule
