// SPDX-License-Identifier: Apache-2.0
// Top function for Vitis HLS: registers of docs/spec/formats.md §7, one bundle a memory port.
//
// Addresses come from the registers, so the ports have no offset of their own: gmem0 carries the
// program, loads, stores and the report, the others weights.
#include "mixed.hpp"

#include "config.hpp"

#ifndef HG_TOP
#define HG_TOP hg_mixed
#endif

extern "C" void HG_TOP(ap_uint<64> *gmem0, const ap_uint<64> *gmem1,
#if HG_WEIGHT_PORTS > 1
                       const ap_uint<64> *gmem2,
#endif
#if HG_WEIGHT_PORTS > 2
                       const ap_uint<64> *gmem3,
#endif
#if HG_WEIGHT_PORTS > 3
                       const ap_uint<64> *gmem4,
#endif
                       std::uint64_t program, std::uint64_t weights, std::uint64_t input,
                       std::uint64_t output, std::uint64_t scratch, std::uint64_t report,
                       std::uint32_t frames, std::uint32_t input_stride, std::uint32_t output_stride) {
    HG_PRAGMA(HLS INTERFACE m_axi port = gmem0 bundle = gmem0 offset = off max_read_burst_length = 16 max_write_burst_length = 16 num_read_outstanding = 8)
    HG_PRAGMA(HLS INTERFACE m_axi port = gmem1 bundle = gmem1 offset = off max_read_burst_length = 16 num_read_outstanding = 8)
#if HG_WEIGHT_PORTS > 1
    HG_PRAGMA(HLS INTERFACE m_axi port = gmem2 bundle = gmem2 offset = off max_read_burst_length = 16 num_read_outstanding = 8)
#endif
#if HG_WEIGHT_PORTS > 2
    HG_PRAGMA(HLS INTERFACE m_axi port = gmem3 bundle = gmem3 offset = off max_read_burst_length = 16 num_read_outstanding = 8)
#endif
#if HG_WEIGHT_PORTS > 3
    HG_PRAGMA(HLS INTERFACE m_axi port = gmem4 bundle = gmem4 offset = off max_read_burst_length = 16 num_read_outstanding = 8)
#endif
    HG_PRAGMA(HLS INTERFACE s_axilite port = program bundle = control)
    HG_PRAGMA(HLS INTERFACE s_axilite port = weights bundle = control)
    HG_PRAGMA(HLS INTERFACE s_axilite port = input bundle = control)
    HG_PRAGMA(HLS INTERFACE s_axilite port = output bundle = control)
    HG_PRAGMA(HLS INTERFACE s_axilite port = scratch bundle = control)
    HG_PRAGMA(HLS INTERFACE s_axilite port = report bundle = control)
    HG_PRAGMA(HLS INTERFACE s_axilite port = frames bundle = control)
    HG_PRAGMA(HLS INTERFACE s_axilite port = input_stride bundle = control)
    HG_PRAGMA(HLS INTERFACE s_axilite port = output_stride bundle = control)
    HG_PRAGMA(HLS INTERFACE s_axilite port = return bundle = control)

    static hg::State<hg::Config> state;
    HG_PRAGMA(HLS ARRAY_PARTITION variable = state.mem.bank dim = 1 complete)
    HG_PRAGMA(HLS ARRAY_PARTITION variable = state.array complete)
    const hg::Arguments args = {program, weights, input, output, scratch, report, int(frames),
                                input_stride, output_stride};
    hg::mixed<hg::Config>(state, gmem0, gmem1,
#if HG_WEIGHT_PORTS > 1
                          gmem2,
#else
                          gmem1,
#endif
#if HG_WEIGHT_PORTS > 2
                          gmem3,
#else
                          gmem1,
#endif
#if HG_WEIGHT_PORTS > 3
                          gmem4,
#else
                          gmem1,
#endif
                          args);
}
