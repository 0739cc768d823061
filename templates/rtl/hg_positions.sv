// SPDX-License-Identifier: Apache-2.0
// Row and column of the P output pixels of a tile: pixel number o = oy*Wv + ox, counted on.
//
// A walker makes two pixels a cycle and so prepares the next tile while the current one is in work:
// no adder or divider per pixel. II PixelsN/2 cycles a tile. After tile tiles_n - 1 it begins again
// at (0, 0): every block walks the same tiles.
module hg_positions #(
  // Pixels of a tile, even
  parameter int unsigned PixelsN = 10
) (
  input  logic                     clk,
  input  logic                     rst_n,
  // Pulse: start anew; width and tiles_n are valid from the cycle after
  input  logic                     take,
  input  logic [15:0]              width,
  input  logic [15:0]              tiles_n,
  input  logic                     pop,
  output logic                     pos_valid,
  output logic [PixelsN-1:0][11:0] pos_y,
  output logic [PixelsN-1:0][11:0] pos_x
);
  localparam int unsigned PairsN = PixelsN / 2;
  localparam int unsigned CountW = $clog2(PairsN + 1);

  logic [PairsN-1:0][1:0][11:0] next_y_q, next_x_q;
  logic [11:0]                  y_q, x_q, odd_y, odd_x;
  logic [15:0]                  tile_q;
  logic [CountW-1:0]            count_q;
  logic [15:0]                  width_last_q, width_odd_q, tile_last_q;
  logic                         take_q, active_q, full, move, push, tile_end, block_end;
  logic                         even_end, odd_end, narrow_q;

  assign full      = count_q == CountW'(PairsN);
  assign move      = full && (!pos_valid || pop);
  assign push      = active_q && (!full || move);
  assign tile_end  = PairsN == 1 || count_q == CountW'(PairsN - 1);
  assign block_end = tile_end && tile_q == tile_last_q;
  // The last pixel of a row is the even one, or the odd one (both in rows of one pixel)
  assign even_end  = 16'(x_q) == width_last_q;
  assign odd_end   = narrow_q || 16'(x_q) == width_odd_q;
  assign odd_x     = even_end ? '0 : x_q + 12'd1;
  assign odd_y     = even_end ? y_q + 12'd1 : y_q;

  always_ff @(posedge clk) begin
    width_last_q <= width - 16'd1;
    width_odd_q  <= width - 16'd2;
    narrow_q     <= width == 16'd1;
    tile_last_q  <= tiles_n - 16'd1;
    if (push) begin
      for (int i = 0; i < int'(PairsN) - 1; i++) begin
        next_y_q[i] <= next_y_q[i+1];
        next_x_q[i] <= next_x_q[i+1];
      end
      next_y_q[PairsN-1] <= {odd_y, y_q};
      next_x_q[PairsN-1] <= {odd_x, x_q};
    end
    if (move) begin
      pos_y <= next_y_q;
      pos_x <= next_x_q;
    end
  end

  always_ff @(posedge clk) begin
    if (take) begin
      y_q    <= '0;
      x_q    <= '0;
      tile_q <= '0;
    end else if (push) begin
      x_q <= odd_end || block_end ? '0 : odd_x + 12'd1;
      if (block_end) y_q <= '0;
      else y_q <= odd_end ? odd_y + 12'd1 : odd_y;
      if (tile_end) tile_q <= block_end ? '0 : tile_q + 16'd1;
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      take_q    <= 1'b0;
      active_q  <= 1'b0;
      pos_valid <= 1'b0;
      count_q   <= '0;
    end else if (take) begin
      take_q    <= 1'b1;
      active_q  <= 1'b0;
      pos_valid <= 1'b0;
      count_q   <= '0;
    end else begin
      take_q <= 1'b0;
      if (take_q) active_q <= 1'b1;
      if (move) count_q <= CountW'(push);
      else if (push) count_q <= count_q + 1'b1;
      pos_valid <= move || (pos_valid && !pop);
    end
  end
endmodule
