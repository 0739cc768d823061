// SPDX-License-Identifier: Apache-2.0
// The layer program (formats §6): header, descriptors, and which descriptor runs next.
//
// Loads, computes and stores share one memory, so one process runs them, one descriptor at a time.
// Each walker keeps its own place in its own frame, and a descriptor starts when its waits hold, as
// in hardware. Loads go first and stores last: the earliest overwriting and the latest reading that
// the waits allow, so that a missing wait shows as a wrong tensor.
#ifndef HG_PROGRAM_HPP
#define HG_PROGRAM_HPP

#include "params.hpp"
#include "report.hpp"

namespace hg {

enum Op { OP_FETCH = 1, OP_LOAD = 2, OP_CONV = 3, OP_POOL = 4, OP_STORE = 5 };
enum Kind { KIND_CODES = 0, KIND_TWO_PLANES = 1, KIND_RAW = 2 };
constexpr beat_t PROGRAM_MAGIC = 0x52504748;
constexpr int DESCRIPTOR_BYTES = 128;
constexpr int DESCRIPTOR_BEATS = 8;  // those that hold fields
constexpr int TAP_BYTES = 16;
constexpr int NO_WAIT = -32768;
constexpr int NO_SLOT = 0xFFFF;

struct Header {
    int descriptors;
    int loads, computes, stores;  // of a frame
    int slots;
    beat_t magic, version, hash;
};

inline Header read_header(const port_t *gmem, std::uint64_t program) {
    const beat_t b0 = read_beat(gmem, program);
    const beat_t b2 = read_beat(gmem, program + 16);
    const beat_t b3 = read_beat(gmem, program + 24);
    Header header;
    header.magic = field(b0, 31, 0);
    header.version = field(b0, 47, 32);
    header.descriptors = int(field(b0, 63, 48));
    header.hash = read_beat(gmem, program + 8);
    header.loads = int(field(b2, 47, 32));
    header.computes = int(field(b2, 63, 48));
    header.stores = int(field(b3, 15, 0));
    header.slots = int(field(b3, 31, 16));
    return header;
}

struct Descriptor {
    beat_t beat[DESCRIPTOR_BEATS];

    int op() const { return int(field(beat[0], 7, 0)); }
    int version() const { return int(field(beat[0], 15, 8)); }
    int engine() const { return int(field(beat[0], 23, 16)); }
    bool hold() const { return flag(beat[0], 24); }
    bool merge() const { return flag(beat[0], 25); }
    bool shared() const { return flag(beat[0], 26); }
    bool skew() const { return flag(beat[0], 27); }
    int slot() const { return int(field(beat[0], 47, 32)); }
    int wait(int walker) const {
        return int(signed_field(beat[1], 16 * walker + 15, 16 * walker));
    }
};

inline Descriptor read_descriptor(const port_t *gmem, std::uint64_t program, int index) {
    Descriptor descriptor;
    const std::uint64_t start = program + std::uint64_t(index + 1) * DESCRIPTOR_BYTES;
    for (int i = 0; i < DESCRIPTOR_BEATS; ++i) {
        HG_PRAGMA(HLS PIPELINE)
        descriptor.beat[i] = read_beat(gmem, start + std::uint64_t(8 * i));
    }
    return descriptor;
}

struct FetchFields {
    beat_t offset, port_stride;
    int blocks, rows, k, tables;
    beat_t port_beats;

    explicit FetchFields(const Descriptor &d)
        : offset(field(d.beat[2], 31, 0)), port_stride(field(d.beat[2], 63, 32)),
          blocks(int(field(d.beat[3], 15, 0))), rows(int(field(d.beat[3], 31, 16))),
          k(int(field(d.beat[3], 47, 32))), tables(int(field(d.beat[3], 63, 48))),
          port_beats(field(d.beat[4], 31, 0)) {}
};

struct MoveFields {
    beat_t offset, run_bytes;
    int buffer, runs, rows, width, base, run_stride, pitch, s, off_step, phase_stride;
    int row_beats, step, lead, pad, tail, plane_stride;  // of an image (LOAD)
    bool two_planes;

    explicit MoveFields(const Descriptor &d)
        : offset(field(d.beat[2], 31, 0)), run_bytes(field(d.beat[3], 31, 0)),
          buffer(int(field(d.beat[2], 39, 32))), runs(int(field(d.beat[3], 47, 32))),
          rows(int(field(d.beat[3], 63, 48))), width(int(field(d.beat[4], 15, 0))),
          base(int(field(d.beat[4], 31, 16))), run_stride(int(field(d.beat[4], 47, 32))),
          pitch(int(field(d.beat[4], 63, 48))), s(int(field(d.beat[5], 3, 0))),
          off_step(int(field(d.beat[5], 15, 8))), phase_stride(int(field(d.beat[5], 31, 16))),
          row_beats(int(field(d.beat[6], 15, 0))), step(int(field(d.beat[6], 23, 16))),
          lead(int(field(d.beat[6], 31, 24))), pad(int(field(d.beat[6], 39, 32))),
          tail(int(field(d.beat[6], 42, 40))), plane_stride(int(field(d.beat[6], 63, 48))),
          two_planes(flag(d.beat[6], 43)) {}
};

struct ComputeFields {
    bool pool, hold, merge, shared, skew;
    beat_t taps_offset;
    int taps, k, blocks, tiles, planes, kind;
    beat_t pad[2];
    int wv, wo, ho, p_div, p_mod;
    int out_base, out_cg, out_plane, out_phase, out_pitch, out_s, out_off_step, out_groups;
    int res_base, res_cg, res_plane, lo, hi;
    bool add, tie_even, res_two_planes;
    int tie_parity;

