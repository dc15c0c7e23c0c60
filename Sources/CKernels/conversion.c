// Half and brain floats to 32-bit floats, all exact, and back, rounded.
#include "kernel_set.h"

void gesso_widen(const void *source, gesso_type type, float *target, size_t count) {
    gesso_current_set()->widen_all(source, type, target, count);
}

bool gesso_all_finite(const void *source, gesso_type type, size_t count) {
    bool finite = true;
    gesso_current_set()->find_infinite(source, type, count, &finite);
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
