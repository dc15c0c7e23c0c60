// How fast this processor multiplies and adds, with nothing to load or store.
#ifndef GESSO_CPEAK_H
#define GESSO_CPEAK_H

// Runs `rounds` of fused multiply-adds on the widest vectors that `width` (512, 256 or 0 for the
// compiler's own choice) allows, on each of `threads` threads; gives the operations done a second.
double peak_operations(int width, int threads, long rounds);

#endif
