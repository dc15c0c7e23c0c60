// Runs of floats from one place to another.
#include "kernels.h"

#define CHUNK (64 << 10)  // floats, the work of one thread

typedef struct {
    const float *from;
    long from_step;
    float *to;
    long to_step, runs, run, each;  // each: runs of a chunk
} copying;

static void copy_chunk(void *context, long index) {
    const copying *c = context;
    const long end = least((index + 1) * c->each, c->runs);
    for (long i = index * c->each; i < end; i++)
        memcpy(c->to + i * c->to_step, c->from + i * c->from_step, (size_t)c->run * sizeof(float));
}

void gesso_copy(
    const float *from, long from_step, float *to, long to_step, long runs, long run) {
    if (runs == 0 || run == 0) return;
    // A single run is cut up, too.
    if (runs == 1 && run > CHUNK) {
        const long whole = run / CHUNK;
        gesso_copy(from, CHUNK, to, CHUNK, whole, CHUNK);
        gesso_copy(from + whole * CHUNK, 0, to + whole * CHUNK, 0, 1, run % CHUNK);
        return;
    }
    copying c = {from, from_step, to, to_step, runs, run, CHUNK / run};
    if (c.each < 1) c.each = 1;
    gesso_parallel((runs + c.each - 1) / c.each, copy_chunk, &c);
}

typedef struct {
    const float *x;
    float *y;
    long height, width, channels, to_height, to_width;
} enlarging;

static void enlarge_row(void *context, long row) {
    const enlarging *e = context;
    const long from = row / e->to_height * e->height + row % e->to_height * e->height / e->to_height;
    const float *x = e->x + from * e->width * e->channels;
    float *y = e->y + row * e->to_width * e->channels;
    for (long column = 0; column < e->to_width; column++, y += e->channels)
        memcpy(
            y, x + column * e->width / e->to_width * e->channels,
            (size_t)e->channels * sizeof(float));
}

void gesso_enlarge(
    const float *x, float *y, long batch, long height, long width, long channels, long to_height,
    long to_width) {
    enlarging e = {x, y, height, width, channels, to_height, to_width};
    gesso_parallel(batch * to_height, enlarge_row, &e);
}
