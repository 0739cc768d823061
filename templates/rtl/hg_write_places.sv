// SPDX-License-Identifier: Apache-2.0
// Places of the pixels of a writer's entry: DrainN consecutive pixels of a tile, dropped where they
// lie outside out_w x out_h. Every block walks the same tiles_n tiles, of which only the first
// entry is there if the pixel is `lone`. Two pixels that lie in one bank are a conflict. II 1;
// `pix_*` hold until `pix_take`.
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
  input  logic                         lone,
  output logic                         pix_valid,
  input  logic                         pix_take,
  output logic [DrainN-1:0]            pix_drop,
  output logic [DrainN-1:0][BankW-1:0] pix_bank,
  output logic [DrainN-1:0][AddrW-1:0] pix_addr,
  output logic                         conflict
);
  localparam int unsigned PixelW = BankW + AddrW;

  logic                          step, wrap, tile_end, raw_valid, raw_ready, take;
  logic [DrainN-1:0]             drop, raw_drop;
  logic [DrainN-1:0][15:0]       y, x, raw_addr;
  logic [DrainN-1:0][BankW-1:0]  raw_bank, bank;
  logic [DrainN-1:0][AddrW-1:0]  addr;
  logic [DrainN-1:0][PixelW-1:0] raw_place, place;
  logic                          place_valid;
  logic [DrainN-1:0]             place_drop;
  logic [15:0]                   tile_q, tile_last_q;
  logic [4:0]                    pixel_q;

  assign tile_end = lone || pixel_q == 5'(PixelsN - DrainN);
  assign wrap     = tile_end && tile_q == tile_last_q;

  always_ff @(posedge clk) begin
    tile_last_q <= tiles_n - 16'd1;
    if (start) begin
      pixel_q <= '0;
      tile_q  <= '0;
    end else if (step) begin
      pixel_q <= tile_end ? '0 : pixel_q + 5'(DrainN);
      if (tile_end) tile_q <= wrap ? '0 : tile_q + 16'd1;
    end
  end

  hg_place #(
    .BanksN(BanksN), .ActDepth(ActDepth), .PixelsN(DrainN), .TagW(DrainN)
  ) u_place (
    .clk, .rst_n, .start, .base, .run_stride('0), .width, .pitch, .s, .off_step, .phase_stride,
    .step, .y, .x, .wrap, .stop(1'b0), .tag(drop), .out_valid(raw_valid), .out_ready(raw_ready),
    .out_bank(raw_bank), .out_addr(raw_addr), .out_tag(raw_drop)
  );

  // Cuts the path from pix_take to the walker
  hg_fifo #(.Width(DrainN * (PixelW + 1)), .Depth(4)) u_fifo (
    .clk, .rst_n(rst_n && !start), .s_valid(raw_valid), .s_ready(raw_ready),
    .s_data({raw_drop, raw_place}), .m_valid(place_valid), .m_ready(take),
    .m_data({place_drop, place})
  );

  for (genvar r = 0; r < int'(DrainN); r++) begin : gen_pixel
    assign drop[r]      = x[r] >= out_w || y[r] >= out_h;
    assign raw_place[r] = {raw_bank[r], raw_addr[r][AddrW-1:0]};
    assign {bank[r], addr[r]} = place[r];
  end

  assign take = !pix_valid || pix_take;
  always_ff @(posedge clk) begin
    if (take) begin
      pix_bank <= bank;
      pix_addr <= addr;
      pix_drop <= place_drop;
      conflict <= DrainN == 2 && bank[DrainN-1] == bank[0] && place_drop == '0;
    end
    if (!rst_n || start) pix_valid <= 1'b0;
    else if (take) pix_valid <= place_valid;
  end

  logic unused_addr;
  assign unused_addr = &{1'b0, raw_addr};
endmodule
