// The inner loops of conversion.c.
#ifndef GESSO_CONVERSION_H
#define GESSO_CONVERSION_H

#include "kernels.h"

INLINE void widen_all(const void *source, gesso_type type, float *target, size_t count) {
    widen(source, type, target, (long)count);
}

// A panel [k, GESSO_PANEL] in strips [strips, k, 16 * vectors].
INLINE void lay_strips(const int vectors, const char *panel, const gesso_type type, long k, float *to) {
    const int bytes = type == GESSO_F32 ? 4 : 2;
    for (long column = 0; column < GESSO_PANEL; column += 16 * vectors)
        for (long row = 0; row < k; row++)
            UNROLL for (int v = 0; v < vectors; v++, to += 16)
                store(to, load_as(type, panel + (row * GESSO_PANEL + column + 16 * v) * bytes));
}
INLINE void lay_in_strips_of(const int vectors, const char *panel, gesso_type type, long k, float *to) {
    switch (type) {
        case GESSO_F32: lay_strips(vectors, panel, GESSO_F32, k, to); break;
        case GESSO_F16: lay_strips(vectors, panel, GESSO_F16, k, to); break;
        case GESSO_BF16: lay_strips(vectors, panel, GESSO_BF16, k, to); break;
    }
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
