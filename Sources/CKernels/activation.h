// The inner loops of activation.c.
#ifndef GESSO_ACTIVATION_H
#define GESSO_ACTIVATION_H

#include "kernels.h"

typedef struct {
    const float *x;
    float *y;
    long count, channels;
    gesso_activation activation;
} activation_job;

INLINE void activate_range(const activation_job *j, long start, long end) {
    for (long i = start; i < end; i += 16) {
        const long n = end - i;
        store_up_to(j->y + i, activated(load_up_to(j->x + i, n), j->activation), n);
    }
}

INLINE void gate_row(const activation_job *j, long row) {
    const float *a = j->x + row * 2 * j->channels, *b = a + j->channels;
    float *y = j->y + row * j->channels;
    for (long i = 0; i < j->channels; i += 16) {
        const long n = j->channels - i;
        const v16 gate = activated(load_up_to(b + i, n), GESSO_GELU);
        store_up_to(y + i, load_up_to(a + i, n) * gate, n);
    }
}

#endif
