// SPDX-License-Identifier: Apache-2.0
// What follows from the design parameters (docs/spec/formats.md §1), derived once.
//
// A configuration C is a struct of constants: ActBits Pot4N Fixed4N Fixed8N LanesN PixelsN DrainN
// ActDepth RingDepth RecordDepth WeightPortsN AccW MultW TapsN WideCodes (int) and LayoutHash (uint64_t).
#ifndef HG_PARAMS_HPP
#define HG_PARAMS_HPP

#include "types.hpp"

namespace hg {

template <class C>
struct Params {
    static constexpr int RowsN = C::Pot4N + C::Fixed4N + C::Fixed8N;  // T
    static constexpr int GroupLanesN = 64 / C::ActBits;               // G
    static constexpr int RowGroupsN = RowsN / GroupLanesN;            // Tg
    static constexpr int SlicesN = GroupLanesN / C::LanesN;           // slices of a beat
    static constexpr int BanksN = power_of_two(C::PixelsN);           // B
    static constexpr int BankBits = log2_of(BanksN);
    static constexpr int WordBits = C::LanesN * (4 * (C::Pot4N + C::Fixed4N) + 8 * C::Fixed8N);
    static constexpr int WordBeatsN = ceil_div(WordBits, 64);  // NB
    static constexpr int CodesN = 1 << C::ActBits;
    static constexpr int AddPlanesN = C::WideCodes != 0 ? 2 : 1;  // of what Add and MaxPool take
    static constexpr int TableN = AddPlanesN * CodesN;  // entries of an operand of an add
    static constexpr int TableRecordsN = ceil_div(2 * TableN, 3);
    static constexpr int RawPlanesN = 32 / C::ActBits;
    static constexpr int PlanesMax = 8 / C::ActBits;
    static constexpr int Half = 1 << (C::ActBits - 1);  // moves stored codes to signed operands

    // How the multipliers are shared (DESIGN §4): two rows and two pixels in one product where both
    // operands have 4 bits, one row and two pixels elsewhere.
    static constexpr bool RowPairs = C::ActBits == 4;
    static constexpr int PairsN = RowPairs ? C::Fixed4N / 2 : 0;
    static constexpr int SinglesN = C::Fixed8N + (RowPairs ? 0 : C::Fixed4N);
    static constexpr int PixelPairsN = C::PixelsN / 2;

    static_assert(C::ActBits == 4 || C::ActBits == 8, "ActBits must be 4 or 8");
    static_assert(C::Fixed4N % 2 == 0, "Fixed4N must be even");
    static_assert(RowsN > 0 && RowsN % GroupLanesN == 0 && RowsN <= 128,
                  "Pot4N + Fixed4N + Fixed8N must be a multiple of 64 / ActBits up to 128");
    static_assert(C::LanesN > 0 && GroupLanesN % C::LanesN == 0, "LanesN must divide 64 / ActBits");
    static_assert(C::PixelsN % 2 == 0 && C::PixelsN >= 2 && C::PixelsN <= 16,
                  "PixelsN must be even, 2 to 16");
    static_assert(C::DrainN == 1 || C::DrainN == 2, "DrainN must be 1 or 2");
    static_assert(C::ActDepth > 0 && C::ActDepth <= 65536, "ActDepth must be 1 to 65536");
    static_assert(C::RingDepth >= 2 && C::RingDepth <= 65536, "RingDepth must be 2 to 65536");
    static_assert((C::RecordDepth & (C::RecordDepth - 1)) == 0, "RecordDepth must be a power of two");
    static_assert(C::WeightPortsN >= 1 && C::WeightPortsN <= 4, "WeightPortsN must be 1 to 4");
    static_assert(C::AccW >= 2 && C::AccW <= 32, "AccW must be 2 to 32");
    static_assert(C::WideCodes == 0 || C::ActBits == 4, "WideCodes must be 0 where ActBits is 8");
    static_assert(C::MultW == 17 || C::MultW == 34, "MultW must be 17 or 34");
};

}  // namespace hg

#endif
