// y[rows, out] = epilogue(x[rows, in] W^T), W [out, in] in panels (gesso_pack).
//
// The result is cut into blocks of BLOCK_ROWS x BLOCK_COLUMNS, each the work of one thread; a block is
// summed over DEPTH columns of x at a time, so that x and the sums stay in the second-level cache, and one
// panel of weights at a time, widened just before, near the first (Goto & van de Geijn 2008). How a
// number is summed depends on DEPTH alone.
#include "block.h"
#include "gemm.h"

#include <stdlib.h>

#define DEPTH 320
#define BLOCK_ROWS 576     // many, for every block widens its weights anew
#define BLOCK_COLUMNS 128

size_t gesso_packed_count(long out, long columns) {
    return (size_t)((out + GESSO_PANEL - 1) / GESSO_PANEL * GESSO_PANEL * columns);
}

typedef struct {
    const void *source;
    gesso_type type;
    long out, in, taps;
    void *packed;
} packing;

#define PACK_PANEL(type, zero)                                                            \
    type *to = (type *)p->packed + panel * GESSO_PANEL * p->in * p->taps;                 \
    const type *from = (const type *)p->source + panel * GESSO_PANEL * p->in * p->taps;   \
    for (long tap = 0; tap < p->taps; tap++)                                              \
        for (long column = 0; column < p->in; column++, to += GESSO_PANEL)                \
            for (long row = 0; row < GESSO_PANEL; row++)                                  \
                to[row] = row < rows ? from[(row * p->in + column) * p->taps + tap] : zero;

static void pack_panel(void *context, long panel) {
    const packing *p = context;
    const long rows = p->out - panel * GESSO_PANEL;
    if (p->type == GESSO_F32) {
        PACK_PANEL(float, 0.0f)
    } else {
        PACK_PANEL(uint16_t, 0)
    }
}

void gesso_pack(const void *source, gesso_type type, long out, long in, long taps, void *packed) {
    packing p = {source, type, out, in, taps, packed};
    gesso_parallel((out + GESSO_PANEL - 1) / GESSO_PANEL, pack_panel, &p);
}

typedef struct {
    gesso_left left;
    const char *weights;
    gesso_type type;
    float *y;
    long rows, k, out;
    gesso_epilogue epilogue;
    bool gated;  // rows of W after the first `out` make gates: y = a GELU(b)
    long block_rows, block_columns, column_blocks;
} product;

#define GATES (BLOCK_COLUMNS / 2)  // where the gates' sums begin

typedef struct {
    float sums[BLOCK_ROWS * BLOCK_COLUMNS];
    float left[BLOCK_ROWS * DEPTH];
    float right[GESSO_PANEL * DEPTH];
} scratch;

INLINE void finish_rows(
    const product *p, const float *sums, long row, long rows, long column, long columns) {
    const gesso_epilogue *e = &p->epilogue;
    for (long r = row; r < row + rows; r++) {
        float *y = p->y + r * p->out + column;
        const float *s = sums + (r - row) * BLOCK_COLUMNS;
        const float *more =
            e->row_bias ? e->row_bias + r / e->rows_per_bias * p->out + column : NULL;
        const float *residual = e->residual ? e->residual + r * p->out + column : NULL;
        for (long c = 0; c < columns; c += 16) {
            const long n = columns - c;
            v16 v = load(s + c);
            if (e->bias) v += load_up_to(e->bias + column + c, n);
            if (more) v += load_up_to(more + c, n);
            v = activated(v, e->activation);
            if (residual) v += load_up_to(residual + c, n);
            store_up_to(y + c, v, n);
        }
    }
}
FOR_EACH_SET(
    finish_rows,
    (const product *p, const float *sums, long row, long rows, long column, long columns), p, sums,
    row, rows, column, columns)

INLINE void gate_rows(
    const product *p, const float *sums, long row, long rows, long column, long columns) {
    const float *bias = p->epilogue.bias ? p->epilogue.bias + column : NULL;
    for (long r = row; r < row + rows; r++) {
        float *y = p->y + r * p->out + column;
        const float *s = sums + (r - row) * BLOCK_COLUMNS;
        for (long c = 0; c < columns; c += 16) {
            v16 a = load(s + c), b = load(s + GATES + c);
            if (bias) {
                a += load(bias + c);
                b += load(bias + p->out + c);
            }
            store(y + c, a * activated(b, GESSO_GELU));
        }
    }
}
FOR_EACH_SET(
    gate_rows,
    (const product *p, const float *sums, long row, long rows, long column, long columns), p, sums,
    row, rows, column, columns)

