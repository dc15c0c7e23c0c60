// Lays weights out for the products.
#include "weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

// A row's number of a tap and a channel, as a float.
static float value(const packing *p, long row, long channel, long tap) {
    const gesso_weights *w = p->weights;
    const size_t at = (size_t)((row * w->in + channel) * w->taps + tap);
    const size_t size = w->type == GESSO_F32 ? 4 : 2;
    float wide;
    gesso_widen((const char *)p->source + at * size, w->type, &wide, 1);
    return wide;
}

static float greatest(const packing *p, long row) {
    float most = 0;
    for (long i = 0; i < p->weights->in * p->weights->taps; i++)
        most = fmaxf(most, fabsf(value(p, row, i / p->weights->taps, i % p->weights->taps)));
    return most;
}

// A panel for a unit: bf16 to the nearest, or int8 with a scale for each row.
static void pack_steps(void *context, long panel) {
    const packing *p = context;
    gesso_weights *w = p->weights;
    const bool bytes = w->unit->precision == GESSO_BYTES;
    const long each = bytes ? 64 : 32, group = bytes ? 4 : 2;
    char *to = (char *)w->panels + panel * w->steps * RIGHT_STEP;
    memset(to, 0, (size_t)(w->steps * RIGHT_STEP));
    for (long r = 0; r < GESSO_PANEL; r++) {
        const long row = panel * GESSO_PANEL + r;
        const float scale = bytes && row < w->out ? greatest(p, row) / 127 : 0;
        int32_t sum = 0;
        for (long i = 0; row < w->out && i < w->in * w->taps; i++) {
            const long channel = i / w->taps, tap = i % w->taps;
            const long step = channel / each * w->taps + tap, at = channel % each;
            const float x = value(p, row, channel, tap);
            char *place = to + step * RIGHT_STEP + at / group * GESSO_PANEL * 4 + r * 4;
            if (bytes) {
                const int8_t q = (int8_t)(scale > 0 ? lrintf(x / scale) : 0);
                place[at % group] = (char)q;
                sum += q;
            } else {
                gesso_narrow(&x, GESSO_BF16, place + at % group * 2, 1);
            }
        }
        if (!bytes) continue;
        w->scales[row] = scale;
        w->corrections[row] = sum * w->unit->left_offset;
    }
}

static void *need(size_t bytes) {
    bytes = (bytes + 63) / 64 * 64;
    return gesso_need(aligned_alloc(64, bytes > 0 ? bytes : 64), bytes);
}

gesso_weights *gesso_pack(
    const void *source, gesso_type type, long out, long in, long taps, gesso_precision precision) {
    const long panels = (out + GESSO_PANEL - 1) / GESSO_PANEL;
    gesso_weights *w = need(sizeof *w);
    *w = (gesso_weights){
        .type = type, .out = out, .in = in, .taps = taps, .columns = in * taps,
        .unit = gesso_unit_for(precision)};
    packing p = {source, in, taps, w};
    if (!w->unit) {
        const size_t values = (size_t)(panels * GESSO_PANEL * in * taps);
        w->panels = need(values * (type == GESSO_F32 ? 4 : 2));
        gesso_parallel(panels, pack_panel, &p);
        return w;
    }
    const long each = precision == GESSO_BYTES ? 64 : 32;
    w->steps = (in + each - 1) / each * taps;
    w->panels = need((size_t)(panels * w->steps * RIGHT_STEP));
    if (precision == GESSO_BYTES) {
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

const char *gesso_weights_unit(const gesso_weights *weights) {
    return weights->unit ? weights->unit->name : NULL;
}
