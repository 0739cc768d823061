// SPDX-License-Identifier: Apache-2.0
// Maximum pooling (formats §6, POOL): codes as stored grow with their values, so the maximum over the
// valid taps starts at 0 and needs no sign.
#ifndef HG_POOL_HPP
#define HG_POOL_HPP

#include "writer.hpp"

namespace hg {

// Codes of a tap, put together from their planes.
template <class C>
struct PoolCodes {
    std::int32_t code[C::PixelsN][Params<C>::GroupLanesN] = {};
};

template <class C>
void pool_plane(const Window<C> &window, int plane, PoolCodes<C> &codes) {
    HG_PRAGMA(HLS INLINE)
    for (int sub = 0; sub < Params<C>::SlicesN; ++sub) {
        HG_PRAGMA(HLS UNROLL)
        Acts<C> acts;
        window.slice(sub, acts);
        for (int j = 0; j < C::PixelsN; ++j) {
            HG_PRAGMA(HLS UNROLL)
            for (int n = 0; n < C::LanesN; ++n) {
                HG_PRAGMA(HLS UNROLL)
                codes.code[j][sub * C::LanesN + n] |= std::int32_t(acts.code[n][j]) << (C::ActBits * plane);
            }
        }
    }
}

template <class C>
void pool_step(const Window<C> &window, const PoolCodes<C> &codes, TileValues<C> &values) {
    HG_PRAGMA(HLS INLINE)
    for (int j = 0; j < C::PixelsN; ++j) {
        HG_PRAGMA(HLS UNROLL)
        for (int l = 0; l < Params<C>::GroupLanesN; ++l) {
            HG_PRAGMA(HLS UNROLL)
            std::int32_t &most = values.value[j][l];
            if (window.valid[j] && codes.code[j][l] > most) most = codes.code[j][l];
        }
    }
}

// The maxima of one channel group for one tile, in lanes 0..G-1 of `values`.
template <class C>
void pool_tile(const ActMem<C> &mem, const ComputeFields &d, const Tap (&taps)[C::TapsN],
               const Tile<C> &tile, int group, TileValues<C> &values) {
    for (int j = 0; j < C::PixelsN; ++j) {
        for (int l = 0; l < Params<C>::GroupLanesN; ++l) values.value[j][l] = 0;
    }
    for (int i = 0; i < d.taps; ++i) {
        HG_PRAGMA(HLS PIPELINE II = 1)  // a second plane takes a second cycle
        Window<C> window;
        PoolCodes<C> codes;
        for (int plane = Params<C>::AddPlanesN - 1; plane >= 0; --plane) {
            if (plane >= d.planes) continue;
            window.aim(taps[i], tile, d.skew && plane == 1 ? Params<C>::BanksN / 2 : 0);
            window.read(mem, taps[i], plane, group, 0);
            pool_plane<C>(window, plane, codes);
        }
        pool_step<C>(window, codes, values);
    }
}

// Writes a group's maxima.
template <class C>
void pool_write(ActMem<C> &mem, const ComputeFields &d, const Tile<C> &tile, int group,
                const TileValues<C> &values) {
    bool all[Params<C>::GroupLanesN];
    for (int l = 0; l < Params<C>::GroupLanesN; ++l) all[l] = true;
    for (int j = 0; j < C::PixelsN; ++j) {
        if (!tile.inside(j, d) || group >= d.out_groups) continue;
        for (int plane = 0; plane < output_planes<C>(d.kind); ++plane) {
            const Place place = place_of<C>(output_layout(d, group, plane), tile.oy[j], tile.ox[j]);
            write_group<C>(mem, place, plane, false, values.value[j], all);
        }
        for (int l = 0; l < Params<C>::GroupLanesN; ++l) {
            HG_WATCH(put(0, group * Params<C>::GroupLanesN + l, tile.oy[j], tile.ox[j],
                         values.value[j][l]));
        }
    }
}

}  // namespace hg

#endif
