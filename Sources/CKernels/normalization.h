// The inner loops of normalization.c.
#ifndef GESSO_NORMALIZATION_H
#define GESSO_NORMALIZATION_H

#include "prologue.h"

#define PIXELS 64  // of a chunk of sums; how numbers are summed depends on it

typedef struct {
    const float *x, *weight, *bias;
    float *y;
    long batch, pixels, channels, groups, chunks;
    float epsilon;
    double *sums;   // [batch, chunks, 2, channels]: of x and of x squared
    double *totals;  // [batch, groups, 2]
    float *scales;  // [batch, 2, channels]
} normalization;

INLINE long chunk_end(const normalization *n, long chunk) {
    const long end = (chunk + 1) * PIXELS;
    return end < n->pixels ? end : n->pixels;
}

INLINE void sum_chunk(const normalization *n, long index) {
    const long item = index / n->chunks, chunk = index % n->chunks;
    double *sums = n->sums + index * 2 * n->channels, *squares = sums + n->channels;
    memset(sums, 0, (size_t)(2 * n->channels) * sizeof(double));
    for (long pixel = chunk * PIXELS; pixel < chunk_end(n, chunk); pixel++) {
        const float *x = n->x + (item * n->pixels + pixel) * n->channels;
        for (long c = 0; c < n->channels; c++) {
            const double value = x[c];
            sums[c] += value;
            squares[c] += value * value;
        }
    }
}

INLINE void scale_chunk(const normalization *n, long index) {
    const long item = index / n->chunks, chunk = index % n->chunks;
    const long start = chunk * PIXELS, end = chunk_end(n, chunk);
    const long at = (item * n->pixels + start) * n->channels;
    scale_pixels(
        n->x + at, n->y + at, end - start, n->channels, n->scales + item * 2 * n->channels,
        GESSO_NONE);
}

INLINE void normalize_row(const normalization *n, long row) {
    const float *x = n->x + row * n->channels;
    float *y = n->y + row * n->channels;
    v16 total = {}, squares = {};
    for (long c = 0; c < n->channels; c += 16) total += load_up_to(x + c, n->channels - c);
    const float mean = sum(total) / (float)n->channels;
    for (long c = 0; c < n->channels; c += 16) {
        const long rest = n->channels - c;
        store_up_to(y + c, load_up_to(x + c, rest) - mean, rest);
        const v16 distance = load_up_to(y + c, rest);
        squares += distance * distance;
    }
    const float factor = 1 / sqrtf(sum(squares) / (float)n->channels + n->epsilon);
    for (long c = 0; c < n->channels; c += 16) {
        const long rest = n->channels - c;
        const v16 scaled = load_up_to(y + c, rest) * factor * load_up_to(n->weight + c, rest);
        store_up_to(y + c, scaled + load_up_to(n->bias + c, rest), rest);
    }
}

#endif
