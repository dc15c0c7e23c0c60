// Group normalisation (Wu & He 2018) and layer normalisation (Ba et al. 2016), channels-last.
#include "kernel_set.h"

static void sum_one_chunk(void *context, long index) { gesso_current_set()->sum_chunk(context, index); }

static void combine(void *context, long item) {
    const normalization *n = context;
    const long width = n->channels / n->groups;
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
        double *to = n->totals + (item * n->groups + group) * 2;
        to[0] = total;
        to[1] = squares;
    }
}

void gesso_group_sums(
    const float *x, double *sums, long batch, long pixels, long channels, long groups) {
    normalization n = {
        .x = x, .batch = batch, .pixels = pixels, .channels = channels, .groups = groups,
        .totals = sums};
    n.chunks = (pixels + PIXELS - 1) / PIXELS;
    const size_t bytes = (size_t)(batch * n.chunks * 2 * channels) * sizeof(double);
    n.sums = gesso_allocate(bytes);
    gesso_parallel(batch * n.chunks, sum_one_chunk, &n);
    gesso_parallel(batch, combine, &n);
    gesso_release(n.sums, bytes);
}

void gesso_group_scales(
    const double *sums, float *scales, const float *weight, const float *bias, long batch,
    long pixels, long channels, long groups, float epsilon) {
    const long width = channels / groups;
    for (long item = 0; item < batch; item++) {
        float *scale = scales + item * 2 * channels, *shift = scale + channels;
        for (long group = 0; group < groups; group++, sums += 2) {
            const double count = (double)(pixels * width), mean = sums[0] / count;
            const double variance = sums[1] / count - mean * mean;
            const double factor = 1 / sqrt((variance > 0 ? variance : variance * 0) + epsilon);
            for (long c = group * width; c < (group + 1) * width; c++) {
                scale[c] = (float)(factor * weight[c]);
                shift[c] = (float)(bias[c] - mean * factor * weight[c]);
            }
        }
    }
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
