// AVX2 with FMA and F16C (Haswell and later, Zen and later).
#if defined(__x86_64__)
#include <stdbool.h>

#define TARGET __attribute__((target("avx2,fma,f16c")))
#define TILE_ROWS 6
#define TILE_VECTORS 1
#define TILE_PREFETCHES true
#define SET gesso_set_avx2
#define NAME "avx2"

static bool is_supported(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("f16c");
}

#include "kernel_set_body.h"
#endif
