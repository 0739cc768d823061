// SPDX-License-Identifier: Apache-2.0
// Contents of the simulated DDR: regions loaded from files, read and written beat by beat.
//
// A region is filled from its file and poisoned behind it. Accesses outside every region are faults.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

using Beat = unsigned long long;  // of DPI's longint unsigned, as Verilator declares it

namespace {

struct Region {
  uint32_t base;
  std::vector<uint8_t> bytes;
  bool read_only;  // loaded from a file: program, weights, input
};

std::vector<Region> regions;
uint32_t fault_base = 0;
uint32_t fault_kind = 0;  // 0 none, 1 reads, 2 writes

constexpr uint8_t kPoison = 0xA5;

// Regions are few and accesses run in sequence: the last hit is tried first.
Region* find(uint32_t address) {
  static size_t last = 0;
  const auto holds = [&](const Region& r) {
    return address >= r.base && address - r.base + 8 <= r.bytes.size();
  };
  if (last < regions.size() && holds(regions[last])) return &regions[last];
  for (size_t i = 0; i < regions.size(); ++i) {
    if (holds(regions[i])) {
      last = i;
      return &regions[i];
    }
  }
  return nullptr;
}

struct Dump {
  std::string path;
  uint32_t base;
  uint64_t bytes;
};

std::vector<Dump> dumps;

int load(const std::string& path, uint32_t address, uint64_t bytes) {
  Region region{address, std::vector<uint8_t>((bytes + 7) / 8 * 8, kPoison), !path.empty()};
  if (!path.empty()) {
    FILE* file = std::fopen(path.c_str(), "rb");
    if (file == nullptr) return 1;
    const size_t got = std::fread(region.bytes.data(), 1, region.bytes.size(), file);
    std::fclose(file);
    if (got == 0 && bytes != 0) return 1;
  }
  regions.push_back(std::move(region));
  return 0;
}

int write_dump(const Dump& dump) {
  const Region* region = find(dump.base);
  const uint64_t offset = region == nullptr ? 0 : dump.base - region->base;
  if (region == nullptr || offset + dump.bytes > region->bytes.size()) return 1;
  FILE* file = std::fopen(dump.path.c_str(), "wb");
  if (file == nullptr) return 1;
  const size_t put = std::fwrite(&region->bytes[offset], 1, dump.bytes, file);
  return std::fclose(file) != 0 || put != dump.bytes;
}

}  // namespace

extern "C" {

// Reads a list of regions, which replace those of before: lines `load ADDRESS BYTES PATH` (no path:
// poison only), `dump ADDRESS BYTES PATH`, `fault ADDRESS KIND` with numbers in decimal.
int hg_memory_setup(const char* path) {
  regions.clear();
  dumps.clear();
  fault_kind = 0;
  FILE* file = std::fopen(path, "r");
  if (file == nullptr) return 1;
  char line[4096];
  int bad = 0;
  while (std::fgets(line, sizeof line, file) != nullptr) {
    char verb[8] = "";
    unsigned address = 0;
    unsigned long long size = 0;
    int at = 0;
    if (std::sscanf(line, "%7s %u %llu %n", verb, &address, &size, &at) < 3) continue;
    std::string name(line + at);
    while (!name.empty() && (name.back() == '\n' || name.back() == '\r')) name.pop_back();
    if (std::strcmp(verb, "load") == 0) {
      bad |= load(name, address, size);
    } else if (std::strcmp(verb, "dump") == 0) {
      dumps.push_back({name, address, size});
    } else if (std::strcmp(verb, "fault") == 0) {
      fault_base = address;
      fault_kind = static_cast<uint32_t>(size);
    }
  }
  std::fclose(file);
  return bad;
}

// Writes the regions named by `dump` lines.
int hg_memory_finish(void) {
  int bad = 0;
  for (const Dump& dump : dumps) bad |= write_dump(dump);
  return bad;
}

int hg_memory_fault(unsigned address, int is_write) {
  const Region* region = find(address);
  if (region == nullptr || (is_write != 0 && region->read_only)) return 1;
  return fault_kind == (is_write ? 2u : 1u) && address == fault_base;
}

Beat hg_memory_read(unsigned address) {
  const Region* region = find(address);
  Beat data = 0xDEADBEEFDEADBEEFull;
  if (region != nullptr) std::memcpy(&data, &region->bytes[address - region->base], 8);
  return data;
}

void hg_memory_write(unsigned address, Beat data, unsigned char strobe) {
  Region* region = find(address);
  if (region == nullptr) return;
  uint8_t* at = &region->bytes[address - region->base];
  for (int i = 0; i < 8; ++i) {
    if (strobe >> i & 1) at[i] = static_cast<uint8_t>(data >> (8 * i));
  }
}

}  // extern "C"
