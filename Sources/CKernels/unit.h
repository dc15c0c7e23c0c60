// Units of processors that multiply numbers narrower than floats: bf16 in pairs or int8 in fours along the
// sum. Each is one file, unit_NAME.c, and its lines here and in unit.c.
#ifndef GESSO_UNIT_H
#define GESSO_UNIT_H

#include "CKernels.h"

#define STEP 64  // bytes of each row of the left side that one step multiplies: 32 bf16 or 64 int8
#define RIGHT_STEP (STEP * GESSO_PANEL)

typedef struct {
    const char *name;
    gesso_precision precision;
    bool (*is_supported)(void);  // by this processor and system, and faster than floats there
    const char *set;             // the kernel set that must be in use, or a better one
    // Whether it is faster in 3x3 convolutions than floats with minimal filtering, which multiply a quarter as
    // often: measured, or estimated from the rate of the instructions.
    bool beats_filtering;
    // What is added to an int8 of the left side: 128 for units that take it without a sign.
    int left_offset;
    // sums[rows, GESSO_PANEL] (+)= left right over some steps; float sums for bf16, int32 for int8.
    // Row r of step s is at left + offsets[s] + r * STEP; right is [steps][STEP / 4][GESSO_PANEL][4 bytes];
    // rows of sums are `stride` numbers apart.
    void (*multiply)(
        const char *left, const long *offsets, const char *right, long steps, long rows, void *sums,
        long stride, bool add);
} gesso_unit;

extern const gesso_unit gesso_unit_portable_bf16, gesso_unit_portable_int8,
    gesso_unit_emulated_amx_bf16, gesso_unit_emulated_amx_int8;
#if defined(__x86_64__)
extern const gesso_unit gesso_unit_avx512_bf16, gesso_unit_avx512_vnni, gesso_unit_avx_vnni,
    gesso_unit_amx_bf16, gesso_unit_amx_int8;
#elif defined(__aarch64__)
extern const gesso_unit gesso_unit_neon_bf16, gesso_unit_neon_int8;
#endif

// The best unit for a precision and a filter's taps that the calling thread's kernel set allows; NULL where
// floats are faster.
const gesso_unit *gesso_unit_for(gesso_precision precision, long taps);

#endif
