// y[b, i, h] = sum_j softmax_j(q[b, i, h] . k[b, j, h] / sqrt(head)) v[b, j, h]
//
// Everything is done for a panel of queries side by side in vector lanes: scores [keys, panel] of a
// block of keys at a time, with a running maximum and sum for each query (Milakov & Gimelshein 2018),
// so that the scores of all pairs are never stored (Dao et al. 2022); then results [head, panel].
#include "block.h"

#define PANEL GESSO_PANEL
#define PANELS 4   // of queries, the work of one thread
#define KEYS 96    // of a block; how numbers are summed depends on it
#define ABREAST 4  // keys weighed side by side; likewise

typedef struct {
    const float *q, *k, *v;
    float *y;
    long batch, queries, keys, heads, head;
    bool causal;
    long query_blocks;
    float *gathered;  // [batch, heads, 2, keys, head]: each head's keys and values
} attention;

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

// What is kept for a panel of queries between blocks of keys.
typedef struct {
    float *query;   // [head, PANEL], scaled to make scores exponents of 2
    float *result;  // [head, PANEL]
    float *top;     // [PANEL]
    float *total;   // [PANEL]
    float *scores;  // [KEYS, PANEL], those of all panels, so that they stay near
} panel;

// 16 queries' scores of `count` keys from `key` on; those after a query's last key are taken for `hidden`.
INLINE void look(
    const int count, const float *scores, bool masks, i16 last, long key, float hidden, v16 *s) {
    UNROLL for (int i = 0; i < count; i++) s[i] = load(scores + (key + i) * PANEL);
    if (masks)
        for (int i = 0; i < count; i++) s[i] = choose(last < (int32_t)(key + i), splat(hidden), s[i]);
}

// The greatest of some scores each. A comparison with NaN is false: NaN is kept.
INLINE void raise(
    const int count, const float *scores, bool masks, i16 last, long key, v16 *tops) {
    v16 s[ABREAST];
    look(count, scores, masks, last, key, -INFINITY, s);
    UNROLL for (int i = 0; i < count; i++) tops[i] = choose(s[i] < tops[i], tops[i], s[i]);
}

INLINE void weigh_keys(
    const int count, float *scores, bool masks, i16 last, long key, v16 top, v16 *added) {
    v16 s[ABREAST];
    look(count, scores, false, last, key, 0, s);
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
// `first_query` on, and takes back what was added up under the old top.
INLINE void weigh(
    const attention *a, panel p, long lane, long first_query, long first_key, long keys) {
    float *scores = p.scores + lane;
    const bool masks = a->causal && first_key + keys > first_query + lane + 1;
    i16 last = {};
    for (int i = 0; i < 16; i++) last[i] = (int32_t)(first_query + lane + i - first_key);
    const v16 before = load(p.top + lane);
    v16 tops[ABREAST], added[ABREAST] = {};
    UNROLL for (int i = 0; i < ABREAST; i++) tops[i] = before;
    long j = 0;
    for (; j + ABREAST <= keys; j += ABREAST) raise(ABREAST, scores, masks, last, j, tops);
    for (; j < keys; j++) raise(1, scores, masks, last, j, tops);
    v16 top = tops[0];
    UNROLL for (int i = 1; i < ABREAST; i++) top = choose(tops[i] < top, top, tops[i]);
    for (j = 0; j + ABREAST <= keys; j += ABREAST)
        weigh_keys(ABREAST, scores, masks, last, j, top, added);
    for (; j < keys; j++) weigh_keys(1, scores, masks, last, j, top, added);
    const v16 shrink = power_of_two(before - top);
    v16 total = load(p.total + lane) * shrink;
    UNROLL for (int i = 0; i < ABREAST; i++) total += added[i];
    store(p.top + lane, top);
    store(p.total + lane, total);
    if (memcmp(&before, &top, sizeof top) == 0) return;
    for (long d = 0; d < a->head; d++)
        store(p.result + d * PANEL + lane, load(p.result + d * PANEL + lane) * shrink);
}

FOR_EACH_SET(
    weigh, (const attention *a, panel p, long lane, long first_query, long first_key, long keys), a,
    p, lane, first_query, first_key, keys)

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
INLINE void begin(const attention *a, panel p, const float *q, long queries) {
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
FOR_EACH_SET(begin, (const attention *a, panel p, const float *q, long queries), a, p, q, queries)

INLINE void end(const attention *a, panel p, float *y, long queries) {
    for (long d = 0; d < a->head; d++)
        for (long i = 0; i < PANEL; i += 16) {
            float *at = p.result + d * PANEL + i;
            store(at, load(at) / load(p.total + i));
        }
    transpose(p.result, PANEL, y, a->heads * a->head, a->head, queries);
}
FOR_EACH_SET(end, (const attention *a, panel p, float *y, long queries), a, p, y, queries)

static void attend_keys(
    const attention *a, panel p, const float *k, const float *v, long first_query, long first_key,
    long keys) {
    gesso_block(keys, PANEL, a->head, k, a->head, p.query, p.scores, PANEL, false);
    for (long lane = 0; lane < PANEL; lane += 16)
        DISPATCH(weigh, a, p, lane, first_query, first_key, keys)
    gesso_block_transposed(a->head, PANEL, keys, v, a->head, p.scores, p.result, PANEL, true);
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
        DISPATCH(begin, a, panels[count], a->q + (row + at) * width + column,
            least(a->queries - at, PANEL))
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
        DISPATCH(end, a, panels[i], a->y + (row + at) * width + column,
            least(a->queries - at, PANEL))
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
