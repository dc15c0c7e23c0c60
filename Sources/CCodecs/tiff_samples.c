#include "tiff_samples.h"

#include <math.h>

enum {
    step_pixels = 256,  // that are converted at once
};

uint16_t codec_half_float(uint16_t bits) {
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    if (bits >> 15 || (exponent == 31 && fraction != 0)) return 0;
    double real = exponent == 0 ? ldexp(fraction, -24) : ldexp(fraction + 1024, exponent - 25);
    return (uint16_t)(fmin(real, 1) * 65535 + 0.5);
}

uint16_t codec_packed_sample(const uint8_t *row, size_t at, int bits) {
    uint32_t found = 0, largest = (1u << bits) - 1;
    size_t end = at + (size_t)bits;
    for (size_t byte = at / 8; byte * 8 < end; byte++) found = found << 8 | row[byte];
    found = found >> (8 - end % 8) % 8 & largest;
    return (uint16_t)((found * 65535 + largest / 2) / largest);
}

// 65280 as 65535, and what is above it, too.
static uint16_t stretched(uint32_t value) {
    uint32_t scaled = (value * 257 + 128) / 256;
    return (uint16_t)(scaled > 65535 ? 65535 : scaled);
}

// The a* or b* of a file, with zero in the middle, as Little CMS takes it: -128 is 0 and 127 is 65535.
static uint16_t around_zero(uint16_t value, int bits, int is_signed) {
    if (bits == 8) return (uint16_t)((is_signed ? value ^ 0x80 : value) * 257);
    return stretched(is_signed ? value ^ 0x8000u : value);
}

static uint16_t lightness(uint16_t value, int bits, int is_signed) {
    if (bits == 8) return (uint16_t)(value * 257);
    return is_signed ? value : stretched(value);
}

void codec_take_lab(
    const codec_lab *lab, int bits, int is_signed, const uint16_t *pixels, size_t step, uint16_t *out,
    size_t out_step, size_t count) {
    uint16_t colors[3 * step_pixels], rgb[3 * step_pixels];
    for (size_t start = 0; start < count; start += step_pixels) {
        size_t some = count - start < step_pixels ? count - start : step_pixels;
        for (size_t x = 0; x < some; x++) {
            const uint16_t *pixel = pixels + (start + x) * step;
            colors[3 * x] = lightness(pixel[0], bits, is_signed);
            for (int c = 1; c < 3; c++) colors[3 * x + c] = around_zero(pixel[c], bits, is_signed);
        }
        codec_lab_to_srgb(lab, colors, rgb, some);
        for (size_t x = 0; x < some; x++) {
            for (int c = 0; c < 3; c++) {
                uint16_t value = rgb[3 * x + c];
                out[(start + x) * out_step + c] = bits == 8 ? (uint16_t)((value + 128) / 257) : value;
            }
        }
    }
}
