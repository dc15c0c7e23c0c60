// y = activation(x), and the gate of GEGLU (Shazeer 2020): y = a * GELU(b) for rows [a, b].
#include "kernels.h"

#define CHUNK 16384

typedef struct {
    const float *x;
    float *y;
    long count, channels;
    gesso_activation activation;
} job;

INLINE void activate(const job *j, long start, long end) {
    for (long i = start; i < end; i += 16) {
        const long n = end - i;
        store_up_to(j->y + i, activated(load_up_to(j->x + i, n), j->activation), n);
    }
}
FOR_EACH_SET(activate, (const job *j, long start, long end), j, start, end)

static void activate_chunk(void *context, long index) {
    const job *j = context;
    const long start = index * CHUNK;
    const long end = j->count - start < CHUNK ? j->count : start + CHUNK;
    DISPATCH(activate, j, start, end)
}

void gesso_activate(const float *x, float *y, size_t count, gesso_activation activation) {
    job j = {x, y, (long)count, 0, activation};
    gesso_parallel((j.count + CHUNK - 1) / CHUNK, activate_chunk, &j);
}

INLINE void gate(const job *j, long row) {
    const float *a = j->x + row * 2 * j->channels, *b = a + j->channels;
    float *y = j->y + row * j->channels;
    for (long i = 0; i < j->channels; i += 16) {
        const long n = j->channels - i;
        const v16 gate = activated(load_up_to(b + i, n), GESSO_GELU);
        store_up_to(y + i, load_up_to(a + i, n) * gate, n);
    }
}
FOR_EACH_SET(gate, (const job *j, long row), j, row)

static void gate_row(void *context, long row) { DISPATCH(gate, context, row) }

void gesso_gate(const float *x, float *y, long rows, long channels) {
    job j = {x, y, rows, channels, GESSO_GELU};
    gesso_parallel(rows, gate_row, &j);
}
