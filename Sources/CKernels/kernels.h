// Shared by the kernels: vectors of 16 floats, and functions of them that are inlined into every kernel.
#ifndef GESSO_KERNELS_H
#define GESSO_KERNELS_H

#include "CKernels.h"
#include "anywhere.h"

#include <math.h>
#include <string.h>

// Vectors are passed between inlined functions only, so their calling convention does not matter.
#pragma GCC diagnostic ignored "-Wpsabi"

#define INLINE static inline __attribute__((always_inline, unused))
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

INLINE long least(long a, long b) { return a < b ? a : b; }

typedef float v16 __attribute__((vector_size(64)));
typedef float v16_loose __attribute__((vector_size(64), aligned(4)));
typedef int32_t i16 __attribute__((vector_size(64)));

INLINE v16 load(const float *p) { return *(const v16_loose *)p; }
INLINE void store(float *p, v16 v) { *(v16_loose *)p = v; }
INLINE v16 splat(float x) { return (v16){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }

// The first n of 16, or all for a greater n; the rest reads as zero and is not written.
INLINE v16 load_up_to(const float *p, long n) {
    if (n >= 16) return load(p);
    v16 v = {};
    memcpy(&v, p, (size_t)n * sizeof(float));
    return v;
}
INLINE void store_up_to(float *p, v16 v, long n) {
    if (n >= 16)
        store(p, v);
    else
        memcpy(p, &v, (size_t)n * sizeof(float));
}

// Results of so many bytes are pushed out of the caches before they are read: they are written past them.
#define STREAMED_BYTES (8 << 20)

// Whether rows of `out` floats at `y`, so many in all, are written past the caches.
INLINE bool streams(const float *y, long out, long count) {
    return count * (long)sizeof(float) >= STREAMED_BYTES && out % 16 == 0 && (uintptr_t)y % sizeof(v16) == 0;
}

// As store_up_to; past the caches if `streamed`, where p is on a boundary of 64 bytes and n is 16 or more.
INLINE void put_up_to(float *p, v16 v, long n, bool streamed) {
#if __has_builtin(__builtin_nontemporal_store)
    if (streamed) {
        __builtin_nontemporal_store(v, (v16 *)p);
        return;
    }
#endif
    store_up_to(p, v, n);
}

// To be called by each thread after what it has streamed, so that others see it.
INLINE void end_stream(bool streamed) {
#if defined(__x86_64__)
    if (streamed) __builtin_ia32_sfence();
#else
    (void)streamed;
#endif
}

INLINE float sum(v16 v) {
    float s[16];
    memcpy(s, &v, sizeof s);
    for (int width = 8; width > 0; width /= 2)
        for (int i = 0; i < width; i++) s[i] += s[i + width];
    return s[0];
}

INLINE v16 choose(i16 condition, v16 yes, v16 no) {
    return (v16)((condition & (i16)yes) | (~condition & (i16)no));
}

// e^x to 2 ulp, 0 below -87, infinite above 88.02, NaN for NaN: 2^n times a polynomial in
// -ln2/2..ln2/2 (coefficients of Cephes, Moshier 1992).
INLINE v16 exponential(v16 x) {
    const v16 clipped = choose(x < -87.0f, splat(-87.0f), choose(x > 88.0f, splat(88.0f), x));
    const v16 magic = splat(12582912.0f);  // 1.5 * 2^23: adding it rounds to an integer
    const v16 shifted = clipped * 1.44269504088896341f + magic;
    const v16 n = shifted - magic;
    const v16 r = (clipped - n * 0.693359375f) + n * 2.12194440e-4f;
    v16 p = splat(1.9875691500e-4f);
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;
    const i16 exponent = ((i16)shifted - (i16)magic + 127) << 23;
    v16 y = p * (v16)exponent;
    y = choose(x < -87.0f, splat(0.0f), y);
    y = choose(x > 88.0f, y * (x - 87.0f) * 1e38f, y);
    return choose(x != x, x, y);
}

// 2^x of a few x up to 100, to 2e-7; 2^-125 for all below -125, NaN for NaN. The polynomial is the best
// one of degree 5 in -1/2..1/2. A processor does the few side by side: no step waits for the last one.
INLINE void powers_of_two(const int count, v16 *x) {
    static const float coefficients[] = {
        9.671512991e-3f, 5.550733581e-2f, 2.402224243e-1f, 6.931470037e-1f, 1.0f};
    v16 shifted[8], p[8];
    UNROLL for (int i = 0; i < count; i++) x[i] = choose(x[i] < -125.0f, splat(-125.0f), x[i]);
    UNROLL for (int i = 0; i < count; i++) shifted[i] = x[i] + 12582912.0f;  // as in exponential
    UNROLL for (int i = 0; i < count; i++) x[i] -= shifted[i] - 12582912.0f;
    UNROLL for (int i = 0; i < count; i++) p[i] = splat(1.326472731e-3f);
    UNROLL for (int c = 0; c < 5; c++)
        UNROLL for (int i = 0; i < count; i++) p[i] = p[i] * x[i] + coefficients[c];
    UNROLL for (int i = 0; i < count; i++) x[i] = (v16)((i16)p[i] + ((i16)shifted[i] << 23));
}
INLINE v16 power_of_two(v16 x) {
    powers_of_two(1, &x);
    return x;
}

// erf x to 2e-7 (Abramowitz & Stegun 1964, 7.1.26).
INLINE v16 error_function(v16 x) {
    const v16 size = choose(x < 0, -x, x);
    const v16 t = 1.0f / (size * 0.3275911f + 1.0f);
    v16 p = t * 1.061405429f - 1.453152027f;
    p = p * t + 1.421413741f;
    p = p * t - 0.284496736f;
    p = p * t + 0.254829592f;
    const v16 y = 1.0f - p * t * exponential(-size * size);
    return choose(x < 0, -y, y);
}

INLINE v16 activated(v16 x, gesso_activation activation) {
    switch (activation) {
        case GESSO_SILU: return x / (exponential(-x) + 1.0f);
        case GESSO_GELU: return x * 0.5f * (error_function(x * 0.70710678118654752f) + 1.0f);
        case GESSO_QUICK_GELU: return x / (exponential(x * -1.702f) + 1.0f);
        default: return x;
    }
}

// Conversion ---------------------------------------------------------------------------------------

INLINE void widen(const void *source, gesso_type type, float *target, long count) {
    if (type == GESSO_F32) {
        memcpy(target, source, (size_t)count * sizeof(float));
    } else if (type == GESSO_F16) {
        const anywhere_half *s = source;
        for (long i = 0; i < count; i++) target[i] = (float)s[i];
    } else {
        const anywhere16 *s = source;
        for (long i = 0; i < count; i++) {
            uint32_t bits = (uint32_t)s[i] << 16;
            memcpy(target + i, &bits, sizeof bits);
        }
    }
}

// 16 values of a type as floats.
INLINE v16 load_as(const gesso_type type, const void *p) {
    if (type == GESSO_F32) return load(p);
    if (type == GESSO_F16) {
        typedef _Float16 h16 __attribute__((vector_size(32)));
        h16 halves;
        memcpy(&halves, p, sizeof halves);
        return __builtin_convertvector(halves, v16);
    }
    typedef uint16_t u16 __attribute__((vector_size(32)));
    typedef uint32_t u32 __attribute__((vector_size(64)));
    u16 halves;
    memcpy(&halves, p, sizeof halves);
    return (v16)(__builtin_convertvector(halves, u32) << 16);
}

INLINE size_t type_size(gesso_type type) { return type == GESSO_F32 ? 4 : 2; }

#endif
