// SPDX-License-Identifier: Apache-2.0
// Beats of the proposal engine's stream (docs/spec/proposals.md §3): LanesN pixels of one row of one
// size, and a tag that goes with them through all stages unchanged.
//
// A configuration C is a struct of constants: WidthMax HeightMax LanesN PortsN AttemptsN LimitN TopK
// SizesN LineDepth JobsDepth CacheRowsN SpacingN MapBitsX MapBitsY ScoreW ValueW CalibrateShift (int)
// and LayoutHash (uint64_t).
#ifndef HG_BEAT_HPP
#define HG_BEAT_HPP

#include "probe.hpp"
#include "stream.hpp"

namespace hg {

enum JobKind { JOB_PIXELS = 0, JOB_PUSH = 1, JOB_IDLE = 2 };
enum Space { SPACE_BGR = 0, SPACE_HSV = 1, SPACE_GRAY = 2 };

constexpr int WINDOW = 8;       // pixels of a side of the filter
constexpr int WINDOW_LAG = 7;   // a score stands at the lower right pixel of its window
constexpr int SIZES_MAX = 36;   // sizes of a model
constexpr int MIN_GAP = 32;     // beats at least between starts of a size's rows
constexpr int BEATS_DEPTH = 64; // of the streams between stages

// A beat of an idle job has nothing but its kind.
struct Tag {
    uint<2> kind;
    uint<6> slot;
    uint<12> row;     // of the job; counts on over push jobs
    uint<12> x;       // column of lane 0
    uint<14> line;    // address in the line memories
    uint<12> width;   // of the map
    uint<12> height;
    bool end;         // the frame's last beat
};

inline Tag idle_tag(bool end) {
    const Tag tag = {JOB_IDLE, 0, 0, 0, 0, 0, 0, end};
    return tag;
}

template <class C>
struct PixelBeat {
    Tag tag;
    uint<24> pixel[C::LanesN];
};

template <class C>
struct GradientBeat {
    Tag tag;
    uint<8> value[C::LanesN];
};

template <class C>
struct ScoreBeat {
    Tag tag;
    sint<C::ScoreW> score[C::LanesN];
};

template <class C>
using PixelStream = stream<PixelBeat<C>, BEATS_DEPTH>;
template <class C>
using GradientStream = stream<GradientBeat<C>, BEATS_DEPTH>;
template <class C>
using ScoreStream = stream<ScoreBeat<C>, BEATS_DEPTH>;

// Whether a beat brings row `row` of the map.
inline bool in_map(const Tag &tag, int row) {
    HG_PRAGMA(HLS INLINE)
    return int(tag.kind) != JOB_IDLE && row >= 0 && row < int(tag.height);
}

inline bool in_row(const Tag &tag, int x) {
    HG_PRAGMA(HLS INLINE)
    return x >= 0 && x < int(tag.width);
}

}  // namespace hg

#endif
