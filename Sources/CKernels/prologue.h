// What happens to a picture before a convolution sees it.
#ifndef GESSO_PROLOGUE_H
#define GESSO_PROLOGUE_H

#include "kernels.h"

// to = activation(x * scale + shift) for pixels in a row, scales[channels] before shifts[channels].
INLINE void see_pixels(
    const float *x, float *to, long pixels, long channels, const float *scales,
    gesso_activation activation) {
    for (long pixel = 0; pixel < pixels; pixel++, x += channels, to += channels)
        for (long c = 0; c < channels; c += 16) {
            const long rest = channels - c;
            const v16 scale = load_up_to(scales + c, rest);
            const v16 v = load_up_to(x + c, rest) * scale + load_up_to(scales + channels + c, rest);
            store_up_to(to + c, activated(v, activation), rest);
        }
}

// Whether anything happens.
INLINE bool changes(gesso_prologue p, gesso_convolution s) {
    return p.scales || p.height != s.height || p.width != s.width;
}

// Writes `count` lines of what is seen, of all pictures one after the other, from line `first` on.
void gesso_see(
    const float *x, gesso_convolution s, gesso_prologue p, long first, long count, float *to);

// Lines that are seen, made as the work on a picture goes on.
typedef struct {
    const float *x;
    gesso_convolution shape;
    gesso_prologue prologue;
    float *lines;            // of all pictures one after the other, from `first` on, up to before `end`
    long first, end, room;
} gesso_window;

// Makes lines from `from` up to before `to` available; from one call to the next neither may fall.
void gesso_move_window(gesso_window *window, long from, long to);
void gesso_close_window(gesso_window *window);

#endif
