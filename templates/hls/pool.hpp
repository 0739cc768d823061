// SPDX-License-Identifier: Apache-2.0
// Maximum pooling (formats §6, POOL): codes as stored grow with their values, so the maximum over the
// valid taps starts at 0 and needs no sign.
#ifndef HG_POOL_HPP
#define HG_POOL_HPP

#include "writer.hpp"

namespace hg {

template <class C>
void pool_step(const Window<C> &window, TileValues<C> &values) {
    HG_PRAGMA(HLS INLINE)
    for (int sub = 0; sub < Params<C>::SlicesN; ++sub) {
        HG_PRAGMA(HLS UNROLL)
        Acts<C> acts;
        window.slice(sub, acts);
        for (int j = 0; j < C::PixelsN; ++j) {
            HG_PRAGMA(HLS UNROLL)
            for (int n = 0; n < C::LanesN; ++n) {
                HG_PRAGMA(HLS UNROLL)
                std::int32_t &most = values.value[j][sub * C::LanesN + n];
                const std::int32_t code = acts.code[n][j];
                if (window.valid[j] && code > most) most = code;
            }
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
        HG_PRAGMA(HLS PIPELINE II = 1)
        Window<C> window;
        window.aim(taps[i], tile, 0);
        window.read(mem, taps[i], 0, group, 0);
        pool_step<C>(window, values);
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
        const Place place = place_of<C>(output_layout(d, group, 0), tile.oy[j], tile.ox[j]);
        write_group<C>(mem, place, 0, false, values.value[j], all);
        for (int l = 0; l < Params<C>::GroupLanesN; ++l) {
            HG_WATCH(put(0, group * Params<C>::GroupLanesN + l, tile.oy[j], tile.ox[j],
                         values.value[j][l]));
        }
    }
}

}  // namespace hg

#endif
