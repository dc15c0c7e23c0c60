// Samples of TIFFs that other formats do not have.

#ifndef CODEC_TIFF_SAMPLES_H
#define CODEC_TIFF_SAMPLES_H

#include "items.h"

// A float of 16 bits (IEEE 754) from 0 to 1, as 0...65535.
uint16_t codec_half_float(uint16_t bits);

// A sample of 10 to 14 bits that begins at a bit of a row, as 0...65535. Samples follow each other from the highest bit
// of a byte on.
uint16_t codec_packed_sample(const uint8_t *row, size_t at, int bits);

// L*a*b* of 8 or 16 bits to RGB of as many: signed (TIFF 6.0, section 23), or as profiles have it (Adobe: TIFF Technical
// Notes, ICC L*a*b*). `step` samples lie between pixels.
void codec_take_lab(
    const codec_lab *lab, int bits, int is_signed, const uint16_t *pixels, size_t step, uint16_t *out,
    size_t out_step, size_t count);

#endif
