// SPDX-License-Identifier: Apache-2.0
// Runs single stages on data of the tests: "array", "requant", "add" or "deadlock"; raw bytes in and out.
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "config.hpp"
#include "mixed.hpp"

typedef hg::Config C;
typedef hg::Params<C> P;

template <typename T>
static T take() {
    T value;
    if (std::fread(&value, sizeof value, 1, stdin) != 1) std::exit(2);
    return value;
}

static void array() {
    hg::Flags<C> flags;
    for (int t = 0; t < P::RowsN; ++t) flags.sp2[t] = take<std::uint8_t>() != 0;
    static hg::Array<C> accumulators;
    accumulators.clear();
    const int steps = take<std::int32_t>();
    for (int k = 0; k < steps; ++k) {
        if (take<std::uint8_t>() != 0) accumulators.shift();
        hg::Word<C> word;
        for (int b = 0; b < P::WordBeatsN; ++b) word.beat[b] = take<std::uint64_t>();
        hg::Acts<C> acts;
        for (int n = 0; n < C::LanesN; ++n) {
            for (int p = 0; p < C::PixelsN; ++p) acts.code[n][p] = take<std::uint8_t>();
        }
        static hg::Operands<C> operands;
        hg::unpack<C>(word, flags, operands);
        accumulators.step(operands, acts);
    }
    for (int t = 0; t < P::RowsN; ++t) {
        for (int p = 0; p < C::PixelsN; ++p) {
            const std::int32_t value = accumulators.sum(t, p);
            std::fwrite(&value, sizeof value, 1, stdout);
        }
    }
}

static void requant() {
    const int count = take<std::int32_t>();
    for (int i = 0; i < count; ++i) {
        hg::Record record;
        for (int b = 0; b < 3; ++b) record.beat[b] = take<std::uint64_t>();
        const hg::RowRecord row(record);
        const std::int64_t x = take<std::int64_t>() + row.bias;
        const std::int32_t code = hg::requantised(x, row);
        std::fwrite(&code, sizeof code, 1, stdout);
    }
}

static void add() {
    const int count = take<std::int32_t>();
    for (int i = 0; i < count; ++i) {
        hg::Descriptor descriptor = {};
        descriptor.beat[7] = take<std::uint64_t>();
        const std::int32_t code = hg::added(take<std::int64_t>(), hg::ComputeFields(descriptor));
        std::fwrite(&code, sizeof code, 1, stdout);
    }
}

// Two processes, each waiting for the other: one for room, one for data.
static void deadlock() {
    hg::stream<int, 4> crowded("crowded");
    hg::stream<int, 4> hungry("hungry");
    hg::Dataflow dataflow;
    dataflow.process("producer", [&]() {
        for (int i = 0; i < 5; ++i) crowded.write(i);
        hungry.write(1);
    });
    dataflow.process("consumer", [&]() { hungry.read(); });
    dataflow.run();
}

int main(int argc, char **argv) {
    const std::string what = argc > 1 ? argv[1] : "";
    if (what == "array") array();
    if (what == "requant") requant();
    if (what == "add") add();
    if (what == "deadlock") deadlock();
    return 0;
}
