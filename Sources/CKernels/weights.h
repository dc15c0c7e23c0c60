// Packed weights: panel p holds, for each column of the matrix [out, columns], the values of its GESSO_PANEL
// rows side by side; the last panel is filled up with zeros.
#ifndef GESSO_WEIGHTS_H
#define GESSO_WEIGHTS_H

#include "CKernels.h"

struct gesso_weights {
    gesso_type type;
    long out, columns;  // columns: taps * in, taps outermost
    void *panels;
};

#endif
