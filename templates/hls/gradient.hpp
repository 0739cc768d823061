// SPDX-License-Identifier: Apache-2.0
// Magnitude of the gradient of row Y - 1 while row Y of a map comes in.
//
//   BGR, grey: inner max_c |p[+1] - p[-1]|; border 2 max_c |p - neighbour|
//   HSV:       inner floor(sum_c |p[+1] - p[-1]| / 2); border sum_c |p - neighbour|
//   g = min(across + down, 255)
#ifndef HG_GRADIENT_HPP
#define HG_GRADIENT_HPP

#include "colour.hpp"

namespace hg {

// The two older rows of a beat's columns.
template <class C>
struct PixelLine {
    uint<24> newer[C::LanesN];  // row Y - 1
    uint<24> older[C::LanesN];
};

// Difference along one axis; where a neighbour is missing the pixel itself stands for it.
inline int difference(int before, int pixel, int behind, bool has_before, bool has_behind, bool summed) {
    HG_PRAGMA(HLS INLINE)
    const int from = has_before ? before : pixel;
    const int to = has_behind ? behind : pixel;
    int total = 0;
    int most = 0;
    for (int c = 0; c < 3; ++c) {
        HG_PRAGMA(HLS UNROLL)
        const int step = channel(to, c) - channel(from, c);
        const int size = step < 0 ? -step : step;
        total += size;
        most = size > most ? size : most;
    }
    const bool inner = has_before && has_behind;
    if (summed) return inner ? total >> 1 : total;
    return inner ? most : 2 * most;
}

// What is known of a beat that waits for its right neighbour.
template <class C>
struct HeldPixels {
    Tag tag;
    int above[C::LanesN];
    int middle[C::LanesN];
    int below[C::LanesN];
    int left;  // the pixel before lane 0
};

template <class C>
void gradient_beat(const HeldPixels<C> &held, int right, bool summed, GradientBeat<C> &beat) {
    HG_PRAGMA(HLS INLINE)
    const int row = int(held.tag.row) - 1;
    const bool valid = in_map(held.tag, row);
    beat.tag = held.tag;
    for (int lane = 0; lane < C::LanesN; ++lane) {
        HG_PRAGMA(HLS UNROLL)
        const int x = int(held.tag.x) + lane;
        const int before = lane == 0 ? held.left : held.middle[lane == 0 ? 0 : lane - 1];
        const bool last = lane == C::LanesN - 1;
        const int behind = last ? right : held.middle[last ? lane : lane + 1];
        const int across = difference(before, held.middle[lane], behind, x > 0,
                                      x + 1 < int(held.tag.width), summed);
        const int down = difference(held.above[lane], held.middle[lane], held.below[lane], row > 0,
                                    row + 1 < int(held.tag.height), summed);
        const int found = valid ? smaller(across + down, 255) : 0;
        beat.value[lane] = uint<8>(found);
        if (valid && in_row(held.tag, x)) HG_PROBE(put(PROBE_GRADIENT, found));
    }
}

// A beat goes out when the next one is there: one of look-ahead, also at the end of a row.
template <class C>
void gradient(PixelStream<C> &source, GradientStream<C> &sink, PixelLine<C> (&line)[C::LineDepth],
              int space, beat_t beats) {
    HeldPixels<C> held = HeldPixels<C>();
    held.tag = idle_tag(false);
    for (beat_t i = 0; i <= beats; ++i) {
        HG_PRAGMA(HLS PIPELINE II = 1)
        HG_PRAGMA(HLS DEPENDENCE variable = line inter distance = 16 true)
        HeldPixels<C> next = HeldPixels<C>();
        next.tag = idle_tag(false);
        next.left = held.middle[C::LanesN - 1];
        if (i < beats) {
            const PixelBeat<C> beat = source.read();
            next.tag = beat.tag;
            if (int(beat.tag.kind) != JOB_IDLE) {
                PixelLine<C> &word = line[int(beat.tag.line)];
                const PixelLine<C> old = word;
                for (int lane = 0; lane < C::LanesN; ++lane) {
                    HG_PRAGMA(HLS UNROLL)
                    next.above[lane] = int(old.older[lane]);
                    next.middle[lane] = int(old.newer[lane]);
                    next.below[lane] = int(beat.pixel[lane]);
                    word.older[lane] = old.newer[lane];
                    word.newer[lane] = beat.pixel[lane];
                }
            }
        }
        if (i > 0) {
            GradientBeat<C> out;
            gradient_beat<C>(held, next.middle[0], space == SPACE_HSV, out);
            if (held.tag.end) HG_PROBE(end(PROBE_GRADIENT));
            sink.write(out);
        }
        held = next;
    }
}

}  // namespace hg

#endif
