// SPDX-License-Identifier: Apache-2.0
// Simulated DDR memory behind PortsN AXI ports (formats §10). Simulation only.
//
// One budget for all ports, reads and writes together: BytesNum / BytesDen bytes a cycle. Each
// port moves at most a beat a direction and cycle. Reads come 40 cycles and 0..16 of seeded jitter
// after their address. Writes are posted (128 beats a port) and drained in batches, because each
// change of direction costs 5 cycles. Refresh stops everything for 1 % of the time.
// Contents lie in hg_memory.cpp; a response outside its regions is DECERR.
/* verilator lint_off BLKSEQ */
/* verilator lint_off UNUSEDSIGNAL */
module hg_ddr #(
  parameter int unsigned PortsN = 4,
  // AXI addresses in flight of a port and direction
  parameter int unsigned Bursts = 16
) (
  input  logic                     clk,
  input  logic                     rst_n,
  // Bytes a cycle as a fraction, least read latency in cycles, seed of jitter and stalls; share of
  // cycles in percent in which a channel of a port refuses or stays silent
  input  logic [31:0]              bytes_num,
  input  logic [31:0]              bytes_den,
  input  logic [31:0]              latency,
  input  logic [31:0]              seed,
  input  logic [31:0]              stall,

  input  logic [PortsN-1:0]        ar_valid,
  output logic [PortsN-1:0]        ar_ready,
  input  logic [PortsN-1:0][31:0]  ar_addr,
  input  logic [PortsN-1:0][7:0]   ar_len,
  output logic [PortsN-1:0]        r_valid,
  input  logic [PortsN-1:0]        r_ready,
  output logic [PortsN-1:0][63:0]  r_data,
  output logic [PortsN-1:0][1:0]   r_resp,
  output logic [PortsN-1:0]        r_last,

  input  logic [PortsN-1:0]        aw_valid,
  output logic [PortsN-1:0]        aw_ready,
  input  logic [PortsN-1:0][31:0]  aw_addr,
  input  logic [PortsN-1:0][7:0]   aw_len,
  input  logic [PortsN-1:0]        w_valid,
  output logic [PortsN-1:0]        w_ready,
  input  logic [PortsN-1:0][63:0]  w_data,
  input  logic [PortsN-1:0][7:0]   w_strb,
  input  logic [PortsN-1:0]        w_last,
  output logic [PortsN-1:0]        b_valid,
  input  logic [PortsN-1:0]        b_ready,
  output logic [PortsN-1:0][1:0]   b_resp
);
  import hg_chance_pkg::*;
  localparam int unsigned Posted = 128;      // beats a port holds back
  localparam int unsigned Batch = 64;        // beats that make a change of direction worth while
  localparam int unsigned Patience = 200;    // cycles until fewer are written as well
  localparam int unsigned Turnaround = 5;
  localparam int unsigned RefreshEvery = 800, RefreshFor = 8;
  localparam int unsigned Jitter = 17;
  localparam int unsigned Answer = 20;       // cycles from the last drained beat to the response

  import "DPI-C" function longint unsigned hg_memory_read(input int unsigned address);
  import "DPI-C" function void hg_memory_write(
    input int unsigned address, input longint unsigned data, input byte unsigned strobe);
  import "DPI-C" function int hg_memory_fault(input int unsigned address, input int is_write);

  // State is updated with blocking assignments in one process; ports are registers.
  // Reads in flight
  int unsigned rd_addr [PortsN][Bursts], rd_len [PortsN][Bursts];
  longint unsigned rd_due [PortsN][Bursts];
  int unsigned rd_head [PortsN], rd_tail [PortsN], rd_beat [PortsN];
  // Writes: addresses, posted beats, responses
  int unsigned wr_addr [PortsN][Bursts], wr_len [PortsN][Bursts];
  int unsigned wr_head [PortsN], wr_tail [PortsN], wr_beat [PortsN];
  logic [63:0] po_data [PortsN][Posted];
  logic [7:0] po_strb [PortsN][Posted];
  int unsigned po_head [PortsN], po_tail [PortsN];
  longint unsigned b_due [PortsN][Bursts];
  logic [1:0] b_code [PortsN][Bursts], wr_code [PortsN];
  int unsigned b_head [PortsN], b_tail [PortsN];
  // Memory
  longint unsigned now, waited;
  int unsigned budget, cost, dice, chance, turn, first;
  logic writing;
  // Beats moved, for the bench's figures
  longint unsigned beats_read, beats_written;

  function automatic void reset();
    now = 0;
    waited = 0;
    budget = 0;
    turn = 0;
    first = 0;
    writing = 1'b0;
    dice = seed ^ 32'h9E37_79B9;
    chance = seed ^ 32'h7F4A_7C15;
    beats_read = 0;
    beats_written = 0;
    for (int p = 0; p < int'(PortsN); p++) begin
      {rd_head[p], rd_tail[p], rd_beat[p]} = '0;
      {wr_head[p], wr_tail[p], wr_beat[p]} = '0;
      {po_head[p], po_tail[p], b_head[p], b_tail[p]} = '0;
      wr_code[p] = '0;
    end
  endfunction

  // Addresses and posted beats that the ports hand over in this cycle
  function automatic void accept(int p);
    if (ar_valid[p] && ar_ready[p]) begin
      dice = stir(dice);
      rd_addr[p][rd_head[p] % Bursts] = ar_addr[p];
      rd_len[p][rd_head[p] % Bursts] = 32'(ar_len[p]);
      rd_due[p][rd_head[p] % Bursts] = now + 64'(latency) + 64'(below(Jitter, dice));
      rd_head[p]++;
    end
    if (aw_valid[p] && aw_ready[p]) begin
      wr_addr[p][wr_head[p] % Bursts] = aw_addr[p];
      wr_len[p][wr_head[p] % Bursts] = 32'(aw_len[p]);
      wr_head[p]++;
    end
    if (w_valid[p] && w_ready[p]) begin
      po_data[p][po_head[p] % Posted] = w_data[p];
      po_strb[p][po_head[p] % Posted] = w_strb[p];
      po_head[p]++;
    end
  endfunction

  function automatic logic stalls();
    if (stall == 0) return 1'b0;
    chance = stir(chance);
    return below(100, chance) < stall;
  endfunction

  function automatic logic read_waits(int p);
    return rd_head[p] != rd_tail[p] && rd_due[p][rd_tail[p] % Bursts] <= now;
  endfunction

  function automatic logic write_waits(int p);
    return po_head[p] != po_tail[p] && wr_head[p] != wr_tail[p];
  endfunction

  // One beat out of the posted buffer into memory
  function automatic void write_beat(int p);
    int unsigned address;
    address = wr_addr[p][wr_tail[p] % Bursts] + 8 * wr_beat[p];
    if (hg_memory_fault(address, 1) != 0) wr_code[p] = 2'd2;
    else hg_memory_write(address, po_data[p][po_tail[p] % Posted], po_strb[p][po_tail[p] % Posted]);
    po_tail[p]++;
    beats_written++;
    if (wr_beat[p] == wr_len[p][wr_tail[p] % Bursts]) begin
      b_due[p][b_head[p] % Bursts] = now + 64'(Answer);
      b_code[p][b_head[p] % Bursts] = wr_code[p];
      b_head[p]++;
      wr_code[p] = '0;
      wr_beat[p] = 0;
      wr_tail[p]++;
    end else begin
      wr_beat[p]++;
    end
  endfunction

  always @(posedge clk) begin : behaviour
    int unsigned left, address, cap;
    logic reads, writes, batch, serve, last;
    int p;
    if (!rst_n) reset();
    for (p = 0; p < int'(PortsN); p++) accept(p);
    reads = 1'b0;
    writes = 1'b0;
    batch = 1'b0;
    for (p = 0; p < int'(PortsN); p++) begin
      reads |= read_waits(p);
      writes |= write_waits(p);
      batch |= po_head[p] - po_tail[p] >= Batch;
    end
    waited = writes ? waited + 1 : 0;
    // What a cycle does not spend carries over, but an idle memory saves up only a few cycles'
    cost = 8 * bytes_den;
    cap = 2 * bytes_num + cost;
    left = budget + bytes_num > cap ? cap : budget + bytes_num;
    serve = now % 64'(RefreshEvery) >= 64'(RefreshFor) && turn == 0;
    if (!serve) left = 0;
    if (turn != 0) turn--;
    for (int i = 0; i < int'(PortsN); i++) begin
      p = int'((first + 32'(i)) % PortsN);
      if (!r_valid[p] || r_ready[p]) begin
        r_valid[p] <= 1'b0;
        if (!writing && left >= cost && read_waits(p) && !stalls()) begin
          address = rd_addr[p][rd_tail[p] % Bursts] + 8 * rd_beat[p];
          last = rd_beat[p] == rd_len[p][rd_tail[p] % Bursts];
          r_valid[p] <= 1'b1;
          r_data[p] <= hg_memory_read(address);
          r_resp[p] <= hg_memory_fault(address, 0) != 0 ? 2'd2 : 2'd0;
          r_last[p] <= last;
          rd_beat[p] = last ? 0 : rd_beat[p] + 1;
          if (last) rd_tail[p]++;
          left -= cost;
          beats_read++;
        end
      end
      while (writing && left >= cost && write_waits(p)) begin
        write_beat(p);
        left -= cost;
      end
    end
    first = (first + 1) % PortsN;
    budget = left;
    // A change of direction pays with a batch, when nothing else is to do, or out of fairness
    if (serve && !writing && writes && (batch || !reads || waited > 64'(Patience))) begin
      writing = 1'b1;
      turn = Turnaround;
    end else if (serve && writing && !writes && reads) begin
      writing = 1'b0;
      turn = Turnaround;
    end
    for (p = 0; p < int'(PortsN); p++) begin
      if (!b_valid[p] || b_ready[p]) begin
        b_valid[p] <= 1'b0;
        if (b_head[p] != b_tail[p] && b_due[p][b_tail[p] % Bursts] <= now && !stalls()) begin
          b_valid[p] <= 1'b1;
          b_resp[p] <= b_code[p][b_tail[p] % Bursts];
          b_tail[p]++;
        end
      end
      ar_ready[p] <= rd_head[p] - rd_tail[p] < Bursts && !stalls();
      aw_ready[p] <= wr_head[p] - b_tail[p] < Bursts && !stalls();
      w_ready[p] <= po_head[p] - po_tail[p] < Posted && !stalls();
    end
    now++;
    if (!rst_n) begin
      {r_valid, b_valid, ar_ready, aw_ready, w_ready} <= '0;
    end
  end

  logic unused_last;
  assign unused_last = ^w_last;
endmodule
