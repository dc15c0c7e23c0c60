// Left sides of products in bf16 and int8, and what becomes of int8's sums.
#ifndef GESSO_NARROW_H
#define GESSO_NARROW_H

#include "kernels.h"

#define STEP_BYTES 64  // of a row, of one step of the sum

typedef uint32_t u32x16 __attribute__((vector_size(64)));
typedef uint16_t u16x16 __attribute__((vector_size(32)));
typedef uint8_t u8x16 __attribute__((vector_size(16)));

// A row of x and where its numbers go: 64 bytes in each block of channels, `stride` bytes apart.
typedef struct {
    const float *x;
    long channels;
    char *to;
    long stride;
} narrow_row;

// To the nearest bf16, ties to even; NaN stays NaN.
INLINE void round_to_bf16(const narrow_row *r) {
    for (long c = 0; c < r->channels; c += 32)
        for (long half = 0; half < 2; half++) {
            const long rest = r->channels - c - 16 * half;
            const v16 x = load_up_to(r->x + c + 16 * half, rest < 0 ? 0 : rest);
            const u32x16 bits = (u32x16)x;
            u32x16 rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
            rounded = (u32x16)choose((i16)(x != x), (v16)((u32x16){} + 0x7fc0), (v16)rounded);
            const u16x16 halves = __builtin_convertvector(rounded, u16x16);
            memcpy(r->to + c / 32 * r->stride + 32 * half, &halves, sizeof halves);
        }
}

// To the nearest int8 of x * up, ties to even, plus `offset`.
INLINE void round_to_int8(const narrow_row *r, float up, int offset) {
    for (long c = 0; c < r->channels; c += 64)
        for (long part = 0; part < 4; part++) {
            const long rest = r->channels - c - 16 * part;
            const v16 x = load_up_to(r->x + c + 16 * part, rest < 0 ? 0 : rest) * up;
            const u32x16 bits = (u32x16)(x + 12582912.0f) + (uint32_t)offset;  // as in exponential
            const u8x16 bytes = __builtin_convertvector(bits & 0xff, u8x16);
            memcpy(r->to + c / 64 * r->stride + 16 * part, &bytes, sizeof bytes);
        }
}

// Raises `*most` to the greatest size of some numbers, as its bits; NaN is greater than any.
INLINE void find_greatest(const float *x, long count, uint32_t *most) {
    i16 top = {};
    for (long i = 0; i < count; i += 16) {
        const i16 size = (i16)load_up_to(x + i, count - i) & 0x7fffffff;
        top = (i16)choose(size > top, (v16)size, (v16)top);
    }
    for (int i = 0; i < 16; i++)
        if ((uint32_t)top[i] > *most) *most = (uint32_t)top[i];
}

// Sums of int8 become floats in place: (sum - correction) * scale * scales.
INLINE void scale_sums(
    int32_t *sums, long count, float scale, const float *scales, const int32_t *corrections) {
    for (long i = 0; i < count; i += 16) {
        i16 sum, correction;
        memcpy(&sum, sums + i, sizeof sum);
        memcpy(&correction, corrections + i, sizeof correction);
        const v16 value = __builtin_convertvector(sum - correction, v16) * scale * load(scales + i);
        memcpy(sums + i, &value, sizeof value);
    }
}

#endif
