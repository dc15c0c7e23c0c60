// What happens to a picture before a convolution reads it.
#ifndef GESSO_PROLOGUE_H
#define GESSO_PROLOGUE_H

#include "kernels.h"

// to = activation(x * scale + shift) for pixels in a row, scales[channels] before shifts[channels].
INLINE void scale_pixels(
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

// Writes `count` lines of what a convolution reads, of all pictures one after the other, from line `first` on.
void gesso_prepare_lines(
    const float *x, gesso_convolution s, gesso_prologue p, long first, long count, float *to);

// Lines that a convolution reads, made as the work on a picture goes on.
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

typedef struct {
    const float *x;
    gesso_convolution s;
    gesso_prologue p;
    long first;
    float *to;
} prologue_job;

INLINE void prepare_run(const prologue_job *v, const float *scales, const float *x, float *to, long pixels) {
    const long channels = v->s.channels;
    if (scales)
        scale_pixels(x, to, pixels, channels, scales, v->p.activation);
    else
        memcpy(to, x, (size_t)(pixels * channels) * sizeof(float));
}

INLINE void prepare_line(const prologue_job *v, long index) {
    const long width = v->s.width, channels = v->s.channels, height = v->s.height;
    const long line = v->first + index, picture = line / height;
    const long from = picture * v->p.height + line % height * v->p.height / height;
    const float *x = v->x + from * v->p.width * channels;
    const float *scales = v->p.scales ? v->p.scales + picture * 2 * channels : NULL;
    float *to = v->to + index * width * channels;
    if (v->p.width == width)
        prepare_run(v, scales, x, to, width);
    else
        for (long i = 0; i < width; i++)
            prepare_run(v, scales, x + i * v->p.width / width * channels, to + i * channels, 1);
}

#endif
