// SPDX-License-Identifier: Apache-2.0
// Memory behind read ports that always take their beats: FOLDER/dram.hex from Base on. A beat comes
// +latency cycles behind its address; in +stall percent of the cycles, by chance (+seed), a port
// takes no address or stays silent. The response to `bad_address` is an error (0: none). `busy`
// from an address to its last beat.
module hg_reads #(
  parameter int unsigned PortsN = 1,
  parameter logic [31:0] Base = 32'h3000_0000
) (
  input  logic                    clk,
  input  logic                    rst_n,
  input  logic [31:0]             bad_address,
  output logic [PortsN-1:0]       busy,
  input  logic [PortsN-1:0]       ar_valid,
  output logic [PortsN-1:0]       ar_ready,
  input  logic [PortsN-1:0][31:0] ar_addr,
  input  logic [PortsN-1:0][3:0]  ar_len,
  output logic [PortsN-1:0]       r_valid,
  output logic [PortsN-1:0][63:0] r_data,
  output logic [PortsN-1:0][1:0]  r_resp
);
  logic [63:0] dram_mem [1 << 16];
  string       folder;
  int          latency, stall, seed, ok, cycle_q;
  initial begin
    ok = $value$plusargs("latency=%d", latency) & $value$plusargs("stall=%d", stall)
       & $value$plusargs("seed=%d", seed) & $value$plusargs("folder=%s", folder);
    if (ok == 0) $fatal(1, "a plusarg is missing");
    void'($urandom(seed));
    $readmemh({folder, "/dram.hex"}, dram_mem);
  end
  function automatic logic stalled();
    return int'($urandom_range(99)) < stall;
  endfunction
  always_ff @(posedge clk) cycle_q <= rst_n ? cycle_q + 1 : 0;
  for (genvar p = 0; p < PortsN; p++) begin : gen_port
    logic [31:0] address [$], beat;
    int          due [$];
    always @(posedge clk) begin
      ar_ready[p] <= rst_n && !stalled();
      r_valid[p] <= 1'b0;
      if (ar_valid[p] && ar_ready[p]) begin
        for (int i = 0; i <= int'(ar_len[p]); i++) begin
          address.push_back(ar_addr[p] + 8 * i);
          due.push_back(cycle_q + latency);
        end
      end
      busy[p] <= due.size() != 0;
      if (due.size() != 0 && due[0] <= cycle_q && !stalled()) begin
        beat = address.pop_front();
        void'(due.pop_front());
        r_valid[p] <= 1'b1;
        r_data[p] <= dram_mem[16'((beat - Base) >> 3)];
        r_resp[p] <= bad_address != '0 && beat == bad_address ? 2'd2 : 2'd0;
      end
    end
  end
endmodule
