// SPDX-License-Identifier: Apache-2.0
// Non-maximum suppression in 5x5 neighbourhoods, streamed: several attempts at every row.
//
// When score row n comes in, rows n - 2, n - 2 - s, .. are attempted, all from the state before: an
// undecided point is kept if it is first among the undecided of its 5x5 (greater score, then smaller
// y, then smaller x). Then undecided points around the new kept ones are suppressed, and the row of
// the last attempt leaves.
#ifndef HG_SUPPRESS_HPP
#define HG_SUPPRESS_HPP

#include "score.hpp"

namespace hg {

constexpr int REACH = 2;               // pixels to each side
constexpr int CANDIDATES_DEPTH = 512;  // of the FIFO in front of the limit (proposals.md §7)

enum PointState { UNDECIDED = 0, KEPT = 1, DECIDED = 2 };

// A kept point, or the marker behind a frame's last one.
template <class C>
struct Candidate {
    bool end;
    uint<6> slot;
    uint<C::MapBitsX> x;
    uint<C::MapBitsY> y;
    sint<C::ScoreW> score;
};

template <class C>
using CandidateStream = stream<Candidate<C>, CANDIDATES_DEPTH>;

template <class C>
struct Suppression {
    static constexpr int Lag = REACH + C::SpacingN * (C::AttemptsN - 1);
    static constexpr int HeldN = Lag + REACH;    // older rows in the line memory
    static constexpr int RowsN = HeldN + 1;      // and the newest
    static constexpr int Ahead = ceil_div(REACH, C::LanesN);  // beats that hold two pixels more
    static constexpr int SpanN = 2 * Ahead + 1;  // beats around the one that is decided
    static constexpr int PixelsN = SpanN * C::LanesN;
    static constexpr int Middle = Ahead * C::LanesN;  // lane 0 of the beat in the middle of a span

    static_assert(2 * Ahead < MIN_GAP, "a line memory must be written before it is read again");

    // One column of a map: row i is i rows behind the newest.
    struct Column {
        sint<C::ScoreW> score[RowsN];
        uint<2> state[RowsN];
    };

    struct Line {
        sint<C::ScoreW> score[C::LanesN][HeldN];
        uint<2> state[C::LanesN][HeldN];
    };

    // Points of a column that are first in their 5x5, by attempt.
    struct Firsts {
        bool at[C::AttemptsN];
    };
};

template <class C>
using Column = typename Suppression<C>::Column;

constexpr bool attempted_near(int row, int attempted) {
    return row - attempted <= REACH && attempted - row <= REACH;
}

// Whether the point `row` behind the newest in the middle column comes first; a column outside the
// map's row does not count, though it lies beside it in the stream.
template <class C>
bool is_first(const Column<C> *middle, const Tag &tag, int x, int row) {
    HG_PRAGMA(HLS INLINE)
    const int score = int(middle->score[row]);
    bool first = int(middle->state[row]) == UNDECIDED;
    for (int dx = -REACH; dx <= REACH; ++dx) {
        HG_PRAGMA(HLS UNROLL)
        if (!first || x + dx < WINDOW_LAG || x + dx >= int(tag.width)) continue;
        const Column<C> &column = middle[dx];
        for (int dy = -REACH; dy <= REACH; ++dy) {
            HG_PRAGMA(HLS UNROLL)
            if ((dx == 0 && dy == 0) || int(column.state[row + dy]) != UNDECIDED) continue;
            const int other = int(column.score[row + dy]);
            const bool before = dy > 0 || (dy == 0 && dx < 0);  // in the order of places
            if (before ? other >= score : other > score) first = false;
        }
    }
    return first;
}

template <class C>
void attempt(const Column<C> *middle, const Tag &tag, int x, typename Suppression<C>::Firsts &firsts) {
    HG_PRAGMA(HLS INLINE)
    for (int a = 0; a < C::AttemptsN; ++a) {
        HG_PRAGMA(HLS UNROLL)
        firsts.at[a] = is_first<C>(middle, tag, x, REACH + C::SpacingN * a);
    }
}

// The column behind this step: first points are kept, what is near them is suppressed.
template <class C>
void settle(Column<C> &column, const typename Suppression<C>::Firsts *middle, const Tag &tag, int x) {
    HG_PRAGMA(HLS INLINE)
    for (int a = 0; a < C::AttemptsN; ++a) {
        HG_PRAGMA(HLS UNROLL)
        const int attempted = REACH + C::SpacingN * a;
        bool near = false;
        for (int dx = -REACH; dx <= REACH; ++dx) {
            HG_PRAGMA(HLS UNROLL)
            const bool inside = x + dx >= WINDOW_LAG && x + dx < int(tag.width);
            near = near || (inside && middle[dx].at[a]);
        }
        for (int row = 0; row < Suppression<C>::RowsN; ++row) {
            HG_PRAGMA(HLS UNROLL)
            if (near && attempted_near(row, attempted) && int(column.state[row]) == UNDECIDED) {
                const bool kept = row == attempted && middle[0].at[a];
                column.state[row] = uint<2>(kept ? KEPT : DECIDED);
            }
        }
    }
}

// Columns of a beat: the older rows from the line memory, the newest from the stream. Nothing is
// cleared between frames: rows above the first are known by the row number.
template <class C>
void open_columns(const ScoreBeat<C> &beat, const typename Suppression<C>::Line &line, Column<C> *columns) {
    HG_PRAGMA(HLS INLINE)
    const int newest = int(beat.tag.row) - 1 - WINDOW_LAG;
    for (int lane = 0; lane < C::LanesN; ++lane) {
        HG_PRAGMA(HLS UNROLL)
        const bool valid = scored(beat.tag, int(beat.tag.x) + lane);
        columns[lane].score[0] = beat.score[lane];
        columns[lane].state[0] = uint<2>(valid ? UNDECIDED : DECIDED);
        for (int row = 1; row < Suppression<C>::RowsN; ++row) {
            HG_PRAGMA(HLS UNROLL)
            columns[lane].score[row] = line.score[lane][row - 1];
            columns[lane].state[row] = newest - row < 0 ? uint<2>(DECIDED) : line.state[lane][row - 1];
        }
    }
}

template <class C>
void close_column(const Column<C> &column, int lane, typename Suppression<C>::Line &line) {
    HG_PRAGMA(HLS INLINE)
    for (int row = 0; row < Suppression<C>::HeldN; ++row) {
        HG_PRAGMA(HLS UNROLL)
        line.score[lane][row] = column.score[row];
        line.state[lane][row] = column.state[row];
    }
}

template <class C>
void emit(const Column<C> &column, const Tag &tag, int x, CandidateStream<C> &sink) {
    HG_PRAGMA(HLS INLINE)
    constexpr int Lag = Suppression<C>::Lag;
    const int row = int(tag.row) - 1 - WINDOW_LAG - Lag;
    if (int(column.state[Lag]) != KEPT) return;
    const Candidate<C> point = {false, tag.slot, uint<C::MapBitsX>(x - WINDOW_LAG), uint<C::MapBitsY>(row),
                                column.score[Lag]};
    sink.write(point);
    HG_PROBE(point(PROBE_SUPPRESS, int(tag.slot), x - WINDOW_LAG, row, int(point.score)));
}

// Columns of the last beats and their decisions, moved by a beat a step: a beat is decided when Ahead
// beats behind it are there, and leaves when those are decided.
template <class C>
class Spans {
    typedef Suppression<C> S;

