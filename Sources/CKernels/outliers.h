// Outlier channels of the left side of an int8 product: those whose numbers are far larger than most, which
// would leave few of 256 steps to all others (Dettmers et al. 2022, LLM.int8()). They are rounded to 15 bits
// instead, x = (128 high + low) scale: `low` stays where the channel is, `high` goes into one more block of
// channels, whose sums count 128 times. All sums stay integers.
#ifndef GESSO_OUTLIERS_H
#define GESSO_OUTLIERS_H

#include "kernel_set.h"
#include "unit.h"

#define MOST_OUTLIERS STEP

typedef struct {
    int count;
    int32_t channels[MOST_OUTLIERS];  // ascending
} gesso_outliers;

// Finds them among the greatest sizes of the channels, as bits: those above four times the median, of the
// median's upper bound in steps of an eighth of an octave; where these are too many, of twice that, and so on.
gesso_outliers gesso_find_outliers(const uint32_t *most, long channels);

// The scale of a row, or of a picture, with these greatest sizes of its usual channels and of its outliers, as
// bits.
float gesso_outlier_scale(uint32_t usual, uint32_t outlying);

// Takes the outliers of x[channels] apart, in place: x keeps low * scale, high[STEP] gets high * scale, zero
// beyond the outliers.
void gesso_part_outliers(const gesso_outliers *o, float *x, float *high, float scale);

// The right side for the block of high parts: the outliers' weights of a panel, [taps][RIGHT_STEP], and what
// the left side's offset adds to each of its sums.
void gesso_gather_outliers(
    const gesso_outliers *o, const gesso_weights *w, long panel, char *right, int32_t *corrections);

#endif
