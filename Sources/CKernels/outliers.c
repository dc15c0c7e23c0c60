// See outliers.h.
#include "outliers.h"

#define BINS (1 << 12)
#define BIN_SHIFT 20  // three bits of the mantissa

static float from_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

gesso_outliers gesso_find_outliers(const uint32_t *most, long channels) {
    gesso_outliers o = {0};
    static _Thread_local int32_t counts[BINS];
    memset(counts, 0, sizeof counts);
    for (long c = 0; c < channels; c++) counts[most[c] >> BIN_SHIFT]++;
    long seen = 0;
    uint32_t bin = 0;
    for (; bin < BINS; bin++)
        if ((seen += counts[bin]) * 2 >= channels) break;
    // Times 4 is two more in the exponent, times 2 one.
    uint64_t bound = (uint64_t)(bin + 1) * (1 << BIN_SHIFT) + (2 << 23);
    for (;; bound += 1 << 23) {
        long count = 0;
        for (long c = 0; c < channels; c++) count += most[c] > bound;
        if (count <= MOST_OUTLIERS) break;
    }
    for (long c = 0; c < channels; c++)
        if (most[c] > bound) o.channels[o.count++] = (int32_t)c;
    return o;
}

float gesso_outlier_scale(uint32_t usual, uint32_t outlying) {
    const float a = from_bits(usual) / 127, b = from_bits(outlying) / (127 * 128);
    uint32_t bits_a, bits_b;
    memcpy(&bits_a, &a, sizeof bits_a);
    memcpy(&bits_b, &b, sizeof bits_b);
    // As bits, NaN is the greatest.
    const float scale = (bits_a & 0x7fffffff) > (bits_b & 0x7fffffff) ? a : b;
    return scale < 1e-30f / 127 ? 0 : scale;
}

void gesso_part_outliers(const gesso_outliers *o, float *x, float *high, float scale) {
    memset(high, 0, STEP * sizeof(float));
    for (int i = 0; i < o->count; i++) {
        float *value = x + o->channels[i];
        if (scale == 0) {
            *value = 0;
        } else if (scale > 0 && scale < INFINITY) {
            const float q = rintf(*value / scale), upper = rintf(q / 128);
            high[i] = upper * scale;
            *value = (q - 128 * upper) * scale;
        }
    }
}

void gesso_gather_outliers(
    const gesso_outliers *o, const gesso_weights *w, long panel, char *right, int32_t *corrections) {
    const char *from = (const char *)w->panels + panel * w->steps * RIGHT_STEP;
    memset(right, 0, (size_t)(w->taps * RIGHT_STEP));
    memset(corrections, 0, GESSO_PANEL * sizeof *corrections);
    for (long tap = 0; tap < w->taps; tap++)
        for (int i = 0; i < o->count; i++) {
            const long channel = o->channels[i], at = channel % STEP;
            const char *source =
                from + (channel / STEP * w->taps + tap) * RIGHT_STEP + at / 4 * 4 * GESSO_PANEL + at % 4;
            char *target = right + tap * RIGHT_STEP + i / 4 * 4 * GESSO_PANEL + i % 4;
            for (int row = 0; row < GESSO_PANEL; row++) {
                target[row * 4] = source[row * 4];
                corrections[row] += (int8_t)source[row * 4] * w->unit->left_offset;
            }
        }
}
