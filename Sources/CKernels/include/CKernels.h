// The arithmetic of Gesso, on raw pointers. Row-major, channels-last, 32-bit floats unless said
// otherwise. Results do not depend on the number of threads; they may differ in the last bits
// between kernel sets, one for each instruction set.
#ifndef GESSO_CKERNELS_H
#define GESSO_CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// thread_pool.c ---------------------------------------------------------------------------------

// Threads that share out the indices of a loop. A thread uses the pool that it has bound; a thread without
// one works alone. No result depends on the number of threads.
typedef struct gesso_pool gesso_pool;
// A pool of that many threads, the binding thread included; 1 to 256. NULL where there is no memory.
gesso_pool *gesso_pool_create(int threads);
// Ends the threads; no loop may be under way and no thread may have it bound.
void gesso_pool_destroy(gesso_pool *pool);
// Binds a pool, or none, to the calling thread and returns the one that was bound before.
gesso_pool *gesso_pool_bind(gesso_pool *pool);
// The number of threads of the calling thread's pool.
int gesso_threads(void);
// Calls work(context, i) for every i in 0..<count, spread over the threads of the calling thread's pool;
// returns when all are done.
void gesso_parallel(long count, void (*work)(void *context, long index), void *context);

// memory.c --------------------------------------------------------------------------------------

// Uninitialised memory on a 64-byte boundary, to be given to gesso_release with the same number of bytes.
// Ends the program with a line where there is none, since no tensor or kernel can go on without: the plan of
// an edit compares what it needs with what is free before the first kernel runs.
void *gesso_allocate(size_t bytes);
// `block`, or the end of the program where it is NULL for lack of `bytes` bytes.
void *gesso_need(void *block, size_t bytes);
void gesso_release(void *block, size_t bytes);
// The calling thread's own memory, kept for its next call, which may ask for more and moves it then.
void *gesso_scratch(size_t bytes);

// copy.c ----------------------------------------------------------------------------------------

// Copies `runs` runs of `run` floats, whose starts lie from_step and to_step apart.
void gesso_copy(
    const float *from, long from_step, float *to, long to_step, long runs, long run);

// kernel_set.c ----------------------------------------------------------------------------------

// Kernels are compiled for several instruction sets, numbered from 0, the plainest, up.
int gesso_kernel_set_count(void);
// A set's name: "portable", "avx2" and so on.
const char *gesso_kernel_set_name(int set);
// The number of the set that the calling thread uses: the best that this processor has, or the one that
// GESSO_KERNELS names in the environment.
int gesso_kernel_set_in_use(void);
// Switches the calling thread and the loops that it starts to another set, for tests; false if the
// processor does not have it.
bool gesso_use_kernel_set(int set);

// conversion.c ----------------------------------------------------------------------------------

typedef enum { GESSO_F32, GESSO_F16, GESSO_BF16 } gesso_type;
void gesso_widen(const void *source, gesso_type type, float *target, size_t count);
bool gesso_all_finite(const void *source, gesso_type type, size_t count);
// To the nearest number of the type, ties to even; too large ones become infinite.
void gesso_narrow(const float *source, gesso_type type, void *target, size_t count);

// matmul.c --------------------------------------------------------------------------------------

typedef enum {
    GESSO_NONE,
    GESSO_SILU,       // x / (1 + e^-x)
    GESSO_GELU,       // x/2 (1 + erf(x/sqrt 2))
    GESSO_QUICK_GELU  // x / (1 + e^-1.702x)
} gesso_activation;

// Weights [out, in, taps] as a matrix [out, taps * in], laid out for the products: their layout, type and
// values are the kernels' own affair.
typedef struct gesso_weights gesso_weights;
// Rows of the matrix that are laid out side by side.
#define GESSO_PANEL 32

// The numbers that a product multiplies: floats to their precision, or both sides rounded, to bf16 or to int8
// with a scale for each output and for each row of x (for a convolution, each picture).
typedef enum { GESSO_EXACT, GESSO_BRAIN, GESSO_BYTES } gesso_precision;

// Packs `source` for a unit (unit.c), or for the kernel set in use where `unit` is GESSO_FLOATS; to be given to
// gesso_weights_release. Floats keep their type.
#define GESSO_FLOATS (-1)
gesso_weights *gesso_pack(
    const void *source, gesso_type type, long out, long in, long taps, int unit);
void gesso_weights_release(gesso_weights *weights);

// unit.c ----------------------------------------------------------------------------------------

