// A block of a matrix product, in tiles that fit the registers of each instruction set.
#ifndef GESSO_BLOCK_H
#define GESSO_BLOCK_H

#include "kernels.h"

// c[rows, columns] (+)= a[rows, k] b. The left side's rows lie a_stride apart; b is one
// panel [k, GESSO_PANEL], of which the first columns are used. Of the last 16 columns all are written: c has
// room for columns rounded up to 16.
void gesso_block(
    long rows, long columns, long k, const float *a, long a_stride, const float *b, float *c,
    long c_stride, bool add);

// The same with a left side that lies by columns: a[k, rows], a_stride apart.
void gesso_block_transposed(
    long rows, long columns, long k, const float *a, long a_stride, const float *b, float *c,
    long c_stride, bool add);

#endif
