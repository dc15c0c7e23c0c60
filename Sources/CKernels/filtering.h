// The transforms of minimal filtering F(m x m, 3 x 3) for m of 4 and 6, one line of vectors at a time
// (Winograd 1980, Lavin & Gray 2016, after Toom and Cook): y = A^T (G g * B^T d).
//
// The points of 4 are 0, 2/3, -2/3, 3/2, -3/2 and infinity, with half the rounding error of the customary 0,
// 1, -1, 2, -2. Those of 6 are 0, 1, -1, 2, -2, 1/2, -1/2 and infinity, with four and a half times the error
// of 4 in the mean and five to nine times that at worst: 2e-5 of the largest result in noise.
#ifndef GESSO_FILTERING_H
#define GESSO_FILTERING_H

#include "kernels.h"

#define MOST_TILE 6   // results on a side, m
#define MOST_PATCH 8  // inputs on a side, m + 2

// What the points p and -p come to, whose even powers are the same.
INLINE void plus_minus(v16 even, v16 odd, v16 *to) {
    to[0] = even + odd;
    to[1] = even - odd;
}

// B^T d.
INLINE void transform_input(const int tile, const v16 *d, v16 *to) {
    if (tile == 4) {
        const v16 even1 = d[4] - d[2] * (9 / 4.0f), odd1 = d[3] * (2 / 3.0f) - d[1] * (3 / 2.0f);
        const v16 even2 = d[4] - d[2] * (4 / 9.0f), odd2 = d[3] * (3 / 2.0f) - d[1] * (2 / 3.0f);
        to[0] = d[0] - d[2] * (97 / 36.0f) + d[4];
        plus_minus(even1, odd1, to + 1);
        plus_minus(even2, odd2, to + 3);
        to[5] = d[1] - d[3] * (97 / 36.0f) + d[5];
        return;
    }
    const v16 even1 = d[2] + d[6] - d[4] * (17 / 4.0f), odd1 = d[1] + d[5] - d[3] * (17 / 4.0f);
    const v16 even2 = d[6] + d[2] * (1 / 4.0f) - d[4] * (5 / 4.0f);
    const v16 odd2 = d[5] * 2.0f + d[1] * (1 / 2.0f) - d[3] * (5 / 2.0f);
    const v16 even3 = d[6] + d[2] * 4.0f - d[4] * 5.0f;
    const v16 odd3 = d[5] * (1 / 2.0f) + d[1] * 2.0f - d[3] * (5 / 2.0f);
    to[0] = d[0] - d[6] + (d[4] - d[2]) * (21 / 4.0f);
    plus_minus(even1, odd1, to + 1);
    plus_minus(even2, odd2, to + 3);
    plus_minus(even3, odd3, to + 5);
    to[7] = d[7] - d[1] + (d[3] - d[5]) * (21 / 4.0f);
}

// G g.
INLINE void transform_filter(const int tile, const v16 g[3], v16 *to) {
    if (tile == 4) {
        const v16 even1 = g[0] * (-81 / 130.0f) - g[2] * (18 / 65.0f), odd1 = g[1] * (-27 / 65.0f);
        const v16 even2 = g[0] * (8 / 65.0f) + g[2] * (18 / 65.0f), odd2 = g[1] * (12 / 65.0f);
        to[0] = g[0];
        plus_minus(even1, odd1, to + 1);
        plus_minus(even2, odd2, to + 3);
        to[5] = g[2];
        return;
    }
    const v16 even1 = (g[0] + g[2]) * (-2 / 9.0f), odd1 = g[1] * (-2 / 9.0f);
    const v16 even2 = g[0] * (1 / 90.0f) + g[2] * (2 / 45.0f), odd2 = g[1] * (1 / 45.0f);
    const v16 even3 = g[0] * (32 / 45.0f) + g[2] * (8 / 45.0f), odd3 = g[1] * (16 / 45.0f);
    to[0] = g[0];
    plus_minus(even1, odd1, to + 1);
    plus_minus(even2, odd2, to + 3);
    plus_minus(even3, odd3, to + 5);
    to[7] = g[2];
}

// A^T m.
INLINE void transform_output(const int tile, const v16 *m, v16 *to) {
    const v16 even1 = m[1] + m[2], odd1 = m[1] - m[2];
    const v16 even2 = m[3] + m[4], odd2 = m[3] - m[4];
    if (tile == 4) {
        to[0] = m[0] + even1 + even2;
        to[1] = odd1 * (2 / 3.0f) + odd2 * (3 / 2.0f);
        to[2] = even1 * (4 / 9.0f) + even2 * (9 / 4.0f);
        to[3] = odd1 * (8 / 27.0f) + odd2 * (27 / 8.0f) + m[5];
        return;
    }
    const v16 even3 = m[5] + m[6], odd3 = m[5] - m[6];
    to[0] = m[0] + even1 + even2 + even3;
    to[1] = odd1 + odd2 * 2.0f + odd3 * (1 / 2.0f);
    to[2] = even1 + even2 * 4.0f + even3 * (1 / 4.0f);
    to[3] = odd1 + odd2 * 8.0f + odd3 * (1 / 8.0f);
    to[4] = even1 + even2 * 16.0f + even3 * (1 / 16.0f);
    to[5] = odd1 + odd2 * 32.0f + odd3 * (1 / 32.0f) + m[7];
}

#endif
