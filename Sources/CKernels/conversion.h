// The inner loops of conversion.c.
#ifndef GESSO_CONVERSION_H
#define GESSO_CONVERSION_H

#include "kernels.h"

INLINE void widen_all(const void *source, gesso_type type, float *target, size_t count) {
    widen(source, type, target, (long)count);
}

// A float is finite unless all bits of its exponent are set.
INLINE void find_infinite(const void *source, gesso_type type, size_t count, bool *finite) {
    uint32_t found = 0;
    if (type == GESSO_F32) {
        const anywhere32 *s = source;
        for (size_t i = 0; i < count; i++) found |= (s[i] & 0x7f800000) == 0x7f800000;
    } else {
        const uint16_t mask = type == GESSO_F16 ? 0x7c00 : 0x7f80;
        const anywhere16 *s = source;
        uint16_t narrow = 0;
        for (size_t i = 0; i < count; i++) narrow |= (uint16_t)((s[i] & mask) == mask);
        found = narrow;
    }
    *finite = found == 0;
}

#endif
