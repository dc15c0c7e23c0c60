// Tests the kernels against loops that follow their definitions, in C alone: for processors that Swift is not
// installed for (Scripts/try-arm). Ends with 1 if any difference exceeds its bound.
#include "CKernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures = 0;
static uint64_t state = 1;

// Noise in -1...1 (xorshift64*, Marsaglia 2003, Vigna 2016).
static float next(void) {
    state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
    return (float)((double)(state * 2685821657736338717u >> 40) / (1 << 23) - 1);
}

static float *noise(long count) {
    float *values = malloc((size_t)count * sizeof(float));
    for (long i = 0; i < count; i++) values[i] = next();
    return values;
}

// Compares with what is expected, as a share of the largest value.
static void expect(const char *what, const float *found, const double *expected, long count, double bound) {
    double scale = 1e-30, worst = 0;
    for (long i = 0; i < count; i++) scale = fmax(scale, fabs(expected[i]));
    for (long i = 0; i < count; i++) {
        const double distance = fabs(found[i] - expected[i]) / scale;
        worst = distance >= worst ? distance : isnan(distance) ? INFINITY : worst;
    }
    const int fails = !(worst <= bound);
    failures += fails;
    printf("%s %-44s %.1e (at most %.0e)\n", fails ? "FAIL" : "ok  ", what, worst, bound);
}

static double active(double x, gesso_activation a) {
    switch (a) {
        case GESSO_SILU: return x / (1 + exp(-x));
        case GESSO_GELU: return x / 2 * (1 + erf(x / sqrt(2)));
        case GESSO_QUICK_GELU: return x / (1 + exp(-1.702 * x));
        default: return x;
    }
}

static gesso_weights *packed(float *w, gesso_type type, long out, long in, long taps) {
    const long count = out * in * taps;
    void *narrow = malloc((size_t)count * sizeof(float));
    gesso_narrow(w, type, narrow, (size_t)count);
    gesso_widen(narrow, type, w, (size_t)count);  // what the kernel multiplies with
    gesso_weights *weights = gesso_pack(narrow, type, out, in, taps, GESSO_FLOATS);
    free(narrow);
    return weights;
}

static void products(long rows, long in, long out, gesso_type type, gesso_activation activation) {
    float *x = noise(rows * in), *w = noise(out * in), *bias = noise(out), *residual = noise(rows * out);
    float *y = malloc((size_t)(rows * out) * sizeof(float));
    double *expected = malloc((size_t)(rows * out) * sizeof(double));
    gesso_weights *weights = packed(w, type, out, in, 1);
    gesso_matmul(
        x, weights, y, rows,
        (gesso_epilogue){.bias = bias, .activation = activation, .residual = residual});
    for (long r = 0; r < rows; r++)
        for (long o = 0; o < out; o++) {
            double sum = bias[o];
            for (long i = 0; i < in; i++) sum += (double)x[r * in + i] * w[o * in + i];
            expected[r * out + o] = active(sum, activation) + residual[r * out + o];
        }
    char what[80];
    snprintf(what, sizeof what, "product %ldx%ld by %ld, type %d, activation %d", rows, in, out, type, activation);
    expect(what, y, expected, rows * out, 2e-6);
    gesso_weights_release(weights);
    free(x), free(w), free(bias), free(residual), free(y), free(expected);
}

static void gated(long rows, long in, long out) {
    float *x = noise(rows * in), *w = noise(2 * out * in), *bias = noise(2 * out);
    float *y = malloc((size_t)(rows * out) * sizeof(float));
    double *expected = malloc((size_t)(rows * out) * sizeof(double));
    gesso_weights *weights = packed(w, GESSO_F16, 2 * out, in, 1);
    const bool done = gesso_matmul_gated(x, weights, y, rows, bias);
    for (long r = 0; r < rows; r++)
        for (long o = 0; o < out; o++) {
            double a = bias[o], b = bias[out + o];
            for (long i = 0; i < in; i++) {
                a += (double)x[r * in + i] * w[o * in + i];
                b += (double)x[r * in + i] * w[(out + o) * in + i];
            }
            expected[r * out + o] = done ? a * active(b, GESSO_GELU) : INFINITY;
        }
    expect("gated product", y, expected, rows * out, 2e-6);
    gesso_weights_release(weights);
    free(x), free(w), free(bias), free(y), free(expected);
}

