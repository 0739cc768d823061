// SPDX-License-Identifier: Apache-2.0
// The mixed engine: weight fetch beside loads, computes and stores; report; top level.
#ifndef HG_MIXED_HPP
#define HG_MIXED_HPP

#include "add.hpp"
#include "check.hpp"
#include "pool.hpp"
#include "store.hpp"
#include "writer.hpp"

namespace hg {

// Words are unpacked where that costs least: behind the ring in hardware, before it in C simulation.
#ifdef __SYNTHESIS__
template <class C>
using RingWord = Word<C>;
template <class C>
struct KeepWord {
    const Flags<C> &flags;
    void operator()(const Word<C> &from, Word<C> &to) const { to = from; }
};
template <class C>
void ready(const Word<C> &word, const Flags<C> &flags, Operands<C> &operands) {
    HG_PRAGMA(HLS INLINE)
    unpack<C>(word, flags, operands);
}
#else
template <class C>
using RingWord = Operands<C>;
template <class C>
struct KeepWord {
    const Flags<C> &flags;
    void operator()(const Word<C> &from, Operands<C> &to) const { unpack<C>(from, flags, to); }
};
#endif

template <class C>
using WordRing = Ring<Word<C>, RingWord<C>, C::RingDepth>;

// Everything the engine keeps between descriptors.
template <class C>
struct State {
    ActMem<C> mem;
    RecordRing<C> records;
    WordRing<C> words;
    Tap taps[C::TapsN];
    Tables<C> tables;
    Rows<C> rows;
    Array<C> array;
    TileValues<C> values;
};

template <class C>
void multiply(State<C> &state, WordStream<C> &source, int index, const Acts<C> &acts) {
    HG_PRAGMA(HLS INLINE)
    const KeepWord<C> keep = {state.rows.flags};
#ifdef __SYNTHESIS__
    Operands<C> operands;
    ready<C>(state.words.get(source, index, keep), state.rows.flags, operands);
    state.array.step(operands, acts);
#else
    state.array.step(state.words.get(source, index, keep), acts);
#endif
}

// One tap of one plane: its slices, each with the next weight word. Returns the word behind them.
template <class C>
int convolve_tap(State<C> &state, WordStream<C> &source, const ComputeFields &d, const Tap &tap,
                 const Tile<C> &tile, int plane, int word) {
    Window<C> window;
    Acts<C> acts;
    window.aim(tap, tile, d.skew && plane == 1 ? Params<C>::BanksN / 2 : 0);
    const beat_t pad = replicated<C>(d.pad[plane]);
    int cg = tap.sub0 / Params<C>::SlicesN;
    int sub = tap.sub0 % Params<C>::SlicesN;
    for (int c = 0; c < tap.cs; ++c) {
        HG_PRAGMA(HLS PIPELINE II = 1)
        if (c == 0 || sub == 0) window.read(state.mem, tap, plane, cg, pad);
        window.slice(sub, acts);
        multiply<C>(state, source, word + c, acts);
        if (++sub == Params<C>::SlicesN) {
            sub = 0;
            ++cg;
        }
    }
    return word + tap.cs;
}

// All sums of a tile; the block's words start `first` entries behind the ring's base.
template <class C>
void convolve_tile(State<C> &state, WordStream<C> &source, const ComputeFields &d,
                   const Tile<C> &tile, int first) {
    state.array.clear();
    for (int plane = d.planes - 1; plane >= 0; --plane) {
        if (plane != d.planes - 1) state.array.shift();
        int word = first;
        for (int i = 0; i < d.taps; ++i) {
            const int behind = convolve_tap<C>(state, source, d, state.taps[i], tile, plane, word);
            if (!d.shared) word = behind;
        }
    }
}

template <class C>
void finish_tile(State<C> &state, const ComputeFields &d, const Tile<C> &tile, int block) {
    requant<C>(state.array, state.rows, d.kind == KIND_RAW, state.values);
    watch<C>(d, tile, block, 0, state.values);
    if (d.add) {
        add<C>(state.mem, d, state.tables, tile, block, state.values);
        watch<C>(d, tile, block, 1, state.values);
    }
    write_tile<C>(state.mem, d, tile, block, state.values);
}

template <class C>
void run_conv(State<C> &state, RecordStream<C> &records, WordStream<C> &words,
              const ComputeFields &d) {
    constexpr int BlockRecords = 1 + Params<C>::RowsN;
    const int tables = d.add ? Params<C>::TableRecordsN : 0;
    if (d.add) read_tables<C>(state.records, records, state.tables);
    int record = tables;
    int word = 0;
    for (int block = 0; block < d.blocks; ++block) {
        read_rows<C>(state.records, records, record, state.rows);
        Tile<C> tile;
        tile.start(d.wv);
        for (int t = 0; t < d.tiles; ++t) {
            convolve_tile<C>(state, words, d, tile, word);
            finish_tile<C>(state, d, tile, block);
            tile.advance(d);
        }
        record += BlockRecords;
        word += d.k;
        if (!d.hold) {
            state.records.release(record);
            state.words.release(word);
            record = 0;
            word = 0;
        }
    }
}

template <class C>
void run_pool(State<C> &state, const ComputeFields &d) {
    for (int group = 0; group < d.blocks; ++group) {
        Tile<C> tile;
        tile.start(d.wv);
        for (int t = 0; t < d.tiles; ++t) {
            pool_tile<C>(state.mem, d, state.taps, tile, group, state.values);
            pool_write<C>(state.mem, d, tile, group, state.values);
            tile.advance(d);
        }
    }
}

// Report entry of a descriptor: the cycle counters are a capability of the RTL and stay 0 here.
inline void report_entry(port_t *gmem, const Arguments &args, int slots, int frame, int slot, int tiles) {
    if (slot == NO_SLOT) return;
    const std::uint64_t start = args.report + 128 + 64 * (std::uint64_t(frame) * std::uint64_t(slots) + std::uint64_t(slot));
    for (int i = 0; i < 6; ++i) write_beat(gmem, start + std::uint64_t(8 * i), 0);
    write_beat(gmem, start + 48, beat_t(frame) << 16 | beat_t(slot));
    write_beat(gmem, start + 56, beat_t(tiles));
}

template <class C>
void run_compute(State<C> &state, RecordStream<C> &records, WordStream<C> &words, port_t *gmem,
                 const Arguments &args, int slots, const Descriptor &descriptor, int frame, int index) {
    const ComputeFields d(descriptor);
    (void)index;  // used by the monitor alone
    HG_WATCH(begin(frame, index, descriptor.slot(), d.out_groups * Params<C>::GroupLanesN, d.ho, d.wo,
                   d.kind, d.add));
    read_taps<C>(gmem, args.program + d.taps_offset, d.taps, state.taps);
    if (d.pool) {
        run_pool<C>(state, d);
    } else {
        run_conv<C>(state, records, words, d);
    }
    HG_WATCH(end());
    report_entry(gmem, args, slots, frame, descriptor.slot(), d.tiles);
}

inline std::uint64_t buffer_base(const Arguments &args, int buffer, int frame) {
    HG_PRAGMA(HLS INLINE)
    if (buffer == 0) return args.input + std::uint64_t(frame) * args.input_stride;
    if (buffer == 1) return args.scratch;
    return args.output + std::uint64_t(frame) * args.output_stride;
}

// Loads, computes and stores of all frames.
template <class C>
void run_walkers(State<C> &state, RecordStream<C> &records, WordStream<C> &words, port_t *gmem,
                 const Arguments &args, const Header &header) {
    Schedule schedule(gmem, args.program, header, args.frames);
    while (!schedule.finished()) {
        const int walker = schedule.next();
        HG_CHECK(walker != WALKERS, "the program's waits (no descriptor may start), load",
                 schedule.index(WALK_LOAD));
        if (walker == WALKERS) break;
        const Descriptor &descriptor = schedule.descriptor(walker);
        const int frame = schedule.frame(walker);
        if (walker == WALK_COMPUTE) {
            run_compute<C>(state, records, words, gmem, args, header.slots, descriptor, frame,
                           schedule.index(walker));
        } else {
            const MoveFields d(descriptor);
            const std::uint64_t base = buffer_base(args, d.buffer, frame);
            if (walker == WALK_LOAD) {
                load<C>(gmem, base, d, state.mem);
            } else {
                store<C>(gmem, base, d, state.mem);
            }
            report_entry(gmem, args, header.slots, frame, descriptor.slot(), 0);
        }
        schedule.complete(walker);
    }
}

template <class C>
void run_frames(State<C> &state, port_t *gmem0, const port_t *gmem1, const port_t *gmem2,
                const port_t *gmem3, const port_t *gmem4, const Arguments &args, const Header &header) {
    PlanStream<C> plans("plans");
    LineStream<C> lines("lines");
    RecordStream<C> records("records");
    WordStream<C> words("words");
#ifdef __SYNTHESIS__
    HG_PRAGMA(HLS DATAFLOW)
    fetch_lines<C>(gmem1, gmem2, gmem3, gmem4, args.program, args.weights, header.descriptors, args.frames,
                   plans, lines);
    fetch_join<C>(plans, lines, records, words);
    run_walkers<C>(state, records, words, gmem0, args, header);
#else
    Dataflow dataflow;
    dataflow.process("fetch", [&]() {
        fetch_lines<C>(gmem1, gmem2, gmem3, gmem4, args.program, args.weights, header.descriptors, args.frames,
                       plans, lines);
    });
    dataflow.process("join", [&]() { fetch_join<C>(plans, lines, records, words); });
    dataflow.process("walkers", [&]() {
        run_walkers<C>(state, records, words, gmem0, args, header);
        HG_CHECK(records.empty() && words.empty() && state.records.left() == 0 && state.words.left() == 0,
                 "the computes: weight words or records were fetched and never used, words",
                 state.words.left());
    });
    dataflow.run();
#endif
}

// Entries of the FETCHes, which run on other ports than the report's.
inline void report_fetches(port_t *gmem, const Arguments &args, const Header &header) {
    for (int i = 0; i < header.descriptors; ++i) {
        const Descriptor descriptor = read_descriptor(gmem, args.program, i);
        if (descriptor.op() != OP_FETCH) continue;
        for (int frame = 0; frame < args.frames; ++frame) {
            report_entry(gmem, args, header.slots, frame, descriptor.slot(), 0);
        }
    }
}

template <class C>
beat_t capabilities() {
    return beat_t(C::ActBits) | beat_t(C::LanesN) << 8 | beat_t(C::PixelsN) << 16 |
           beat_t(Params<C>::RowsN) << 24 | beat_t(C::WeightPortsN) << 32 | beat_t(C::DrainN) << 40;
}

template <class C>
void mixed(State<C> &state, port_t *gmem0, const port_t *gmem1, const port_t *gmem2,
           const port_t *gmem3, const port_t *gmem4, const Arguments &args) {
    const Header header = read_header(gmem0, args.program);
    int index = 0;
    const Status status = check_program<C>(gmem0, args.program, header, index);
    const bool run = status == STATUS_GOOD && header.descriptors != 0 && args.frames > 0;
    if (run) {
        run_frames<C>(state, gmem0, gmem1, gmem2, gmem3, gmem4, args, header);
        report_fetches(gmem0, args, header);
    }
    write_report(gmem0, args.report, C::LayoutHash, status, index, run ? args.frames : 0,
                 capabilities<C>());
}

}  // namespace hg

#endif
