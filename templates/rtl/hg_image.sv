// SPDX-License-Identifier: Apache-2.0
// The image side of the proposal engine: reads rows of packed BGR pixels and writes them to the row
// cache of the resize, up to three pixels a cycle.
//
// Rows are counted on over frames, modulo 2^16: row r comes by port r modulo PortsN and lies in
// slot r modulo CacheRowsN, so two ports write memories of different parity. A row is written when
// its place is free: the one CacheRowsN rows before it is among the `freed` ones. `written` rows
// are complete. Frames follow one another while `go`. A beat of 8 bytes a cycle and port.
module hg_image #(
  parameter int unsigned PortsN = 1,
  parameter int unsigned CacheRowsN = 8,
  parameter int unsigned FifoDepth = 256,
  localparam int unsigned SlotW = $clog2(CacheRowsN)
) (
  input  logic                    clk,
  input  logic                    rst_n,
  input  logic                    halt,
  output logic                    idle,
  output logic                    error,
  // Constant while `go`
  input  logic                    go,
  input  logic [31:0]             base,        // address of the first frame
  input  logic [31:0]             in_stride,   // bytes from frame to frame
  input  logic [31:0]             frames,
  input  logic [12:0]             width,
  input  logic [12:0]             height,
  input  logic [15:0]             row_beats,
  input  logic [15:0]             row_stride,  // in units of 128 bytes
  // Rows over all frames, modulo 2^16
  input  logic [15:0]             freed,
  output logic [15:0]             written,
  // To hg_resize
  output logic [PortsN-1:0][2:0]            w_valid,
  output logic [PortsN-1:0][SlotW-1:0]      w_slot,
  output logic [PortsN-1:0][11:0]           w_x,
  output logic [PortsN-1:0][2:0][23:0]      w_pixels,
  // AXI read channels; R is always ready
  output logic [PortsN-1:0]       ar_valid,
  input  logic [PortsN-1:0]       ar_ready,
  output logic [PortsN-1:0][31:0] ar_addr,
  output logic [PortsN-1:0][3:0]  ar_len,
  input  logic [PortsN-1:0]       r_valid,
  input  logic [PortsN-1:0][63:0] r_data,
  input  logic [PortsN-1:0][1:0]  r_resp
);
  if (PortsN != 1 && PortsN != 2) begin : gen_ports_check
    $error("hg_image PortsN must be 1 or 2, not %0d", PortsN);
  end

  logic [PortsN-1:0]       idles, errors;
  logic [PortsN-1:0][15:0] rows;
  assign idle = &idles;
  assign error = |errors;
  for (genvar p = 0; p < PortsN; p++) begin : gen_port
    hg_image_port #(
      .First(p), .PortsN(PortsN), .CacheRowsN(CacheRowsN), .FifoDepth(FifoDepth)
    ) u_port (
      .clk, .rst_n, .halt, .idle(idles[p]), .error(errors[p]), .go, .base, .in_stride, .frames,
      .width, .height, .row_beats, .row_stride, .freed, .rows(rows[p]), .w_valid(w_valid[p]),
      .w_slot(w_slot[p]), .w_x(w_x[p]), .w_pixels(w_pixels[p]), .ar_valid(ar_valid[p]),
      .ar_ready(ar_ready[p]), .ar_addr(ar_addr[p]), .ar_len(ar_len[p]), .r_valid(r_valid[p]),
      .r_data(r_data[p]), .r_resp(r_resp[p])
    );
  end

  // Rows complete without a gap
  if (PortsN == 1) begin : gen_one
    assign written = rows[0];
  end else begin : gen_two
    logic [15:0] lead;
    assign lead = rows[1] - rows[0];  // negative: row 2 * rows[1] + 1 is missing
    assign written = lead[15] ? {rows[1][14:0], 1'b1} : {rows[0][14:0], 1'b0};
    logic unused;
    assign unused = ^{lead[14:0], rows[1][15]};
  end
endmodule
