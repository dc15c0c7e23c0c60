// The inner loops of attention.c.
#ifndef GESSO_ATTENTION_H
#define GESSO_ATTENTION_H

#include "narrow.h"
#include "unit.h"

#define PANEL GESSO_PANEL
#define PANELS 4   // of queries, the work of one thread
#define KEYS 96    // of a block; how numbers are summed depends on it
#define ABREAST 4  // keys side by side; likewise

typedef struct {
    const float *q, *k, *v;
    float *y;
    long batch, queries, keys, heads, head;
    bool causal;
    long query_blocks;
    float *gathered;  // [batch, heads, 2, keys, head]: each head's keys and values
    // For a unit instead (narrow_attention.c): rounded keys [item, steps of head, keys, 64 bytes] and values
    // [item, steps of keys, head, 64 bytes].
    const gesso_unit *unit;
    char *narrow_keys, *narrow_values;
    long head_steps, key_steps;
} attention;

// What is kept for a panel of queries between blocks of keys.
typedef struct {
    float *query;   // [head, PANEL], scaled to make scores exponents of 2
    float *result;  // [head, PANEL]
    float *top;     // [PANEL]
    float *total;   // [PANEL]
    float *scores;  // [KEYS, PANEL], those of all panels, so that they stay near
    char *narrow_query;  // for a unit: the query, [steps of head][RIGHT_STEP]
} panel;

// 16 queries' scores of `count` keys from `key` on; those after a query's last key count as `hidden`.
INLINE void load_scores(
    const int count, const float *scores, bool masks, i16 last, long key, float hidden, v16 *s) {
    UNROLL for (int i = 0; i < count; i++) s[i] = load(scores + (key + i) * PANEL);
    if (masks)
        for (int i = 0; i < count; i++) s[i] = choose(last < (int32_t)(key + i), splat(hidden), s[i]);
}

// The greatest of some scores each. A comparison with NaN is false: NaN is kept.
INLINE void update_maxima(
    const int count, const float *scores, bool masks, i16 last, long key, v16 *tops) {
    v16 s[ABREAST];
    load_scores(count, scores, masks, last, key, -INFINITY, s);
    UNROLL for (int i = 0; i < count; i++) tops[i] = choose(s[i] < tops[i], tops[i], s[i]);
}

INLINE void exponentiate_keys(
    const int count, float *scores, bool masks, i16 last, long key, v16 top, v16 *added) {
    v16 s[ABREAST];
    load_scores(count, scores, false, last, key, 0, s);
    UNROLL for (int i = 0; i < count; i++) s[i] -= top;
    powers_of_two(count, s);
    if (masks)
        for (int i = 0; i < count; i++) s[i] = choose(last < (int32_t)(key + i), splat(0), s[i]);
    UNROLL for (int i = 0; i < count; i++) {
        store(scores + (key + i) * PANEL, s[i]);
        added[i] += s[i];
    }
}

// Turns the scores of a block of keys into weights 2^(score - top), for 16 of the queries from
// `first_query` on, and rescales what was summed under the old maximum.
INLINE void exponentiate(
    const attention *a, panel p, long lane, long first_query, long first_key, long keys) {
    float *scores = p.scores + lane;
    const bool masks = a->causal && first_key + keys > first_query + lane + 1;
    i16 last = {};
    for (int i = 0; i < 16; i++) last[i] = (int32_t)(first_query + lane + i - first_key);
    const v16 before = load(p.top + lane);
    v16 tops[ABREAST], added[ABREAST] = {};
    UNROLL for (int i = 0; i < ABREAST; i++) tops[i] = before;
    long j = 0;
    for (; j + ABREAST <= keys; j += ABREAST) update_maxima(ABREAST, scores, masks, last, j, tops);
    for (; j < keys; j++) update_maxima(1, scores, masks, last, j, tops);
    v16 top = tops[0];
    UNROLL for (int i = 1; i < ABREAST; i++) top = choose(tops[i] < top, top, tops[i]);
    for (j = 0; j + ABREAST <= keys; j += ABREAST)
        exponentiate_keys(ABREAST, scores, masks, last, j, top, added);
    for (; j < keys; j++) exponentiate_keys(1, scores, masks, last, j, top, added);
    const v16 shrink = power_of_two(before - top);
    v16 total = load(p.total + lane) * shrink;
    UNROLL for (int i = 0; i < ABREAST; i++) total += added[i];
    store(p.top + lane, top);
    store(p.total + lane, total);
    if (memcmp(&before, &top, sizeof top) == 0) return;
    for (long d = 0; d < a->head; d++)
        store(p.result + d * PANEL + lane, load(p.result + d * PANEL + lane) * shrink);
}