static void convolutions(long side, long in, long out, long kernel, long stride, double bound) {
    const long pad = kernel / 2, batch = 2;
    const long result = (side + 2 * pad - kernel) / stride + 1;
    float *x = noise(batch * side * side * in), *w = noise(out * in * kernel * kernel), *bias = noise(out);
    const long count = batch * result * result * out;
    float *y = malloc((size_t)count * sizeof(float));
    double *expected = malloc((size_t)count * sizeof(double));
    gesso_weights *weights = packed(w, GESSO_F32, out, in, kernel * kernel);
    const gesso_convolution shape = {
        .batch = batch, .height = side, .width = side, .channels = in, .out_height = result,
        .out_width = result, .out_channels = out, .kernel_height = kernel, .kernel_width = kernel,
        .stride = stride, .pad_top = pad, .pad_left = pad};
    gesso_convolve(
        x, weights, y, shape, (gesso_prologue){.height = side, .width = side},
        (gesso_epilogue){.bias = bias});
    long at = 0;
    for (long n = 0; n < batch; n++)
        for (long oy = 0; oy < result; oy++)
            for (long ox = 0; ox < result; ox++)
                for (long o = 0; o < out; o++, at++) {
                    double sum = bias[o];
                    for (long tap = 0; tap < kernel * kernel; tap++) {
                        const long iy = oy * stride + tap / kernel - pad;
                        const long ix = ox * stride + tap % kernel - pad;
                        if (iy < 0 || iy >= side || ix < 0 || ix >= side) continue;
                        for (long c = 0; c < in; c++)
                            sum += (double)x[((n * side + iy) * side + ix) * in + c] *
                                   w[(o * in + c) * kernel * kernel + tap];
                    }
                    expected[at] = sum;
                }
    char what[80];
    snprintf(what, sizeof what, "convolution %ldx%ld of %ldx%ldx%ld, stride %ld", kernel, kernel, side, side, in, stride);
    expect(what, y, expected, count, bound);
    gesso_weights_release(weights);
    free(x), free(w), free(bias), free(y), free(expected);
}

static void attentions(long queries, long keys, long heads, long head, bool causal) {
    const long width = heads * head;
    float *q = noise(queries * width), *k = noise(keys * width), *v = noise(keys * width);
    float *y = malloc((size_t)(queries * width) * sizeof(float));
    double *expected = calloc((size_t)(queries * width), sizeof(double));
    double *weights = malloc((size_t)keys * sizeof(double));
    gesso_attend(q, k, v, y, 1, queries, keys, heads, head, causal, GESSO_FLOATS);
    for (long h = 0; h < heads; h++)
        for (long i = 0; i < queries; i++) {
            double total = 0;
            for (long j = 0; j < keys; j++) {
                double score = 0;
                for (long d = 0; d < head; d++)
                    score += (double)q[i * width + h * head + d] * k[j * width + h * head + d];
                weights[j] = causal && j > i ? 0 : exp(score / sqrt((double)head));
                total += weights[j];
            }
            for (long j = 0; j < keys; j++)
                for (long d = 0; d < head; d++)
                    expected[i * width + h * head + d] +=
                        weights[j] / total * v[j * width + h * head + d];
        }
    char what[80];
    snprintf(what, sizeof what, "attention %ldx%ld, %ld heads of %ld%s", queries, keys, heads, head, causal ? ", causal" : "");
    expect(what, y, expected, queries * width, 2e-6);
    free(q), free(k), free(v), free(y), free(expected), free(weights);
}

static void normalizations(long pixels, long channels, long groups) {
    float *x = noise(pixels * channels), *weight = noise(channels), *bias = noise(channels);
    float *scales = malloc((size_t)(2 * channels) * sizeof(float));
    float *y = malloc((size_t)(pixels * channels) * sizeof(float));
    double *expected = malloc((size_t)(pixels * channels) * sizeof(double));
    const long width = channels / groups;
    double *sums = malloc((size_t)(2 * groups) * sizeof(double));
    gesso_group_sums(x, sums, 1, pixels, channels, groups);
    gesso_group_scales(sums, scales, weight, bias, 1, pixels, channels, groups, 1e-5f);
    gesso_scale(x, y, scales, 1, pixels, channels);
    for (long g = 0; g < groups; g++) {
        double sum = 0, squares = 0;
        for (long p = 0; p < pixels; p++)
            for (long c = g * width; c < (g + 1) * width; c++) {
                sum += x[p * channels + c];
                squares += (double)x[p * channels + c] * x[p * channels + c];
            }
        const double count = (double)(pixels * width), mean = sum / count;
        const double deviation = sqrt(squares / count - mean * mean + 1e-5);
        for (long p = 0; p < pixels; p++)
            for (long c = g * width; c < (g + 1) * width; c++)
                expected[p * channels + c] =
                    (x[p * channels + c] - mean) / deviation * weight[c] + bias[c];
    }
    expect("group normalisation", y, expected, pixels * channels, 2e-6);
    gesso_layer_normalize(x, y, weight, bias, pixels, channels, 1e-5f);
    for (long p = 0; p < pixels; p++) {
        double sum = 0, squares = 0;
        for (long c = 0; c < channels; c++) sum += x[p * channels + c];
        const double mean = sum / (double)channels;
        for (long c = 0; c < channels; c++) squares += pow(x[p * channels + c] - mean, 2);
        for (long c = 0; c < channels; c++)
            expected[p * channels + c] = (x[p * channels + c] - mean) /
                                             sqrt(squares / (double)channels + 1e-5) * weight[c] +
                                         bias[c];
    }
    expect("layer normalisation", y, expected, pixels * channels, 2e-6);
    free(x), free(weight), free(bias), free(sums), free(scales), free(y), free(expected);
}

