// Plain C for any processor. Vectors of 16 floats become what the compiler's baseline has: SSE2 on x86-64,
// NEON with its 32 registers on ARM.
#include <stdbool.h>

#define TARGET
#if defined(__aarch64__)
#define TILE_ROWS 6
#else
#define TILE_ROWS 2
#endif
#define TILE_VECTORS 1
#define TILE_PREFETCHES false
#define SET gesso_set_portable
#define NAME "portable"

static bool is_supported(void) { return true; }

#include "kernel_set_body.h"