typedef float v4 __attribute__((vector_size(16), aligned(4)));

// to[columns, rows] from from[rows, columns].
INLINE void transpose(
    const float *from, long from_stride, float *to, long to_stride, long rows, long columns) {
    for (long r = 0; r < rows; r += 4) {
        const float *f = from + r * from_stride;
        long c = 0;
        for (; rows - r >= 4 && columns - c >= 4; c += 4) {
            const v4 x0 = *(const v4 *)(f + c), x1 = *(const v4 *)(f + from_stride + c);
            const v4 x2 = *(const v4 *)(f + 2 * from_stride + c);
            const v4 x3 = *(const v4 *)(f + 3 * from_stride + c);
            const v4 y0 = __builtin_shufflevector(x0, x1, 0, 4, 1, 5);
            const v4 y1 = __builtin_shufflevector(x2, x3, 0, 4, 1, 5);
            const v4 y2 = __builtin_shufflevector(x0, x1, 2, 6, 3, 7);
            const v4 y3 = __builtin_shufflevector(x2, x3, 2, 6, 3, 7);
            float *t = to + c * to_stride + r;
            *(v4 *)t = __builtin_shufflevector(y0, y1, 0, 1, 4, 5);
            *(v4 *)(t + to_stride) = __builtin_shufflevector(y0, y1, 2, 3, 6, 7);
            *(v4 *)(t + 2 * to_stride) = __builtin_shufflevector(y2, y3, 0, 1, 4, 5);
            *(v4 *)(t + 3 * to_stride) = __builtin_shufflevector(y2, y3, 2, 3, 6, 7);
        }
        for (; c < columns; c++)
            for (long i = 0; i < 4 && r + i < rows; i++)
                to[c * to_stride + r + i] = f[i * from_stride + c];
    }
}

// Lays out queries side by side.
INLINE void load_queries(const attention *a, panel p, const float *q, long queries) {
    const float scale = 1.44269504088896341f / sqrtf((float)a->head);
    transpose(q, a->heads * a->head, p.query, PANEL, queries, a->head);
    for (long d = 0; d < a->head; d++)
        for (long i = 0; i < PANEL; i += 16) {
            float *at = p.query + d * PANEL + i;
            store(at, load_up_to(at, queries > i ? queries - i : 0) * scale);
            store(p.result + d * PANEL + i, splat(0));
        }
    for (long i = 0; i < PANEL; i += 16) {
        store(p.top + i, splat(-INFINITY));
        store(p.total + i, splat(0));
    }
}

INLINE void store_results(const attention *a, panel p, float *y, long queries) {
    for (long d = 0; d < a->head; d++)
        for (long i = 0; i < PANEL; i += 16) {
            float *at = p.result + d * PANEL + i;
            store(at, load(at) / load(p.total + i));
        }
    transpose(p.result, PANEL, y, a->heads * a->head, a->head, queries);
}

// Rounds a panel [rows, PANEL] to bf16, two rows side by side: [steps of 32 rows][RIGHT_STEP]; rows that are left
// over in the last step are zero.
INLINE void pair_rows(const float *x, long rows, char *to) {
    for (long row = 0; row < (rows + 31) / 32 * 32; row += 2, to += 4 * PANEL)
        for (long i = 0; i < PANEL; i += 16) {
            const float *from = x + row * PANEL + i;
            const v16 even = row < rows ? load(from) : splat(0);
            const v16 odd = row + 1 < rows ? load(from + PANEL) : splat(0);
            const u32x16 pair = nearest_bf16(even) | nearest_bf16(odd) << 16;
            memcpy(to + i * 4, &pair, sizeof pair);
        }
}

#endif
