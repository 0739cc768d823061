// SPDX-License-Identifier: Apache-2.0
// Residual add of two codes by two tables (formats §5): rounding and zero points are in the entries.
//
//   y = (first[u1] + second[u2]) >> 25, less 1 on a tie of the wrong parity; code = clamp(y, lo, hi)
//
// With WideCodes a code has two planes, and its table is the sum of one for each of them.
#ifndef HG_ADD_HPP
#define HG_ADD_HPP

#include "requant.hpp"

namespace hg {

constexpr int ADD_SHIFT = 25;

template <class C>
struct Tables {
    std::int64_t entry[2][Params<C>::TableN];  // 36 bits, signed; of each plane the one behind the other

    // What a code of an operand adds to the sum.
    std::int64_t part(int operand, int code) const {
        HG_PRAGMA(HLS INLINE)
        std::int64_t sum = 0;
        for (int plane = 0; plane < Params<C>::AddPlanesN; ++plane) {
            HG_PRAGMA(HLS UNROLL)
            const int own = (code >> (C::ActBits * plane)) & (Params<C>::CodesN - 1);
            sum += entry[operand][Params<C>::CodesN * plane + own];
        }
        return sum;
    }
};

template <class C>
void read_tables(RecordRing<C> &ring, RecordStream<C> &source, Tables<C> &tables) {
    for (int i = 0; i < Params<C>::TableRecordsN; ++i) {
        const Record record = ring.get(source, i, KeepRecord());
        for (int b = 0; b < 3; ++b) {
            HG_PRAGMA(HLS PIPELINE II = 1)
            const int at = 3 * i + b;
            if (at < 2 * Params<C>::TableN) {
                tables.entry[at / Params<C>::TableN][at % Params<C>::TableN] =
                    signed_field(record.beat[b], 35, 0);
            }
        }
    }
}

inline std::int32_t added(std::int64_t sum, const ComputeFields &d) {
    HG_PRAGMA(HLS INLINE)
    std::int64_t y = sum >> ADD_SHIFT;
    const std::int64_t rest = sum & ((std::int64_t(1) << ADD_SHIFT) - 1);
    if (d.tie_even && rest == 0 && int(y & 1) != d.tie_parity) --y;
    return std::int32_t(clamped<std::int64_t>(y, d.lo, d.hi));
}

// The residual tensor has s = 1 and the pitch of this layer, so its q is the pixel's number o.
template <class C>
beat_t residual_beat(const ActMem<C> &mem, const ComputeFields &d, int o, int cg, int plane) {
    HG_PRAGMA(HLS INLINE)
    const int address =
        d.res_base + cg * d.res_cg + plane * d.res_plane + (o >> Params<C>::BankBits);
    HG_CHECK(address < C::ActDepth, "the activation memory (residual)", address);
    return mem.bank[o & (Params<C>::BanksN - 1)][wrapped<C>(address)];
}

// Adds the residual of block `block` to a tile's codes.
template <class C>
void add(const ActMem<C> &mem, const ComputeFields &d, const Tables<C> &tables, const Tile<C> &tile,
         int block, TileValues<C> &values) {
    constexpr int G = Params<C>::GroupLanesN;
    const int planes = C::WideCodes != 0 && d.res_two_planes ? 2 : 1;
    for (int j = 0; j < C::PixelsN; ++j) {
        if (!tile.inside(j, d)) continue;
        for (int g = 0; g < Params<C>::RowGroupsN; ++g) {
            HG_PRAGMA(HLS PIPELINE II = 1)  // a second plane takes a second cycle
            const int cg = block * Params<C>::RowGroupsN + g;
            if (cg >= d.out_groups) continue;
            beat_t residual[Params<C>::AddPlanesN] = {};
            for (int plane = 0; plane < planes; ++plane) {
                residual[plane] = residual_beat<C>(mem, d, tile.first + j, cg, plane);
            }
            for (int l = 0; l < G; ++l) {
                HG_PRAGMA(HLS UNROLL)
                const int channel = g * G + l;
                if (!values.written[channel]) continue;
                int u2 = 0;
                for (int plane = 0; plane < Params<C>::AddPlanesN; ++plane) {
                    HG_PRAGMA(HLS UNROLL)
                    const beat_t own = field(residual[plane], C::ActBits * (l + 1) - 1, C::ActBits * l);
                    u2 |= int(own) << (C::ActBits * plane);
                }
                const std::int64_t sum = tables.part(0, values.value[j][channel]) + tables.part(1, u2);
                values.value[j][channel] = added(sum, d);
            }
        }
    }
}

}  // namespace hg

#endif
