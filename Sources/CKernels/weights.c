// Lays weights out for the products.
#include "weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "anywhere.h"

typedef struct {
    const void *source;
    long in, taps;
    gesso_weights *weights;
} packing;

#define PACK_PANEL(type, stored)                                                            \
    const size_t start = (size_t)(panel * GESSO_PANEL * p->in * p->taps);                   \
    type *to = (type *)p->weights->panels + start;                                          \
    const stored *from = (const stored *)p->source + start;                                 \
    for (long tap = 0; tap < p->taps; tap++)                                                \
        for (long column = 0; column < p->in; column++, to += GESSO_PANEL)                  \
            for (long row = 0; row < GESSO_PANEL; row++)                                    \
                to[row] = row < rows ? from[(row * p->in + column) * p->taps + tap] : 0;

static void pack_panel(void *context, long panel) {
    const packing *p = context;
    const long rows = p->weights->out - panel * GESSO_PANEL;
    if (p->weights->type == GESSO_F32) {
        PACK_PANEL(uint32_t, anywhere32)
    } else {
        PACK_PANEL(uint16_t, anywhere16)
    }
}

// One row of a panel for a unit, its numbers being x[in, taps]: floats of their type, bf16 to the nearest, or
// int8 with a scale.
static void pack_row(gesso_weights *w, const float *x, char *to, long row) {
    const bool bytes = w->unit->precision == GESSO_BYTES;
    const gesso_type type = w->unit->precision == GESSO_EXACT ? w->type : GESSO_BF16;
    const long each = gesso_step_numbers(w->unit->precision), group = bytes ? 4 : 2;
    const long size = bytes ? 1 : type == GESSO_F32 ? 4 : 2;
    float most = 0;
    for (long i = 0; i < w->columns && bytes; i++) most = fmaxf(most, fabsf(x[i]));
    const float scale = most / 127;
    int32_t sum = 0;
    to += row % GESSO_PANEL * group * size;
    for (long channel = 0; channel < w->in; channel++)
        for (long tap = 0; tap < w->taps; tap++, x++) {
            const long step = channel / each * w->taps + tap, at = channel % each;
            char *place = to + step * gesso_step_bytes(w) +
                          (at / group * GESSO_PANEL * group + at % group) * size;
            if (bytes) {
                const int8_t q = (int8_t)(scale > 0 ? lrintf(*x / scale) : 0);
                *place = (char)q;
                sum += q;
            } else {
                gesso_narrow(x, type, place, 1);
            }
        }
    if (!bytes) return;
    w->scales[row] = scale;
    w->corrections[row] = sum * w->unit->left_offset;
}

static void pack_steps(void *context, long panel) {
    const packing *p = context;
    gesso_weights *w = p->weights;
    const size_t size = w->type == GESSO_F32 ? 4 : 2;
    char *to = (char *)w->panels + panel * w->steps * gesso_step_bytes(w);
    memset(to, 0, (size_t)(w->steps * gesso_step_bytes(w)));
    float *x = gesso_scratch((size_t)w->columns * sizeof(float));
    for (long r = 0; r < GESSO_PANEL; r++) {
        const long row = panel * GESSO_PANEL + r;
        if (row < w->out)
            gesso_widen(
                (const char *)p->source + (size_t)(row * w->columns) * size, w->type, x,
                (size_t)w->columns);
        else
            memset(x, 0, (size_t)w->columns * sizeof(float));
        pack_row(w, x, to, row);
    }
}

static void *need(size_t bytes) {
    bytes = (bytes + 63) / 64 * 64;
    return gesso_need(aligned_alloc(64, bytes > 0 ? bytes : 64), bytes);
}

gesso_weights *gesso_pack(
    const void *source, gesso_type type, long out, long in, long taps, int unit) {
    const long panels = (out + GESSO_PANEL - 1) / GESSO_PANEL;
    gesso_weights *w = need(sizeof *w);
    *w = (gesso_weights){
        .type = type, .out = out, .in = in, .taps = taps, .columns = in * taps,
        .unit = gesso_unit_numbered(unit)};
    packing p = {source, in, taps, w};
    if (!w->unit) {
        const size_t values = (size_t)(panels * GESSO_PANEL * in * taps);
        w->panels = need(values * (type == GESSO_F32 ? 4 : 2));
        gesso_parallel(panels, pack_panel, &p);
        return w;
    }
    const long each = gesso_step_numbers(w->unit->precision);
    w->steps = (in + each - 1) / each * taps;
    w->panels = need((size_t)(panels * w->steps * gesso_step_bytes(w)));
    if (w->unit->precision == GESSO_BYTES) {
        w->scales = need((size_t)(panels * GESSO_PANEL) * sizeof(float));
        w->corrections = need((size_t)(panels * GESSO_PANEL) * sizeof(int32_t));
    }
    gesso_parallel(panels, pack_steps, &p);
    return w;
}

void gesso_weights_release(gesso_weights *weights) {
    if (!weights) return;
    free(weights->panels);
    free(weights->scales);
    free(weights->corrections);
    free(weights);
}
