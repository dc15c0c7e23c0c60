// Units of processors that multiply numbers narrower than floats: bf16 in pairs or int8 in fours along the
// sum. Each is one file, unit_NAME.c, and its lines here and in unit.c.
#ifndef GESSO_UNIT_H
#define GESSO_UNIT_H

#include "CKernels.h"

#define STEP 64  // bytes of each row of the left side that one step multiplies: 32 bf16 or 64 int8
#define RIGHT_STEP (STEP * GESSO_PANEL)
#define LEFT_PARTS 3   // of a float: 24 bits
#define RIGHT_PARTS 2  // of a float16: 11 bits, or a bf16

typedef struct {
    const char *name;
    gesso_precision precision;
    bool (*is_supported)(void);  // by this processor and system
    const char *set;             // the kernel set that must be in use, or a better one; NULL for twins in C
    // What is added to an int8 of the left side: 128 for units that take it without a sign.
    int left_offset;
    // sums[rows, GESSO_PANEL] (+)= left right over some steps; float sums for bf16, int32 for int8.
    // Row r of step s is at left + offsets[s] + r * STEP; right is [steps][STEP / 4][GESSO_PANEL][4 bytes];
    // rows of sums are `stride` numbers apart. For GESSO_EXACT a step has an offset for each of LEFT_PARTS
    // and RIGHT_STEP bytes for each of RIGHT_PARTS: bf16, what that leaves as bf16, and so on; all products of
    // parts count but that of the last ones.
    void (*multiply)(
        const char *left, const long *offsets, const char *right, long steps, long rows, void *sums,
        long stride, bool add);
} gesso_unit;

extern const gesso_unit gesso_unit_portable_split, gesso_unit_portable_bf16, gesso_unit_portable_int8,
    gesso_unit_emulated_amx_split, gesso_unit_emulated_amx_bf16, gesso_unit_emulated_amx_int8;
#if defined(__x86_64__)
extern const gesso_unit gesso_unit_avx512_bf16, gesso_unit_avx512_vnni, gesso_unit_avx_vnni,
    gesso_unit_amx_split, gesso_unit_amx_bf16, gesso_unit_amx_int8;
#elif defined(__aarch64__)
extern const gesso_unit gesso_unit_neon_bf16, gesso_unit_neon_int8;
#endif

// The unit of a number; NULL for GESSO_FLOATS.
const gesso_unit *gesso_unit_numbered(int unit);

#endif
