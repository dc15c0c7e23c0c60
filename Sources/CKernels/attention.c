// y[b, i, h] = sum_j softmax_j(q[b, i, h] . k[b, j, h] / sqrt(head)) v[b, j, h]
//
// Everything is done for a panel of queries side by side in vector lanes: scores [keys, panel] of a
// block of keys at a time, with a running maximum and sum for each query (Milakov & Gimelshein 2018),
// so that the scores of all pairs are never stored (Dao et al. 2022); then results [head, panel].
#include "kernel_set.h"

// Gathers the keys and values of one head of one item of the batch.
static void gather(void *context, long index) {
    const attention *a = context;
    const long width = a->heads * a->head, run = a->keys * a->head;
    const long from = index / a->heads * a->keys * width + index % a->heads * a->head;
    float *to = a->gathered + index * 2 * run;
    for (long j = 0; j < a->keys; j++) {
        const size_t bytes = (size_t)a->head * sizeof(float);
        memcpy(to + j * a->head, a->k + from + j * width, bytes);
        memcpy(to + run + j * a->head, a->v + from + j * width, bytes);
    }
}

static void attend_keys(
    const attention *a, panel p, const float *k, const float *v, long first_query, long first_key,
    long keys) {
    gesso_current_set()->multiply_block(
        keys, PANEL, a->head, k, a->head, 1, p.query, p.scores, PANEL, false);
    for (long lane = 0; lane < PANEL; lane += 16)
        gesso_current_set()->exponentiate(a, p, lane, first_query, first_key, keys);
    gesso_current_set()->multiply_block(
        a->head, PANEL, keys, v, 1, a->head, p.scores, p.result, PANEL, true);
}

static void attend(void *context, long index) {
    const attention *a = context;
    const long item = index / a->query_blocks, first = index % a->query_blocks * PANELS * PANEL;
    const long width = a->heads * a->head;
    const long row = item / a->heads * a->queries, column = item % a->heads * a->head;
    const long each = (2 * a->head + 2) * PANEL;
    float *scores = gesso_scratch((size_t)(KEYS * PANEL + PANELS * each) * sizeof(float));
    float *scratch = scores + KEYS * PANEL;
    panel panels[PANELS];
    long count = 0;
    for (; count < PANELS && first + count * PANEL < a->queries; count++, scratch += each) {
        float *const result = scratch + a->head * PANEL, *const top = result + a->head * PANEL;
        panels[count] = (panel){scratch, result, top, top + PANEL, scores};
        const long at = first + count * PANEL;
        gesso_current_set()->load_queries(a, panels[count], a->q + (row + at) * width + column,
            least(a->queries - at, PANEL));
    }
    const float *k = a->gathered + item * 2 * a->keys * a->head, *v = k + a->keys * a->head;
    const long beyond = first + count * PANEL;
    const long last = a->causal ? least(beyond, a->keys) : a->keys;
    for (long key = 0; key < last; key += KEYS)
        for (long i = 0; i < count; i++)
            attend_keys(
                a, panels[i], k + key * a->head, v + key * a->head, first + i * PANEL, key,
                least(last - key, KEYS));
    for (long i = 0; i < count; i++) {
        const long at = first + i * PANEL;
        gesso_current_set()->store_results(a, panels[i], a->y + (row + at) * width + column,
            least(a->queries - at, PANEL));
    }
}

void gesso_attend(
    const float *q, const float *k, const float *v, float *y, long batch, long queries, long keys,
    long heads, long head, bool causal) {
    attention a = {q, k, v, y, batch, queries, keys, heads, head, causal, 0, NULL};
    a.query_blocks = (queries + PANELS * PANEL - 1) / (PANELS * PANEL);
    const size_t bytes = (size_t)(batch * keys * 2 * heads * head) * sizeof(float);
    a.gathered = gesso_allocate(bytes);
    gesso_parallel(batch * heads, gather, &a);
    gesso_parallel(batch * heads * a.query_blocks, attend, &a);
    gesso_release(a.gathered, bytes);
}
