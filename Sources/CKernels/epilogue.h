// What happens to sums on their way out.
#ifndef GESSO_EPILOGUE_H
#define GESSO_EPILOGUE_H

#include "kernels.h"

// Finishes 16 sums of row `row` of y[rows, out], columns `column` ...; those beyond `out` are dropped. Results are
// written past the caches if `streamed`.
INLINE void finish(
    const gesso_epilogue *e, float *y, long row, long column, long out, v16 value, bool streamed) {
    const long n = out - column, at = row * out + column;
    if (e->bias) value += load_up_to(e->bias + column, n);
    if (e->row_bias) value += load_up_to(e->row_bias + row / e->rows_per_bias * out + column, n);
    value = activated(value, e->activation);
    if (e->residual) value += load_up_to(e->residual + at, n);
    put_up_to(y + at, value, n, streamed);
}

#endif
