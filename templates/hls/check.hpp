// SPDX-License-Identifier: Apache-2.0
// Rules of the layer program (formats §6): the whole of it is checked before anything starts.
//
// They are the rules of hg_program_check, hg_taps and hg_fetch, so that both realisations refuse
// the same program with the same status and index.
#ifndef HG_CHECK_HPP
#define HG_CHECK_HPP

#include "window.hpp"

namespace hg {

constexpr int SIDE_MAX = 4096;  // rows and columns that the window counts
constexpr int HELD_MAX = 4095;  // blocks of a CONV that holds

template <class C>
bool good_base(int base) {
    return base < C::ActDepth;
}

template <class C>
bool good_stride(int stride) {
    return stride <= C::ActDepth;
}

// Beats that each port of a FETCH carries.
template <class C>
std::uint64_t stripe_beats(const FetchFields &d) {
    constexpr int Ports = C::WeightPortsN;
    const std::uint64_t record = ceil_div(3, Ports);
    const std::uint64_t words = std::uint64_t(ceil_div(d.k * Params<C>::WordBeatsN, Ports));
    return record * std::uint64_t(d.tables) +
           std::uint64_t(d.blocks) * (record * std::uint64_t(1 + d.rows) + words);
}

template <class C>
bool fields_in_range(const FetchFields &d) {
    return d.offset % 8 == 0 && d.port_stride % 8 == 0 && d.rows == Params<C>::RowsN &&
           d.blocks > 0 && d.k > 0 && d.k <= C::RingDepth &&
           (d.tables == 0 || d.tables == Params<C>::TableRecordsN) &&
           d.port_beats == stripe_beats<C>(d);
}

template <class C>
bool fields_in_range(const MoveFields &d) {
    const bool image = d.row_beats == 0 ||
                       (d.runs == 1 && d.step >= 1 && d.step <= 16 &&
                        (!d.two_planes || C::ActBits == 4) && good_stride<C>(d.plane_stride));
    return image && d.buffer <= 2 && d.offset % 8 == 0 && d.run_bytes % 8 == 0 && d.s >= 1 && d.s <= 4 &&
           d.runs > 0 && d.rows > 0 && d.width > 0 && good_base<C>(d.base) &&
           good_stride<C>(d.run_stride) && good_stride<C>(d.phase_stride);
}

template <class C>
bool places_in_range(const ComputeFields &d) {
    return d.out_s >= 1 && d.out_s <= 4 && good_base<C>(d.out_base) && good_stride<C>(d.out_cg) &&
           good_stride<C>(d.out_plane) && good_stride<C>(d.out_phase) && good_base<C>(d.res_base) &&
           good_stride<C>(d.res_cg) && (C::WideCodes == 0 || good_stride<C>(d.res_plane));
}

// What a CONV that holds leaves in the rings must fit there.
template <class C>
bool held_in_range(const ComputeFields &d) {
    const int tables = d.add ? Params<C>::TableRecordsN : 0;
    return d.blocks <= HELD_MAX &&
           d.blocks * (1 + Params<C>::RowsN) + tables <= C::RecordDepth &&
           std::int64_t(d.k) * d.blocks <= C::RingDepth;
}

template <class C>
bool fields_in_range(const ComputeFields &d) {
    const bool sizes = d.taps >= 1 && d.taps <= C::TapsN && d.blocks > 0 && d.tiles > 0 &&
                       d.ho > 0 && d.ho <= SIDE_MAX && d.wo > 0 && d.wv >= d.wo &&
                       d.wv <= SIDE_MAX && d.p_div == C::PixelsN / d.wv &&
                       d.p_mod == C::PixelsN % d.wv && d.taps_offset % TAP_BYTES == 0 &&
                       places_in_range<C>(d);
    constexpr int kind_max = C::WideCodes != 0 ? KIND_TWO_PLANES : KIND_CODES;  // of POOL and add
    if (d.pool) {
        return sizes && d.planes >= 1 && d.planes <= Params<C>::AddPlanesN && d.kind <= kind_max && !d.add;
    }
    const bool kinds = d.kind <= KIND_RAW &&
                       (d.kind != KIND_TWO_PLANES || C::ActBits == 4) &&
                       (d.kind <= kind_max || !d.add);
    return sizes && kinds && d.k > 0 && d.k <= C::RingDepth &&
           (!d.hold || held_in_range<C>(d)) && d.planes >= 1 && d.planes <= Params<C>::PlanesMax;
}

// A CONV's words must be those that its taps ask for.
template <class C>
bool taps_in_range(const port_t *gmem, std::uint64_t program, const ComputeFields &d) {
    int words = 0;
    for (int i = 0; i < d.taps; ++i) {
        const Tap tap = read_tap(gmem, program + d.taps_offset + std::uint64_t(TAP_BYTES * i));
        if (!good_base<C>(tap.base) || !good_stride<C>(tap.cg_stride) ||
            !good_stride<C>(tap.plane_stride)) {
            return false;
        }
        if (d.pool) continue;
        if (tap.cs < 1 || tap.sub0 >= Params<C>::SlicesN) return false;
        if (d.shared && tap.cs != d.k) return false;
        words += tap.cs;
    }
    return d.pool || d.shared || words == d.k;
}

template <class C>
bool compute_in_range(const port_t *gmem, std::uint64_t program, const Descriptor &descriptor) {
    const ComputeFields d(descriptor);
    return fields_in_range<C>(d) && taps_in_range<C>(gmem, program, d);
}

template <class C>
Status check_descriptor(const port_t *gmem, std::uint64_t program, const Descriptor &d, int slots) {
    if (beat_t(d.version()) != FORMAT_VERSION) return STATUS_VERSION;
    if (d.engine() != 0) return STATUS_OPERATION;
    bool good = false;
    switch (d.op()) {
        case OP_FETCH: good = fields_in_range<C>(FetchFields(d)); break;
        case OP_LOAD: good = fields_in_range<C>(MoveFields(d)); break;
        case OP_STORE: good = fields_in_range<C>(MoveFields(d)) && d.beat[6] == 0; break;
        case OP_CONV:
        case OP_POOL: good = compute_in_range<C>(gmem, program, d); break;
        default: return STATUS_OPERATION;
    }
    return good && (d.slot() < slots || d.slot() == NO_SLOT) ? STATUS_GOOD : STATUS_FIELD;
}

// `index` is the first bad descriptor. An empty program identifies the hardware, so it need not
// know the layout hash.
template <class C>
Status check_program(const port_t *gmem, std::uint64_t program, const Header &header, int &index) {
    index = 0;
    if (header.magic != PROGRAM_MAGIC) return STATUS_MAGIC;
    if (header.version != FORMAT_VERSION) return STATUS_VERSION;
    if (header.descriptors != 0 && header.hash != C::LayoutHash) return STATUS_HASH;
    for (int i = 0; i < header.descriptors; ++i) {
        const Descriptor descriptor = read_descriptor(gmem, program, i);
        const Status status = check_descriptor<C>(gmem, program, descriptor, header.slots);
        if (status != STATUS_GOOD) {
            index = i;
            return status;
        }
    }
    return STATUS_GOOD;
}

}  // namespace hg

#endif
