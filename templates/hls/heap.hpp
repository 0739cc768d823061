// SPDX-License-Identifier: Apache-2.0
// Bank of bounded heaps: each keeps the greatest EntriesN keys that came, and gives them back ascending.
//
//   accept x: if x > root, replace the root and sink it to its place
//   give back: EntriesN times take the root, put "done" (greater than all keys) there, sink it
//
// Behind the last of them every entry is "done", and what the codes of "empty" and "done" mean is
// swapped: nothing is ever cleared.
#ifndef HG_HEAP_HPP
#define HG_HEAP_HPP

#include "suppress.hpp"

namespace hg {

template <int KeyW>
struct HeapEntry {
    uint<2> code;  // 1: holds a key; 0 and 2: empty or done
    sint<KeyW> key;
};

template <int HeapsN, int EntriesN, int KeyW>
class HeapBank {
  public:
    typedef HeapEntry<KeyW> Entry;

    HeapBank() : entry_(), empty_(0) {}

    void accept(int heap, std::int64_t key) {
        HG_PRAGMA(HLS INLINE)
        const Entry root = entry_[heap][0];
        const Entry entry = {HELD, sint<KeyW>(key)};
        if (less(root, entry)) sink(heap, entry);
    }

    // The least entry of a heap; `true` if it holds a key.
    bool take(int heap, std::int64_t &key) {
        HG_PRAGMA(HLS INLINE)
        const Entry root = entry_[heap][0];
        const Entry done = {uint<2>(2 - empty_), 0};
        key = std::int64_t(root.key);
        sink(heap, done);
        return int(root.code) == HELD;
    }

    // Every heap has given all its entries back.
    void swap() { empty_ = 2 - empty_; }

  private:
    static constexpr int HELD = 1;

    int rank(const Entry &entry) const {
        HG_PRAGMA(HLS INLINE)
        const int code = int(entry.code);
        return code == HELD ? 1 : (code == empty_ ? 0 : 2);
    }

    bool less(const Entry &a, const Entry &b) const {
        HG_PRAGMA(HLS INLINE)
        const int ranks[2] = {rank(a), rank(b)};
        return ranks[0] < ranks[1] || (ranks[0] == 1 && ranks[1] == 1 && a.key < b.key);
    }

    // Puts an entry in the root's place and lets it sink.
    void sink(int heap, const Entry &entry) {
        int at = 0;
        for (int child = 1; child < EntriesN; child = 2 * at + 1) {
            HG_PRAGMA(HLS PIPELINE)
            const bool right = child + 1 < EntriesN && less(entry_[heap][child + 1], entry_[heap][child]);
            const int lesser = right ? child + 1 : child;
            if (!less(entry_[heap][lesser], entry)) break;
            entry_[heap][at] = entry_[heap][lesser];
            at = lesser;
        }
        entry_[heap][at] = entry;
    }

    Entry entry_[HeapsN][EntriesN];
    int empty_;
};

// Keys of the limit: score, then the inverted place, so that ties go to smaller y, then x.
template <class C>
struct LimitKey {
    static constexpr int PlaceBits = C::MapBitsX + C::MapBitsY;
    static constexpr int KeyW = C::ScoreW + PlaceBits;
    static constexpr std::int64_t PlaceMask = (std::int64_t(1) << PlaceBits) - 1;

    static std::int64_t place(int x, int y) { return PlaceMask - ((std::int64_t(y) << C::MapBitsX) + x); }
    static int x(std::int64_t key) { return int((PlaceMask - (key & PlaceMask)) & ((1 << C::MapBitsX) - 1)); }
    static int y(std::int64_t key) { return int((PlaceMask - (key & PlaceMask)) >> C::MapBitsX); }
};

template <class C>
using LimitBank = HeapBank<C::SizesN, C::LimitN, LimitKey<C>::KeyW>;

// What the limit gives back; the marker behind a frame says how many points came.
template <class C>
struct Limited {
    bool end;
    uint<6> slot;
    std::int64_t key;
    std::uint32_t points;
};

template <class C>
using LimitedStream = stream<Limited<C>, 16>;

// The bank of one frame is given back while the other one is filled with what has come of the next.
template <class C>
class Limit {
  public:
    Limit() : bank_(), filling_(0), points_(0), ended_(false) {}

    void run(CandidateStream<C> &source, LimitedStream<C> &sink, int frames) {
        for (int frame = 0; frame < frames; ++frame) {
            while (!ended_) accept(source.read());
            const Limited<C> marker = {true, 0, 0, points_};
            const int giving = filling_;
            filling_ = 1 - filling_;
            points_ = 0;
            ended_ = false;
            give_back(giving, source, sink);
            sink.write(marker);
            HG_PROBE(end(PROBE_LIMIT));
        }
    }

  private:
    void accept(const Candidate<C> &point) {
        HG_PRAGMA(HLS INLINE)
        ended_ = point.end;
        if (point.end) return;
        typedef LimitKey<C> K;
        const std::int64_t score = std::int64_t(point.score) * (K::PlaceMask + 1);
        bank_[filling_].accept(int(point.slot), score + K::place(int(point.x), int(point.y)));
        ++points_;
    }

    void give_back(int giving, CandidateStream<C> &source, LimitedStream<C> &sink) {
        for (int heap = 0; heap < C::SizesN; ++heap) {
            for (int i = 0; i < C::LimitN; ++i) {
                std::int64_t key = 0;
                if (bank_[giving].take(heap, key)) {
                    const Limited<C> found = {false, uint<6>(heap), key, 0};
                    sink.write(found);
                    HG_PROBE(point(PROBE_LIMIT, heap, LimitKey<C>::x(key), LimitKey<C>::y(key),
                                   std::int32_t(key >> LimitKey<C>::PlaceBits)));
                }
                Candidate<C> point;
                if (!ended_ && source.read_nb(point)) accept(point);
            }
        }
        bank_[giving].swap();
    }

    LimitBank<C> bank_[2];
    int filling_;
    std::uint32_t points_;  // of the frame that is filled
    bool ended_;            // its marker has come
};

}  // namespace hg

#endif
