// Matrix products y[rows, out] = epilogue(x[rows, k] W^T) whose left side may be made up as it is
// needed (a convolution's patches).
#ifndef GESSO_GEMM_H
#define GESSO_GEMM_H

#include "kernels.h"

// Left sides: returns rows `row` ... of columns `column` ... of x, either where they lie or copied to
// `scratch` [rows, columns], and their stride.
typedef struct {
    const float *(*left)(
        const void *context, long row, long rows, long column, long columns, float *scratch,
        long *stride);
    const void *context;
} gesso_left;

void gesso_gemm(
    gesso_left left, const gesso_weights *weights, float *y, long rows, gesso_epilogue epilogue);

#endif
