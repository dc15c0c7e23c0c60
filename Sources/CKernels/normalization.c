// Group normalisation (Wu & He 2018) and layer normalisation (Ba et al. 2016), channels-last.
#include "kernel_set.h"

static void sum_one_chunk(void *context, long index) { gesso_current_set()->sum_chunk(context, index); }

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
    const size_t bytes = (size_t)(batch * n.chunks * 2 * channels) * sizeof(double);
    n.sums = gesso_allocate(bytes);
    gesso_parallel(batch * n.chunks, sum_one_chunk, &n);
    gesso_parallel(batch, combine, &n);
    gesso_release(n.sums, bytes);
}

static void scale_one_chunk(void *context, long index) { gesso_current_set()->scale_chunk(context, index); }

void gesso_scale(
    const float *x, float *y, const float *scales, long batch, long pixels, long channels) {
    normalization n = {.x = x, .y = y, .batch = batch, .pixels = pixels, .channels = channels};
    n.scales = (float *)scales;
    n.chunks = (pixels + PIXELS - 1) / PIXELS;
    gesso_parallel(batch * n.chunks, scale_one_chunk, &n);
}

static void normalize_chunk(void *context, long index) {
    const normalization *n = context;
    for (long row = index * PIXELS; row < chunk_end(n, index); row++) gesso_current_set()->normalize_row(n, row);
}

void gesso_layer_normalize(
    const float *x, float *y, const float *weight, const float *bias, long rows, long channels,
    float epsilon) {
    normalization n = {
        .x = x, .weight = weight, .bias = bias, .y = y, .batch = 1, .pixels = rows,
        .channels = channels, .epsilon = epsilon};
    gesso_parallel((rows + PIXELS - 1) / PIXELS, normalize_chunk, &n);
}
