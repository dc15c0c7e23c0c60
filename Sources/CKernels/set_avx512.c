// AVX-512 F, VL, BW and DQ (Skylake-X and later, Zen 4 and later).
#if defined(__x86_64__)
#include <stdbool.h>

#define TARGET __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma,f16c")))
#define TILE_ROWS 12
#define TILE_VECTORS 2
#define TILE_PREFETCHES false
#define SET gesso_set_avx512
#define NAME "avx512"

static bool is_supported(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("f16c") && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq");
}

#include "kernel_set_body.h"
#endif
