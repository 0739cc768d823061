// SPDX-License-Identifier: Apache-2.0
// The writer: a tile's values into the activation memory, in the layout its readers want (formats §2).
#ifndef HG_WRITER_HPP
#define HG_WRITER_HPP

#include "requant.hpp"

namespace hg {

inline Layout output_layout(const ComputeFields &d, int cg, int plane) {
    HG_PRAGMA(HLS INLINE)
    const Layout layout = {d.out_base + cg * d.out_cg + plane * d.out_plane, d.out_phase, d.out_pitch,
                           d.out_s, d.out_off_step};
    return layout;
}

template <class C>
int output_planes(int kind) {
    return kind == KIND_CODES ? 1 : (kind == KIND_TWO_PLANES ? 2 : Params<C>::RawPlanesN);
}

// One beat: bits [AB*plane +: AB] of G values; `merge` keeps the lanes that were not written.
template <class C>
void write_group(ActMem<C> &mem, const Place &place, int plane, bool merge, const std::int32_t *values,
                 const bool *written) {
    HG_PRAGMA(HLS INLINE)
    HG_CHECK(place.address < C::ActDepth, "the activation memory (writer)", place.address);
    beat_t &cell = mem.bank[place.bank][wrapped<C>(place.address)];
    const beat_t mask = beat_t(Params<C>::CodesN - 1);
    beat_t beat = merge ? cell : 0;
    for (int l = 0; l < Params<C>::GroupLanesN; ++l) {
        HG_PRAGMA(HLS UNROLL)
        if (!written[l]) continue;
        const int at = C::ActBits * l;
        const beat_t code = beat_t(std::uint32_t(values[l]) >> (C::ActBits * plane)) & mask;
        beat = (beat & ~(mask << at)) | code << at;
    }
    cell = beat;
}

template <class C>
void watch(const ComputeFields &d, const Tile<C> &tile, int block, int which,
           const TileValues<C> &values) {
    (void)block;  // used by the monitor alone
    (void)which;
    for (int j = 0; j < C::PixelsN; ++j) {
        if (!tile.inside(j, d)) continue;
        for (int t = 0; t < Params<C>::RowsN; ++t) {
            if (!values.written[t]) continue;
            HG_WATCH(put(which, block * Params<C>::RowsN + t, tile.oy[j], tile.ox[j],
                         values.value[j][t]));
        }
    }
}

// Writes the tile of block `block`; pixels behind the map's edges are dropped.
template <class C>
void write_tile(ActMem<C> &mem, const ComputeFields &d, const Tile<C> &tile, int block,
                const TileValues<C> &values) {
    constexpr int G = Params<C>::GroupLanesN;
    for (int j = 0; j < C::PixelsN; ++j) {
        if (!tile.inside(j, d)) continue;
        for (int plane = 0; plane < output_planes<C>(d.kind); ++plane) {
            for (int g = 0; g < Params<C>::RowGroupsN; ++g) {
                HG_PRAGMA(HLS PIPELINE II = 2)
                const int cg = block * Params<C>::RowGroupsN + g;
                if (cg >= d.out_groups) continue;
                const Place place = place_of<C>(output_layout(d, cg, plane), tile.oy[j], tile.ox[j]);
                write_group<C>(mem, place, plane, d.merge, values.value[j] + g * G,
                               values.written + g * G);
            }
        }
    }
}

}  // namespace hg

#endif
