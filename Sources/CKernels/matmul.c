// y[rows, out] = epilogue(x[rows, in] W^T), W [out, in] in panels (gesso_pack).
//
// The result is cut into blocks of BLOCK_ROWS x BLOCK_COLUMNS, each the work of one thread; a block is
// summed over DEPTH columns of x at a time, so that x and the sums stay in the second-level cache, and one
// panel of weights at a time, widened just before, near the first (Goto & van de Geijn 2008). How a
// number is summed depends on DEPTH alone.
#include "kernel_set.h"

typedef struct {
    float sums[BLOCK_ROWS * BLOCK_COLUMNS];
    float left[BLOCK_ROWS * DEPTH];
    float right[GESSO_PANEL * DEPTH];
} scratch;

// The panel of a column, its rows `depth` ..., as 32-bit floats in strips.
static const float *right_panel(
    const product *p, long column, long depth, long depths, float *to) {
    const long start = (column / GESSO_PANEL * p->k + depth) * GESSO_PANEL;
    const gesso_weights *w = p->weights;
    const gesso_kernel_set *set = gesso_current_set();
    if (w->type == GESSO_F32 && set->strip == GESSO_PANEL) return (const float *)w->panels + start;
    const long bytes = w->type == GESSO_F32 ? 4 : 2;
    set->lay_in_strips((const char *)w->panels + start * bytes, w->type, depths, to);
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
                gesso_current_set()->multiply_block(
                    rows, least(columns - c, GESSO_PANEL), depths, left, left_stride, 1, false,
                    right_panel(p, part * p->out + column + c, depth, depths, s->right), true,
                    s->sums + part * GATES + c, BLOCK_COLUMNS, depth > 0);
    }
    if (p->gated)
        gesso_current_set()->gate_rows(p, s->sums, row, rows, column, columns);
    else
        gesso_current_set()->finish_rows(p, s->sums, row, rows, column, columns);
    end_stream(p->streamed);
}

static void multiply(product p) {
    p.streamed = streams(p.y, p.out, p.rows * p.out);
    p.block_rows = even_part(p.rows, BLOCK_ROWS, 12);
    const long row_blocks = (p.rows + p.block_rows - 1) / p.block_rows;
    // Few rows make few blocks; narrow ones share out evenly.
    const long most = p.gated ? GATES : row_blocks >= 4 ? BLOCK_COLUMNS : BLOCK_COLUMNS / 2;
    p.block_columns = even_part(p.out, most, GESSO_PANEL);
    p.column_blocks = (p.out + p.block_columns - 1) / p.block_columns;
    gesso_parallel(row_blocks * p.column_blocks, work, &p);
}

void gesso_gemm(
    gesso_left left, const gesso_weights *weights, float *y, long rows, gesso_epilogue epilogue) {
    multiply((product){
        .left = left, .weights = weights, .y = y, .rows = rows, .k = weights->columns,
        .out = weights->out, .epilogue = epilogue});
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
    const float *x, const gesso_weights *weights, float *y, long rows, gesso_epilogue epilogue) {
    if (weights->unit) {
        gesso_narrow_matmul(x, weights, y, rows, weights->out, epilogue, false);
        return;
    }
    const plain p = {x, weights->columns};
    gesso_gemm((gesso_left){plain_left, &p}, weights, y, rows, epilogue);
}

bool gesso_matmul_gated(
    const float *x, const gesso_weights *weights, float *y, long rows, const float *bias) {
    const long out = weights->out / 2;
    if (out % GESSO_PANEL != 0) return false;
    if (weights->unit) {
        gesso_narrow_matmul(x, weights, y, rows, out, (gesso_epilogue){.bias = bias}, true);
        return true;
    }
    const plain p = {x, weights->columns};
    multiply((product){
        .left = {plain_left, &p}, .weights = weights, .y = y, .rows = rows, .k = weights->columns,
        .out = out, .epilogue = {.bias = bias}, .gated = true});
    return true;
}
