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
