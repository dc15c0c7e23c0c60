// c[rows, columns] (+)= a[rows, k] b[k, columns], in tiles of a few rows and one or two vectors that fit the
// registers of an instruction set: each set file states TILE_ROWS, TILE_VECTORS and TILE_PREFETCHES.
//
// Rows of a are row_step apart, its columns column_step; with `far`, which goes with columns side by side and no
// strips, a is expected beyond the second cache. b is one panel, of which the first columns are used:
// [k, GESSO_PANEL], or in strips that are as wide as a tile, [strips, k, 16 * TILE_VECTORS]. A strip by itself
// fills the first cache evenly; rows of a panel, of which a narrow tile reads every other line, half of it. Of the
// last 16 columns all are written: c has room for columns rounded up to 16.
#ifndef GESSO_BLOCK_H
#define GESSO_BLOCK_H

#include "kernels.h"

#define MOST_ROWS 12

// Adds the product of one column of a and one row of b.
INLINE void add_outer_product(
    const int rows, const int vectors, const float *a, long row_step, const float *b,
    v16 sums[MOST_ROWS][2]) {
    v16 right[2];
    UNROLL for (int v = 0; v < vectors; v++) right[v] = load(b + 16 * v);
    UNROLL for (int r = 0; r < rows; r++) {
        const v16 left = splat(a[r * row_step]);
        UNROLL for (int v = 0; v < vectors; v++) sums[r][v] += left * right[v];
    }
}

// One tile, summed in registers. Where one of the steps is a constant, addresses cost nothing. With `prefetches`,
// the next tile's rows of a are fetched meanwhile, a line of the cache from each row for as many columns.
INLINE void tile(
    const int rows, const int vectors, const bool prefetches, long k, const float *a, long row_step,
    long column_step, const float *b, long b_step, float *c, long c_stride, bool add) {
    v16 sums[MOST_ROWS][2];
    UNROLL for (int r = 0; r < rows; r++)
        UNROLL for (int v = 0; v < vectors; v++)
            sums[r][v] = add ? load(c + r * c_stride + 16 * v) : (v16){};
    long i = 0;
    if (prefetches && column_step == 1)
        for (; i + 16 <= k; i += 16) {
            UNROLL for (int r = 0; r < rows; r++) __builtin_prefetch(a + (rows + r) * row_step + i);
            for (long j = i; j < i + 16; j++, b += b_step)
                add_outer_product(rows, vectors, a + j, row_step, b, sums);
        }
    for (; i < k; i++, b += b_step)
        add_outer_product(rows, vectors, a + i * column_step, row_step, b, sums);
    UNROLL for (int r = 0; r < rows; r++)
        UNROLL for (int v = 0; v < vectors; v++) store(c + r * c_stride + 16 * v, sums[r][v]);
}

// One column of tiles: rows in steps of `most`, 16 * vectors columns.
INLINE void tiles(
    const int most, const int vectors, const bool prefetches, long rows, long k, const float *a,
    long row_step, long column_step, const float *b, long b_step, float *c, long c_stride, bool add) {
    long r = 0;
    for (; r + most <= rows; r += most, a += most * row_step, c += most * c_stride)
        tile(most, vectors, prefetches, k, a, row_step, column_step, b, b_step, c, c_stride, add);
#define REST(n)                                                                                \
    case n:                                                                                    \
        if (n < most)                                                                          \
            tile(n, vectors, false, k, a, row_step, column_step, b, b_step, c, c_stride, add); \
        break;
    switch (rows - r) {
        REST(1) REST(2) REST(3) REST(4) REST(5) REST(6) REST(7) REST(8) REST(9) REST(10) REST(11)
        default: break;
    }
#undef REST
}

INLINE void multiply_block_in_tiles(
    const int most, const int widest, const bool prefetches, long rows, long columns, long k,
    const float *a, long row_step, long column_step, const float *b, const bool in_strips, float *c,
    long c_stride, bool add) {
    const long b_step = in_strips ? 16 * widest : GESSO_PANEL;
    for (long column = 0; column < columns; column += 16 * widest) {
        const float *part = b + (in_strips ? column * k : column);
        float *to = c + column;
        if (widest == 2 && columns - column > 16)
            tiles(
                most, 2, prefetches, rows, k, a, row_step, column_step, part, b_step, to, c_stride, add);
        else
            tiles(
                most, 1, prefetches, rows, k, a, row_step, column_step, part, b_step, to, c_stride, add);
    }
}

#endif
