// SPDX-License-Identifier: Apache-2.0
// STORE: pixels of the activation memory as runs of rows*width contiguous beats of a buffer.
#ifndef HG_STORE_HPP
#define HG_STORE_HPP

#include "load.hpp"

namespace hg {

template <class C>
void store(port_t *gmem, std::uint64_t buffer, const MoveFields &d, const ActMem<C> &mem) {
    for (int run = 0; run < d.runs; ++run) {
        const Layout layout = layout_of(d, run);
        std::uint64_t address = buffer + d.offset + std::uint64_t(run) * d.run_bytes;
        for (int y = 0; y < d.rows; ++y) {
            for (int x = 0; x < d.width; ++x) {
                HG_PRAGMA(HLS PIPELINE II = 1)
                const Place place = place_of<C>(layout, y, x);
                HG_CHECK(place.address < C::ActDepth, "the activation memory (STORE)", place.address);
                write_beat(gmem, address, mem.bank[place.bank][wrapped<C>(place.address)]);
                address += 8;
            }
        }
    }
}

}  // namespace hg

#endif
