// SPDX-License-Identifier: Apache-2.0
// Top function of the proposal engine for Vitis HLS: registers of docs/spec/formats.md §7.
//
// gmem0 carries program, results and report and the image's rows (with two ports the even ones),
// gmem1 the odd rows; of a camera the rows come by s_axis_video. Addresses come from the registers,
// so the ports have no offset of their own.
#include "proposal.hpp"

#include "config.hpp"

#ifndef HG_TOP
#define HG_TOP hg_proposal
#endif

extern "C" void HG_TOP(ap_uint<64> *gmem0,
#if HG_PORTS > 1
                       const ap_uint<64> *gmem1,
#endif
#if HG_STREAM_PIXELS > 0
                       hg::VideoStream<hg::Config> &s_axis_video,
#endif
                       std::uint64_t program, std::uint64_t weights, std::uint64_t input,
                       std::uint64_t output, std::uint64_t scratch, std::uint64_t report,
                       std::uint32_t frames, std::uint32_t input_stride, std::uint32_t output_stride) {
    HG_PRAGMA(HLS INTERFACE m_axi port = gmem0 bundle = gmem0 offset = off max_read_burst_length = 16 max_write_burst_length = 16 num_read_outstanding = 8)
#if HG_PORTS > 1
    HG_PRAGMA(HLS INTERFACE m_axi port = gmem1 bundle = gmem1 offset = off max_read_burst_length = 16 num_read_outstanding = 8)
#endif
#if HG_STREAM_PIXELS > 0
    HG_PRAGMA(HLS INTERFACE axis port = s_axis_video)
#else
    static hg::VideoStream<hg::Config> s_axis_video("none");
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

    static hg::ProposalState<hg::Config> state;
    const hg::Arguments args = {program, weights, input, output, scratch, report, int(frames),
                                input_stride, output_stride};
    hg::proposal<hg::Config>(state, gmem0,
#if HG_PORTS > 1
                             gmem1,
#else
                             gmem0,
#endif
                             s_axis_video, args);
}
