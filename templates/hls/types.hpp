// SPDX-License-Identifier: Apache-2.0
// Numbers, bit fields and pragmas that every stage uses.
#ifndef HG_TYPES_HPP
#define HG_TYPES_HPP

#include <ap_int.h>

#include <cstdint>

// g++ does not know HLS pragmas, and a template must compile without warnings there.
#ifdef __SYNTHESIS__
#define HG_PRAGMA(text) _Pragma(#text)
#else
#define HG_PRAGMA(text)
#endif

namespace hg {

typedef ap_uint<64> port_t;   // a beat on a memory port
typedef std::uint64_t beat_t;  // the same beat inside

namespace detail {
template <bool Fits8, bool Fits16, bool Fits32>
struct Native {
    typedef std::int64_t sint_t;
    typedef std::uint64_t uint_t;
};
template <>
struct Native<true, true, true> {
    typedef std::int8_t sint_t;
    typedef std::uint8_t uint_t;
};
template <>
struct Native<false, true, true> {
    typedef std::int16_t sint_t;
    typedef std::uint16_t uint_t;
};
template <>
struct Native<false, false, true> {
    typedef std::int32_t sint_t;
    typedef std::uint32_t uint_t;
};
}  // namespace detail

// Integers of W bits. C simulation takes the next native type: the stages' arithmetic never leaves
// W bits, and HG_AP_TYPES simulates with the exact types to prove it.
#if defined(__SYNTHESIS__) || defined(HG_AP_TYPES)
template <int W>
using sint = ap_int<W>;
template <int W>
using uint = ap_uint<W>;
template <int W>
using lane = ap_int<W>;
#else
template <int W>
using sint = typename detail::Native<(W <= 8), (W <= 16), (W <= 32)>::sint_t;
template <int W>
using uint = typename detail::Native<(W <= 8), (W <= 16), (W <= 32)>::uint_t;
template <int W>  // in loops over rows: one width for all operands, so that they vectorise
using lane = typename detail::Native<false, false, (W <= 32)>::sint_t;
#endif

// Bits [high:low] of a beat, unsigned and signed.
inline beat_t field(beat_t beat, int high, int low) {
    HG_PRAGMA(HLS INLINE)
    const int width = high - low + 1;
    const beat_t moved = beat >> low;
    return width >= 64 ? moved : moved & ((beat_t(1) << width) - 1);
}

inline std::int64_t signed_field(beat_t beat, int high, int low) {
    HG_PRAGMA(HLS INLINE)
    return std::int64_t(beat << (63 - high)) >> (63 - high + low);
}

inline bool flag(beat_t beat, int at) {
    HG_PRAGMA(HLS INLINE)
    return ((beat >> at) & 1) != 0;
}

template <typename T>
inline T smaller(T a, T b) {
    HG_PRAGMA(HLS INLINE)
    return a < b ? a : b;
}

template <typename T>
inline T clamped(T value, T low, T high) {
    HG_PRAGMA(HLS INLINE)
    return value < low ? low : (value > high ? high : value);
}

constexpr int ceil_div(int a, int b) { return (a + b - 1) / b; }
constexpr int at_least_1(int n) { return n > 0 ? n : 1; }  // arrays of no elements do not exist
constexpr int power_of_two(int n, int p = 1) { return p >= n ? p : power_of_two(n, 2 * p); }
constexpr int log2_of(int n) { return n <= 1 ? 0 : 1 + log2_of(n / 2); }

}  // namespace hg

#endif