// Units for bf16 and int8 that this room is compiled with, numbered from 0. One that serves GESSO_EXACT
// multiplies floats in three bf16 parts by float16 or bf16 weights in two, which is exact to the last bits of a
// float; of weights of 32 bits it would drop some.
int gesso_unit_count(void);
const char *gesso_unit_name(int unit);
gesso_precision gesso_unit_precision(int unit);
// Whether it can run here: the processor and system have it, and the kernel set in use, or a lesser one, has
// its instructions.
bool gesso_unit_is_supported(int unit);
// Whether it is a processor's, not a twin in C for tests.
bool gesso_unit_is_hardware(int unit);
// The processor time of a product by a unit as a share of the same product by floats, with weights of this
// shape, but at most 256 outputs and 256 inputs; one thread measures, and each side counts at its best.
// Infinite where the unit's results are not those of its precision: such a unit must not be used. A twin is
// checked, but not timed: 1.
double gesso_unit_trial(int unit, long out, long in, long taps);
// The same of attention with heads of this size.
double gesso_attention_trial(int unit, long head);

// What happens to a row of sums on its way out: y = activation(sum + bias + row_bias) + residual.
typedef struct {
    const float *bias;      // [out] or NULL
    const float *row_bias;  // [rows / rows_per_bias, out] or NULL
    long rows_per_bias;
    gesso_activation activation;
    const float *residual;  // [rows, out] or NULL; may be y
} gesso_epilogue;

// y[rows, out] = epilogue(x[rows, in] W^T), W [out, in].
void gesso_matmul(
    const float *x, const gesso_weights *weights, float *y, long rows, gesso_epilogue epilogue);

// y[rows, out] = a GELU(b) where [a, b] = x[rows, in] W^T + bias (GEGLU, Shazeer 2020), W [2 out, in] and
// bias [2 out] or NULL. False, and nothing done, unless out is a multiple of GESSO_PANEL.
bool gesso_matmul_gated(
    const float *x, const gesso_weights *weights, float *y, long rows, const float *bias);

// convolution.c ---------------------------------------------------------------------------------

// What a convolution reads of x: places repeated to fill the shape's height and width, place i taking its
// values from floor(i * size of x / size of the shape), then activation(x * scale + shift).
typedef struct {
    long height, width;   // of x
    const float *scales;  // [batch, 2, channels], shifts after scales; NULL leaves values as they are
    gesso_activation activation;
} gesso_prologue;

typedef struct {
    long batch, height, width, channels;  // of what is read
    long out_height, out_width, out_channels;
    long kernel_height, kernel_width, stride, pad_top, pad_left;
} gesso_convolution;

// y [batch, out_height, out_width, out_channels]; weights packed of
// [out_channels, channels, kernel_height * kernel_width]. What is outside counts as zero.
void gesso_convolve(
    const float *x, const gesso_weights *weights, float *y, gesso_convolution shape,
    gesso_prologue prologue, gesso_epilogue epilogue);

// attention.c -----------------------------------------------------------------------------------

// y[b, i, h, :] = sum_j softmax_j(q[b, i, h] . k[b, j, h] / sqrt(head)) v[b, j, h, :]
// q, y [batch, queries, heads * head]; k, v [batch, keys, heads * head]; causal: j <= i only. A unit for bf16, if
// it is not GESSO_FLOATS, multiplies rounded q, k, v and softmax; softmax itself is computed in floats.
void gesso_attend(
    const float *q, const float *k, const float *v, float *y, long batch, long queries, long keys,
    long heads, long head, bool causal, int unit);

// normalization.c -------------------------------------------------------------------------------

// sums [batch, groups, 2]: of x [batch, pixels, channels] and of its squares over the pixels and channels of each
// group.
void gesso_group_sums(
    const float *x, double *sums, long batch, long pixels, long channels, long groups);
// The scales [batch, 2, channels], shifts after scales, that normalize by the statistics of each group, given as
// the sums over so many pixels.
void gesso_group_scales(
    const double *sums, float *scales, const float *weight, const float *bias, long batch,
    long pixels, long channels, long groups, float epsilon);
// y = x * scale + shift; x, y [batch, pixels, channels].
void gesso_scale(
    const float *x, float *y, const float *scales, long batch, long pixels, long channels);
// x, y [rows, channels]; statistics over each row.
void gesso_layer_normalize(
    const float *x, float *y, const float *weight, const float *bias, long rows, long channels,
    float epsilon);

// activation.c ----------------------------------------------------------------------------------

void gesso_activate(const float *x, float *y, size_t count, gesso_activation activation);
// x [rows, 2 * channels], y [rows, channels]: the first half times the GELU of the second.
void gesso_gate(const float *x, float *y, long rows, long channels);

#endif
