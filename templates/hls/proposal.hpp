// SPDX-License-Identifier: Apache-2.0
// The proposal engine: image rows to boxes, one pass over the image for all sizes.
#ifndef HG_PROPOSAL_HPP
#define HG_PROPOSAL_HPP

#include "video.hpp"

namespace hg {

// Memories that outlive a start; none of them is ever cleared.
template <class C>
struct ProposalState {
    RowCache<C> cache;
    PixelLine<C> pixels[C::LineDepth];
    ValueLine<C> values[C::LineDepth];
    typename Suppression<C>::Line scores[C::LineDepth];
    Limit<C> limit;
    TopBank<C> top;
    ProposalTables<C> tables;
};

// The rows of all frames that come by one port.
template <class C>
void read_rows(const port_t *gmem, const Arguments &args, const ProposalHeader &header, int port,
               LineBeatStream &line) {
    for (int frame = 0; frame < args.frames; ++frame) {
        for (int y = port; y < header.image.height; y += C::PortsN) {
            const std::uint64_t row = args.input + std::uint64_t(frame) * args.input_stride +
                                      std::uint64_t(y) * std::uint64_t(header.row_bytes);
            for (int b = 0; b < header.row_beats; ++b) {
                HG_PRAGMA(HLS PIPELINE II = 1)
                line.write(read_beat(gmem, row + std::uint64_t(8 * b)));
            }
        }
    }
}

template <class C>
void run_proposal(ProposalState<C> &state, port_t *gmem0, const port_t *gmem1, VideoStream<C> &video,
                  const Arguments &args, const ProposalHeader &header, VideoEnd &end) {
    const ProposalTables<C> &tables = state.tables;
    const beat_t beats = tables.frame_beats * beat_t(args.frames);
    const SourceRows<C> rows(state.cache, header.image.width, header.image.height, header.row_beats);
    LineBeatStream even("even rows");
    LineBeatStream odd("odd rows");
    PixelStream<C> resized("resized");
    PixelStream<C> converted("converted");
    GradientStream<C> gradients("gradients");
    ScoreStream<C> scores("scores");
    CandidateStream<C> candidates("candidates");
    LimitedStream<C> limited("limited");
    ValuedStream<C> valued("valued");
    BestStream<C> best("best");
#ifdef __SYNTHESIS__
    HG_PRAGMA(HLS DATAFLOW)
#define HG_PROCESS(name, call) call
#else
    Dataflow dataflow;
#define HG_PROCESS(name, call) dataflow.process(name, [&]() { call; })
#endif
    if (C::StreamPixelsN > 0) {
        HG_PROCESS("video", read_video<C>(video, header.image, args.frames, even, end));
    } else {
        HG_PROCESS("rows 0", read_rows<C>(gmem0, args, header, 0, even));
    }
    if (C::PortsN > 1) HG_PROCESS("rows 1", read_rows<C>(gmem1, args, header, 1, odd));
    HG_PROCESS("resize", resize<C>(even, odd, resized, state.cache, tables.column, tables.size, tables.job,
                                   header.jobs, rows, args.frames));
    HG_PROCESS("colour", colour<C>(resized, converted, header.space, beats));
    HG_PROCESS("gradient", gradient<C>(converted, gradients, state.pixels, header.space, beats));
    HG_PROCESS("score", score<C>(gradients, scores, state.values, header.filter, beats));
    HG_PROCESS("suppress", suppress<C>(scores, candidates, state.scores, beats));
    HG_PROCESS("limit", state.limit.run(candidates, limited, args.frames));
    HG_PROCESS("calibrate", calibrate<C>(limited, valued, tables.line, args.frames));
    HG_PROCESS("top", top<C>(valued, best, state.top, args.frames));
    HG_PROCESS("boxes", boxes<C>(best, gmem0, tables.window, header.image, args));
#undef HG_PROCESS
#ifndef __SYNTHESIS__
    dataflow.run();
#endif
}

template <class C>
beat_t proposal_capabilities() {
    return beat_t(C::LanesN) | beat_t(C::PortsN) << 8 | beat_t(C::StreamPixelsN) << 12 |
           beat_t(C::AttemptsN) << 16 | beat_t(C::SizesN) << 24 | beat_t(C::LimitN) << 32 |
           beat_t(C::TopK) << 48;
}

template <class C>
void proposal(ProposalState<C> &state, port_t *gmem0, const port_t *gmem1, VideoStream<C> &video,
              const Arguments &args) {
    const ProposalHeader header = read_proposal_header(gmem0, args.program);
    int index = 0;
    Status status = read_proposal<C>(gmem0, header, state.tables, index);
    const bool run = status == STATUS_GOOD && header.sizes != 0 && args.frames > 0;
    VideoEnd end = {-1, run ? args.frames : 0};
    if (run) run_proposal<C>(state, gmem0, gmem1, video, args, header, end);
    if (end.row >= 0) {
        status = STATUS_STREAM;
        index = end.row;
    }
    write_report(gmem0, args.report, C::LayoutHash, status, index, end.frames, proposal_capabilities<C>());
}

}  // namespace hg

#endif
