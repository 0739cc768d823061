// SPDX-License-Identifier: Apache-2.0
// The window: activations of P consecutive output pixels under one tap (formats §3).
#ifndef HG_WINDOW_HPP
#define HG_WINDOW_HPP

#include "actmem.hpp"
#include "program.hpp"

namespace hg {

struct Tap {
    int base, q, cs, sub0, cg_stride, plane_stride, ylo, yhi, xlo, xhi;
};

inline Tap read_tap(const port_t *gmem, std::uint64_t address) {
    const beat_t b0 = read_beat(gmem, address);
    const beat_t b1 = read_beat(gmem, address + 8);
    Tap tap;
    tap.base = int(field(b0, 15, 0));
    tap.q = int(signed_field(b0, 31, 16));
    tap.cs = int(field(b0, 43, 32));
    tap.sub0 = int(field(b0, 47, 44));
    tap.cg_stride = int(field(b0, 63, 48));
    tap.plane_stride = int(field(b1, 15, 0));
    tap.ylo = int(field(b1, 27, 16));
    tap.yhi = int(field(b1, 39, 28));
    tap.xlo = int(field(b1, 51, 40));
    tap.xhi = int(field(b1, 63, 52));
    return tap;
}

template <class C>
void read_taps(const port_t *gmem, std::uint64_t address, int count, Tap (&taps)[C::TapsN]) {
    for (int i = 0; i < count; ++i) {
        taps[i] = read_tap(gmem, address + std::uint64_t(TAP_BYTES * i));
    }
}

// The output pixels of a tile: o = first + j, and its row and column. The walk needs no division:
// a tile is p_div rows and p_mod columns behind the one before it.
template <class C>
struct Tile {
    int first;
    int oy[C::PixelsN];
    int ox[C::PixelsN];

    void start(int wv) {
        first = 0;
        place(0, 0, wv);
    }

    void advance(const ComputeFields &d) {
        int x = ox[0] + d.p_mod;
        int y = oy[0] + d.p_div;
        if (x >= d.wv) {
            x -= d.wv;
            ++y;
        }
        first += C::PixelsN;
        place(y, x, d.wv);
    }

    bool inside(int j, const ComputeFields &d) const { return oy[j] < d.ho && ox[j] < d.wo; }

  private:
    void place(int y, int x, int wv) {
        for (int j = 0; j < C::PixelsN; ++j) {
            HG_PRAGMA(HLS UNROLL)
            oy[j] = y;
            ox[j] = x;
            if (++x >= wv) {
                x = 0;
                ++y;
            }
        }
    }
};

// Codes of a k-step, as stored (unsigned).
template <class C>
struct Acts {
    uint<C::ActBits> code[C::LanesN][C::PixelsN];
};

template <class C>
class Window {
  public:
    bool valid[C::PixelsN];

    Window() : first_bank_(0), row_(), beats_() {}

    // Chooses pixels for a tap: their banks follow one another from that of the first one, which
    // may lie `skew` banks further on.
    void aim(const Tap &tap, const Tile<C> &tile, int skew) {
        HG_PRAGMA(HLS INLINE)
        const int q = tile.first + tap.q + skew;
        first_bank_ = q & (Params<C>::BanksN - 1);
        for (int b = 0; b < Params<C>::BanksN; ++b) {
            HG_PRAGMA(HLS UNROLL)
            row_[b] = (q + ((b - first_bank_) & (Params<C>::BanksN - 1))) >> Params<C>::BankBits;
        }
        for (int j = 0; j < C::PixelsN; ++j) {
            HG_PRAGMA(HLS UNROLL)
            valid[j] = tap.ylo <= tile.oy[j] && tile.oy[j] <= tap.yhi && tap.xlo <= tile.ox[j] &&
                       tile.ox[j] <= tap.xhi;
        }
    }

    // Reads one channel group of one plane: every bank once, rotated to the pixels.
    void read(const ActMem<C> &mem, const Tap &tap, int plane, int cg, beat_t pad) {
        HG_PRAGMA(HLS INLINE)
        const int base = tap.base + plane * tap.plane_stride + cg * tap.cg_stride;
        beat_t data[Params<C>::BanksN];
        HG_PRAGMA(HLS ARRAY_PARTITION variable = data complete)
        for (int b = 0; b < Params<C>::BanksN; ++b) {
            HG_PRAGMA(HLS UNROLL)
            const int j = (b - first_bank_) & (Params<C>::BanksN - 1);
            const int address = base + row_[b];
            HG_CHECK(j >= C::PixelsN || !valid[j] || (address >= 0 && address < C::ActDepth),
                     "the activation memory (tap)", address);
            data[b] = mem.bank[b][wrapped<C>(address)];
            (void)j;
        }
        for (int j = 0; j < C::PixelsN; ++j) {
            HG_PRAGMA(HLS UNROLL)
            beats_[j] = valid[j] ? data[(first_bank_ + j) & (Params<C>::BanksN - 1)] : pad;
        }
    }

    // The lanes [N*sub +: N] of every pixel.
    void slice(int sub, Acts<C> &acts) const {
        HG_PRAGMA(HLS INLINE)
        for (int j = 0; j < C::PixelsN; ++j) {
            HG_PRAGMA(HLS UNROLL)
            const beat_t lanes = beats_[j] >> (C::ActBits * C::LanesN * sub);
            for (int n = 0; n < C::LanesN; ++n) {
                HG_PRAGMA(HLS UNROLL)
                acts.code[n][j] = uint<C::ActBits>(field(lanes, C::ActBits * (n + 1) - 1, C::ActBits * n));
            }
        }
    }

  private:
    int first_bank_;
    int row_[Params<C>::BanksN];
    beat_t beats_[C::PixelsN];
};

// A code in every lane of a beat.
template <class C>
beat_t replicated(beat_t code) {
    HG_PRAGMA(HLS INLINE)
    beat_t beat = 0;
    for (int lane = 0; lane < Params<C>::GroupLanesN; ++lane) {
        HG_PRAGMA(HLS UNROLL)
        beat |= (code & beat_t(Params<C>::CodesN - 1)) << (C::ActBits * lane);
    }
    return beat;
}

}  // namespace hg

#endif
