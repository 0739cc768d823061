// SPDX-License-Identifier: Apache-2.0
// AXI4-Lite registers in the layout of Vitis HLS (formats §7).
//
// 0x00 control: bit 0 start (stays until ready), 1 done (cleared by reading), 2 idle, 3 ready
// (cleared by reading), 7 auto restart. 0x04 global interrupt enable, 0x08 interrupt enable,
// 0x0C interrupt status (toggled by writing ones); bit 0 done, bit 1 ready. Arguments from 0x10.
// One access at a time in each direction; arguments must not change while it runs.
module hg_control (
  input  logic        clk,
  input  logic        rst_n,

  input  logic        aw_valid,
  output logic        aw_ready,
  input  logic [6:0]  aw_addr,
  input  logic        w_valid,
  output logic        w_ready,
  input  logic [31:0] w_data,
  input  logic [3:0]  w_strb,
  output logic        b_valid,
  input  logic        b_ready,
  input  logic        ar_valid,
  output logic        ar_ready,
  input  logic [6:0]  ar_addr,
  output logic        r_valid,
  input  logic        r_ready,
  output logic [31:0] r_data,
  output logic        irq,

  // Pulse to start, pulse when complete
  output logic        start,
  input  logic        done,
  output logic        running,

  output logic [5:0][63:0] arg_pointer,
  output logic [2:0][31:0] arg_value
);
  // Words of the register map: pointers take two and a reserved one, values one and a reserved one
  localparam int unsigned FirstPointer = 4;
  localparam int unsigned FirstValue = 22;

  logic start_q, done_q, ready_q, restart_q, running_q, gie_q;
  logic [1:0] ier_q, isr_q;
  logic [4:0] wr_word, rd_word;
  logic write, read;
  logic [31:0] rd_mux;
  logic [31:0] words [32];

  assign write = aw_valid && w_valid && !b_valid;
  assign read = ar_valid && !r_valid;
  assign aw_ready = write;
  assign w_ready = write;
  assign ar_ready = read;
  assign wr_word = aw_addr[6:2];
  assign rd_word = ar_addr[6:2];
  assign start = start_q && !running_q;
  assign running = running_q;
  assign irq = gie_q && |isr_q;

  always_comb begin
    for (int i = 0; i < 32; i++) words[i] = '0;
    words[0] = {24'd0, restart_q, 3'd0, ready_q, !running_q && !start_q, done_q, start_q};
    words[1] = {31'd0, gie_q};
    words[2] = {30'd0, ier_q};
    words[3] = {30'd0, isr_q};
    for (int i = 0; i < 6; i++) begin
      words[int'(FirstPointer) + 3*i] = arg_pointer[i][31:0];
      words[int'(FirstPointer) + 3*i + 1] = arg_pointer[i][63:32];
    end
    for (int i = 0; i < 3; i++) words[int'(FirstValue) + 2*i] = arg_value[i];
    rd_mux = words[rd_word];
  end

  always_ff @(posedge clk) begin
    if (read) r_data <= rd_mux;
    // By bytes, so that a strobe is a clock enable and no choice of every bit
    for (int b = 0; b < 4; b++) begin
      for (int i = 0; i < 6; i++) begin
        for (int h = 0; h < 2; h++) begin
          if (write && w_strb[b] && 32'(wr_word) == FirstPointer + 32'(3*i + h)) begin
            arg_pointer[i][32*h + 8*b +: 8] <= w_data[8*b +: 8];
          end
        end
      end
      for (int i = 0; i < 3; i++) begin
        if (write && w_strb[b] && 32'(wr_word) == FirstValue + 32'(2*i)) begin
          arg_value[i][8*b +: 8] <= w_data[8*b +: 8];
        end
      end
    end
    if (!rst_n) begin
      arg_pointer <= '0;
      arg_value <= '0;
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      {b_valid, r_valid} <= '0;
      {start_q, done_q, ready_q, restart_q, running_q, gie_q} <= '0;
      {ier_q, isr_q} <= '0;
    end else begin
      if (write) b_valid <= 1'b1;
      else if (b_ready) b_valid <= 1'b0;
      if (read) r_valid <= 1'b1;
      else if (r_ready) r_valid <= 1'b0;

      if (start) running_q <= 1'b1;
      else if (done) running_q <= 1'b0;
      if (write && wr_word == 5'd0 && w_strb[0]) begin
        if (w_data[0]) start_q <= 1'b1;
        restart_q <= w_data[7];
      end else if (done) begin
        start_q <= restart_q;
      end
      if (done) {done_q, ready_q} <= 2'b11;
      else if (read && rd_word == 5'd0) {done_q, ready_q} <= 2'b00;
      if (write && wr_word == 5'd1 && w_strb[0]) gie_q <= w_data[0];
      if (write && wr_word == 5'd2 && w_strb[0]) ier_q <= w_data[1:0];
      if (done) isr_q <= isr_q | ier_q;
      else if (write && wr_word == 5'd3 && w_strb[0]) isr_q <= isr_q ^ w_data[1:0];
    end
  end

  logic unused_addr;
  assign unused_addr = ^{aw_addr[1:0], ar_addr[1:0]};
endmodule
