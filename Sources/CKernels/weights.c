// Lays weights out for the products.
#include "weights.h"

#include <stdlib.h>

typedef struct {
    const void *source;
    long in, taps;
    gesso_weights *weights;
} packing;

#define PACK_PANEL(type, zero)                                                              \
    type *to = (type *)p->weights->panels + panel * GESSO_PANEL * p->in * p->taps;          \
    const type *from = (const type *)p->source + panel * GESSO_PANEL * p->in * p->taps;     \
    for (long tap = 0; tap < p->taps; tap++)                                                \
        for (long column = 0; column < p->in; column++, to += GESSO_PANEL)                  \
            for (long row = 0; row < GESSO_PANEL; row++)                                    \
                to[row] = row < rows ? from[(row * p->in + column) * p->taps + tap] : zero;

static void pack_panel(void *context, long panel) {
    const packing *p = context;
    const long rows = p->weights->out - panel * GESSO_PANEL;
    if (p->weights->type == GESSO_F32) {
        PACK_PANEL(float, 0.0f)
    } else {
        PACK_PANEL(uint16_t, 0)
    }
}

gesso_weights *gesso_pack(const void *source, gesso_type type, long out, long in, long taps) {
    const long panels = (out + GESSO_PANEL - 1) / GESSO_PANEL;
    const size_t values = (size_t)(panels * GESSO_PANEL * in * taps);
    gesso_weights *w = gesso_need(malloc(sizeof *w), sizeof *w);
    *w = (gesso_weights){.type = type, .out = out, .columns = in * taps};
    const size_t bytes = (values * (type == GESSO_F32 ? 4 : 2) + 63) / 64 * 64;
    w->panels = gesso_need(aligned_alloc(64, bytes > 0 ? bytes : 64), bytes);
    packing p = {source, in, taps, w};
    gesso_parallel(panels, pack_panel, &p);
    return w;
}

void gesso_weights_release(gesso_weights *weights) {
    if (!weights) return;
    free(weights->panels);
    free(weights);
}
