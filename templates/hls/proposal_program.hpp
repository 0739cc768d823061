// SPDX-License-Identifier: Apache-2.0
// The proposal program (formats §11): read once a start, checked before anything starts.
#ifndef HG_PROPOSAL_PROGRAM_HPP
#define HG_PROPOSAL_PROGRAM_HPP

#include "boxes.hpp"

namespace hg {

constexpr beat_t PROPOSAL_MAGIC = 0x50504748;
constexpr beat_t PROPOSAL_VERSION = 1;
constexpr int SIDE_LEAST = 8;  // of an image
constexpr int SIZE_BEATS = 4;
constexpr int WEIGHT_ONE = 256;

struct ProposalHeader {
    beat_t magic, version, hash;
    int sizes, space, jobs, row_beats, row_bytes, top_k, column_beats;
    ImageSize image;
    Filter filter;
    std::uint64_t sizes_at, columns_at, jobs_at;  // byte addresses
};

inline ProposalHeader read_proposal_header(const port_t *gmem, std::uint64_t program) {
    beat_t beat[9];
    for (int i = 0; i < 9; ++i) beat[i] = read_beat(gmem, program + std::uint64_t(8 * i));
    ProposalHeader header;
    header.magic = field(beat[0], 31, 0);
    header.version = field(beat[0], 47, 32);
    header.sizes = int(field(beat[0], 55, 48));
    header.space = int(field(beat[0], 63, 56));
    header.hash = beat[1];
    header.jobs = int(field(beat[2], 63, 32));
    header.image.width = int(field(beat[3], 15, 0));
    header.image.height = int(field(beat[3], 31, 16));
    header.row_beats = int(field(beat[3], 47, 32));
    header.row_bytes = int(field(beat[3], 63, 48)) * 128;
    for (int j = 0; j < 2; ++j) {
        header.filter.basis[j] = beat[4 + j];
        header.filter.coefficient[j] = int(signed_field(beat[6], 16 * j + 15, 16 * j));
    }
    header.top_k = int(field(beat[6], 47, 32));
    header.column_beats = int(field(beat[6], 63, 48));
    header.sizes_at = program + field(beat[7], 31, 0);
    header.columns_at = program + field(beat[7], 63, 32);
    header.jobs_at = program + field(beat[8], 31, 0);
    return header;
}

// What the stages know of a program; each table has one reader.
template <class C>
struct ProposalTables {
    static constexpr int ColumnWords = ceil_div(C::LanesN, 2);  // of a beat

    SizeMap size[C::SizesN];
    SizeLine line[C::SizesN];
    SizeWindow window[1 << INDEX_BITS];
    ColumnTap column[C::LineDepth][C::LanesN];
    beat_t job[C::JobsDepth];
    beat_t frame_beats;  // idle ones included
};

template <class C>
bool proposal_header_in_range(const ProposalHeader &h) {
    return h.space <= SPACE_GRAY && h.sizes >= 1 && h.sizes <= C::SizesN &&
           h.image.width >= SIDE_LEAST && h.image.width <= C::WidthMax && h.image.height >= SIDE_LEAST && h.image.height <= C::HeightMax && h.top_k == C::TopK &&
           h.row_beats == ceil_div(3 * h.image.width, 8) &&
           h.column_beats <= C::LineDepth * ProposalTables<C>::ColumnWords && h.jobs >= 1 &&
           h.jobs <= C::JobsDepth;
}

template <class C>
void read_sizes(const port_t *gmem, const ProposalHeader &header, ProposalTables<C> &tables) {
    for (int slot = 0; slot < header.sizes; ++slot) {
        beat_t beat[SIZE_BEATS];
        for (int i = 0; i < SIZE_BEATS; ++i) {
            HG_PRAGMA(HLS PIPELINE)
            beat[i] = read_beat(gmem, header.sizes_at + std::uint64_t(8 * (SIZE_BEATS * slot + i)));
        }
        const SizeMap map = {int(field(beat[0], 15, 0)), int(field(beat[0], 31, 16)),
                             int(field(beat[0], 47, 32)), int(field(beat[0], 63, 48))};
        const int index = int(field(beat[1], 63, 58));
        const SizeWindow window = {int(field(beat[1], 15, 0)), int(field(beat[1], 31, 16)),
                                   int(field(beat[1], 47, 32)), int(field(beat[1], 57, 48))};
        const SizeLine line = {index, std::int64_t(beat[2]), std::int64_t(beat[3])};
        HG_CHECK(map.base + map.beats <= C::LineDepth, "the line memories (size)", slot);
        tables.size[slot] = map;
        tables.window[index] = window;
        tables.line[slot] = line;
    }
}

template <class C>
void read_columns(const port_t *gmem, const ProposalHeader &header, ProposalTables<C> &tables) {
    constexpr int Words = ProposalTables<C>::ColumnWords;
    for (int i = 0; i < header.column_beats; ++i) {
        HG_PRAGMA(HLS PIPELINE)
        const beat_t word = read_beat(gmem, header.columns_at + std::uint64_t(8 * i));
        for (int half = 0; half < 2; ++half) {
            const int lane = 2 * (i % Words) + half;
            const ColumnTap tap = {uint<12>(field(word, 32 * half + 11, 32 * half)),
                                   uint<9>(field(word, 32 * half + 24, 32 * half + 16))};
            if (lane < C::LanesN) tables.column[i / Words][lane] = tap;
        }
    }
}

template <class C>
bool job_in_range(const Job &job, const ProposalHeader &header, const ProposalTables<C> &tables) {
    if (job.kind > JOB_IDLE || job.slot >= header.sizes || job.weight > WEIGHT_ONE) return false;
    if (job.first + 1 >= header.image.height || job.beats < 1) return false;
    return job.kind == JOB_IDLE || job.beats == tables.size[job.slot].beats;
}

// Index of the first bad job, or the number of jobs.
template <class C>
int read_jobs(const port_t *gmem, const ProposalHeader &header, ProposalTables<C> &tables) {
    int bad = header.jobs;
    tables.frame_beats = 0;
    for (int i = 0; i < header.jobs; ++i) {
        HG_PRAGMA(HLS PIPELINE)
        const beat_t word = read_beat(gmem, header.jobs_at + std::uint64_t(8 * i));
        const Job job = job_of(word);
        if (bad == header.jobs && !job_in_range<C>(job, header, tables)) bad = i;
        tables.job[i] = word;
        tables.frame_beats += beat_t(job.beats);
    }
    return bad;
}

// Reads the program into the tables; `index` is that of the first bad job. A program of no sizes
// identifies the hardware, so it need not know the layout hash.
template <class C>
Status read_proposal(const port_t *gmem, const ProposalHeader &header, ProposalTables<C> &tables, int &index) {
    index = 0;
    if (header.magic != PROPOSAL_MAGIC) return STATUS_MAGIC;
    if (header.version != PROPOSAL_VERSION) return STATUS_VERSION;
    if (header.sizes == 0) return STATUS_GOOD;
    if (header.hash != C::LayoutHash) return STATUS_HASH;
    if (!proposal_header_in_range<C>(header)) return STATUS_FIELD;
    read_sizes<C>(gmem, header, tables);
    read_columns<C>(gmem, header, tables);
    const int bad = read_jobs<C>(gmem, header, tables);
    if (bad == header.jobs) return STATUS_GOOD;
    index = bad;
    return STATUS_FIELD;
}

}  // namespace hg

#endif
