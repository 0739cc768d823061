// SPDX-License-Identifier: Apache-2.0
// C simulation: puts a project's buffers into one memory, runs the top function, writes what it left.
//
//   csim folder frames input_stride output_stride output_bytes scratch_bytes report_bytes
//
// Reads program.bin, weights.bin, input.bin in `folder`; writes output.bin, report.bin, monitor.bin.
#include <chrono>

#include "config.hpp"
#include "csim_memory.hpp"
#include "mixed.hpp"

namespace {

hg::State<hg::Config> &state() {
    static hg::State<hg::Config> *instance = new hg::State<hg::Config>();
    return *instance;
}

}  // namespace

int main(int argc, char **argv) {
    if (argc != 8) csim::fail("seven arguments are needed");
    const std::string folder = std::string(argv[1]) + "/";
    const std::uint64_t output_bytes = std::strtoull(argv[5], nullptr, 10);
    const std::uint64_t report_bytes = std::strtoull(argv[7], nullptr, 10);
    csim::Memory memory;
    hg::Arguments args;
    args.frames = std::atoi(argv[2]);
    args.input_stride = std::strtoull(argv[3], nullptr, 10);
    args.output_stride = std::strtoull(argv[4], nullptr, 10);
    args.program = memory.read(folder + "program.bin");
    args.weights = memory.read(folder + "weights.bin");
    args.input = memory.read(folder + "input.bin");
    args.output = memory.reserve(output_bytes);
    args.scratch = memory.reserve(std::strtoull(argv[6], nullptr, 10));
    args.report = memory.reserve(report_bytes);
    memory.reserve(csim::BASE);
#ifdef HG_MONITOR
    std::FILE *file = std::fopen((folder + "monitor.bin").c_str(), "wb");
    if (file == nullptr) csim::fail("cannot write " + folder + "monitor.bin");
    hg::Monitor::get().open(file);
    hg::Monitor::get().memory(memory.size());
#endif
    const std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
    hg::mixed<hg::Config>(state(), memory.data(), memory.data(), memory.data(), memory.data(), memory.data(), args);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
#ifdef HG_MONITOR
    if (std::fclose(file) != 0) csim::fail("cannot write " + folder + "monitor.bin");
#endif
    memory.write(folder + "output.bin", args.output, output_bytes);
    memory.write(folder + "report.bin", args.report, report_bytes);
    std::printf("seconds %.6f\n", seconds.count());
    return 0;
}
