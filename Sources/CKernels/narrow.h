// Left sides of products in bf16 and int8, and what becomes of int8's sums.
#ifndef GESSO_NARROW_H
#define GESSO_NARROW_H

#include "kernels.h"
#include "unit.h"

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
    int parts;  // of each number as bf16: the nearest, the nearest to what that leaves, and so on
    long part;  // bytes from one part to the next
} narrow_row;

// The nearest bf16, ties to even, as the lower half of each number; NaN stays NaN.
INLINE u32x16 nearest_bf16(v16 x) {
    const u32x16 bits = (u32x16)x;
    const u32x16 rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    return (u32x16)choose((i16)(x != x), (v16)((u32x16){} + 0x7fc0), (v16)rounded);
}

// 16 numbers as bf16, in parts.
INLINE void store_bf16(v16 x, char *to, int parts, long part) {
    for (int i = 0; i < parts; i++, to += part) {
        const u32x16 rounded = nearest_bf16(x);
        const u16x16 halves = __builtin_convertvector(rounded, u16x16);
        memcpy(to, &halves, sizeof halves);
        x -= (v16)(rounded << 16);
    }
}

INLINE void round_to_bf16(const narrow_row *r) {
    for (long c = 0; c < r->channels; c += 32)
        for (long half = 0; half < 2; half++) {
            const long rest = r->channels - c - 16 * half;
            store_bf16(
                load_up_to(r->x + c + 16 * half, rest < 0 ? 0 : rest),
                r->to + c / 32 * r->stride + 32 * half, r->parts, r->part);
        }
}

// Steps of a panel of floats as RIGHT_PARTS of bf16 each.
INLINE void split_weights(const void *source, gesso_type type, long steps, char *to) {
    const long count = STEP_BYTES / 2 * GESSO_PANEL;
    for (long i = 0; i < steps * count; i += 16) {
        store_bf16(
            load_as(type, (const char *)source + (size_t)i * type_size(type)),
            to + (i / count * RIGHT_PARTS * count + i % count) * 2, RIGHT_PARTS, count * 2);
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

// Raises most[channels] to the greatest size in each channel of some rows, as bits.
INLINE void find_greatest_of_channels(const float *x, long rows, long channels, uint32_t *most) {
    for (long c = 0; c < channels; c += 16) {
        const long n = channels - c;
        i16 top = (i16)load_up_to((const float *)most + c, n);
        for (long row = 0; row < rows; row++) {
            const i16 size = (i16)load_up_to(x + row * channels + c, n) & 0x7fffffff;
            top = (i16)choose(size > top, (v16)size, (v16)top);
        }
        store_up_to((float *)most + c, (v16)top, n);
    }
}

// sums += 128 (more - corrections) for rows of GESSO_PANEL sums, those of `sums` `stride` apart.
INLINE void add_outliers(
    int32_t *sums, long stride, const int32_t *more, const int32_t *corrections, long rows) {
    for (long row = 0; row < rows; row++)
        for (long i = 0; i < GESSO_PANEL; i += 16) {
            i16 sum, outlier, correction;
            memcpy(&sum, sums + row * stride + i, sizeof sum);
            memcpy(&outlier, more + row * GESSO_PANEL + i, sizeof outlier);
            memcpy(&correction, corrections + i, sizeof correction);
            sum += (outlier - correction) * 128;
            memcpy(sums + row * stride + i, &sum, sizeof sum);
        }
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
