// SPDX-License-Identifier: Apache-2.0
// Calibration of scores, a line a size, and the top k of all sizes.
//
//   value = (score * slope + offset) >> shift
#ifndef HG_CALIBRATE_HPP
#define HG_CALIBRATE_HPP

#include "heap.hpp"

namespace hg {

constexpr int INDEX_BITS = 6;  // of a size among those of the model

struct SizeLine {
    int index;
    std::int64_t slope, offset;
};

// Keys of the top k: value, then the inverted index of the size, then the inverted place.
template <class C>
struct TopKey {
    static constexpr int PlaceBits = LimitKey<C>::PlaceBits;
    static constexpr int LowBits = INDEX_BITS + PlaceBits;
    static constexpr int KeyW = C::ValueW + LowBits;
    static constexpr int IndexMask = (1 << INDEX_BITS) - 1;

    static_assert(KeyW <= 63, "a key of the top k must fit 63 bits");

    static int index(std::int64_t key) { return IndexMask - (int(key >> PlaceBits) & IndexMask); }
    static std::int32_t value(std::int64_t key) { return std::int32_t(key >> LowBits); }
};

// A record of the top k, or nothing; the marker behind a frame counts.
template <class C>
struct Best {
    bool valid;
    std::int64_t key;
    std::uint32_t points;  // of the frame, with every record
};

template <class C>
struct Valued {
    bool end;
    std::int64_t key;
    std::uint32_t points;
};

template <class C>
using ValuedStream = stream<Valued<C>, 16>;
template <class C>
using BestStream = stream<Best<C>, 16>;
template <class C>
using TopBank = HeapBank<1, C::TopK, TopKey<C>::KeyW>;

template <class C>
void calibrate(LimitedStream<C> &source, ValuedStream<C> &sink, const SizeLine (&lines)[C::SizesN],
               int frames) {
    typedef TopKey<C> K;
    for (int frame = 0; frame < frames; ) {
        HG_PRAGMA(HLS PIPELINE II = 1)
        const Limited<C> in = source.read();
        Valued<C> out = {in.end, 0, in.points};
        if (in.end) {
            ++frame;
            HG_PROBE(end(PROBE_CALIBRATE));
        } else {
            const SizeLine &line = lines[int(in.slot)];
            const std::int64_t score = in.key >> K::PlaceBits;
            const std::int64_t value = (score * line.slope + line.offset) >> C::CalibrateShift;
            const std::int64_t place = in.key & LimitKey<C>::PlaceMask;
            const std::int64_t low = std::int64_t(K::IndexMask - line.index) << K::PlaceBits | place;
            out.key = value * (std::int64_t(1) << K::LowBits) + low;
            HG_PROBE(point(PROBE_CALIBRATE, int(in.slot), LimitKey<C>::x(in.key), LimitKey<C>::y(in.key),
                           std::int32_t(value)));
        }
        sink.write(out);
    }
}

// The best points of a frame, ascending; places that stay empty come first.
template <class C>
void top(ValuedStream<C> &source, BestStream<C> &sink, TopBank<C> &bank, int frames) {
    for (int frame = 0; frame < frames; ++frame) {
        Valued<C> in = source.read();
        while (!in.end) {
            bank.accept(0, in.key);
            in = source.read();
        }
        for (int i = 0; i < C::TopK; ++i) {
            Best<C> out = {false, 0, in.points};
            out.valid = bank.take(0, out.key);
            if (out.valid) {
                HG_PROBE(point(PROBE_TOP, TopKey<C>::index(out.key), LimitKey<C>::x(out.key),
                               LimitKey<C>::y(out.key), TopKey<C>::value(out.key)));
            }
            sink.write(out);
        }
        bank.swap();
        HG_PROBE(end(PROBE_TOP));
    }
}

}  // namespace hg

#endif
