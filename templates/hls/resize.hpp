// SPDX-License-Identifier: Apache-2.0
// Bilinear resize of the row that a job asks for from two neighbouring source rows.
//
//   v(x) = 256 p[y0][x] + wy (p[y0+1][x] - p[y0][x]);  out = (256 v(x0) + wx (v(x0+1) - v(x0)) + 2^15) >> 16
#ifndef HG_RESIZE_HPP
#define HG_RESIZE_HPP

#include <type_traits>

#include "beat.hpp"

namespace hg {

constexpr int COLUMN_BANKS = 4;  // three pixels of a write, and two neighbours, lie in different ones
constexpr int LINE_BEATS = 64;   // of the streams of source rows

typedef stream<beat_t, LINE_BEATS> LineBeatStream;

struct ColumnTap {
    uint<12> first;
    uint<9> weight;  // of the next pixel, 0..256
};

struct Job {
    int kind, slot, row, first, weight, beats;
};

struct SizeMap {
    int width, height, base, beats;
};

// CacheRowsN source rows; each lane reads its own copy.
template <class C>
class RowCache {
  public:
    static constexpr int ColumnsN = ceil_div(C::WidthMax, COLUMN_BANKS);
    static constexpr int BankDepth = C::CacheRowsN / 2 * ColumnsN;

    void write(int x, int y, uint<24> value) {
        HG_PRAGMA(HLS INLINE)
        for (int lane = 0; lane < C::LanesN; ++lane) {
            HG_PRAGMA(HLS UNROLL)
            pixel[lane][x % COLUMN_BANKS][y % 2][place(x, y)] = value;
        }
    }

    int read(int lane, int x, int y) const {
        HG_PRAGMA(HLS INLINE)
        return int(pixel[lane][x % COLUMN_BANKS][y % 2][place(x, y)]);
    }

    uint<24> pixel[C::LanesN][COLUMN_BANKS][2][BankDepth];

  private:
    // x is taken modulo the cache: a wrong column table cannot reach outside it.
    static int place(int x, int y) {
        HG_PRAGMA(HLS INLINE)
        return y % C::CacheRowsN / 2 * ColumnsN + x / COLUMN_BANKS % ColumnsN;
    }
};

// Rows of one port, counted over the frames.
template <class C>
class PortRows {
  public:
    int frame;
    int y;  // of the row in work

  protected:
    PortRows(int port, int width, int height) : frame(0), y(port), width_(width), port_(port), height_(height) {}

    void next_row() {
        HG_PRAGMA(HLS INLINE)
        y += C::PortsN;
        if (y >= height_) {
            y = port_;
            ++frame;
        }
    }

    int width_;

  private:
    int port_, height_;
};

// Pixels of a camera, StreamPixelsN in a beat.
template <class C>
class VideoUnpacker : public PortRows<C> {
  public:
    VideoUnpacker(int port, int width, int height, int) : PortRows<C>(port, width, height), x_(0) {}

    void take(beat_t beat, RowCache<C> &cache) {
        HG_PRAGMA(HLS INLINE)
        for (int p = 0; p < C::StreamPixelsN; ++p) {
            HG_PRAGMA(HLS UNROLL)
            if (x_ + p < this->width_) {
                cache.write(x_ + p, this->y, uint<24>(field(beat, 24 * p + 23, 24 * p)));
            }
        }
        x_ += C::StreamPixelsN;
        if (x_ >= this->width_) {
            x_ = 0;
            this->next_row();
        }
    }

  private:
    int x_;
};

// Whole pixels out of one memory port's beats.
template <class C>
class MemoryUnpacker : public PortRows<C> {
  public:
    MemoryUnpacker(int port, int width, int height, int row_beats)
        : PortRows<C>(port, width, height), row_beats_(row_beats) {
        begin();
    }

