// SPDX-License-Identifier: Apache-2.0
// The activation memory: B banks of D beats, and where a pixel lies in it (formats §2).
#ifndef HG_ACTMEM_HPP
#define HG_ACTMEM_HPP

#include "monitor.hpp"
#include "params.hpp"

namespace hg {

template <class C>
struct ActMem {
    beat_t bank[Params<C>::BanksN][C::ActDepth];
};

// Where the pixels of one channel group lie.
struct Layout {
    int base;
    int phase_stride;
    int pitch;
    int s;
    int off_step;
};

struct Place {
    int bank;
    int address;  // before wrapping at the depth
};

// Pixel (y, x): phase = (y mod s)*s + (x mod s), q = (y div s)*pitch + (x div s) + (x mod s)*off_step.
template <class C>
Place place_of(const Layout &layout, int y, int x) {
    HG_PRAGMA(HLS INLINE)
    const int ys = y % layout.s;
    const int xs = x % layout.s;
    const int q = (y / layout.s) * layout.pitch + x / layout.s + xs * layout.off_step;
    const int phase = ys * layout.s + xs;
    const Place place = {q & (Params<C>::BanksN - 1),
                         layout.base + phase * layout.phase_stride + (q >> Params<C>::BankBits)};
    return place;
}

// Addresses count modulo the depth; only pixels outside a map ever need it.
template <class C>
int wrapped(int address) {
    HG_PRAGMA(HLS INLINE)
    const int rest = address % C::ActDepth;
    return rest < 0 ? rest + C::ActDepth : rest;
}

}  // namespace hg

#endif
