// SPDX-License-Identifier: Apache-2.0
// Stands in for lz4's header where it is not installed: Verilator's FST writer asks for these two
// functions alone. Blocks hold literals only: valid LZ4, nothing saved.
#ifndef HG_LZ4_H
#define HG_LZ4_H

#include <string.h>

static inline int LZ4_compressBound(int size) { return size + size / 255 + 16; }

static inline int LZ4_compress_default(const char* from, char* to, int size, int room) {
    if (room < LZ4_compressBound(size)) return 0;
    char* out = to;
    *out++ = (char)((size < 15 ? size : 15) << 4);
    for (int left = size - 15; left >= 0; left -= 255) *out++ = (char)(left < 255 ? left : 255);
    memcpy(out, from, (size_t)size);
    return (int)(out - to) + size;
}

#endif