    void take(beat_t beat, RowCache<C> &cache) {
        HG_PRAGMA(HLS INLINE)
        const int have = rest_n_ + 8;
        for (int p = 0; p < 3; ++p) {
            HG_PRAGMA(HLS UNROLL)
            if (3 * p + 3 <= have && x_ + p < this->width_) {
                const int value = byte(beat, 3 * p) | byte(beat, 3 * p + 1) << 8 | byte(beat, 3 * p + 2) << 16;
                cache.write(x_ + p, this->y, uint<24>(value));
            }
        }
        const int left = have % 3;
        const int next = left == 0 ? 0 : byte(beat, have - left) | (left == 2 ? byte(beat, have - 1) << 8 : 0);
        x_ += have / 3;
        rest_ = next;
        rest_n_ = left;
        if (++beats_ == row_beats_) {
            this->next_row();
            begin();
        }
    }

  private:
    void begin() {
        x_ = 0;
        rest_ = 0;
        rest_n_ = 0;
        beats_ = 0;
    }

    int byte(beat_t beat, int at) const {
        HG_PRAGMA(HLS INLINE)
        if (at < rest_n_) return rest_ >> (8 * at) & 0xFF;
        return int(field(beat >> (8 * (at - rest_n_)), 7, 0));
    }

    int row_beats_, x_, rest_, rest_n_, beats_;
};

template <class C>
using Unpacker =
    typename std::conditional<(C::StreamPixelsN > 0), VideoUnpacker<C>, MemoryUnpacker<C>>::type;

// What of the frames is in the cache, and for which rows it has room.
template <class C>
class SourceRows {
  public:
    SourceRows(RowCache<C> &cache, int width, int height, int row_beats)
        : cache_(cache), unpacker_{Unpacker<C>(0, width, height, row_beats),
                                   Unpacker<C>(1, width, height, row_beats)},
          frame_(0), first_(0), pushing_(false) {}

    // A job is taken: rows below its first one are free, behind the last pixels all of them.
    void taken(int frame, const Job &job) {
        frame_ = frame;
        if (job.kind == JOB_PIXELS) first_ = job.first;
        if (job.kind != JOB_IDLE) pushing_ = job.kind == JOB_PUSH;
    }

    bool there(int row) const {
        HG_PRAGMA(HLS INLINE)
        const Unpacker<C> &u = unpacker_[row % C::PortsN];
        return u.frame > frame_ || (u.frame == frame_ && u.y > row);
    }

    bool room(int port) const {
        HG_PRAGMA(HLS INLINE)
        const Unpacker<C> &u = unpacker_[port];
        if (u.frame > frame_) return pushing_ && u.frame == frame_ + 1 && u.y < C::CacheRowsN;
        return u.frame < frame_ || pushing_ || u.y < first_ + C::CacheRowsN;
    }

    bool finished(int port, int frames) const { return unpacker_[port].frame >= frames; }

    void take(int port, beat_t beat) {
        HG_PRAGMA(HLS INLINE)
        unpacker_[port].take(beat, cache_);
    }

