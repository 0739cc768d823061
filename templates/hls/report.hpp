// SPDX-License-Identifier: Apache-2.0
// What every engine shares with its driver: arguments (formats §7), status and report header (§8).
#ifndef HG_REPORT_HPP
#define HG_REPORT_HPP

#include "monitor.hpp"

namespace hg {

enum Status {
    STATUS_GOOD = 0,
    STATUS_MAGIC = 1,
    STATUS_VERSION = 2,
    STATUS_HASH = 3,
    STATUS_OPERATION = 4,
    STATUS_FIELD = 5,
    STATUS_STREAM = 9
};

constexpr beat_t REPORT_MAGIC = 0x50524748;
constexpr beat_t FORMAT_VERSION = 1;
constexpr std::uint64_t REPORT_HEADER_BYTES = 128;
constexpr std::uint64_t REPORT_ENTRY_BYTES = 64;

// Arguments of a run, as the registers hold them; byte addresses.
struct Arguments {
    std::uint64_t program, weights, input, output, scratch, report;
    int frames;
    std::uint64_t input_stride, output_stride;
};

// Header of the report, written last; its magic says that everything before it is complete.
inline void write_report(port_t *gmem, std::uint64_t report, beat_t layout_hash, Status status,
                         int index, int frames, beat_t capabilities) {
    const beat_t beats[6] = {REPORT_MAGIC | FORMAT_VERSION << 32, layout_hash,
                             beat_t(status) | beat_t(index) << 32, beat_t(frames), 0, capabilities};
    for (int i = 15; i >= 0; --i) {
        write_beat(gmem, report + std::uint64_t(8 * i), i < 6 ? beats[i % 6] : 0);
    }
}

}  // namespace hg

#endif
