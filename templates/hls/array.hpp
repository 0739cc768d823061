// SPDX-License-Identifier: Apache-2.0
// The array: T rows x N lanes x P pixels of products, output stationary.
//
//   acc[t][p] += sum over n of w[t][n] * operand(u[n][p])
//
// operand = u on pot4 slots, u - 2^(ActBits-1) elsewhere (formats §4; the record's bias undoes it).
// Products are shared as the DSP48E1 shares them. Several sums ride in one product at fixed spacing;
// each sum is kept positive by a bias of half its field, so that fields are plain bit slices:
//   two rows, two pixels   (w0 + w1 << 18) * (s0 + s1 << 9)   9-bit fields, at most 3 lanes a chain
//   one row, two pixels    w * (s0 + s1 << 13)               13-bit fields, at most 4 (4-bit codes)
//   one row, two pixels    w * (s0 + s1 << 16)               16-bit fields, at most 2 (8-bit codes)
// pot4 slots shift. Lanes longer than a chain are summed in fabric.
#ifndef HG_ARRAY_HPP
#define HG_ARRAY_HPP

#include "fetch.hpp"
#include "window.hpp"

namespace hg {

constexpr int PAIR_CHAIN = 3;     // |8 * 8| * 3 = 192 < 256
constexpr int PAIR_SPACING = 9;
constexpr int PAIR_ROW_AT = 18;

template <class C>
struct Single {
    static constexpr int Chain = C::ActBits == 4 ? 4 : 2;      // 1,016 * 4 < 4,096; 16,256 * 2 < 32,768
    static constexpr int Spacing = C::ActBits == 4 ? 13 : 16;
};

// A weight word, ready for the multipliers.
template <class C>
struct Operands {
    static constexpr int Pots = at_least_1(C::Pot4N);
    static constexpr int Pairs = at_least_1(Params<C>::PairsN);
    static constexpr int Singles = at_least_1(Params<C>::SinglesN);

    lane<4> pot_shift[C::LanesN][Pots];
    lane<1> pot_sign[C::LanesN][Pots];  // -1: negative
    lane<1> pot_keep[C::LanesN][Pots];  // 0: the weight is zero
    lane<23> pair[C::LanesN][Pairs];    // w0 + (w1 << 18)
    lane<8> single[C::LanesN][Singles];
};

// sp2 flags of the slots, from a block's header record.
template <class C>
struct Flags {
    bool sp2[Params<C>::RowsN];
};

template <class C>
int nibble(const Word<C> &word, int index) {
    HG_PRAGMA(HLS INLINE)
    return int((word.beat[index >> 4] >> (4 * (index & 15))) & 15);
}

inline int fixed4_weight(int code, bool sp2) {
    HG_PRAGMA(HLS INLINE)
    static const int magnitudes[8] = {0, 1, 2, 4, 5, 6, 8, 0};
    const int magnitude = magnitudes[code & 7];
    const int two_complement = (code & 7) - (code & 8);
    return sp2 ? ((code & 8) != 0 ? -magnitude : magnitude) : two_complement;
}

template <class C>
void unpack_pots(const Word<C> &word, int n, int first, Operands<C> &operands) {
    HG_PRAGMA(HLS INLINE)
    for (int t = 0; t < C::Pot4N; ++t) {
        HG_PRAGMA(HLS UNROLL)
        const int code = nibble(word, first + t);
        operands.pot_sign[n][t] = (code & 8) != 0 ? -1 : 0;
        operands.pot_keep[n][t] = (code & 7) != 0 ? -1 : 0;
        operands.pot_shift[n][t] = (code & 7) != 0 ? (code & 7) - 1 : 0;
    }
}

template <class C>
void unpack_fixed4(const Word<C> &word, int n, int first, const Flags<C> &flags, Operands<C> &operands) {
    HG_PRAGMA(HLS INLINE)
    for (int t = 0; t < C::Fixed4N; t += 2) {
        HG_PRAGMA(HLS UNROLL)
        const int w0 = fixed4_weight(nibble(word, first + t), flags.sp2[C::Pot4N + t]);
        const int w1 = fixed4_weight(nibble(word, first + t + 1), flags.sp2[C::Pot4N + t + 1]);
        if (Params<C>::RowPairs) {
            operands.pair[n][t / 2] = w0 + w1 * (1 << PAIR_ROW_AT);
        } else {
            operands.single[n][t] = w0;
            operands.single[n][t + 1] = w1;
        }
    }
}

template <class C>
void unpack_fixed8(const Word<C> &word, int n, int first, Operands<C> &operands) {
    HG_PRAGMA(HLS INLINE)
    for (int t = 0; t < C::Fixed8N; ++t) {
        HG_PRAGMA(HLS UNROLL)
        const int code = nibble(word, first + 2 * t) | nibble(word, first + 2 * t + 1) << 4;
        operands.single[n][Params<C>::SinglesN - C::Fixed8N + t] = (code & 127) - (code & 128);
    }
}

template <class C>
void unpack(const Word<C> &word, const Flags<C> &flags, Operands<C> &operands) {
    HG_PRAGMA(HLS INLINE)
    const int lane_nibbles = Params<C>::WordBits / C::LanesN / 4;
    for (int n = 0; n < C::LanesN; ++n) {
        HG_PRAGMA(HLS UNROLL)
        const int first = n * lane_nibbles;
        unpack_pots<C>(word, n, first, operands);
        unpack_fixed4<C>(word, n, first + C::Pot4N, flags, operands);
        unpack_fixed8<C>(word, n, first + C::Pot4N + C::Fixed4N, operands);
    }
}

template <class C>
class Array {
  public:
    // One k-step: every row and pixel, N lanes.
    void step(const Operands<C> &operands, const Acts<C> &acts) {
        HG_PRAGMA(HLS INLINE)
        step_pots(operands, acts);
        PairLanes<0, C::LanesN, (Params<C>::PairsN > 0)>::step(*this, operands, acts);
        SingleLanes<0, C::LanesN, (Params<C>::SinglesN > 0)>::step(*this, operands, acts);
    }

