// SPDX-License-Identifier: Apache-2.0
// Colour space of resized pixels: BGR as it is, HSV or grey, equal to OpenCV's cvtColor of 8 bits.
#ifndef HG_COLOUR_HPP
#define HG_COLOUR_HPP

#include "resize.hpp"

namespace hg {

constexpr int HSV_SHIFT = 12;
constexpr int GRAY_SHIFT = 15;
constexpr int HUE_RANGE = 180;

// round(top * 2^12 / divisor), ties to even; entry 0 is 0.
inline int reciprocal(int top, int divisor) {
    if (divisor == 0) return 0;
    const int whole = (top << HSV_SHIFT) / divisor;
    const int rest = 2 * ((top << HSV_SHIFT) % divisor);
    return whole + (rest > divisor || (rest == divisor && whole % 2 == 1) ? 1 : 0);
}

struct Reciprocals {
    int saturation[256];
    int hue[256];

    Reciprocals() {
        for (int i = 0; i < 256; ++i) {
            saturation[i] = reciprocal(255, i);
            hue[i] = reciprocal(HUE_RANGE, 6 * i);
        }
    }
};

inline int hsv(int pixel, const Reciprocals &table) {
    HG_PRAGMA(HLS INLINE)
    const int blue = channel(pixel, 0);
    const int green = channel(pixel, 1);
    const int red = channel(pixel, 2);
    const int least = smaller(blue, smaller(green, red));
    const int value = -smaller(-blue, smaller(-green, -red));
    const int spread = value - least;
    const int half = 1 << (HSV_SHIFT - 1);
    const int saturation = (spread * table.saturation[value] + half) >> HSV_SHIFT;
    int sector = red - green + 4 * spread;
    if (value == red) {
        sector = green - blue;
    } else if (value == green) {
        sector = blue - red + 2 * spread;
    }
    int hue = (sector * table.hue[spread] + half) >> HSV_SHIFT;
    if (hue < 0) hue += HUE_RANGE;
    return hue | saturation << 8 | value << 16;
}

inline int gray(int pixel) {
    HG_PRAGMA(HLS INLINE)
    const int sum = 3735 * channel(pixel, 0) + 19235 * channel(pixel, 1) + 9798 * channel(pixel, 2);
    return (sum + (1 << (GRAY_SHIFT - 1))) >> GRAY_SHIFT;
}

template <class C>
void colour(PixelStream<C> &source, PixelStream<C> &sink, int space, beat_t beats) {
    static const Reciprocals table;
    for (beat_t i = 0; i < beats; ++i) {
        HG_PRAGMA(HLS PIPELINE II = 1)
        PixelBeat<C> beat = source.read();
        for (int lane = 0; lane < C::LanesN; ++lane) {
            HG_PRAGMA(HLS UNROLL)
            const int pixel = int(beat.pixel[lane]);
            const int found = space == SPACE_HSV ? hsv(pixel, table) : space == SPACE_GRAY ? gray(pixel) : pixel;
            beat.pixel[lane] = uint<24>(found);
            if (int(beat.tag.kind) == JOB_PIXELS && in_row(beat.tag, int(beat.tag.x) + lane)) {
                HG_PROBE(put(PROBE_COLOUR, found));
            }
        }
        if (beat.tag.end) HG_PROBE(end(PROBE_COLOUR));
        sink.write(beat);
    }
}

}  // namespace hg

#endif
