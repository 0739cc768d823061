// SPDX-License-Identifier: Apache-2.0
// Corners in the image of the best points, written best first.
//
//   x1 = px * step_x + 1;  x2 = min(px * step_x + width, image width);  the same for y
#ifndef HG_BOXES_HPP
#define HG_BOXES_HPP

#include "calibrate.hpp"
#include "report.hpp"

namespace hg {

constexpr int BURST_RECORDS = 8;  // of one burst of 128 bytes
constexpr int RECORD_BEATS = 2;
constexpr int RECORD_BYTES = 16;

// Window of a size, by its index in the model.
struct SizeWindow {
    int width, height, step_x, step_y;
};

struct ImageSize {
    int width, height;
};

inline void box_record(int index, int x, int y, std::int32_t value, const SizeWindow &size,
                       const ImageSize &image, beat_t (&record)[RECORD_BEATS]) {
    HG_PRAGMA(HLS INLINE)
    const int left = x * size.step_x;
    const int upper = y * size.step_y;
    record[0] = beat_t(left + 1) | beat_t(upper + 1) << 16 |
                beat_t(smaller(left + size.width, image.width)) << 32 |
                beat_t(smaller(upper + size.height, image.height)) << 48;
    record[1] = beat_t(std::uint32_t(value)) | beat_t(index) << 32 | beat_t(1) << 40;
}

// Records come ascending: a burst is filled backwards, bursts go downwards. What the last burst has
// behind TopK is zero.
template <class C>
void boxes(BestStream<C> &source, port_t *gmem, const SizeWindow (&windows)[1 << INDEX_BITS],
           const ImageSize &image, const Arguments &args) {
    typedef TopKey<C> K;
    constexpr int RecordsN = ceil_div(C::TopK, BURST_RECORDS) * BURST_RECORDS;
    for (int frame = 0; frame < args.frames; ++frame) {
        const std::uint64_t output = args.output + std::uint64_t(frame) * args.output_stride;
        const std::uint64_t entry = args.report + REPORT_HEADER_BYTES + REPORT_ENTRY_BYTES * std::uint64_t(frame);
        beat_t valid = 0;
        beat_t points = 0;
        for (int place = RecordsN - 1; place >= 0; --place) {
            HG_PRAGMA(HLS PIPELINE II = 2)
            beat_t record[RECORD_BEATS] = {0, 0};
            if (place < C::TopK) {
                const Best<C> best = source.read();
                points = best.points;
                if (best.valid) {
                    const int index = K::index(best.key);
                    box_record(index, LimitKey<C>::x(best.key), LimitKey<C>::y(best.key),
                               K::value(best.key), windows[index], image, record);
                    ++valid;
                }
            }
            for (int b = 0; b < RECORD_BEATS; ++b) {
                write_beat(gmem, output + std::uint64_t(RECORD_BYTES * place + 8 * b), record[b]);
            }
        }
        for (int i = 0; i < 5; ++i) write_beat(gmem, entry + std::uint64_t(8 * i), 0);
        write_beat(gmem, entry + 40, points);
        write_beat(gmem, entry + 48, beat_t(frame) << 16);
        write_beat(gmem, entry + 56, valid);
    }
}

}  // namespace hg

#endif