INLINE void widen_panel(const void *source, gesso_type type, float *target, long count) {
    widen(source, type, target, count);
}
FOR_EACH_SET(
    widen_panel, (const void *source, gesso_type type, float *target, long count), source, type,
    target, count)

// The panel of a column, its rows `depth` ..., as 32-bit floats.
static const float *right_panel(
    const product *p, long column, long depth, long depths, float *to) {
    const long start = (column / GESSO_PANEL * p->k + depth) * GESSO_PANEL;
    if (p->type == GESSO_F32) return (const float *)p->weights + start;
    DISPATCH(widen_panel, p->weights + start * 2, p->type, to, depths * GESSO_PANEL)
    return to;
}

static void work(void *context, long index) {
    const product *p = context;
    const long row = index / p->column_blocks * p->block_rows;
    const long column = index % p->column_blocks * p->block_columns;
    const long rows = p->rows - row < p->block_rows ? p->rows - row : p->block_rows;
    const long columns = p->out - column < p->block_columns ? p->out - column : p->block_columns;
    scratch *s = gesso_scratch(sizeof *s);
    for (long depth = 0; depth < p->k; depth += DEPTH) {
        const long depths = p->k - depth < DEPTH ? p->k - depth : DEPTH;
        long left_stride;
        const float *left =
            p->left.left(p->left.context, row, rows, depth, depths, s->left, &left_stride);
        for (long part = 0; part <= p->gated; part++)
            for (long c = 0; c < columns; c += GESSO_PANEL)
                gesso_block(
                    rows, least(columns - c, GESSO_PANEL), depths, left, left_stride,
                    right_panel(p, part * p->out + column + c, depth, depths, s->right),
                    s->sums + part * GATES + c, BLOCK_COLUMNS, depth > 0);
    }
    if (p->gated)
        DISPATCH(gate_rows, p, s->sums, row, rows, column, columns)
    else
        DISPATCH(finish_rows, p, s->sums, row, rows, column, columns)
}

// The size of each part when `whole` is cut into even parts of at most `most`, multiples of `step`.
static long even_part(long whole, long most, long step) {
    const long parts = (whole + most - 1) / most;
    return ((whole + parts - 1) / parts + step - 1) / step * step;
}

static void multiply(product p) {
    p.block_rows = even_part(p.rows, BLOCK_ROWS, 12);
    const long row_blocks = (p.rows + p.block_rows - 1) / p.block_rows;
    // Few rows make few blocks; narrow ones share out evenly.
    const long most = p.gated ? GATES : row_blocks >= 4 ? BLOCK_COLUMNS : BLOCK_COLUMNS / 2;
    p.block_columns = even_part(p.out, most, GESSO_PANEL);
    p.column_blocks = (p.out + p.block_columns - 1) / p.block_columns;
    gesso_parallel(row_blocks * p.column_blocks, work, &p);
}

void gesso_gemm(
    gesso_left left, const void *weights, gesso_type type, float *y, long rows, long k, long out,
    gesso_epilogue epilogue) {
    multiply((product){
        .left = left, .weights = weights, .type = type, .y = y, .rows = rows, .k = k, .out = out,
        .epilogue = epilogue});
}

typedef struct {
    const float *x;
    long in;
} plain;

static const float *plain_left(
    const void *context, long row, long rows, long column, long columns, float *to, long *stride) {
    const plain *p = context;
    (void)rows, (void)columns, (void)to;
    *stride = p->in;
    return p->x + row * p->in + column;
}

void gesso_matmul(
    const float *x, const void *weights, gesso_type type, float *y, long rows, long in, long out,
    gesso_epilogue epilogue) {
    const plain p = {x, in};
    gesso_gemm((gesso_left){plain_left, &p}, weights, type, y, rows, in, out, epilogue);
}

bool gesso_matmul_gated(
    const float *x, const void *weights, gesso_type type, float *y, long rows, long in, long out,
    const float *bias) {
    if (out % GESSO_PANEL != 0) return false;
    const plain p = {x, in};
    multiply((product){
        .left = {plain_left, &p}, .weights = weights, .type = type, .y = y, .rows = rows, .k = in,
        .out = out, .epilogue = {.bias = bias}, .gated = true});
    return true;
}
