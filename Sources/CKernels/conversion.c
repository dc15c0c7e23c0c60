// Half and brain floats to 32-bit floats; all exact.
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
