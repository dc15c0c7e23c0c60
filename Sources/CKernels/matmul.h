// What matmul.c does to the sums of a block of a product.
#ifndef GESSO_MATMUL_H
#define GESSO_MATMUL_H

#include "gemm.h"
#include "kernels.h"
#include "weights.h"

#define DEPTH 320
#define BLOCK_ROWS 576     // many, for every block widens its weights anew
#define BLOCK_COLUMNS 128
#define GATES (BLOCK_COLUMNS / 2)  // where the gates' sums begin

typedef struct {
    gesso_left left;
    const gesso_weights *weights;
    float *y;
    long rows, k, out;
    gesso_epilogue epilogue;
    bool gated;  // rows of W after the first `out` make gates: y = a GELU(b)
    bool streamed;  // y is written past the caches
    long block_rows, block_columns, column_blocks;
} product;

// The size of each part when `whole` is cut into even parts of at most `most`, multiples of `step`.
INLINE long even_part(long whole, long most, long step) {
    const long parts = (whole + most - 1) / most;
    return ((whole + parts - 1) / parts + step - 1) / step * step;
}

// The same products by the weights' unit, in narrow numbers (narrow.c).
void gesso_narrow_matmul(
    const float *x, const gesso_weights *w, float *y, long rows, long out, gesso_epilogue epilogue,
    bool gated);
void gesso_narrow_convolve(
    const float *x, const gesso_weights *w, float *y, gesso_convolution s, gesso_epilogue epilogue);

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
            put_up_to(y + c, v, n, p->streamed);
        }
    }
}

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
            put_up_to(y + c, a * activated(b, GESSO_GELU), 16, p->streamed);
        }
    }
}

#endif
