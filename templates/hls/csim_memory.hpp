// SPDX-License-Identifier: Apache-2.0
// Memory of C simulation: files become buffers, and buffers files.
//
// Buffers lie at addresses that are not zero, and those that a run writes are poisoned before it.
#ifndef HG_CSIM_MEMORY_HPP
#define HG_CSIM_MEMORY_HPP

#include <ap_int.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace csim {

constexpr std::uint64_t BASE = 4096;
constexpr std::uint64_t POISON = 0xA5A5A5A5A5A5A5A5ull;

[[noreturn]] inline void fail(const std::string &what) {
    std::fprintf(stderr, "error: %s\n", what.c_str());
    std::exit(2);
}

class Memory {
  public:
    Memory() { reserve(BASE); }

    ap_uint<64> *data() { return beats_.data(); }
    std::size_t size() const { return beats_.size(); }

    // A buffer behind the last one; every buffer starts on a multiple of 128 bytes.
    std::uint64_t reserve(std::uint64_t bytes) {
        const std::uint64_t start = (beats_.size() * 8 + 127) / 128 * 128;
        beats_.resize(std::size_t((start + bytes + 127) / 128 * 16), ap_uint<64>(POISON));
        return start;
    }

    std::uint64_t read(const std::string &path) {
        std::FILE *file = std::fopen(path.c_str(), "rb");
        if (file == nullptr) fail("cannot read " + path);
        std::vector<std::uint64_t> data;
        std::uint64_t beat = 0;
        std::size_t got = 0;
        while ((got = std::fread(&beat, 1, sizeof beat, file)) > 0) {
            data.push_back(got < sizeof beat ? beat & ((std::uint64_t(1) << (8 * got)) - 1) : beat);
        }
        std::fclose(file);
        const std::uint64_t start = reserve(data.size() * 8);
        for (std::size_t i = 0; i < data.size(); ++i) beats_[std::size_t(start / 8) + i] = data[i];
        return start;
    }

    void write(const std::string &path, std::uint64_t start, std::uint64_t bytes) const {
        std::FILE *file = std::fopen(path.c_str(), "wb");
        if (file == nullptr) fail("cannot write " + path);
        std::vector<std::uint64_t> data(std::size_t((bytes + 7) / 8));
        for (std::size_t i = 0; i < data.size(); ++i) data[i] = beats_[std::size_t(start / 8) + i].to_uint64();
        const bool good = std::fwrite(data.data(), 1, std::size_t(bytes), file) == bytes;
        if (std::fclose(file) != 0 || !good) fail("cannot write " + path);
    }

  private:
    std::vector<ap_uint<64>> beats_;
};

}  // namespace csim

#endif
