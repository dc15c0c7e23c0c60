// A block of a matrix product, in tiles that fit the registers of each instruction set.
#ifndef GESSO_BLOCK_H
#define GESSO_BLOCK_H

#include "kernels.h"

// One column of tiles: rows in steps of `most`, 16 * vectors columns.
INLINE void tiles(
    const int most, const int vectors, long rows, long k, const float *a, long a_stride,
    const float *b, float *c, long c_stride, bool add) {
    long r = 0;
    for (; r + most <= rows; r += most)
        tile(most, vectors, k, a + r * a_stride, a_stride, b, c + r * c_stride, c_stride, add);
    a += r * a_stride;
    c += r * c_stride;
#define REST(n) \
    case n: tile(n, vectors, k, a, a_stride, b, c, c_stride, add); break;
    switch (rows - r) {
        REST(1) REST(2) REST(3) REST(4) REST(5) REST(6) REST(7) REST(8) REST(9) REST(10) REST(11)
        default: break;
    }
#undef REST
}

// c[rows, columns] (+)= a[rows, k] b; b in panels [k, GESSO_PANEL] that lie panel_stride apart. Of the
// last 16 columns all are written: c has room for columns rounded up to 16.
INLINE void block(
    const int most, const int widest, long rows, long columns, long k, const float *a,
    long a_stride, const float *b, long panel_stride, float *c, long c_stride, bool add) {
    for (long column = 0; column < columns; column += 16 * widest) {
        const float *panel = b + column / GESSO_PANEL * panel_stride + column % GESSO_PANEL;
        if (widest == 2 && columns - column > 16)
            tiles(most, 2, rows, k, a, a_stride, panel, c + column, c_stride, add);
        else
            tiles(most, 1, rows, k, a, a_stride, panel, c + column, c_stride, add);
    }
}

#define BLOCK_PARAMETERS                                                                    \
    (long rows, long columns, long k, const float *a, long a_stride, const float *b,        \
     long panel_stride, float *c, long c_stride, bool add)
#define BLOCK_ARGUMENTS rows, columns, k, a, a_stride, b, panel_stride, c, c_stride, add

void gesso_block BLOCK_PARAMETERS;

#endif
