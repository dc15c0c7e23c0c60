// AVX with F16C, without FMA (Ivy Bridge, Bulldozer to Steamroller, Jaguar).
#if defined(__x86_64__)
#include <stdbool.h>

#define TARGET __attribute__((target("avx,f16c")))
#define TILE_ROWS 2
#define TILE_VECTORS 1
#define TILE_PREFETCHES false
#define SET gesso_set_avx
#define NAME "avx"

static bool is_supported(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx") && __builtin_cpu_supports("f16c");
}

#include "kernel_set_body.h"
#endif