static void activations(long count) {
    float *x = noise(count), *y = malloc((size_t)count * sizeof(float));
    double *expected = malloc((size_t)count * sizeof(double));
    for (int a = GESSO_SILU; a <= GESSO_QUICK_GELU; a++) {
        for (long i = 0; i < count; i++) x[i] *= a == GESSO_SILU ? 20 : 1;
        gesso_activate(x, y, (size_t)count, (gesso_activation)a);
        for (long i = 0; i < count; i++) expected[i] = active(x[i], (gesso_activation)a);
        expect("activation", y, expected, count, 2e-6);
    }
    free(x), free(y), free(expected);
}

static void all(void) {
    const gesso_type types[] = {GESSO_F32, GESSO_F16, GESSO_BF16};
    for (int t = 0; t < 3; t++) products(37, 700, 70, types[t], GESSO_NONE);
    products(130, 64, 33, GESSO_F16, GESSO_SILU);
    products(1, 5, 1, GESSO_F32, GESSO_QUICK_GELU);
    gated(70, 96, 64);
    convolutions(13, 40, 36, 1, 1, 2e-6);
    convolutions(14, 48, 40, 3, 1, 1e-5);
    convolutions(15, 4, 33, 3, 1, 2e-6);
    convolutions(17, 33, 20, 3, 2, 2e-6);
    attentions(70, 77, 2, 40, false);
    attentions(77, 77, 3, 64, true);
    attentions(300, 300, 1, 16, false);
    normalizations(150, 64, 8);
    activations(1001);
}

// Every unit that can run here against its twin in plain C, packed from the same weights: int8 to the bit.
static void narrow_products(long rows, long in, long out) {
    float *x = noise(rows * in), *w = noise(out * in);
    float *y = malloc((size_t)(rows * out) * sizeof(float));
    double *twin[3] = {NULL, NULL, NULL};
    for (int unit = gesso_unit_count() - 1; unit >= 0; unit--) {
        const gesso_precision precision = gesso_unit_precision(unit);
        const bool is_twin = strncmp(gesso_unit_name(unit), "portable", 8) == 0;
        if (!is_twin) continue;
        gesso_weights *weights = gesso_pack(w, GESSO_F32, out, in, 1, unit);
        gesso_matmul(x, weights, y, rows, (gesso_epilogue){0});
        twin[precision] = malloc((size_t)(rows * out) * sizeof(double));
        for (long i = 0; i < rows * out; i++) twin[precision][i] = y[i];
        gesso_weights_release(weights);
    }
    for (int unit = 0; unit < gesso_unit_count(); unit++) {
        const gesso_precision precision = gesso_unit_precision(unit);
        char what[80];
        snprintf(what, sizeof what, "%s, product %ldx%ld by %ld", gesso_unit_name(unit), rows, in, out);
        if (!gesso_unit_is_supported(unit)) {
            printf("--   %-44s not on this processor\n", what);
            continue;
        }
        gesso_weights *weights = gesso_pack(w, GESSO_F32, out, in, 1, unit);
        gesso_matmul(x, weights, y, rows, (gesso_epilogue){0});
        expect(what, y, twin[precision], rows * out, precision == GESSO_BYTES ? 0 : 5e-6);
        gesso_weights_release(weights);
    }
    free(twin[GESSO_EXACT]), free(twin[GESSO_BRAIN]), free(twin[GESSO_BYTES]), free(x), free(w), free(y);
}

int main(void) {
    narrow_products(7, 5, 3);
    narrow_products(77, 320, 65);
    for (int threads = 1; threads <= 2; threads++) {
        gesso_pool *pool = gesso_pool_create(threads);
        gesso_pool_bind(pool);
        printf("%s, %d threads\n", gesso_kernel_set_name(gesso_kernel_set_in_use()), gesso_threads());
        all();
        gesso_pool_bind(NULL);
        gesso_pool_destroy(pool);
    }
    printf(failures > 0 ? "%d failed\n" : "all within bounds\n", failures);
    return failures > 0;
}
