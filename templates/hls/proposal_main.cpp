// SPDX-License-Identifier: Apache-2.0
// C simulation of the proposal engine: starts it several times, without a reset between them.
//
//   csim folder starts
//
// Start i has the folder `folder`/i: it reads program.bin, input.bin, video.bin (a word a beat of the
// camera: TDATA in 48 bits, start of frame, end of line) and start.txt (frames input_stride
// output_stride report_bytes) there and writes output.bin, report.bin, monitor.bin, taken.txt (beats).
#include <chrono>

#include "config.hpp"
#include "csim_memory.hpp"
#include "proposal.hpp"

namespace {

hg::ProposalState<hg::Config> &state() {
    static hg::ProposalState<hg::Config> *instance = new hg::ProposalState<hg::Config>();
    return *instance;
}

struct Start {
    unsigned long long frames, input_stride, output_stride, report_bytes;
};

Start read_start(const std::string &path) {
    Start start;
    std::FILE *file = std::fopen(path.c_str(), "r");
    if (file == nullptr) csim::fail("cannot read " + path);
    const int got = std::fscanf(file, "%llu %llu %llu %llu", &start.frames, &start.input_stride,
                                &start.output_stride, &start.report_bytes);
    std::fclose(file);
    if (got != 4) csim::fail("four numbers are needed in " + path);
    return start;
}

void watch(const std::string &path) {
#ifdef HG_MONITOR
    std::FILE *file = std::fopen(path.c_str(), "wb");
    if (file == nullptr || !hg::Probe::get().write(file) || std::fclose(file) != 0) {
        csim::fail("cannot write " + path);
    }
    hg::Probe::get().clear();
#else
    (void)path;
#endif
}

void read_video(const std::string &path, hg::VideoStream<hg::Config> &video) {
    std::FILE *file = std::fopen(path.c_str(), "rb");
    if (file == nullptr) csim::fail("cannot read " + path);
    std::uint64_t word = 0;
    while (std::fread(&word, sizeof word, 1, file) == 1) {
        video.write({hg::field(word, 47, 0), hg::field(word, 48, 48), hg::field(word, 49, 49)});
    }
    std::fclose(file);
}

void write_taken(const std::string &path, std::size_t beats) {
    std::FILE *file = std::fopen(path.c_str(), "w");
    if (file == nullptr) csim::fail("cannot write " + path);
    const bool good = std::fprintf(file, "%zu", beats) > 0;
    if (std::fclose(file) != 0 || !good) csim::fail("cannot write " + path);
}

double run(const std::string &folder) {
    const Start start = read_start(folder + "start.txt");
    csim::Memory memory;
    hg::Arguments args = {};
    args.frames = int(start.frames);
    args.input_stride = start.input_stride;
    args.output_stride = start.output_stride;
    args.program = memory.read(folder + "program.bin");
    args.input = memory.read(folder + "input.bin");
    args.output = memory.reserve(start.frames * start.output_stride);
    args.report = memory.reserve(start.report_bytes);
    memory.reserve(csim::BASE);
    hg::VideoStream<hg::Config> video("s_axis_video");
    read_video(folder + "video.bin", video);
    HG_WATCH(memory(memory.size()));
    const std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();
    hg::proposal<hg::Config>(state(), memory.data(), memory.data(), video, args);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    memory.write(folder + "output.bin", args.output, start.frames * start.output_stride);
    memory.write(folder + "report.bin", args.report, start.report_bytes);
    write_taken(folder + "taken.txt", video.taken());
    watch(folder + "monitor.bin");
    return seconds.count();
}

}  // namespace

int main(int argc, char **argv) {
    if (argc != 3) csim::fail("two arguments are needed");
    double seconds = 0;
    for (int i = 0; i < std::atoi(argv[2]); ++i) {
        seconds += run(std::string(argv[1]) + "/" + std::to_string(i) + "/");
    }
    std::printf("seconds %.6f\n", seconds);
    return 0;
}
