// SPDX-License-Identifier: Apache-2.0
// Where the next weight word lies in the ring, whether it is there, and when it is released.
//
// The K words of a block are read from its start for each pass (plane of a tile), or, if shared,
// for each tap; `hold` leaves them for the next descriptor. All word indices are relative to the
// base that `ring_count` counts from; a release reaches `ring_count` in the cycle after its pulse.
// A word is released ReleaseDelay cycles after the last step that reads it was issued, when the
// ring has been read: the next block's words come in while a block's last pass runs. `word_ok` says
// that the word of the next step is present; II 1.
module hg_ring_pointer #(
  // Words of the ring
  parameter int unsigned RingDepth = 4096,
  // Cycles from the issue of a step to the end of its read of the ring
  parameter int unsigned ReleaseDelay = 9,
  localparam int unsigned PtrW = $clog2(RingDepth)
) (
  input  logic            clk,
  input  logic            rst_n,
  // One step is issued; the next one reads the block's first word again; no later step of the block
  // reads this one's word; the step is the last of a block, of the descriptor
  input  logic            step,
  input  logic            restart,
  input  logic            last_read,
  input  logic            block_end,
  input  logic            job_end,
  input  logic            hold,
  output logic            word_ok,
  output logic [PtrW-1:0] word_ptr,
  input  logic [15:0]     ring_count,
  output logic            ring_release        // pulse: the word at the base
);
  if (RingDepth < 2 || RingDepth > 65536) begin : gen_check
    $error("hg_ring_pointer RingDepth must be in 2..65536, not %0d", RingDepth);
  end

  logic [PtrW-1:0]         block_ptr_q, base_ptr_q, next_ptr;
  logic [15:0]             index_q, block_q, index_next, index_keep, block_start;
  logic [ReleaseDelay-1:0] release_q;
  logic                    here, next_here, freed;

  assign next_ptr     = word_ptr == PtrW'(RingDepth - 1) ? '0 : word_ptr + 1'b1;
  assign freed        = step && last_read && !hold;
  assign ring_release = release_q[ReleaseDelay-1];
  assign index_keep   = index_q - 16'(ring_release);
  assign index_next   = index_q + 16'(!ring_release);
  assign block_start  = block_q - 16'(ring_release);
  assign here         = index_q < ring_count;
  assign next_here    = 17'(index_q) + 17'd1 < 17'(ring_count);

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      word_ok     <= 1'b0;
      word_ptr    <= '0;
      block_ptr_q <= '0;
      base_ptr_q  <= '0;
      index_q     <= '0;
      block_q     <= '0;
      release_q   <= '0;
    end else begin
      release_q <= {release_q[ReleaseDelay-2:0], freed};
      index_q   <= index_keep;
      block_q   <= block_start;
      word_ok   <= here;
      if (step && job_end && hold) begin
        word_ptr    <= base_ptr_q;
        block_ptr_q <= base_ptr_q;
        index_q     <= '0;
        block_q     <= '0;
        word_ok     <= 1'b0;
      end else if (step && block_end) begin
        word_ptr    <= next_ptr;
        block_ptr_q <= next_ptr;
        index_q     <= index_next;
        block_q     <= index_next;
        word_ok     <= next_here;
        if (!hold) base_ptr_q <= next_ptr;
      end else if (step && restart) begin
        word_ptr    <= block_ptr_q;
        index_q     <= block_start;
        word_ok     <= 1'b1;
      end else if (step) begin
        word_ptr    <= next_ptr;
        index_q     <= index_next;
        word_ok     <= next_here;
      end
    end
  end
endmodule
