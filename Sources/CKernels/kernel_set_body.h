// Compiles all kernels for one instruction set. The file that includes it defines
//     TARGET                     an attribute that lets the compiler use the set, or nothing,
//     TILE_ROWS, TILE_VECTORS    the tile of a product that fits the set's registers,
//     TILE_PREFETCHES            whether a tile fetches the next one's rows even where they are near,
//     SET, NAME                  the table and the name of the set,
//     is_supported()             whether this processor has the set.
#include "kernel_set.h"

INLINE void multiply_block(
    long rows, long columns, long k, const float *a, long row_step, long column_step, bool far,
    const float *b, bool in_strips, float *c, long c_stride, bool add) {
    // Where one of the steps is a constant, addresses cost nothing.
    if (in_strips)
        multiply_block_in_tiles(
            TILE_ROWS, TILE_VECTORS, TILE_PREFETCHES, rows, columns, k, a, row_step, 1, b, true, c,
            c_stride, add);
    else if (far)
        multiply_block_in_tiles(
            TILE_ROWS, TILE_VECTORS, true, rows, columns, k, a, row_step, 1, b, false, c, c_stride, add);
    else if (column_step == 1)
        multiply_block_in_tiles(
            TILE_ROWS, TILE_VECTORS, TILE_PREFETCHES, rows, columns, k, a, row_step, 1, b, false, c,
            c_stride, add);
    else
        multiply_block_in_tiles(
            TILE_ROWS, TILE_VECTORS, TILE_PREFETCHES, rows, columns, k, a, 1, column_step, b, false,
            c, c_stride, add);
}

INLINE void lay_in_strips(const void *panel, gesso_type type, long k, float *to) {
    lay_in_strips_of(TILE_VECTORS, panel, type, k, to);
}

#define KERNEL(name, parameters, arguments) \
    TARGET static void compiled_##name parameters { name arguments; }
GESSO_KERNEL_LIST(KERNEL)
#undef KERNEL

#define KERNEL(name, parameters, arguments) .name = compiled_##name,
const gesso_kernel_set SET = {
    .name = NAME, .is_supported = is_supported, .strip = 16 * TILE_VECTORS,
    GESSO_KERNEL_LIST(KERNEL)};
#undef KERNEL