    void clear() {
        each([](acc_t &acc) { acc = 0; });
    }

    // Before a further plane of the input: the sum so far belongs to the more significant bits.
    void shift() {
        each([](acc_t &acc) { acc = acc * (1 << C::ActBits); });
    }

    std::int32_t sum(int slot, int pixel) const {
        HG_PRAGMA(HLS INLINE)
        const int fixed = slot - C::Pot4N;
        std::int32_t value;
        if (fixed < 0) {
            value = pot_[pixel][slot];
        } else if (Params<C>::RowPairs && fixed < C::Fixed4N) {
            value = pair_[fixed & 1][pixel][fixed >> 1];
        } else {
            value = single_[pixel][Params<C>::RowPairs ? fixed - C::Fixed4N : fixed];
        }
        const int spare = 32 - C::AccW;  // a sum that overflows an accumulator shows here too
        return std::int32_t(std::uint32_t(value) << spare) >> spare;
    }

  private:
    typedef lane<32> acc_t;
    static constexpr int Pots = Operands<C>::Pots;
    static constexpr int Pairs = Operands<C>::Pairs;
    static constexpr int Singles = Operands<C>::Singles;

    template <typename F>
    void each(F change) {
        HG_PRAGMA(HLS INLINE)
        for (int p = 0; p < C::PixelsN; ++p) {
            HG_PRAGMA(HLS UNROLL)
            for (int t = 0; t < Pots; ++t) change(pot_[p][t]);
            for (int t = 0; t < Pairs; ++t) {
                change(pair_[0][p][t]);
                change(pair_[1][p][t]);
            }
            for (int t = 0; t < Singles; ++t) change(single_[p][t]);
        }
    }

    void step_pots(const Operands<C> &operands, const Acts<C> &acts) {
        HG_PRAGMA(HLS INLINE)
        for (int p = 0; p < C::PixelsN; ++p) {
            HG_PRAGMA(HLS UNROLL)
            for (int n = 0; n < C::LanesN; ++n) {
                HG_PRAGMA(HLS UNROLL)
                const lane<16> u = acts.code[n][p];
                for (int t = 0; t < C::Pot4N; ++t) {
                    HG_PRAGMA(HLS UNROLL)
                    const lane<16> moved = u << operands.pot_shift[n][t];
                    const lane<16> sign = operands.pot_sign[n][t];
                    const lane<16> keep = operands.pot_keep[n][t];
                    pot_[p][t] += ((moved ^ sign) - sign) & keep;
                }
            }
        }
    }

    // s0 + (s1 << spacing) of two neighbouring pixels.
    static int operand_pair(const Acts<C> &acts, int n, int pixels, int spacing) {
        HG_PRAGMA(HLS INLINE)
        const int s0 = int(acts.code[n][2 * pixels]) - Params<C>::Half;
        const int s1 = int(acts.code[n][2 * pixels + 1]) - Params<C>::Half;
        return s0 + s1 * (1 << spacing);
    }

