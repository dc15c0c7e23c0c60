// y[b, i, h] = sum_j softmax_j(q[b, i, h] . k[b, j, h] / sqrt(head)) v[b, j, h]
//
// Queries are taken in blocks and keys in blocks, with a running maximum and sum for each query, so
// that the scores of all pairs are never stored (Milakov & Gimelshein 2018, Dao et al. 2022).
#include "block.h"

#include <stdlib.h>

#define QUERIES 96
#define KEYS 256

typedef struct {
    const float *q, *k, *v;
    float *y;
    long batch, queries, keys, heads, head;
    bool causal;
    long padded_head;     // head rounded up to a panel
    long padded_keys;     // keys rounded up to a panel
    long query_blocks;
    float *packed_keys;   // for each head: panels of keys, [head, GESSO_PANEL]
    float *packed_values; // for each head: panels of the head's columns, [keys, GESSO_PANEL]
} attention;

static long up(long n, long step) { return (n + step - 1) / step * step; }

// Lays out the keys and values of one head of one item of the batch.
static void pack_head(void *context, long index) {
    const attention *a = context;
    const long width = a->heads * a->head;
    const long offset = index / a->heads * a->keys * width + index % a->heads * a->head;
    const float *k = a->k + offset, *v = a->v + offset;
    float *keys = a->packed_keys + index * a->padded_keys * a->head;
    for (long panel = 0; panel < a->keys; panel += GESSO_PANEL, keys += a->head * GESSO_PANEL)
        for (long d = 0; d < a->head; d++)
            for (long j = 0; j < GESSO_PANEL; j++)
                keys[d * GESSO_PANEL + j] = panel + j < a->keys ? k[(panel + j) * width + d] : 0;
    float *values = a->packed_values + index * a->keys * a->padded_head;
    for (long panel = 0; panel < a->head; panel += GESSO_PANEL)
        for (long j = 0; j < a->keys; j++, values += GESSO_PANEL)
            for (long d = 0; d < GESSO_PANEL; d++)
                values[d] = panel + d < a->head ? v[j * width + panel + d] : 0;
}

// Turns a row of scores into weights exp(score - maximum) in place; returns their sum and raises the
// maximum. The row may be read and written up to the next multiple of 16.
INLINE float weigh(float *scores, long count, float *maximum) {
    for (long j = count; j % 16 != 0; j++) scores[j] = -INFINITY;
    v16 tops = splat(*maximum);
    for (long j = 0; j < count; j += 16) {
        const v16 s = load(scores + j);
        tops = choose(s > tops, s, tops);
    }
    for (int lane = 0; lane < 16; lane++) *maximum = tops[lane] > *maximum ? tops[lane] : *maximum;
    v16 total = {};
    for (long j = 0; j < count; j += 16) {
        const v16 weights = exponential(load(scores + j) - *maximum);
        store(scores + j, weights);
        total += weights;
    }
    return sum(total);
}

INLINE void scale_row(float *row, long count, float factor) {
    for (long d = 0; d < count; d += 16) store(row + d, load(row + d) * factor);
}

typedef struct {
    float *query;   // [QUERIES, head], scaled
    float *scores;  // [QUERIES, KEYS]
    float *part;    // [QUERIES, padded_head]
    float maximum[QUERIES], total[QUERIES];
} state;

// One block of keys for a block of queries.
INLINE void soften(
    const attention *a, state *s, long first_query, long queries, long first_key, long keys) {
    for (long i = 0; i < queries; i++) {
        float *scores = s->scores + i * KEYS;
        long seen = keys;
        if (a->causal) {
            const long limit = first_query + i + 1 - first_key;
            seen = limit < 0 ? 0 : limit < keys ? limit : keys;
            memset(scores + seen, 0, (size_t)(keys - seen) * sizeof(float));
        }
        if (seen == 0) continue;
        const float before = s->maximum[i];
        const float added = weigh(scores, seen, &s->maximum[i]);
        const float shrink = before == -INFINITY ? 0 : expf(before - s->maximum[i]);
        s->total[i] = s->total[i] * shrink + added;
        if (shrink != 1) scale_row(s->part + i * a->padded_head, a->padded_head, shrink);
    }
}
FOR_EACH_SET(
    soften,
    (const attention *a, state *s, long first_query, long queries, long first_key, long keys), a, s,
    first_query, queries, first_key, keys)

static void begin(const attention *a, state *s, long queries, const float *q, long width) {
    const float scale = 1 / sqrtf((float)a->head);
    for (long i = 0; i < queries; i++) {
        for (long d = 0; d < a->head; d++) s->query[i * a->head + d] = q[i * width + d] * scale;
        s->maximum[i] = -INFINITY;
        s->total[i] = 0;
    }
    memset(s->part, 0, (size_t)(QUERIES * a->padded_head) * sizeof(float));
}

static void attend_block(void *context, long index) {
    const attention *a = context;
    const long head = index / a->query_blocks, first = index % a->query_blocks * QUERIES;
    const long width = a->heads * a->head;
    const long queries = a->queries - first < QUERIES ? a->queries - first : QUERIES;
    const long offset =
        (head / a->heads * a->queries + first) * width + head % a->heads * a->head;
    const float *packed_keys = a->packed_keys + head * a->padded_keys * a->head;
    const float *packed_values = a->packed_values + head * a->keys * a->padded_head;

    state s;
    const size_t floats = (size_t)(QUERIES * (a->head + KEYS + a->padded_head));
    s.scores = aligned_alloc(64, (floats * sizeof(float) + 63) / 64 * 64);
    s.part = s.scores + QUERIES * KEYS;
    s.query = s.part + QUERIES * a->padded_head;
    begin(a, &s, queries, a->q + offset, width);
    const long last = a->causal && first + queries < a->keys ? first + queries : a->keys;
    for (long key = 0; key < last; key += KEYS) {
        const long keys = last - key < KEYS ? last - key : KEYS;
        gesso_block(
            queries, keys, a->head, s.query, a->head, packed_keys + key * a->head,
            a->head * GESSO_PANEL, s.scores, KEYS, false);
        DISPATCH(soften, a, &s, first, queries, key, keys)
        gesso_block(
            queries, a->head, keys, s.scores, KEYS, packed_values + key * GESSO_PANEL,
            a->keys * GESSO_PANEL, s.part, a->padded_head, true);
    }
    float *y = a->y + offset;
    for (long i = 0; i < queries; i++)
        for (long d = 0; d < a->head; d++)
            y[i * width + d] = s.part[i * a->padded_head + d] / s.total[i];
    free(s.scores);
}

void gesso_attend(
    const float *q, const float *k, const float *v, float *y, long batch, long queries, long keys,
    long heads, long head, bool causal) {
    attention a = {q, k, v, y, batch, queries, keys, heads, head, causal, 0, 0, 0, NULL, NULL};
    a.padded_head = up(head, GESSO_PANEL);
    a.padded_keys = up(keys, GESSO_PANEL);
    a.query_blocks = (queries + QUERIES - 1) / QUERIES;
    const size_t items = (size_t)(batch * heads);
    const size_t key_floats = items * (size_t)(a.padded_keys * head);
    const size_t value_floats = items * (size_t)(keys * a.padded_head);
    a.packed_keys = aligned_alloc(64, ((key_floats + value_floats) * sizeof(float) + 63) / 64 * 64);
    a.packed_values = a.packed_keys + key_floats;
    gesso_parallel((long)items, pack_head, &a);
    gesso_parallel((long)items * a.query_blocks, attend_block, &a);
    free(a.packed_keys);
}
