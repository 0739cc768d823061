// SPDX-License-Identifier: Apache-2.0
// C simulation: puts a project's buffers into one memory, runs the top function, writes what it left.
//
//   csim folder frames input_stride output_stride output_bytes scratch_bytes report_bytes
//
// Reads program.bin, weights.bin, input.bin in `folder`; writes output.bin, report.bin, monitor.bin.
// Buffers lie at addresses that are not zero, and those that the run writes are poisoned before it.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "config.hpp"
#include "mixed.hpp"

namespace {

constexpr std::uint64_t BASE = 4096;
constexpr hg::beat_t POISON = 0xA5A5A5A5A5A5A5A5ull;

std::vector<ap_uint<64>> memory;

[[noreturn]] void fail(const std::string &what) {
    std::fprintf(stderr, "error: %s\n", what.c_str());
    std::exit(2);
}

// Reserves a buffer behind the last one; every buffer starts on a multiple of 128 bytes.
std::uint64_t reserve(std::uint64_t bytes) {
    const std::uint64_t start = (memory.size() * 8 + 127) / 128 * 128;
    memory.resize(std::size_t((start + bytes + 127) / 128 * 16), ap_uint<64>(POISON));
    return start;
}

std::uint64_t read_file(const std::string &path) {
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
    for (std::size_t i = 0; i < data.size(); ++i) memory[std::size_t(start / 8) + i] = data[i];
    return start;
}

void write_file(const std::string &path, std::uint64_t start, std::uint64_t bytes) {
    std::FILE *file = std::fopen(path.c_str(), "wb");
    if (file == nullptr) fail("cannot write " + path);
    std::vector<std::uint64_t> data(std::size_t((bytes + 7) / 8));
    for (std::size_t i = 0; i < data.size(); ++i) data[i] = memory[std::size_t(start / 8) + i].to_uint64();
    const bool good = std::fwrite(data.data(), 1, std::size_t(bytes), file) == bytes;
    if (std::fclose(file) != 0 || !good) fail("cannot write " + path);
}

hg::State<hg::Config> &state() {
    static hg::State<hg::Config> *instance = new hg::State<hg::Config>();
    return *instance;
}

}  // namespace

int main(int argc, char **argv) {
    if (argc != 8) fail("seven arguments are needed");
    const std::string folder = std::string(argv[1]) + "/";
    const std::uint64_t output_bytes = std::strtoull(argv[5], nullptr, 10);
    const std::uint64_t report_bytes = std::strtoull(argv[7], nullptr, 10);
    hg::Arguments args;
    reserve(BASE);
    args.frames = std::atoi(argv[2]);
    args.input_stride = std::strtoull(argv[3], nullptr, 10);
    args.output_stride = std::strtoull(argv[4], nullptr, 10);
    args.program = read_file(folder + "program.bin");
    args.weights = read_file(folder + "weights.bin");
    args.input = read_file(folder + "input.bin");
    args.output = reserve(output_bytes);
    args.scratch = reserve(std::strtoull(argv[6], nullptr, 10));
    args.report = reserve(report_bytes);
    reserve(BASE);
#ifdef HG_MONITOR
    std::FILE *file = std::fopen((folder + "monitor.bin").c_str(), "wb");
    if (file == nullptr) fail("cannot write " + folder + "monitor.bin");
    hg::Monitor::get().open(file);
    hg::Monitor::get().memory(memory.size());
#endif
    const std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
    hg::mixed<hg::Config>(state(), memory.data(), memory.data(), memory.data(), memory.data(), args);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
#ifdef HG_MONITOR
    if (std::fclose(file) != 0) fail("cannot write " + folder + "monitor.bin");
#endif
    write_file(folder + "output.bin", args.output, output_bytes);
    write_file(folder + "report.bin", args.report, report_bytes);
    std::printf("seconds %.6f\n", seconds.count());
    return 0;
}
