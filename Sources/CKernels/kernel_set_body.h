// Compiles all kernels for one instruction set. The file that includes it defines
//     TARGET                     an attribute that lets the compiler use the set, or nothing,
//     TILE_ROWS, TILE_VECTORS    the tile of a product that fits the set's registers,
//     TILE_PREFETCHES            whether a tile fetches the next one's rows,
//     SET, NAME                  the table and the name of the set,
//     is_supported()             whether this processor has the set.
#include "kernel_set.h"

INLINE void multiply_block(
    long rows, long columns, long k, const float *a, long row_step, long column_step, const float *b,
    float *c, long c_stride, bool add) {
    // Where one of the steps is a constant, addresses cost nothing.
    if (column_step == 1)
        multiply_block_in_tiles(
            TILE_ROWS, TILE_VECTORS, TILE_PREFETCHES, rows, columns, k, a, row_step, 1, b, c,
            c_stride, add);
    else
        multiply_block_in_tiles(
            TILE_ROWS, TILE_VECTORS, TILE_PREFETCHES, rows, columns, k, a, 1, column_step, b, c,
            c_stride, add);
}

#define KERNEL(name, parameters, arguments) \
    TARGET static void compiled_##name parameters { name arguments; }
GESSO_KERNEL_LIST(KERNEL)
#undef KERNEL

#define KERNEL(name, parameters, arguments) .name = compiled_##name,
const gesso_kernel_set SET = {
    .name = NAME, .is_supported = is_supported, GESSO_KERNEL_LIST(KERNEL)};
#undef KERNEL
