#include "CPeak.h"

#include <pthread.h>
#include <time.h>

#define CHAINS 12  // enough to cover the latency of a multiply-add in two units

typedef float v16 __attribute__((vector_size(64)));
typedef float v8 __attribute__((vector_size(32)));

#define LOOP(name, vector, attributes)                                                     \
    attributes static float name(long rounds) {                                            \
        vector sums[CHAINS], factor = (vector){} + 0.999f, term = (vector){} + 0.001f;     \
        for (int c = 0; c < CHAINS; c++) sums[c] = (vector){} + (float)c;                  \
        for (long i = 0; i < rounds; i++)                                                  \
            _Pragma("clang loop unroll(full)") for (int c = 0; c < CHAINS; c++) sums[c] =  \
                sums[c] * factor + term;                                                   \
        float total = 0;                                                                   \
        for (int c = 0; c < CHAINS; c++) total += sums[c][0];                              \
        return total;                                                                      \
    }

#if defined(__x86_64__)
LOOP(loop_512, v16, __attribute__((target("avx512f,fma"))))
LOOP(loop_256, v8, __attribute__((target("avx2,fma"))))
#endif
LOOP(loop_any, v8, )

typedef struct {
    int width;
    long rounds;
    float total;  // so that the work is not left out
} job;

static void *work(void *argument) {
    job *j = argument;
#if defined(__x86_64__)
    if (j->width == 512) j->total = loop_512(j->rounds);
    if (j->width == 256) j->total = loop_256(j->rounds);
#endif
    if (j->width == 0) j->total = loop_any(j->rounds);
    return 0;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double peak_operations(int width, int threads, long rounds) {
    pthread_t handles[64];
    job jobs[64];
    if (threads > 64) threads = 64;
    const double start = now();
    for (int t = 0; t < threads; t++) {
        jobs[t] = (job){width, rounds, 0};
        pthread_create(&handles[t], 0, work, &jobs[t]);
    }
    for (int t = 0; t < threads; t++) pthread_join(handles[t], 0);
    const int lanes = width == 512 ? 16 : 8;
    return (double)threads * (double)rounds * CHAINS * lanes * 2 / (now() - start);
}
