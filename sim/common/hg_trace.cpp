// SPDX-License-Identifier: Apache-2.0
// Trace of the monitors: a binary file for each run, of records: a head and the codes of one cycle.
#include <cstdint>
#include <cstdio>

namespace {

FILE* trace = nullptr;

struct Head {
  uint32_t kind, frame, descriptor, block, tile, step, where, spare;
  uint64_t mask;
};

}  // namespace

extern "C" {

int hg_trace_open(const char* path) {
  trace = std::fopen(path, "wb");
  if (trace == nullptr) return 1;
  std::setvbuf(trace, nullptr, _IOFBF, 1 << 20);
  return 0;
}

// Kinds: 0 requantised, 1 after the add, 2 pool, 3 frame complete (tile, step: cycle low, high),
// 4 descriptor complete (block: walker; tile, step: start; mask: end; where: steps or beats); of
// proposals 8 to 11 maps (hg_front_monitor), 12 to 15 points (hg_rank_monitor), 16 a frame's first
// job (as 3), 17 beats and 18 waits of a frame's jobs (hg_front_monitor)
void hg_trace_head(unsigned kind, unsigned frame, unsigned descriptor, unsigned block,
                   unsigned tile, unsigned step, unsigned where, unsigned long long mask) {
  if (trace == nullptr) return;
  const Head head{kind, frame, descriptor, block, tile, step, where, 0, mask};
  std::fwrite(&head, sizeof head, 1, trace);
}

void hg_trace_data(unsigned long long data) {
  if (trace != nullptr) std::fwrite(&data, sizeof data, 1, trace);
}

int hg_trace_close(void) {
  const int bad = trace == nullptr || std::fclose(trace) != 0;
  trace = nullptr;
  return bad;
}

}  // extern "C"
