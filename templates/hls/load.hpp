// SPDX-License-Identifier: Apache-2.0
// LOAD: runs of rows*width contiguous beats of a buffer, placed in the activation memory, or the
// rows of an image as beats of neighbouring pixels (formats §6).
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

// Rows of bytes behind `lead` bytes of padding: beat x of a row holds the bytes from x*step on,
// the low bits of each in plane 0, the others B/2 banks further on.
template <class C>
void load_image(const port_t *gmem, std::uint64_t buffer, const MoveFields &d, ActMem<C> &mem) {
    constexpr int LanesN = 64 / C::ActBits;
    const Layout layout = layout_of(d, 0);
    const int used = 8 * d.row_beats - (d.tail ? 8 - d.tail : 0);
    for (int y = 0; y < d.rows; ++y) {
        const std::uint64_t row = buffer + d.offset + std::uint64_t(y) * d.run_bytes;
        for (int x = 0; x < d.width; ++x) {
            beat_t planes[2] = {0, 0};
            for (int lane = 0; lane < LanesN; ++lane) {
                HG_PRAGMA(HLS UNROLL)
                const int at = x * d.step - d.lead + lane;
                beat_t code = beat_t(d.pad);
                if (at >= 0 && at < used) {
                    code = field(read_beat(gmem, row + std::uint64_t(at / 8 * 8)) >> (at % 8 * 8), 7, 0);
                }
                for (int plane = 0; plane < 2; ++plane) {
                    const beat_t piece = (code >> (C::ActBits * plane)) & ((beat_t(1) << C::ActBits) - 1);
                    planes[plane] |= piece << (C::ActBits * lane);
                }
            }
            const Place place = place_of<C>(layout, y, x);
            HG_CHECK(place.address < C::ActDepth, "the activation memory (LOAD)", place.address);
            mem.bank[place.bank][wrapped<C>(place.address)] = planes[0];
            if (d.two_planes) {
                constexpr int Half = Params<C>::BanksN / 2;
                const int address = place.address + d.plane_stride + (place.bank >= Half ? 1 : 0);
                HG_CHECK(address < C::ActDepth, "the activation memory (LOAD)", address);
                mem.bank[place.bank ^ Half][wrapped<C>(address)] = planes[1];
            }
        }
    }
}

template <class C>
void load(const port_t *gmem, std::uint64_t buffer, const MoveFields &d, ActMem<C> &mem) {
    if (d.row_beats != 0) {
        load_image<C>(gmem, buffer, d, mem);
        return;
    }
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
