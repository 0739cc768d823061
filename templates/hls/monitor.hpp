// SPDX-License-Identifier: Apache-2.0
// What C simulation sees of tensors that never leave the chip; nothing of it is synthesised.
//
// With HG_MONITOR every CONV and POOL appends one record to a file: header of 10 int32 (magic, frame,
// descriptor, slot, channels, height, width, kind, tensors, 0), then `tensors` arrays
// [channels][height][width] of int32 with INT32_MIN where nothing was written. The first holds the
// values behind the requantisation, the second (with a residual add) those behind the sum.
#ifndef HG_MONITOR_HPP
#define HG_MONITOR_HPP

#include "types.hpp"

#if defined(HG_MONITOR) && !defined(__SYNTHESIS__)

#include <cstdio>
#include <cstdlib>
#include <limits>
#include <vector>

namespace hg {

constexpr int FAULT_EXIT = 4;

class Monitor {
  public:
    static constexpr std::int32_t Magic = 0x4E4D4748;  // "HGMN"

    static Monitor &get() {
        static Monitor instance;
        return instance;
    }

    void open(std::FILE *file) { file_ = file; }
    void memory(std::size_t beats) { beats_ = beats; }

    void begin(int frame, int descriptor, int slot, int channels, int height, int width, int kind,
               bool add) {
        const std::int32_t header[10] = {Magic, frame, descriptor, slot, channels, height, width, kind,
                                         add ? 2 : 1, 0};
        header_.assign(header, header + 10);
        height_ = height;
        width_ = width;
        const std::size_t size = std::size_t(channels) * std::size_t(height) * std::size_t(width);
        for (int i = 0; i < 2; ++i) {
            values_[i].assign(i == 0 || add ? size : 0, std::numeric_limits<std::int32_t>::min());
        }
    }

    void put(int which, int channel, int y, int x, std::int32_t value) {
        const std::size_t at = (std::size_t(channel) * std::size_t(height_) + std::size_t(y)) *
                                   std::size_t(width_) + std::size_t(x);
        if (at < values_[which].size()) values_[which][at] = value;
    }

    void end() {
        if (file_ == nullptr) return;
        write(header_);
        write(values_[0]);
        write(values_[1]);
    }

    // Everything a wrong program could do to the host's memory stops here.
    void address(beat_t index) const {
        if (index >= beats_) fault("the memory of the simulation", (long long)(index));
    }

    static void fault(const char *what, long long where) {
        std::fflush(stdout);
        std::fprintf(stderr, "fault: outside %s at %lld\n", what, where);
        std::fflush(stderr);
        std::_Exit(FAULT_EXIT);
    }

  private:
    Monitor() : file_(nullptr), beats_(~std::size_t(0)), height_(0), width_(0) {}

    void write(const std::vector<std::int32_t> &data) {
        if (data.empty()) return;
        if (std::fwrite(data.data(), sizeof(std::int32_t), data.size(), file_) != data.size()) {
            fault("the space of the monitor file", (long long)(data.size()));
        }
    }

    std::FILE *file_;
    std::size_t beats_;
    std::vector<std::int32_t> header_;
    std::vector<std::int32_t> values_[2];
    int height_;
    int width_;
};

}  // namespace hg

#define HG_WATCH(statement) ::hg::Monitor::get().statement
#define HG_CHECK(condition, what, where)                                        \
    do {                                                                        \
        if (!(condition)) ::hg::Monitor::fault(what, (long long)(where));       \
    } while (false)

#else

#define HG_WATCH(statement)
#define HG_CHECK(condition, what, where)

#endif

namespace hg {

// One beat of memory; byte addresses are multiples of 8.
inline beat_t read_beat(const port_t *port, std::uint64_t address) {
    HG_PRAGMA(HLS INLINE)
    HG_WATCH(address(address >> 3));
    return port[address >> 3].to_uint64();
}

inline void write_beat(port_t *port, std::uint64_t address, beat_t value) {
    HG_PRAGMA(HLS INLINE)
    HG_WATCH(address(address >> 3));
    port[address >> 3] = value;
}

}  // namespace hg

#endif
