// y[rows, out] = epilogue(x[rows, in] W^T), W [out, in] in panels (gesso_pack).
//
// The result is cut into blocks of BLOCK_ROWS x BLOCK_COLUMNS, each the work of one thread; a block is
// summed over DEPTH columns of x at a time, so that both sides stay in the second-level cache
// (Goto & van de Geijn 2008). How a number is summed depends on DEPTH alone.
#include "block.h"
#include "gemm.h"

#include <stdlib.h>

#define DEPTH 320
#define BLOCK_ROWS 192
#define BLOCK_COLUMNS 256

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
    long block_rows, block_columns, column_blocks;
} product;

typedef struct {
    float sums[BLOCK_ROWS * BLOCK_COLUMNS];
    float left[BLOCK_ROWS * DEPTH];
    float right[BLOCK_COLUMNS * DEPTH];
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

INLINE void widen_panel(const void *source, gesso_type type, float *target, long count) {
    widen(source, type, target, count);
}
FOR_EACH_SET(
    widen_panel, (const void *source, gesso_type type, float *target, long count), source, type,
    target, count)

// Panels from `column` on, their rows `depth` ..., as 32-bit floats.
static const float *right_side(
    const product *p, long column, long columns, long depth, long depths, float *to,
    long *panel_stride) {
    const long whole = p->k * GESSO_PANEL;
    const long start = column / GESSO_PANEL * whole + depth * GESSO_PANEL;
    if (p->type == GESSO_F32) {
        *panel_stride = whole;
        return (const float *)p->weights + start;
    }
    *panel_stride = depths * GESSO_PANEL;
    for (long c = 0, panel = 0; c < columns; c += GESSO_PANEL, panel++)
        DISPATCH(
            widen_panel, p->weights + (start + panel * whole) * 2, p->type,
            to + panel * *panel_stride, *panel_stride)
    return to;
}

static void work(void *context, long index) {
    const product *p = context;
    const long row = index / p->column_blocks * p->block_rows;
    const long column = index % p->column_blocks * p->block_columns;
    const long rows = p->rows - row < p->block_rows ? p->rows - row : p->block_rows;
    const long columns = p->out - column < p->block_columns ? p->out - column : p->block_columns;
    static _Thread_local scratch *s;
    if (!s) s = aligned_alloc(64, (sizeof *s + 63) / 64 * 64);
    for (long depth = 0; depth < p->k; depth += DEPTH) {
        const long depths = p->k - depth < DEPTH ? p->k - depth : DEPTH;
        long left_stride, panel_stride;
        const float *left =
            p->left.left(p->left.context, row, rows, depth, depths, s->left, &left_stride);
        const float *right =
            right_side(p, column, columns, depth, depths, s->right, &panel_stride);
        gesso_block(
            rows, columns, depths, left, left_stride, right, panel_stride, s->sums, BLOCK_COLUMNS,
            depth > 0);
    }
    DISPATCH(finish_rows, p, s->sums, row, rows, column, columns)
}

// The size of each part when `whole` is cut into even parts of at most `most`, multiples of `step`.
static long even_part(long whole, long most, long step) {
    const long parts = (whole + most - 1) / most;
    return ((whole + parts - 1) / parts + step - 1) / step * step;
}

void gesso_gemm(
    gesso_left left, const void *weights, gesso_type type, float *y, long rows, long k, long out,
    gesso_epilogue epilogue) {
    product p = {left, weights, type, y, rows, k, out, epilogue, 0, 0, 0};
    p.block_rows = even_part(rows, BLOCK_ROWS, 12);
    const long row_blocks = (rows + p.block_rows - 1) / p.block_rows;
    const long most = row_blocks >= 8 ? BLOCK_COLUMNS : row_blocks >= 4 ? 128 : 64;
    p.block_columns = even_part(out, most, GESSO_PANEL);
    p.column_blocks = (out + p.block_columns - 1) / p.block_columns;
    gesso_parallel(row_blocks * p.column_blocks, work, &p);
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
