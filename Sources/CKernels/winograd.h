// 3x3 convolutions by minimal filtering.
#ifndef GESSO_WINOGRAD_H
#define GESSO_WINOGRAD_H

#include "CKernels.h"

// Whether gesso_convolve_winograd can do this convolution, and is the faster way. Depends on the shape
// alone.
bool gesso_winograd_pays(gesso_convolution s);

// As gesso_convolve.
void gesso_convolve_winograd(
    const float *x, const gesso_weights *weights, float *y, gesso_convolution s,
    gesso_prologue prologue, gesso_epilogue epilogue);

#endif
