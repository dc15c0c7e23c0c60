// Whether a unit pays: the same small product by it and by floats, checked and timed.
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#define MOST_CHANNELS 256
#define SIDE 24    // of the picture; its pixels are the rows of a product
#define TOKENS 512 // of attention
#define HEADS 2
#define ROUNDS 5

typedef struct trial {
    float *x, *results[2];  // of floats and of the unit
    long values;            // of a result
    void (*run)(struct trial *, int which);
    gesso_weights *weights[2];  // of a product
    gesso_convolution shape;
    int unit;                   // of attention
    long head;
} trial;

// Noise of deviation 1 that is the same in every run: sums of four numbers of a generator (Knuth 1998, 3.3.4).
static void fill(float *x, long count, uint32_t state) {
    for (long i = 0; i < count; i++) {
        x[i] = 0;
        for (int part = 0; part < 4; part++) {
            state = state * 1664525 + 1013904223;
            x[i] += ((float)(state >> 8) * 0x1p-24f - 0.5f) * 1.7320508f;
        }
    }
}

static void multiply(trial *t, int which) {
    gesso_convolve(
        t->x, t->weights[which], t->results[which], t->shape, (gesso_prologue){.height = SIDE, .width = SIDE},
        (gesso_epilogue){0});
}

static void attend(trial *t, int which) {
    gesso_attend(
        t->x, t->x + t->values, t->x + 2 * t->values, t->results[which], 1, TOKENS, TOKENS, HEADS, t->head,
        false, which ? t->unit : GESSO_FLOATS);
}

// Of the calling thread, which other programs cannot lengthen.
static double seconds(trial *t, int which) {
    struct timespec start, end;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
    t->run(t, which);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    return (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
}

// The root mean square of the difference as a share of that of the results.
static double difference(const trial *t) {
    double apart = 0, size = 0;
    for (long i = 0; i < t->values; i++) {
        const double exact = t->results[0][i], distance = t->results[1][i] - exact;
        apart += distance * distance;
        size += exact * exact;
    }
    return sqrt(apart / size);
}

static double measure(trial *t, gesso_precision precision, bool times) {
    const double bounds[] = {[GESSO_EXACT] = 3e-6, [GESSO_BRAIN] = 1e-2, [GESSO_BYTES] = 5e-2};
    t->run(t, 0);
    t->run(t, 1);
    if (!(difference(t) < bounds[precision])) return INFINITY;
    if (!times) return 1;
    double best[2] = {INFINITY, INFINITY};
    // In turns, so that both meet the machine in the same state.
    for (int round = 0; round < ROUNDS; round++)
        for (int which = 0; which < 2; which++) best[which] = fmin(best[which], seconds(t, which));
    return best[1] / best[0];
}

double gesso_unit_trial(int unit, long out, long in, long taps) {
    if (out > MOST_CHANNELS) out = MOST_CHANNELS;
    if (in > MOST_CHANNELS) in = MOST_CHANNELS;
    long kernel = 1;
    while (kernel * kernel < taps) kernel++;
    if (kernel * kernel != taps) return INFINITY;
    const long inputs = SIDE * SIDE * in, count = out * in * taps;
    trial t = {
        .run = multiply, .values = SIDE * SIDE * out,
        .shape = {
            .batch = 1, .height = SIDE, .width = SIDE, .channels = in, .out_height = SIDE, .out_width = SIDE,
            .out_channels = out, .kernel_height = kernel, .kernel_width = kernel, .stride = 1,
            .pad_top = kernel / 2, .pad_left = kernel / 2}};
    const size_t bytes = (size_t)(inputs + count + 2 * t.values) * sizeof(float);
    float *room = gesso_allocate(bytes), *weights = room + inputs;
    t.x = room;
    t.results[0] = weights + count;
    t.results[1] = t.results[0] + t.values;
    fill(t.x, inputs, 1);
    fill(weights, count, 2);
    gesso_narrow(weights, GESSO_F16, weights, (size_t)count);
    gesso_pool *pool = gesso_pool_bind(NULL);
    for (int which = 0; which < 2; which++)
        t.weights[which] = gesso_pack(weights, GESSO_F16, out, in, taps, which ? unit : GESSO_FLOATS);
    const double share = measure(&t, gesso_unit_precision(unit), gesso_unit_is_hardware(unit));
    for (int which = 0; which < 2; which++) gesso_weights_release(t.weights[which]);
    gesso_pool_bind(pool);
    gesso_release(room, bytes);
    return share;
}

double gesso_attention_trial(int unit, long head) {
    trial t = {.run = attend, .unit = unit, .head = head, .values = TOKENS * HEADS * head};
    const size_t bytes = (size_t)(5 * t.values) * sizeof(float);
    t.x = gesso_allocate(bytes);
    t.results[0] = t.x + 3 * t.values;
    t.results[1] = t.results[0] + t.values;
    fill(t.x, 3 * t.values, 1);
    gesso_pool *pool = gesso_pool_bind(NULL);
    const double share = measure(&t, gesso_unit_precision(unit), gesso_unit_is_hardware(unit));
    gesso_pool_bind(pool);
    gesso_release(t.x, bytes);
    return share;
}
