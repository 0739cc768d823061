// SPDX-License-Identifier: Apache-2.0
// Stands in for lz4's header where it is not installed: Verilator's FST writer asks for these two
// functions alone. Greedy matches of at least four bytes, found by a hash of the next four.
#ifndef HG_LZ4_H
#define HG_LZ4_H

#include <stdint.h>
#include <string.h>

enum { HG_LZ4_HASH_BITS = 12, HG_LZ4_LEAST = 4, HG_LZ4_TAIL = 12, HG_LZ4_FAR = 65535 };

static inline int LZ4_compressBound(int size) { return size + size / 255 + 16; }

static inline uint32_t hg_lz4_word(const char* at) {
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

// A length beyond the 15 of the token's half
static inline char* hg_lz4_length(char* out, int length) {
    for (int left = length - 15; left >= 0; left -= 255) *out++ = (char)(left < 255 ? left : 255);
    return out;
}

// Literals, then a match `back` bytes before (none if 0)
static inline char* hg_lz4_sequence(char* out, const char* from, int literals, int back, int match) {
    const int extra = back ? match - HG_LZ4_LEAST : 0;
    const int high = literals < 15 ? literals : 15, low = extra < 15 ? extra : 15;
    *out++ = (char)(high << 4 | low);
    out = hg_lz4_length(out, literals);
    memcpy(out, from, (size_t)literals);
    out += literals;
    if (back == 0) return out;
    *out++ = (char)(back & 255);
    *out++ = (char)(back >> 8);
    return hg_lz4_length(out, extra);
}

static inline int LZ4_compress_default(const char* from, char* to, int size, int room) {
    if (room < LZ4_compressBound(size)) return 0;
    int seen[1 << HG_LZ4_HASH_BITS] = {0};  // position + 1
    char* out = to;
    int at = 0, start = 0;
    while (at < size - HG_LZ4_TAIL) {
        const uint32_t word = hg_lz4_word(from + at);
        int* place = &seen[(word * 2654435761U) >> (32 - HG_LZ4_HASH_BITS)];
        const int found = *place - 1;
        *place = at + 1;
        if (found < 0 || at - found > HG_LZ4_FAR || hg_lz4_word(from + found) != word) {
            at++;
            continue;
        }
        int match = HG_LZ4_LEAST;  // the last five bytes stay literals
        while (at + match < size - 5 && from[found + match] == from[at + match]) match++;
        out = hg_lz4_sequence(out, from + start, at - start, at - found, match);
        start = at += match;
    }
    return (int)(hg_lz4_sequence(out, from + start, size - start, 0, 0) - to);
}

#endif