  private:
    RowCache<C> &cache_;
    Unpacker<C> unpacker_[2];
    int frame_, first_;
    bool pushing_;
};

inline int channel(int pixel, int c) {
    HG_PRAGMA(HLS INLINE)
    return pixel >> (8 * c) & 0xFF;
}

// One pixel of a lane, all colours.
template <class C>
int interpolated(const RowCache<C> &cache, int lane, const ColumnTap &tap, int row, int weight) {
    HG_PRAGMA(HLS INLINE)
    const int x = int(tap.first);
    const int across = int(tap.weight);
    const int upper[2] = {cache.read(lane, x, row), cache.read(lane, x + 1, row)};
    const int lower[2] = {cache.read(lane, x, row + 1), cache.read(lane, x + 1, row + 1)};
    int pixel = 0;
    for (int c = 0; c < 3; ++c) {
        HG_PRAGMA(HLS UNROLL)
        int v[2];
        for (int side = 0; side < 2; ++side) {
            HG_PRAGMA(HLS UNROLL)
            const int top = channel(upper[side], c);
            v[side] = 256 * top + weight * (channel(lower[side], c) - top);
        }
        pixel |= (256 * v[0] + across * (v[1] - v[0]) + (1 << 15)) >> 16 << (8 * c);
    }
    return pixel;
}

inline Tag tag_of(const Job &job, const SizeMap &size, int beat, int lanes, bool end) {
    HG_PRAGMA(HLS INLINE)
    if (job.kind == JOB_IDLE) return idle_tag(end);
    const Tag tag = {uint<2>(job.kind), uint<6>(job.slot), uint<12>(job.row),
                     uint<12>(lanes * beat), uint<14>(size.base + beat), uint<12>(size.width),
                     uint<12>(size.height), end};
    return tag;
}

template <class C>
void resize_beat(const RowCache<C> &cache, const ColumnTap (&column)[C::LanesN], const Job &job,
                 PixelBeat<C> &beat) {
    HG_PRAGMA(HLS INLINE)
    for (int lane = 0; lane < C::LanesN; ++lane) {
        HG_PRAGMA(HLS UNROLL)
        const bool inside = job.kind == JOB_PIXELS && in_row(beat.tag, int(beat.tag.x) + lane);
        const int pixel = inside ? interpolated<C>(cache, lane, column[lane], job.first, job.weight) : 0;
        beat.pixel[lane] = uint<24>(pixel);
        if (inside) HG_PROBE(put(PROBE_RESIZE, pixel));
    }
}

inline Job job_of(beat_t word) {
    HG_PRAGMA(HLS INLINE)
    const Job job = {int(field(word, 1, 0)), int(field(word, 7, 2)), int(field(word, 19, 8)),
                     int(field(word, 31, 20)), int(field(word, 40, 32)), int(field(word, 59, 48))};
    return job;
}

// Takes a beat of a port's rows if there is room; waits for it only if a job needs it.
template <class C>
void take_row_beat(SourceRows<C> &rows, int port, LineBeatStream &line, bool wait) {
    HG_PRAGMA(HLS INLINE)
    if (!rows.room(port)) return;
    beat_t beat = 0;
    if (wait) {
        rows.take(port, line.read());
    } else if (line.read_nb(beat)) {
        rows.take(port, beat);
    }
}

// All jobs of all frames; source rows come in beside them as the cache has room.
template <class C>
void resize(LineBeatStream &even, LineBeatStream &odd, PixelStream<C> &sink, RowCache<C> &cache,
            const ColumnTap (&columns)[C::LineDepth][C::LanesN], const SizeMap (&sizes)[C::SizesN],
            const beat_t (&jobs)[C::JobsDepth], int jobs_n, SourceRows<C> rows, int frames) {
    for (int frame = 0; frame < frames; ++frame) {
        for (int j = 0; j < jobs_n; ++j) {
            const Job job = job_of(jobs[j]);
            rows.taken(frame, job);
            const bool needs = job.kind == JOB_PIXELS;
            while (needs && !(rows.there(job.first) && rows.there(job.first + 1))) {
                take_row_beat<C>(rows, 0, even, true);
                if (C::PortsN > 1) take_row_beat<C>(rows, 1, odd, true);
            }
            const SizeMap size = sizes[job.slot];
            for (int b = 0; b < job.beats; ++b) {
                HG_PRAGMA(HLS PIPELINE II = 1)
                take_row_beat<C>(rows, 0, even, false);
                if (C::PortsN > 1) take_row_beat<C>(rows, 1, odd, false);
                PixelBeat<C> beat;
                beat.tag = tag_of(job, size, b, C::LanesN, j == jobs_n - 1 && b == job.beats - 1);
                resize_beat<C>(cache, columns[int(beat.tag.line)], job, beat);
                if (beat.tag.end) HG_PROBE(end(PROBE_RESIZE));
                sink.write(beat);
            }
        }
    }
    while (!rows.finished(0, frames)) rows.take(0, even.read());
    while (C::PortsN > 1 && !rows.finished(1, frames)) rows.take(1, odd.read());
}

}  // namespace hg

#endif
