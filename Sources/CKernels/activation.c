// y = activation(x), and the gate of GEGLU (Shazeer 2020): y = a * GELU(b) for rows [a, b].
#include "kernel_set.h"

#define CHUNK 16384

static void activate_chunk(void *context, long index) {
    const activation_job *j = context;
    const long start = index * CHUNK;
    const long end = j->count - start < CHUNK ? j->count : start + CHUNK;
    gesso_current_set()->activate_range(j, start, end);
}

void gesso_activate(const float *x, float *y, size_t count, gesso_activation activation) {
    activation_job j = {x, y, (long)count, 0, activation};
    gesso_parallel((j.count + CHUNK - 1) / CHUNK, activate_chunk, &j);
}

static void gate_one_row(void *context, long row) { gesso_current_set()->gate_row(context, row); }

void gesso_gate(const float *x, float *y, long rows, long channels) {
    activation_job j = {x, y, rows, channels, GESSO_GELU};
    gesso_parallel(rows, gate_one_row, &j);
}