  public:
    Spans() : columns_(), firsts_() {
        for (int k = 0; k < S::SpanN; ++k) tags_[k] = idle_tag(false);
    }

    void shift() {
        HG_PRAGMA(HLS INLINE)
        for (int k = 0; k < S::PixelsN - C::LanesN; ++k) {
            HG_PRAGMA(HLS UNROLL)
            columns_[k] = columns_[k + C::LanesN];
            firsts_[k] = firsts_[k + C::LanesN];
        }
        for (int k = 0; k < S::SpanN - 1; ++k) {
            HG_PRAGMA(HLS UNROLL)
            tags_[k] = tags_[k + 1];
        }
        tags_[S::SpanN - 1] = idle_tag(false);
    }

    void open(const ScoreBeat<C> &beat, const typename S::Line &line) {
        HG_PRAGMA(HLS INLINE)
        tags_[S::SpanN - 1] = beat.tag;
        open_columns<C>(beat, line, columns_ + S::PixelsN - C::LanesN);
    }

    void pass(const Tag &tag) { tags_[S::SpanN - 1] = tag; }

    const Tag &leaving() const { return tags_[0]; }

    // The beat with Ahead beats behind it.
    void decide() {
        HG_PRAGMA(HLS INLINE)
        const Tag &tag = tags_[S::Ahead];
        for (int lane = 0; lane < C::LanesN; ++lane) {
            HG_PRAGMA(HLS UNROLL)
            typename S::Firsts found = {};
            const int x = int(tag.x) + lane;
            if (int(tag.kind) != JOB_IDLE && in_row(tag, x)) {
                attempt<C>(columns_ + S::Middle + lane, tag, x, found);
            }
            firsts_[S::PixelsN - C::LanesN + lane] = found;
        }
    }

    Column<C> settled(int lane) const {
        HG_PRAGMA(HLS INLINE)
        Column<C> column = columns_[lane];
        settle<C>(column, firsts_ + S::Middle + lane, tags_[0], int(tags_[0].x) + lane);
        return column;
    }

  private:
    Column<C> columns_[S::PixelsN];          // of the leaving beat to the newest
    typename S::Firsts firsts_[S::PixelsN];  // of Ahead beats before the leaving one to Ahead behind it
    Tag tags_[S::SpanN];
};

template <class C>
void suppress(ScoreStream<C> &source, CandidateStream<C> &sink,
              typename Suppression<C>::Line (&line)[C::LineDepth], beat_t beats) {
    Spans<C> spans;
    for (beat_t i = 0; i < beats + 2 * Suppression<C>::Ahead; ++i) {
        HG_PRAGMA(HLS PIPELINE II = 1)
        HG_PRAGMA(HLS DEPENDENCE variable = line inter distance = 16 true)
        spans.shift();
        if (i < beats) {
            const ScoreBeat<C> beat = source.read();
            if (int(beat.tag.kind) == JOB_IDLE) {
                spans.pass(beat.tag);
            } else {
                spans.open(beat, line[int(beat.tag.line)]);
            }
        }
        spans.decide();
        const Tag leaving = spans.leaving();
        for (int lane = 0; lane < C::LanesN && int(leaving.kind) != JOB_IDLE; ++lane) {
            HG_PRAGMA(HLS UNROLL)
            const Column<C> column = spans.settled(lane);
            close_column<C>(column, lane, line[int(leaving.line)]);
            emit<C>(column, leaving, int(leaving.x) + lane, sink);
        }
        if (leaving.end) {
            const Candidate<C> marker = {true, 0, 0, 0, 0};
            sink.write(marker);
            HG_PROBE(end(PROBE_SUPPRESS));
        }
    }
}

}  // namespace hg

#endif
