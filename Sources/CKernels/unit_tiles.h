// A unit's product in tiles of rows that its registers hold. The file that includes it defines TARGET, ROWS,
// LANES (of a register), sums (a register), LOAD, STORE, SPREAD (4 bytes to all lanes) and DOT; `multiply` is
// the result.
#define VECTORS (GESSO_PANEL / LANES)
#define INLINE static inline __attribute__((always_inline))
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

TARGET INLINE void multiply_tile(
    const int rows, const int vectors, const char *left, const long *offsets, const char *right,
    long steps, char *to, long stride, bool add) {
    register_type sums[ROWS][VECTORS];
    UNROLL for (int r = 0; r < rows; r++)
        UNROLL for (int v = 0; v < vectors; v++)
            sums[r][v] = add ? LOAD(to + (r * stride + v * LANES) * 4) : (register_type){};
    for (long s = 0; s < steps; s++, right += RIGHT_STEP) {
        const char *a = left + offsets[s];
        for (int g = 0; g < STEP; g += 4) {
            register_type b[VECTORS];
            UNROLL for (int v = 0; v < vectors; v++)
                b[v] = LOAD(right + g * GESSO_PANEL + v * LANES * 4);
            UNROLL for (int r = 0; r < rows; r++) {
                const register_type l = SPREAD(a + r * STEP + g);
                UNROLL for (int v = 0; v < vectors; v++) sums[r][v] = DOT(sums[r][v], l, b[v]);
            }
        }
    }
    UNROLL for (int r = 0; r < rows; r++)
        UNROLL for (int v = 0; v < vectors; v++)
            STORE(to + (r * stride + v * LANES) * 4, sums[r][v]);
}

// WIDE registers of the panel at a time.
TARGET static void multiply(
    const char *left, const long *offsets, const char *right, long steps, long rows, void *sums,
    long stride, bool add) {
    for (long v = 0; v < VECTORS; v += WIDE) {
        const char *b = right + v * LANES * 4;
        char *to = (char *)sums + v * LANES * 4;
        long r = 0;
        for (; r + ROWS <= rows; r += ROWS)
            multiply_tile(
                ROWS, WIDE, left + r * STEP, offsets, b, steps, to + r * stride * 4, stride, add);
        for (; r + 4 <= rows; r += 4)
            multiply_tile(
                4, WIDE, left + r * STEP, offsets, b, steps, to + r * stride * 4, stride, add);
        for (; r < rows; r++)
            multiply_tile(
                1, WIDE, left + r * STEP, offsets, b, steps, to + r * stride * 4, stride, add);
    }
}
