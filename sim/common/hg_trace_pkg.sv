// SPDX-License-Identifier: Apache-2.0
// Records of the monitors' trace (hg_trace.cpp): a head and the same number of words for all
// records of a design. What the fields mean depends on the kind. Simulation only.
package hg_trace_pkg;
  import "DPI-C" function void hg_trace_head(
    input int unsigned kind, input int unsigned frame, input int unsigned descriptor,
    input int unsigned block, input int unsigned tile, input int unsigned step,
    input int unsigned where, input longint unsigned mask);
  import "DPI-C" function void hg_trace_data(input longint unsigned data);

  // A record that has no data
  function automatic void bare(
    int unsigned words, int unsigned kind, int unsigned frame, int unsigned descriptor,
    int unsigned block, int unsigned tile, int unsigned step, int unsigned where,
    longint unsigned mask);
    hg_trace_head(kind, frame, descriptor, block, tile, step, where, mask);
    for (int unsigned i = 0; i < words; i++) hg_trace_data(64'd0);
  endfunction
endpackage
