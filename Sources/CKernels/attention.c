// y[b, i, h] = sum_j softmax_j(q[b, i, h] . k[b, j, h] / sqrt(head)) v[b, j, h]
//
// Everything is done for a panel of queries side by side in vector lanes: scores [keys, panel] of a
// block of keys at a time, with a running maximum and sum for each query (Milakov & Gimelshein 2018),
// so that the scores of all pairs are never stored (Dao et al. 2022); then results [head, panel].
#include "kernel_set.h"
#include "weights.h"

#define MOST_HEAD_STEPS 16  // heads of up to 512

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

// The same, rounded to bf16 for a unit; values with keys for columns.
static void gather_narrow(void *context, long index) {
    const attention *a = context;
    const long width = a->heads * a->head;
    const long from = index / a->heads * a->keys * width + index % a->heads * a->head;
    char *keys = a->narrow_keys + index * a->head_steps * a->keys * STEP;
    char *values = a->narrow_values + index * a->key_steps * a->head * STEP;
    memset(values, 0, (size_t)(a->key_steps * a->head * STEP));
    char *row = gesso_scratch((size_t)(a->head_steps * STEP));
    for (long j = 0; j < a->keys; j++) {
        const narrow_row key = {a->k + from + j * width, a->head, keys + j * STEP, a->keys * STEP, 1, 0};
        gesso_current_set()->round_to_bf16(&key);
        const narrow_row value = {a->v + from + j * width, a->head, row, STEP, 1, 0};
        gesso_current_set()->round_to_bf16(&value);
        char *to = values + j / 32 * a->head * STEP + j % 32 * 2;
        for (long d = 0; d < a->head; d++) memcpy(to + d * STEP, row + d * 2, 2);
    }
}

// As attend_keys. A block of keys is a whole number of steps, but for the last one.
static void attend_narrow_keys(
    const attention *a, panel p, const char *k, const char *v, long first_query, long first_key,
    long keys) {
    long offsets[MOST_HEAD_STEPS];
    for (long s = 0; s < a->head_steps; s++) offsets[s] = (s * a->keys + first_key) * STEP;
    a->unit->multiply(k, offsets, p.narrow_query, a->head_steps, keys, p.scores, PANEL, false);
    for (long lane = 0; lane < PANEL; lane += 16)
        gesso_current_set()->exponentiate(a, p, lane, first_query, first_key, keys);
    char weights[KEYS / 32 * RIGHT_STEP];
    gesso_current_set()->pair_rows(p.scores, keys, weights);
    const long steps = (keys + 31) / 32;
    for (long s = 0; s < steps; s++) offsets[s] = (first_key / 32 + s) * a->head * STEP;
    a->unit->multiply(v, offsets, weights, steps, a->head, p.result, PANEL, true);
}

static void attend_keys(
    const attention *a, panel p, const float *k, const float *v, long first_query, long first_key,
    long keys) {
    gesso_current_set()->multiply_block(
        keys, PANEL, a->head, k, a->head, 1, false, p.query, false, p.scores, PANEL, false);
    for (long lane = 0; lane < PANEL; lane += 16)
        gesso_current_set()->exponentiate(a, p, lane, first_query, first_key, keys);
    gesso_current_set()->multiply_block(
        a->head, PANEL, keys, v, 1, a->head, false, p.scores, false, p.result, PANEL, true);
}

static void attend(void *context, long index) {
    const attention *a = context;
    const long item = index / a->query_blocks, first = index % a->query_blocks * PANELS * PANEL;
    const long width = a->heads * a->head;
    const long row = item / a->heads * a->queries, column = item % a->heads * a->head;
    const long narrow = a->unit ? a->head_steps * RIGHT_STEP / 4 : 0;
    const long each = (2 * a->head + 2) * PANEL + narrow;
    float *scores = gesso_scratch((size_t)(KEYS * PANEL + PANELS * each) * sizeof(float));
    float *scratch = scores + KEYS * PANEL;
    panel panels[PANELS];
    long count = 0;
    for (; count < PANELS && first + count * PANEL < a->queries; count++, scratch += each) {
        float *const result = scratch + a->head * PANEL, *const top = result + a->head * PANEL;
        panels[count] =
            (panel){scratch, result, top, top + PANEL, scores, (char *)(top + 2 * PANEL)};
        const long at = first + count * PANEL;
        gesso_current_set()->load_queries(a, panels[count], a->q + (row + at) * width + column,
            least(a->queries - at, PANEL));
        if (a->unit)
            gesso_current_set()->pair_rows(
                panels[count].query, a->head, panels[count].narrow_query);
    }
    const float *k = a->gathered + item * 2 * a->keys * a->head, *v = k + a->keys * a->head;
    const long beyond = first + count * PANEL;
    const long last = a->causal ? least(beyond, a->keys) : a->keys;
    for (long key = 0; key < last; key += KEYS)
        for (long i = 0; i < count; i++)
            if (a->unit)
                attend_narrow_keys(
                    a, panels[i], a->narrow_keys + item * a->head_steps * a->keys * STEP,
                    a->narrow_values + item * a->key_steps * a->head * STEP, first + i * PANEL, key,
                    least(last - key, KEYS));
            else
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
    long heads, long head, bool causal, int unit) {
    attention a = {
        .q = q, .k = k, .v = v, .y = y, .batch = batch, .queries = queries, .keys = keys, .heads = heads,
        .head = head, .causal = causal};
    a.head_steps = (head + 31) / 32;
    a.key_steps = (keys + 31) / 32;
    if (a.head_steps <= MOST_HEAD_STEPS) a.unit = gesso_unit_numbered(unit);
    a.query_blocks = (queries + PANELS * PANEL - 1) / (PANELS * PANEL);
    const long items = batch * heads, narrow_keys = items * a.head_steps * keys * STEP;
    const size_t bytes = a.unit ? (size_t)(narrow_keys + items * a.key_steps * head * STEP)
                                : (size_t)(items * keys * 2 * head) * sizeof(float);
    a.gathered = gesso_allocate(bytes);
    a.narrow_keys = (char *)a.gathered;
    a.narrow_values = a.narrow_keys + narrow_keys;
    gesso_parallel(items, a.unit ? gather_narrow : gather, &a);
    gesso_parallel(batch * heads * a.query_blocks, attend, &a);
    gesso_release(a.gathered, bytes);
}
