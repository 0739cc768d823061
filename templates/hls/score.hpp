// SPDX-License-Identifier: Apache-2.0
// Score of the 8x8 window whose lower right pixel is a beat's column X of gradient row Y - 1.
//
//   A_j = sum of the window's g >> 4 with the signs of basis j;  score = c_0 A_0 + c_1 A_1
#ifndef HG_SCORE_HPP
#define HG_SCORE_HPP

#include "gradient.hpp"

namespace hg {

constexpr int VALUE_BITS = 4;  // of the gradient that the filter sees

struct Filter {
    beat_t basis[2];  // 1 is +1, upper left weight in bit 63, row by row
    int coefficient[2];
};

// Seven older rows of a beat's columns, the oldest in the most significant bits.
template <class C>
struct ValueLine {
    uint<28> value[C::LanesN];
};

// Whether the score at X of a beat is one of its map.
inline bool scored(const Tag &tag, int x) {
    HG_PRAGMA(HLS INLINE)
    return in_map(tag, int(tag.row) - 1 - WINDOW_LAG) && int(tag.row) <= int(tag.height) &&
           x >= WINDOW_LAG && x < int(tag.width);
}

// `columns` are the window's eight, each with its oldest row in the most significant bits.
template <class C>
int window_score(const uint<32> *columns, const Filter &filter) {
    HG_PRAGMA(HLS INLINE)
    int sum[2] = {0, 0};
    for (int x = 0; x < WINDOW; ++x) {
        HG_PRAGMA(HLS UNROLL)
        for (int y = 0; y < WINDOW; ++y) {
            HG_PRAGMA(HLS UNROLL)
            const int value = int(field(beat_t(columns[x]), 31 - VALUE_BITS * y, 28 - VALUE_BITS * y));
            for (int j = 0; j < 2; ++j) {
                HG_PRAGMA(HLS UNROLL)
                sum[j] += flag(filter.basis[j], 63 - WINDOW * y - x) ? value : -value;
            }
        }
    }
    return filter.coefficient[0] * sum[0] + filter.coefficient[1] * sum[1];
}

template <class C>
void score(GradientStream<C> &source, ScoreStream<C> &sink, ValueLine<C> (&line)[C::LineDepth],
           const Filter &filter, beat_t beats) {
    uint<32> columns[WINDOW_LAG + C::LanesN] = {};
    HG_PRAGMA(HLS ARRAY_PARTITION variable = columns complete)
    for (beat_t i = 0; i < beats; ++i) {
        HG_PRAGMA(HLS PIPELINE II = 1)
        HG_PRAGMA(HLS DEPENDENCE variable = line inter distance = 16 true)
        const GradientBeat<C> beat = source.read();
        ScoreBeat<C> out;
        out.tag = beat.tag;
        for (int k = 0; k < WINDOW_LAG; ++k) {
            HG_PRAGMA(HLS UNROLL)
            columns[k] = columns[k + C::LanesN];
        }
        for (int lane = 0; lane < C::LanesN; ++lane) {
            HG_PRAGMA(HLS UNROLL)
            beat_t column = 0;
            if (int(beat.tag.kind) != JOB_IDLE) {
                uint<28> &older = line[int(beat.tag.line)].value[lane];
                column = beat_t(older) << VALUE_BITS | beat_t(beat.value[lane]) >> VALUE_BITS;
                older = uint<28>(field(column, 27, 0));
            }
            columns[WINDOW_LAG + lane] = uint<32>(column);
        }
        for (int lane = 0; lane < C::LanesN; ++lane) {
            HG_PRAGMA(HLS UNROLL)
            const bool valid = scored(beat.tag, int(beat.tag.x) + lane);
            const int found = valid ? window_score<C>(columns + lane, filter) : 0;
            out.score[lane] = sint<C::ScoreW>(found);
            if (valid) HG_PROBE(put(PROBE_SCORE, found));
        }
        if (beat.tag.end) HG_PROBE(end(PROBE_SCORE));
        sink.write(out);
    }
}

}  // namespace hg

#endif
