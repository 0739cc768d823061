// SPDX-License-Identifier: Apache-2.0
// Common part of LOAD and STORE (formats §6): requests of the runs to an AXI master, and the places
// of their pixels in the activation memory, run by run, row by row.
//
// A run is rows*width contiguous beats; its length is multiplied bit by bit (16 cycles after the
// descriptor was taken). Places: II 1, `place_last` marks the last one of the descriptor.
// `finish` of the user frees it for the next descriptor.
module hg_move #(
  parameter int unsigned BanksN   = 16,
  parameter int unsigned ActDepth = 4096,
  localparam int unsigned BankW   = $clog2(BanksN)
) (
  input  logic             clk,
  input  logic             rst_n,
  input  logic             desc_valid,
  output logic             desc_ready,     // pulse: taken
  input  logic [1023:0]    desc,
  input  logic             finish,         // pulse: the descriptor is complete
  output logic [15:0]      runs_n,
  // One request a run
  output logic             req_valid,
  input  logic             req_ready,
  output logic [31:0]      req_addr,
  output logic [31:0]      req_beats,
  // Places
  output logic             place_valid,
  input  logic             place_ready,
  output logic [BankW-1:0] place_bank,
  output logic [15:0]      place_addr,
  output logic             place_last
);
  typedef enum logic [1:0] {Idle, Multiply, Start, Run} state_e;

  state_e        state_q;
  logic [1023:0] desc_q;
  logic [31:0]   shifted_q;
  logic [15:0]   left_q, request_q, run_q, rows, width;
  logic          step, wrap, stop;
  logic [15:0]   y, x;

  assign runs_n     = desc_q[3*64+32 +: 16];
  assign rows       = desc_q[3*64+48 +: 16];
  assign width      = desc_q[4*64 +: 16];
  assign desc_ready = state_q == Idle && desc_valid;
  assign req_valid  = state_q == Run && request_q != '0;
  assign wrap       = x + 16'd1 == width && y + 16'd1 == rows;
  assign stop       = wrap && run_q == 16'd1;

  always_ff @(posedge clk) begin
    if (desc_ready) desc_q <= desc;
    case (state_q)
      Idle: begin
        shifted_q <= 32'(desc[4*64 +: 16]);
        left_q    <= desc[3*64+48 +: 16];
        req_beats <= '0;
      end
      Multiply: begin
        shifted_q <= shifted_q << 1;
        left_q    <= left_q >> 1;
        if (left_q[0]) req_beats <= req_beats + shifted_q;
        req_addr  <= desc_q[2*64 +: 32];
        request_q <= runs_n;
        run_q     <= runs_n;
      end
      default: begin
        if (req_valid && req_ready) begin
          req_addr  <= req_addr + desc_q[3*64 +: 32];
          request_q <= request_q - 16'd1;
        end
        if (step && wrap) run_q <= run_q - 16'd1;
      end
    endcase
  end

  always_ff @(posedge clk) begin
    if (!rst_n) state_q <= Idle;
    else begin
      case (state_q)
        Idle:     if (desc_valid) state_q <= Multiply;
        Multiply: if (left_q == '0) state_q <= Start;
        Start:    state_q <= Run;
        default:  if (finish) state_q <= Idle;
      endcase
    end
  end

  hg_place #(.BanksN(BanksN), .ActDepth(ActDepth), .TagW(1)) u_place (
    .clk, .rst_n, .start(state_q == Start), .base(desc_q[4*64+16 +: 16]),
    .run_stride(desc_q[4*64+32 +: 16]), .width, .pitch(desc_q[4*64+48 +: 16]),
    .s(desc_q[5*64 +: 4]), .off_step(desc_q[5*64+8 +: 8]), .phase_stride(desc_q[5*64+16 +: 16]),
    .step, .y, .x, .wrap, .stop, .tag(stop), .out_valid(place_valid), .out_ready(place_ready),
    .out_bank(place_bank), .out_addr(place_addr), .out_tag(place_last)
  );

  logic unused_desc;
  assign unused_desc = &{1'b0, desc_q};

`ifndef SYNTHESIS
  a_hold: assert property (@(posedge clk) disable iff (!rst_n)
    req_valid && !req_ready |=> req_valid && $stable({req_addr, req_beats}))
    else $error("hg_move: a request changed before it was taken");
`endif
endmodule
