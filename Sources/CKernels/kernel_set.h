// The kernels that are compiled anew for every instruction set, and the table of them that each set fills.
//
// A set is one file, set_NAME.c: it states its target, the size of its tiles and how it is detected, and
// includes kernel_set_body.h, which compiles every kernel of the list below for it.
#ifndef GESSO_KERNEL_SET_H
#define GESSO_KERNEL_SET_H

#include "activation.h"
#include "attention.h"
#include "block.h"
#include "conversion.h"
#include "matmul.h"
#include "narrow.h"
#include "normalization.h"
#include "prologue.h"
#include "winograd_kernels.h"

// KERNEL(name, (parameters), (arguments)): `name` is an inlined function of one of the headers.
#define GESSO_KERNEL_LIST(KERNEL)                                                                     \
    KERNEL(activate_range, (const activation_job *j, long start, long end), (j, start, end))         \
    KERNEL(gate_row, (const activation_job *j, long row), (j, row))                                   \
    KERNEL(load_queries, (const attention *a, panel p, const float *q, long queries), (a, p, q, queries)) \
    KERNEL(                                                                                           \
        exponentiate,                                                                                 \
        (const attention *a, panel p, long lane, long first_query, long first_key, long keys),        \
        (a, p, lane, first_query, first_key, keys))                                                   \
    KERNEL(pair_rows, (const float *x, long rows, char *to), (x, rows, to))                           \
    KERNEL(store_results, (const attention *a, panel p, float *y, long queries), (a, p, y, queries))  \
    KERNEL(                                                                                           \
        multiply_block,                                                                               \
        (long rows, long columns, long k, const float *a, long row_step, long column_step, bool far,  \
         const float *b, bool in_strips, float *c, long c_stride, bool add),                          \
        (rows, columns, k, a, row_step, column_step, far, b, in_strips, c, c_stride, add))            \
    KERNEL(                                                                                           \
        lay_in_strips, (const void *panel, gesso_type type, long k, float *to), (panel, type, k, to)) \
    KERNEL(                                                                                           \
        widen_all, (const void *source, gesso_type type, float *target, size_t count),                \
        (source, type, target, count))                                                                \
    KERNEL(                                                                                           \
        find_infinite, (const void *source, gesso_type type, size_t count, bool *finite),             \
        (source, type, count, finite))                                                                \
    KERNEL(                                                                                           \
        finish_rows,                                                                                  \
        (const product *p, const float *sums, long row, long rows, long column, long columns),        \
        (p, sums, row, rows, column, columns))                                                        \
    KERNEL(                                                                                           \
        gate_rows,                                                                                    \
        (const product *p, const float *sums, long row, long rows, long column, long columns),        \
        (p, sums, row, rows, column, columns))                                                        \
    KERNEL(round_to_bf16, (const narrow_row *r), (r))                                                 \
    KERNEL(round_to_int8, (const narrow_row *r, float up, int offset), (r, up, offset))               \
    KERNEL(                                                                                           \
        split_weights, (const void *source, gesso_type type, long steps, char *to),                   \
        (source, type, steps, to))                                                                    \
    KERNEL(find_greatest, (const float *x, long count, uint32_t *most), (x, count, most))             \
    KERNEL(                                                                                           \
        find_greatest_of_channels, (const float *x, long rows, long channels, uint32_t *most),        \
        (x, rows, channels, most))                                                                    \
    KERNEL(                                                                                           \
        add_outliers,                                                                                 \
        (int32_t *sums, long stride, const int32_t *more, const int32_t *corrections, long rows),     \
        (sums, stride, more, corrections, rows))                                                      \
    KERNEL(                                                                                           \
        scale_sums,                                                                                   \
        (int32_t *sums, long count, float scale, const float *scales, const int32_t *corrections),    \
        (sums, count, scale, scales, corrections))                                                    \
    KERNEL(sum_chunk, (const normalization *n, long index), (n, index))                               \
    KERNEL(scale_chunk, (const normalization *n, long index), (n, index))                             \
    KERNEL(normalize_row, (const normalization *n, long row), (n, row))                               \
    KERNEL(prepare_line, (const prologue_job *v, long index), (v, index))                             \
    KERNEL(transform_tiles, (const winograd *w, long index), (w, index))                              \
    KERNEL(                                                                                           \
        transform_weights, (const winograd *w, long panel, long channel, long channels, float *to),   \
        (w, panel, channel, channels, to))                                                            \
    KERNEL(                                                                                           \
        finish_tiles, (const winograd *w, const float *sums, long first, long tiles, long column),    \
        (w, sums, first, tiles, column))

typedef struct {
    const char *name;
    bool (*is_supported)(void);  // by this processor
    long strip;                  // columns of a product's tile
#define KERNEL(name, parameters, arguments) void(*name) parameters;
    GESSO_KERNEL_LIST(KERNEL)
#undef KERNEL
} gesso_kernel_set;

// One line for each set; kernel_set.c lists them by quality.
extern const gesso_kernel_set gesso_set_portable, gesso_set_avx, gesso_set_avx2,
    gesso_set_avx512;

// The table of the set that the calling thread uses.
const gesso_kernel_set *gesso_current_set(void);

#endif