    // Lanes First..Lanes-1, a chain at a time.
    template <int First, int Lanes, bool Any>
    struct PairLanes {
        static void step(Array &array, const Operands<C> &operands, const Acts<C> &acts) {
            HG_PRAGMA(HLS INLINE)
            constexpr int Length = Lanes - First < PAIR_CHAIN ? Lanes - First : PAIR_CHAIN;
            for (int pp = 0; pp < Params<C>::PixelPairsN; ++pp) {
                HG_PRAGMA(HLS UNROLL)
                lane<14> s[Length];
                for (int i = 0; i < Length; ++i) s[i] = operand_pair(acts, First + i, pp, PAIR_SPACING);
                array.template chain_pairs<Length>(operands, First, pp, s);
            }
            PairLanes<First + Length, Lanes, (First + Length < Lanes)>::step(array, operands, acts);
        }
    };
    template <int First, int Lanes>
    struct PairLanes<First, Lanes, false> {
        static void step(Array &, const Operands<C> &, const Acts<C> &) {}
    };

    template <int Length>
    void chain_pairs(const Operands<C> &operands, int first, int pp, const lane<14> (&s)[Length]) {
        HG_PRAGMA(HLS INLINE)
        constexpr int Half = 1 << (PAIR_SPACING - 1);
        constexpr int Mask = (1 << PAIR_SPACING) - 1;
        constexpr std::int64_t Bias = std::int64_t(Half) * (1 + (1LL << 9) + (1LL << 18) + (1LL << 27));
        for (int t = 0; t < Params<C>::PairsN; ++t) {
            HG_PRAGMA(HLS UNROLL)
            lane<38> x = Bias;
            for (int i = 0; i < Length; ++i) {
                HG_PRAGMA(HLS UNROLL)
                x += lane<38>(operands.pair[first + i][t]) * lane<38>(s[i]);
            }
            const lane<19> low = lane<19>(x & ((1 << PAIR_ROW_AT) - 1));
            const lane<20> high = lane<20>(x >> PAIR_ROW_AT);
            pair_[0][2 * pp][t] += (low & Mask) - Half;
            pair_[0][2 * pp + 1][t] += (low >> PAIR_SPACING) - Half;
            pair_[1][2 * pp][t] += (high & Mask) - Half;
            pair_[1][2 * pp + 1][t] += (high >> PAIR_SPACING) - Half;
        }
    }

    template <int First, int Lanes, bool Any>
    struct SingleLanes {
        static void step(Array &array, const Operands<C> &operands, const Acts<C> &acts) {
            HG_PRAGMA(HLS INLINE)
            constexpr int Left = Lanes - First;
            constexpr int Length = Left < Single<C>::Chain ? Left : Single<C>::Chain;
            for (int pp = 0; pp < Params<C>::PixelPairsN; ++pp) {
                HG_PRAGMA(HLS UNROLL)
                lane<25> s[Length];
                for (int i = 0; i < Length; ++i) {
                    s[i] = operand_pair(acts, First + i, pp, Single<C>::Spacing);
                }
                array.template chain_singles<Length>(operands, First, pp, s);
            }
            SingleLanes<First + Length, Lanes, (First + Length < Lanes)>::step(array, operands, acts);
        }
    };
    template <int First, int Lanes>
    struct SingleLanes<First, Lanes, false> {
        static void step(Array &, const Operands<C> &, const Acts<C> &) {}
    };

    template <int Length>
    void chain_singles(const Operands<C> &operands, int first, int pp, const lane<25> (&s)[Length]) {
        HG_PRAGMA(HLS INLINE)
        constexpr int Spacing = Single<C>::Spacing;
        constexpr std::uint32_t Half = 1u << (Spacing - 1);
        constexpr std::uint32_t Mask = (1u << Spacing) - 1;
        for (int t = 0; t < Params<C>::SinglesN; ++t) {
            HG_PRAGMA(HLS UNROLL)
            // both fields are positive, so 32 bits hold them exactly
            std::uint32_t x = Half + (Half << Spacing);
            for (int i = 0; i < Length; ++i) {
                HG_PRAGMA(HLS UNROLL)
                x += std::uint32_t(int(operands.single[first + i][t])) * std::uint32_t(int(s[i]));
            }
            single_[2 * pp][t] += std::int32_t(x & Mask) - std::int32_t(Half);
            single_[2 * pp + 1][t] += std::int32_t(x >> Spacing) - std::int32_t(Half);
        }
    }

    acc_t pot_[C::PixelsN][Pots];
    acc_t pair_[2][C::PixelsN][Pairs];
    acc_t single_[C::PixelsN][Singles];
};

}  // namespace hg

#endif
