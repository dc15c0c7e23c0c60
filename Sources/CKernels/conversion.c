// Half and brain floats to 32-bit floats, all exact, and back, rounded.
#include "kernels.h"

INLINE void widen_all(const void *source, gesso_type type, float *target, size_t count) {
    widen(source, type, target, (long)count);
}
FOR_EACH_SET(
    widen_all, (const void *source, gesso_type type, float *target, size_t count), source, type,
    target, count)

void gesso_widen(const void *source, gesso_type type, float *target, size_t count) {
    DISPATCH(widen_all, source, type, target, count)
}

// A float is finite unless all bits of its exponent are set.
INLINE void find_infinite(const void *source, gesso_type type, size_t count, bool *finite) {
    uint32_t found = 0;
    if (type == GESSO_F32) {
        const uint32_t *s = source;
        for (size_t i = 0; i < count; i++) found |= (s[i] & 0x7f800000) == 0x7f800000;
    } else {
        const uint16_t mask = type == GESSO_F16 ? 0x7c00 : 0x7f80;
        const uint16_t *s = source;
        uint16_t narrow = 0;
        for (size_t i = 0; i < count; i++) narrow |= (uint16_t)((s[i] & mask) == mask);
        found = narrow;
    }
    *finite = found == 0;
}
FOR_EACH_SET(
    find_infinite, (const void *source, gesso_type type, size_t count, bool *finite), source, type,
    count, finite)

bool gesso_all_finite(const void *source, gesso_type type, size_t count) {
    bool finite = true;
    DISPATCH(find_infinite, source, type, count, &finite)
    return finite;
}

// Half floats below 2^-14 are multiples of 2^-24: added to 0.5, a float keeps just these.
INLINE uint16_t half_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    const uint32_t sign = bits >> 16 & 0x8000;
    bits &= 0x7fffffff;
    uint32_t half;
    if (bits > 0x7f800000) {
        half = 0x7e00;
    } else if (bits >= 0x47800000) {
        half = 0x7c00;
    } else if (bits < 0x38800000) {
        float small;
        memcpy(&small, &bits, sizeof small);
        small += 0.5f;
        memcpy(&half, &small, sizeof half);
        half -= 0x3f000000;
    } else {
        half = (bits - 0x38000000 + 0xfff + (bits >> 13 & 1)) >> 13;
    }
    return (uint16_t)(sign | half);
}

INLINE uint16_t brain_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    const bool is_nan = (bits & 0x7fffffff) > 0x7f800000;
    return (uint16_t)(is_nan ? 0x7fc0 : (bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

void gesso_narrow(const float *source, gesso_type type, void *target, size_t count) {
    uint16_t *narrow = target;
    switch (type) {
        case GESSO_F16:
            for (size_t i = 0; i < count; i++) narrow[i] = half_of(source[i]);
            break;
        case GESSO_BF16:
            for (size_t i = 0; i < count; i++) narrow[i] = brain_of(source[i]);
            break;
        default: memcpy(target, source, count * sizeof(float));
    }
}
