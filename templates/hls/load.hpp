// SPDX-License-Identifier: Apache-2.0
// LOAD: runs of rows*width contiguous beats of a buffer, placed in the activation memory (formats §6).
#ifndef HG_LOAD_HPP
#define HG_LOAD_HPP

#include "actmem.hpp"
#include "program.hpp"

namespace hg {

inline Layout layout_of(const MoveFields &d, int run) {
    HG_PRAGMA(HLS INLINE)
    const Layout layout = {d.base + run * d.run_stride, d.phase_stride, d.pitch, d.s, d.off_step};
    return layout;
}

template <class C>
void load(const port_t *gmem, std::uint64_t buffer, const MoveFields &d, ActMem<C> &mem) {
    for (int run = 0; run < d.runs; ++run) {
        const Layout layout = layout_of(d, run);
        std::uint64_t address = buffer + d.offset + std::uint64_t(run) * d.run_bytes;
        for (int y = 0; y < d.rows; ++y) {
            for (int x = 0; x < d.width; ++x) {
                HG_PRAGMA(HLS PIPELINE II = 1)
                const Place place = place_of<C>(layout, y, x);
                HG_CHECK(place.address < C::ActDepth, "the activation memory (LOAD)", place.address);
                mem.bank[place.bank][wrapped<C>(place.address)] = read_beat(gmem, address);
                address += 8;
            }
        }
    }
}

}  // namespace hg

#endif
