// SPDX-License-Identifier: Apache-2.0
// What C simulation sees of the proposal engine's streams; nothing of it is synthesised.
//
// With HG_MONITOR every stage appends what it sends: one int32 a pixel, some a point. The file holds
// for each stream a header of 4 int32 (magic, stream, frames, 0), the end of each frame in int32, and
// the data. A stream has one writer, so nothing is locked.
#ifndef HG_PROBE_HPP
#define HG_PROBE_HPP

#include "monitor.hpp"

namespace hg {

enum Probed {
    PROBE_RESIZE = 0,     // pixel: blue | green << 8 | red << 16
    PROBE_COLOUR = 1,     // pixel: first channel | second << 8 | third << 16
    PROBE_GRADIENT = 2,
    PROBE_SCORE = 3,
    PROBE_SUPPRESS = 4,   // kept point: slot, x, y, score
    PROBE_LIMIT = 5,      // the same
    PROBE_CALIBRATE = 6,  // slot, x, y, value
    PROBE_TOP = 7,        // index of the size, x, y, value
    PROBES = 8
};

}  // namespace hg

#if defined(HG_MONITOR) && !defined(__SYNTHESIS__)

namespace hg {

class Probe {
  public:
    static constexpr std::int32_t Magic = 0x4E504748;  // "HGPN"

    static Probe &get() {
        static Probe instance;
        return instance;
    }

    void put(Probed which, std::int32_t value) { data_[which].push_back(value); }

    void point(Probed which, int slot, int x, int y, std::int32_t value) {
        const std::int32_t all[4] = {slot, x, y, value};
        data_[which].insert(data_[which].end(), all, all + 4);
    }

    void end(Probed which) { ends_[which].push_back(std::int32_t(data_[which].size())); }

    bool write(std::FILE *file) const {
        bool good = true;
        for (int i = 0; i < PROBES; ++i) {
            const std::int32_t header[4] = {Magic, i, std::int32_t(ends_[i].size()), 0};
            good = good && std::fwrite(header, sizeof header, 1, file) == 1;
            good = good && write(ends_[i], file) && write(data_[i], file);
        }
        return good;
    }

    void clear() {
        for (int i = 0; i < PROBES; ++i) {
            data_[i].clear();
            ends_[i].clear();
        }
    }

  private:
    static bool write(const std::vector<std::int32_t> &data, std::FILE *file) {
        return data.empty() ||
               std::fwrite(data.data(), sizeof(std::int32_t), data.size(), file) == data.size();
    }

    std::vector<std::int32_t> data_[PROBES];
    std::vector<std::int32_t> ends_[PROBES];
};

}  // namespace hg

#define HG_PROBE(statement) ::hg::Probe::get().statement

#else

#define HG_PROBE(statement) static_cast<void>(0)

#endif

#endif
