// SPDX-License-Identifier: Apache-2.0
// Weight fetch: walks the FETCH descriptors on its own and runs ahead as far as its streams allow.
//
// `fetch_lines` reads the weight ports in lockstep, one beat of each a cycle; `fetch_join` cuts the
// lines into records and weight words (formats §5). Waits of a FETCH need no check here: weights are
// only read. The first weight port also reads the program, so that no process waits for another.
#ifndef HG_FETCH_HPP
#define HG_FETCH_HPP

#include "program.hpp"
#include "stream.hpp"

namespace hg {

// One beat of every weight port.
template <class C>
struct Line {
    beat_t beat[C::WeightPortsN];
};

struct Record {
    beat_t beat[3];
};

template <class C>
struct Word {
    beat_t beat[Params<C>::WordBeatsN];
};

// What follows on the line stream.
struct FetchPlan {
    int blocks;  // 0: no more
    int rows;
    int k;
    int tables;
};

constexpr int PLAN_DEPTH = 2;
constexpr int LINE_DEPTH = 256;  // half a block memory
constexpr int WORD_DEPTH = 64;

template <class C>
using PlanStream = stream<FetchPlan, PLAN_DEPTH>;
template <class C>
using LineStream = stream<Line<C>, LINE_DEPTH>;
template <class C>
using RecordStream = stream<Record, C::RecordDepth>;
template <class C>
using WordStream = stream<Word<C>, WORD_DEPTH>;

template <class C>
void fetch_stripes(const port_t *gmem1, const port_t *gmem2, const port_t *gmem3,
                   const port_t *gmem4, std::uint64_t start, const FetchFields &d, LineStream<C> &lines) {
    for (beat_t i = 0; i < d.port_beats; ++i) {
        HG_PRAGMA(HLS PIPELINE II = 1)
        Line<C> line;
        line.beat[0] = read_beat(gmem1, start + 8 * i);
        if (C::WeightPortsN > 1) line.beat[1 % C::WeightPortsN] = read_beat(gmem2, start + d.port_stride + 8 * i);
        if (C::WeightPortsN > 2) line.beat[2 % C::WeightPortsN] = read_beat(gmem3, start + 2 * d.port_stride + 8 * i);
        if (C::WeightPortsN > 3) line.beat[3 % C::WeightPortsN] = read_beat(gmem4, start + 3 * d.port_stride + 8 * i);
        lines.write(line);
    }
}

template <class C>
void fetch_lines(const port_t *gmem1, const port_t *gmem2, const port_t *gmem3,
                 const port_t *gmem4, std::uint64_t program, std::uint64_t weights, int descriptors, int frames, PlanStream<C> &plans,
                 LineStream<C> &lines) {
    for (int frame = 0; frame < frames; ++frame) {
        for (int i = 0; i < descriptors; ++i) {
            const Descriptor descriptor = read_descriptor(gmem1, program, i);
            if (descriptor.op() != OP_FETCH) continue;
            const FetchFields d(descriptor);
            const FetchPlan plan = {d.blocks, d.rows, d.k, d.tables};
            plans.write(plan);
            fetch_stripes<C>(gmem1, gmem2, gmem3, gmem4, weights + d.offset, d, lines);
        }
    }
    const FetchPlan end = {0, 0, 0, 0};
    plans.write(end);
}

// Takes the beats of the lines one by one.
template <class C>
struct Joiner {
    LineStream<C> &lines;
    Line<C> line;
    int left;  // beats of `line` not taken yet

    explicit Joiner(LineStream<C> &source) : lines(source), line(), left(0) {}

    beat_t next() {
        HG_PRAGMA(HLS INLINE)
        if (left == 0) {
            line = lines.read();
            left = C::WeightPortsN;
        }
        const beat_t beat = line.beat[C::WeightPortsN - left];
        --left;
        return beat;
    }

    void drop() { left = 0; }  // the padding behind a record or a run of words
};

template <class C>
void join_records(Joiner<C> &joiner, int count, RecordStream<C> &records) {
    for (int i = 0; i < count; ++i) {
        Record record;
        for (int b = 0; b < 3; ++b) {
            HG_PRAGMA(HLS PIPELINE II = 1)
            record.beat[b] = joiner.next();
        }
        joiner.drop();
        records.write(record);
    }
}

template <class C>
void join_words(Joiner<C> &joiner, int count, WordStream<C> &words) {
    for (int i = 0; i < count; ++i) {
        Word<C> word;
        for (int b = 0; b < Params<C>::WordBeatsN; ++b) {
            HG_PRAGMA(HLS PIPELINE II = 1)
            word.beat[b] = joiner.next();
        }
        words.write(word);
    }
    joiner.drop();
}

template <class C>
void fetch_join(PlanStream<C> &plans, LineStream<C> &lines, RecordStream<C> &records,
                WordStream<C> &words) {
    Joiner<C> joiner(lines);
    for (FetchPlan plan = plans.read(); plan.blocks != 0; plan = plans.read()) {
        join_records<C>(joiner, plan.tables, records);
        for (int block = 0; block < plan.blocks; ++block) {
            join_records<C>(joiner, 1 + plan.rows, records);
            join_words<C>(joiner, plan.k, words);
        }
    }
}

// A ring in front of a stream: entries stay until they are released, so that every tile (and, with
// hold, the next layer) reads them again.
template <typename T, typename Stored, int Depth>
class Ring {
  public:
    Ring() : base_(0), filled_(0) {}

    // Entry `i` behind the base; `store` turns what the stream carries into what the ring keeps.
    template <typename S, typename F>
    const Stored &get(S &source, int i, F store) {
        HG_PRAGMA(HLS INLINE)
        HG_CHECK(i < Depth, "the ring (a layer holds more than its depth)", i);
        while (filled_ <= i) {
            store(source.read(), data_[wrapped(base_ + filled_)]);
            ++filled_;
        }
        return data_[wrapped(base_ + i)];
    }

    void release(int n) {
        HG_CHECK(n <= filled_, "the ring (entries released that were never read)", n);
        base_ = wrapped(base_ + n);
        filled_ -= n;
    }

    int left() const { return filled_; }

  private:
    // Of a place at most one turn ahead
    static int wrapped(int place) { return place < Depth ? place : place - Depth; }

    int base_;
    int filled_;
    Stored data_[Depth];
};

}  // namespace hg

#endif
