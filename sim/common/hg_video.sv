// SPDX-License-Identifier: Apache-2.0
// Source of AXI4-Stream video: plays the file that `open` names. Simulation only.
//
// The file has words of 8 bytes, highest byte first: [63:32] seed of chance and [31:0] share of
// cycles in percent in which no beat is offered; then a word a beat: [47:0] data, [48] start of
// frame, [49] end of line. A beat that is offered stays until it is taken.
/* verilator lint_off BLKSEQ */
/* verilator lint_off UNUSEDSIGNAL */
module hg_video #(
  parameter int unsigned PixelsN = 1
) (
  input  logic                  clk,
  output logic                  valid = 1'b0,
  input  logic                  ready,
  output logic [24*PixelsN-1:0] data,
  output logic                  user,
  output logic                  last
);
  import hg_chance_pkg::*;
  int          file = 0;
  int unsigned chance = 0, idle = 0, taken = 0;
  logic        close = 1'b0;
  logic [63:0] word;

  function automatic void report();
    if (file != 0) $display("video: %0d beats taken", taken);
  endfunction

  function automatic void open(string path);
    report();
    if (file != 0) $fclose(file);
    file = $fopen(path, "rb");
    close = 1'b1;
    taken = 0;
    if (file != 0 && $fread(word, file) == 8) {chance, idle} = word ^ 64'h7F4A_7C15_0000_0000;
  endfunction

  function automatic logic idles();
    chance = stir(chance);
    return below(100, chance) < idle;
  endfunction

  always @(posedge clk) begin
    if (valid && ready) taken++;
    if (!valid || ready || close) begin
      close = 1'b0;
      valid <= 1'b0;
      if (file != 0 && !idles() && $fread(word, file) == 8) begin
        valid <= 1'b1;
        {last, user} <= word[49:48];
        data <= word[24*PixelsN-1:0];
      end
    end
  end

  final report();
endmodule
