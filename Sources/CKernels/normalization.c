// Group normalisation (Wu & He 2018) and layer normalisation (Ba et al. 2016), channels-last.
#include "prologue.h"

#include <stdlib.h>

#define PIXELS 64  // of a chunk of sums; how numbers are summed depends on it

typedef struct {
    const float *x, *weight, *bias;
    float *y;
    long batch, pixels, channels, groups, chunks;
    float epsilon;
    double *sums;   // [batch, chunks, 2, channels]: of x and of x squared
    float *scales;  // [batch, 2, channels]
} normalization;

static long chunk_end(const normalization *n, long chunk) {
    const long end = (chunk + 1) * PIXELS;
    return end < n->pixels ? end : n->pixels;
}

INLINE void add_up(const normalization *n, long index) {
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
FOR_EACH_SET(add_up, (const normalization *n, long index), n, index)
static void add_up_chunk(void *context, long index) { DISPATCH(add_up, context, index) }

static void combine(void *context, long item) {
    const normalization *n = context;
    const long width = n->channels / n->groups;
    float *scale = n->scales + item * 2 * n->channels, *shift = scale + n->channels;
    for (long group = 0; group < n->groups; group++) {
        double total = 0, squares = 0;
        for (long chunk = 0; chunk < n->chunks; chunk++) {
            const double *s =
                n->sums + (item * n->chunks + chunk) * 2 * n->channels + group * width;
            for (long c = 0; c < width; c++) {
                total += s[c];
                squares += s[n->channels + c];
            }
        }
        const double count = (double)(n->pixels * width), mean = total / count;
        const double variance = squares / count - mean * mean;
        const double factor = 1 / sqrt((variance > 0 ? variance : variance * 0) + n->epsilon);
        for (long c = group * width; c < (group + 1) * width; c++) {
            scale[c] = (float)(factor * n->weight[c]);
            shift[c] = (float)(n->bias[c] - mean * factor * n->weight[c]);
        }
    }
}

void gesso_group_scales(
    const float *x, float *scales, const float *weight, const float *bias, long batch, long pixels,
    long channels, long groups, float epsilon) {
    normalization n = {
        .x = x, .weight = weight, .bias = bias, .batch = batch, .pixels = pixels,
        .channels = channels, .groups = groups, .epsilon = epsilon, .scales = scales};
    n.chunks = (pixels + PIXELS - 1) / PIXELS;
    n.sums = malloc((size_t)(batch * n.chunks * 2 * channels) * sizeof(double));
    gesso_parallel(batch * n.chunks, add_up_chunk, &n);
    gesso_parallel(batch, combine, &n);
    free(n.sums);
}

INLINE void apply(const normalization *n, long index) {
    const long item = index / n->chunks, chunk = index % n->chunks;
    const long start = chunk * PIXELS, end = chunk_end(n, chunk);
    const long at = (item * n->pixels + start) * n->channels;
    see_pixels(
        n->x + at, n->y + at, end - start, n->channels, n->scales + item * 2 * n->channels,
        GESSO_NONE);
}
FOR_EACH_SET(apply, (const normalization *n, long index), n, index)
static void apply_chunk(void *context, long index) { DISPATCH(apply, context, index) }

void gesso_scale(
    const float *x, float *y, const float *scales, long batch, long pixels, long channels) {
    normalization n = {.x = x, .y = y, .batch = batch, .pixels = pixels, .channels = channels};
    n.scales = (float *)scales;
    n.chunks = (pixels + PIXELS - 1) / PIXELS;
    gesso_parallel(batch * n.chunks, apply_chunk, &n);
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
FOR_EACH_SET(normalize_row, (const normalization *n, long row), n, row)
static void normalize_chunk(void *context, long index) {
    const normalization *n = context;
    for (long row = index * PIXELS; row < chunk_end(n, index); row++) DISPATCH(normalize_row, n, row)
}

void gesso_layer_normalize(
    const float *x, float *y, const float *weight, const float *bias, long rows, long channels,
    float epsilon) {
    normalization n = {
        .x = x, .weight = weight, .bias = bias, .y = y, .batch = 1, .pixels = rows,
        .channels = channels, .epsilon = epsilon};
    gesso_parallel((rows + PIXELS - 1) / PIXELS, normalize_chunk, &n);
}
