// SPDX-License-Identifier: Apache-2.0
// AXI4-Stream video (formats §11): a camera's beats of one or two pixels become source rows.
#ifndef HG_VIDEO_HPP
#define HG_VIDEO_HPP

#include "proposal_program.hpp"

#ifdef __SYNTHESIS__
#include <ap_axi_sdata.h>
#endif

namespace hg {

#ifdef __SYNTHESIS__
template <int PixelsN>
using VideoBeat = ap_axiu<24 * PixelsN, 1, 1, 1>;
#else
// What video uses of AMD's ap_axiu.
template <int PixelsN>
struct VideoBeat {
    ap_uint<24 * PixelsN> data;
    ap_uint<1> user;  // start of frame
    ap_uint<1> last;  // end of line
};
#endif

template <class C>
using VideoStream = port_stream<VideoBeat<at_least_1(C::StreamPixelsN)>>;

// How the camera's frames ended.
struct VideoEnd {
    int row;     // in which a frame was not of the program's size, or -1
    int frames;  // that came whole
};

// Pixels of a beat as bytes B, G, R; on the wire green is lowest, then blue and red.
template <class C>
beat_t video_pixels(const VideoBeat<at_least_1(C::StreamPixelsN)> &beat) {
    HG_PRAGMA(HLS INLINE)
    const beat_t data = beat_t(beat.data);
    beat_t pixels = 0;
    for (int p = 0; p < C::StreamPixelsN; ++p) {
        HG_PRAGMA(HLS UNROLL)
        const beat_t pixel = field(data, 24 * p + 15, 24 * p + 8) | field(data, 24 * p + 7, 24 * p) << 8 |
                             field(data, 24 * p + 23, 24 * p + 16) << 16;
        pixels |= pixel << (24 * p);
    }
    return pixels;
}

// Takes frames from the first start of frame on. Behind a beat that breaks its frame none is taken,
// and the rows that are missing are black, so that what waits for them comes to its end.
template <class C>
void read_video(VideoStream<C> &video, ImageSize image, int frames, LineBeatStream &line, VideoEnd &end) {
    int x = 0;
    int y = 0;
    int frame = 0;
    bool started = false;
    bool broken = false;
    end.frames = frames;
    while (frame < frames) {
        HG_PRAGMA(HLS PIPELINE II = 1)
        const bool row_end = x + C::StreamPixelsN >= image.width;
        beat_t pixels = 0;
        if (!broken) {
            const VideoBeat<at_least_1(C::StreamPixelsN)> beat = video.read();
            const bool start = beat.user != 0;
            started = started || start;
            broken = started && (start != (x == 0 && y == 0) || (beat.last != 0) != row_end);
            pixels = video_pixels<C>(beat);
            if (broken) {
                end.row = y;
                end.frames = frame;
            }
        }
        if (started) {
            line.write(pixels);
            x = row_end ? 0 : x + C::StreamPixelsN;
            if (row_end) y = y + 1 == image.height ? 0 : y + 1;
            if (row_end && y == 0) ++frame;
        }
    }
}

}  // namespace hg

#endif
