// Packed weights. For floats, panel p holds, for each column of the matrix [out, columns], the values of its
// GESSO_PANEL rows side by side. For a unit, columns are taken in steps (unit.h), all taps of one block of
// channels before those of the next, and within a step 2 bf16 or 4 int8 of each row lie side by side; for
// GESSO_EXACT 2 floats of the source's type, which are split where they are needed. The last panel and the last
// block of channels are filled up with zeros.
#ifndef GESSO_WEIGHTS_H
#define GESSO_WEIGHTS_H

#include "unit.h"

struct gesso_weights {
    gesso_type type;
    long out, in, taps, columns;  // columns: taps * in, taps outermost
    void *panels;
    const gesso_unit *unit;  // that multiplies with them; NULL for floats
    long steps;              // of a unit, of each panel
    float *scales;           // int8: of each row of the matrix
    int32_t *corrections;    // int8: what the left side's offset adds to the sums of each row
};

// Numbers of a step.
static inline long gesso_step_numbers(gesso_precision precision) {
    return precision == GESSO_BYTES ? STEP : STEP / 2;
}

// Bytes of a step of a panel.
static inline long gesso_step_bytes(const gesso_weights *w) {
    return w->unit->precision == GESSO_EXACT && w->type == GESSO_F32 ? 2 * RIGHT_STEP : RIGHT_STEP;
}

#endif