    explicit ComputeFields(const Descriptor &d) {
        pool = d.op() == OP_POOL;
        hold = d.hold();
        merge = d.merge();
        shared = d.shared();
        skew = d.skew();
        taps_offset = field(d.beat[2], 31, 0);
        taps = int(field(d.beat[2], 47, 32));
        k = int(field(d.beat[2], 63, 48));
        blocks = int(field(d.beat[3], 15, 0));
        tiles = int(field(d.beat[3], 31, 16));
        planes = int(field(d.beat[3], 39, 32));
        kind = int(field(d.beat[3], 47, 40));
        pad[0] = field(d.beat[3], 55, 48);
        pad[1] = field(d.beat[3], 63, 56);
        wv = int(field(d.beat[4], 15, 0));
        wo = int(field(d.beat[4], 31, 16));
        ho = int(field(d.beat[4], 47, 32));
        p_div = int(field(d.beat[4], 55, 48));
        p_mod = int(field(d.beat[4], 63, 56));
        out_base = int(field(d.beat[5], 15, 0));
        out_cg = int(field(d.beat[5], 31, 16));
        out_plane = int(field(d.beat[5], 47, 32));
        out_phase = int(field(d.beat[5], 63, 48));
        out_pitch = int(field(d.beat[6], 15, 0));
        out_s = int(field(d.beat[6], 19, 16));
        out_off_step = int(field(d.beat[6], 31, 24));
        out_groups = int(field(d.beat[6], 47, 32));
        res_plane = int(field(d.beat[6], 63, 48));
        res_base = int(field(d.beat[7], 15, 0));
        res_cg = int(field(d.beat[7], 31, 16));
        lo = int(field(d.beat[7], 39, 32));
        hi = int(field(d.beat[7], 47, 40));
        add = flag(d.beat[7], 48);
        tie_even = flag(d.beat[7], 49);
        tie_parity = flag(d.beat[7], 50) ? 1 : 0;
        res_two_planes = flag(d.beat[7], 51);
    }
};

enum Walker { WALK_LOAD = 0, WALK_COMPUTE = 1, WALK_STORE = 2, WALKERS = 3 };

inline int walker_of(int op) {
    if (op == OP_LOAD) return WALK_LOAD;
    if (op == OP_STORE) return WALK_STORE;
    return op == OP_CONV || op == OP_POOL ? WALK_COMPUTE : WALKERS;
}

// The places of the three walkers in the program.
class Schedule {
  public:
    Schedule(const port_t *gmem, std::uint64_t program, const Header &header, int frames)
        : gmem_(gmem), program_(program), n_(header.descriptors), frames_(frames) {
        per_frame_[WALK_LOAD] = header.loads;
        per_frame_[WALK_COMPUTE] = header.computes;
        per_frame_[WALK_STORE] = header.stores;
        for (int w = 0; w < WALKERS; ++w) {
            done_[w] = 0;
            frame_[w] = 0;
            at_[w] = -1;
            advance(w);
        }
    }

    bool finished() const {
        return frame_[WALK_LOAD] >= frames_ && frame_[WALK_COMPUTE] >= frames_ &&
               frame_[WALK_STORE] >= frames_;
    }

    // The walker to run now, or WALKERS when no descriptor may start.
    int next() const {
        for (int w = 0; w < WALKERS; ++w) {
            if (frame_[w] < frames_ && may_start(w)) return w;
        }
        return WALKERS;
    }

    const Descriptor &descriptor(int walker) const { return current_[walker]; }
    int frame(int walker) const { return frame_[walker]; }
    int index(int walker) const { return at_[walker]; }

    void complete(int walker) {
        ++done_[walker];
        advance(walker);
    }

  private:
    bool may_start(int w) const {
        bool ready = true;
        for (int other = 0; other < WALKERS; ++other) {
            const int wait = current_[w].wait(other);
            const long long needed = (long long)(frame_[w]) * per_frame_[other] + wait;
            if (wait != NO_WAIT && done_[other] < needed) ready = false;
        }
        return ready;
    }

    // Moves to the walker's next descriptor, into the next frame behind the last one.
    void advance(int w) {
        if (per_frame_[w] == 0) frame_[w] = frames_;
        while (frame_[w] < frames_) {
            if (++at_[w] >= n_) {
                at_[w] = -1;
                ++frame_[w];
                continue;
            }
            current_[w] = read_descriptor(gmem_, program_, at_[w]);
            if (walker_of(current_[w].op()) == w) break;
        }
    }

    const port_t *gmem_;
    std::uint64_t program_;
    int n_;
    int frames_;
    int per_frame_[WALKERS];
    long long done_[WALKERS];
    int frame_[WALKERS];
    int at_[WALKERS];
    Descriptor current_[WALKERS];
};

}  // namespace hg

#endif
