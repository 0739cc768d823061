// SPDX-License-Identifier: Apache-2.0
// Requantisation of accumulators to codes, and the way back from slots to channels (formats §5).
//
//   x = acc + bias; xs = x saturated to 25 bits
//   v = xs * mult + 2^(shift-1) + (xs < 0 ? off_neg : off_pos)
//   y = v >> shift, less 1 when tie_even, v's low bits are 0 and y[0] is not tie_parity
//   u = min(max(y saturated to 16 bits + z, lo), hi)
#ifndef HG_REQUANT_HPP
#define HG_REQUANT_HPP

#include "array.hpp"

namespace hg {

constexpr int XS_BITS = 25;
constexpr int Y_BITS = 16;

struct RowRecord {
    std::int32_t bias;
    std::uint32_t mult;
    std::int32_t off_pos, off_neg;
    std::int32_t z, lo, hi;
    int shift;
    bool tie_even;
    int tie_parity;
    int sg, xl, dg;
    bool dv;

    RowRecord() {}
    explicit RowRecord(const Record &r)
        : bias(std::int32_t(signed_field(r.beat[0], 31, 0))),
          mult(std::uint32_t(field(r.beat[0], 63, 32))),
          off_pos(std::int32_t(signed_field(r.beat[1], 31, 0))),
          off_neg(std::int32_t(signed_field(r.beat[1], 63, 32))),
          z(std::int32_t(signed_field(r.beat[2], 23, 8))), lo(std::int32_t(field(r.beat[2], 31, 24))),
          hi(std::int32_t(field(r.beat[2], 39, 32))), shift(int(field(r.beat[2], 5, 0))),
          tie_even(flag(r.beat[2], 6)), tie_parity(flag(r.beat[2], 7) ? 1 : 0),
          sg(int(field(r.beat[2], 43, 40))), xl(int(field(r.beat[2], 47, 44))),
          dg(int(field(r.beat[2], 51, 48))), dv(flag(r.beat[2], 52)) {}
};

// The records of a block, step-major.
template <class C>
struct Rows {
    Flags<C> flags;
    RowRecord row[Params<C>::RowsN];
};

template <class C>
using RecordRing = Ring<Record, Record, C::RecordDepth>;

struct KeepRecord {
    void operator()(const Record &from, Record &to) const { to = from; }
};

// Reads a block's records, `first` entries behind the ring's base.
template <class C>
void read_rows(RecordRing<C> &ring, RecordStream<C> &source, int first, Rows<C> &rows) {
    const Record header = ring.get(source, first, KeepRecord());
    for (int t = 0; t < Params<C>::RowsN; ++t) {
        rows.flags.sp2[t] = flag(header.beat[t >> 6], t & 63);
    }
    for (int i = 0; i < Params<C>::RowsN; ++i) {
        HG_PRAGMA(HLS PIPELINE II = 1)
        rows.row[i] = RowRecord(ring.get(source, first + 1 + i, KeepRecord()));
    }
}

inline std::int64_t scaled(std::int64_t x, const RowRecord &r) {
    HG_PRAGMA(HLS INLINE)
    const std::int64_t limit = std::int64_t(1) << (XS_BITS - 1);
    const std::int64_t xs = clamped<std::int64_t>(x, -limit, limit - 1);
    const std::int64_t half = r.shift > 0 ? std::int64_t(1) << (r.shift - 1) : 0;
    const std::int64_t v = xs * std::int64_t(r.mult) + half + (xs < 0 ? r.off_neg : r.off_pos);
    const std::int64_t y = v >> r.shift;
    const std::int64_t rest = v & ((std::int64_t(1) << r.shift) - 1);
    const bool tie = r.tie_even && r.shift > 0 && rest == 0 && int(y & 1) != r.tie_parity;
    return tie ? y - 1 : y;
}

// Code of accumulator plus bias, as stored.
inline std::int32_t requantised(std::int64_t x, const RowRecord &r) {
    HG_PRAGMA(HLS INLINE)
    const std::int64_t limit = std::int64_t(1) << (Y_BITS - 1);
    const std::int64_t y = clamped<std::int64_t>(scaled(x, r), -limit, limit - 1);
    return clamped<std::int32_t>(std::int32_t(y) + r.z, r.lo, r.hi);
}

// The values of a tile by channel of the block: codes, or 32-bit sums in raw layers.
template <class C>
struct TileValues {
    std::int32_t value[C::PixelsN][Params<C>::RowsN];
    bool written[Params<C>::RowsN];
};

template <class C>
void requant(const Array<C> &array, const Rows<C> &rows, bool raw, TileValues<C> &out) {
    constexpr int G = Params<C>::GroupLanesN;
    for (int t = 0; t < Params<C>::RowsN; ++t) {
        out.written[t] = false;
        for (int j = 0; j < C::PixelsN; ++j) out.value[j][t] = 0;
    }
    for (int j = 0; j < C::PixelsN; ++j) {
        for (int i = 0; i < Params<C>::RowGroupsN; ++i) {
            HG_PRAGMA(HLS PIPELINE II = 1)
            std::int32_t step[G];
            HG_PRAGMA(HLS ARRAY_PARTITION variable = step complete)
            for (int l = 0; l < G; ++l) {
                HG_PRAGMA(HLS UNROLL)
                const RowRecord &r = rows.row[i * G + l];
                const int slot = (r.sg * G + l) % Params<C>::RowsN;
                const std::int64_t x = std::int64_t(array.sum(slot, j)) + r.bias;
                step[l] = raw ? std::int32_t(x) : requantised(x, r);
            }
            for (int l = 0; l < G; ++l) {
                HG_PRAGMA(HLS UNROLL)
                const RowRecord &r = rows.row[i * G + l];
                if (!r.dv) continue;
                const int channel = (r.dg * G + l) % Params<C>::RowsN;
                out.value[j][channel] = step[r.xl % G];
                out.written[channel] = true;
            }
        }
    }
}

}  // namespace hg

#endif
