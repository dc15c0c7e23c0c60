// What the units compute, in plain C: the twin that every unit is tested against. It is never chosen for
// speed.
//
// A pair of bf16 is added as VDPBF16PS does it: the second number of the pair by a
// fused multiply-add, then the first, each rounded to nearest; numbers below 2^-126 count as zero (Intel,
// Architecture Instruction Set Extensions Programming Reference, VDPBF16PS).
#include "unit.h"

#include <math.h>
#include <string.h>

static float brain(const char *at) {
    uint16_t half;
    memcpy(&half, at, sizeof half);
    const uint32_t bits = (half & 0x7f80) == 0 ? (uint32_t)(half & 0x8000) << 16 : (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float flushed(float x) { return fabsf(x) < 0x1p-126f ? copysignf(0, x) : x; }

// A step of one row and one column, added to a sum.
static float add_step(float sum, const char *a, const char *b) {
    for (long i = 0; i < STEP; i += 4, a += 4, b += 4 * GESSO_PANEL) {
        sum = flushed(fmaf(brain(a + 2), brain(b + 2), flushed(sum)));
        sum = flushed(fmaf(brain(a), brain(b), sum));
    }
    return sum;
}

static void multiply_bf16(
    const char *left, const long *offsets, const char *right, long steps, long rows, void *sums,
    long stride, bool add) {
    for (long r = 0; r < rows; r++)
        for (long c = 0; c < GESSO_PANEL; c++) {
            float sum = add ? ((float *)sums)[r * stride + c] : 0;
            for (long s = 0; s < steps; s++)
                sum = add_step(sum, left + offsets[s] + r * STEP, right + s * RIGHT_STEP + c * 4);
            ((float *)sums)[r * stride + c] = sum;
        }
}

static void multiply_split(
    const char *left, const long *offsets, const char *right, long steps, long rows, void *sums,
    long stride, bool add) {
    for (long r = 0; r < rows; r++)
        for (long c = 0; c < GESSO_PANEL; c++) {
            float sum = add ? ((float *)sums)[r * stride + c] : 0;
            for (long s = 0; s < steps; s++)
                for (int part = LEFT_PARTS + RIGHT_PARTS - 2; part-- > 0;)
                    for (int i = 0; i < RIGHT_PARTS; i++)
                        if (part - i >= 0 && part - i < LEFT_PARTS)
                            sum = add_step(
                                sum, left + offsets[s * LEFT_PARTS + part - i] + r * STEP,
                                right + (s * RIGHT_PARTS + i) * RIGHT_STEP + c * 4);
            ((float *)sums)[r * stride + c] = sum;
        }
}

static void multiply_int8(
    const char *left, const long *offsets, const char *right, long steps, long rows, void *sums,
    long stride, bool add) {
    for (long r = 0; r < rows; r++)
        for (long c = 0; c < GESSO_PANEL; c++) {
            int32_t sum = add ? ((int32_t *)sums)[r * stride + c] : 0;
            for (long i = 0; i < steps * STEP; i++) {
                const char *a = left + offsets[i / STEP] + r * STEP + i % STEP;
                const char *b = right + i / 4 * 4 * GESSO_PANEL + c * 4 + i % 4;
                sum += (int32_t)*(const int8_t *)a * *(const int8_t *)b;
            }
            ((int32_t *)sums)[r * stride + c] = sum;
        }
}

static bool is_supported(void) { return true; }

const gesso_unit gesso_unit_portable_split = {
    "portable-split", GESSO_EXACT, is_supported, NULL, 0, multiply_split};
const gesso_unit gesso_unit_portable_bf16 = {
    "portable-bf16", GESSO_BRAIN, is_supported, NULL, 0, multiply_bf16};
const gesso_unit gesso_unit_portable_int8 = {
    "portable-int8", GESSO_BYTES, is_supported, NULL, 0, multiply_int8};
