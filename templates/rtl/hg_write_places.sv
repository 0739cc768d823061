// SPDX-License-Identifier: Apache-2.0
// Places of the pixels of a writer's entry: DrainN consecutive pixels of a tile, dropped where they
// lie outside out_w x out_h. Every block walks the same tiles_n tiles. Two pixels that lie in one
// bank are a conflict. II DrainN cycles; `pix_*` hold until `pix_take`.
module hg_write_places #(
  parameter int unsigned PixelsN  = 10,
  parameter int unsigned BanksN   = 16,
  parameter int unsigned DrainN   = 2,
  parameter int unsigned ActDepth = 4096,
  localparam int unsigned BankW   = $clog2(BanksN),
  localparam int unsigned AddrW   = $clog2(ActDepth)
) (
  input  logic                         clk,
  input  logic                         rst_n,
  input  logic                         start,
  // Layout of the output, stable from start on
  input  logic [15:0]                  base,
  input  logic [15:0]                  width,
  input  logic [15:0]                  pitch,
  input  logic [3:0]                   s,
  input  logic [7:0]                   off_step,
  input  logic [15:0]                  phase_stride,
  input  logic [15:0]                  tiles_n,
  input  logic [15:0]                  out_w,
  input  logic [15:0]                  out_h,
  output logic                         pix_valid,
  input  logic                         pix_take,
  output logic [DrainN-1:0]            pix_drop,
  output logic [DrainN-1:0][BankW-1:0] pix_bank,
  output logic [DrainN-1:0][AddrW-1:0] pix_addr,
  output logic                         conflict
);
  logic             step, drop, wrap, tile_end, raw_valid, raw_ready, raw_drop;
  logic             place_valid, place_ready, place_drop;
  logic [15:0]      y, x, tile_q, tile_last_q, raw_addr;
  logic [4:0]       pixel_q;
  logic [BankW-1:0] raw_bank, place_bank;
  logic [AddrW-1:0] place_addr;

  assign tile_end = pixel_q == 5'(PixelsN - 1);
  assign wrap     = tile_end && tile_q == tile_last_q;
  assign drop     = x >= out_w || y >= out_h;

  always_ff @(posedge clk) begin
    tile_last_q <= tiles_n - 16'd1;
    if (start) begin
      pixel_q <= '0;
      tile_q  <= '0;
    end else if (step) begin
      pixel_q <= tile_end ? '0 : pixel_q + 5'd1;
      if (tile_end) tile_q <= wrap ? '0 : tile_q + 16'd1;
    end
  end

  hg_place #(.BanksN(BanksN), .ActDepth(ActDepth), .TagW(1)) u_place (
    .clk, .rst_n, .start, .base, .run_stride('0), .width, .pitch, .s, .off_step, .phase_stride,
    .step, .y, .x, .wrap, .stop(1'b0), .tag(drop), .out_valid(raw_valid), .out_ready(raw_ready),
    .out_bank(raw_bank), .out_addr(raw_addr), .out_tag(raw_drop)
  );

  // Cuts the path from pix_take to the walker
  hg_fifo #(.Width(BankW + AddrW + 1), .Depth(4)) u_fifo (
    .clk, .rst_n(rst_n && !start), .s_valid(raw_valid), .s_ready(raw_ready),
    .s_data({raw_drop, raw_bank, raw_addr[AddrW-1:0]}),
    .m_valid(place_valid), .m_ready(place_ready), .m_data({place_drop, place_bank, place_addr})
  );

  if (DrainN == 1) begin : gen_one
    assign place_ready = !pix_valid || pix_take;
    assign conflict    = 1'b0;
    always_ff @(posedge clk) begin
      if (place_ready) begin
        pix_bank[0] <= place_bank;
        pix_addr[0] <= place_addr;
        pix_drop[0] <= place_drop;
      end
      if (!rst_n || start) pix_valid <= 1'b0;
      else if (place_ready) pix_valid <= place_valid;
    end
  end else begin : gen_two
    logic             even_valid_q, even_drop_q, move;
    logic [BankW-1:0] even_bank_q;
    logic [AddrW-1:0] even_addr_q;

    assign move        = even_valid_q && place_valid && (!pix_valid || pix_take);
    assign place_ready = !even_valid_q || move;
    always_ff @(posedge clk) begin
      if (!even_valid_q) begin
        even_bank_q <= place_bank;
        even_addr_q <= place_addr;
        even_drop_q <= place_drop;
      end
      if (move) begin
        pix_bank <= {place_bank, even_bank_q};
        pix_addr <= {place_addr, even_addr_q};
        pix_drop <= {place_drop, even_drop_q};
        conflict <= place_bank == even_bank_q && !place_drop && !even_drop_q;
      end
      if (!rst_n || start) begin
        even_valid_q <= 1'b0;
        pix_valid    <= 1'b0;
      end else begin
        if (!even_valid_q) even_valid_q <= place_valid;
        else if (move) even_valid_q <= 1'b0;
        pix_valid <= move || (pix_valid && !pix_take);
      end
    end
  end

  logic unused_addr;
  assign unused_addr = &{1'b0, raw_addr};
endmodule
