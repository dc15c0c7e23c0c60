// VDPBF16PS in registers of 512 bits. On AMD's Zen 4 and later it does twice the work of FMA; on Intel's
// processors half of it, so that it is not taken there.
#if defined(__x86_64__)
#include "unit.h"

#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))
#define ROWS 12
#define LANES 16
#define WIDE 2
#define register_type __m512
#define LOAD(p) _mm512_loadu_ps(p)
#define STORE(p, v) _mm512_storeu_ps(p, v)
#define SPREAD(p) (__m512) _mm512_set1_epi32(*(const int32_t *)(p))
#define DOT(sum, l, r) _mm512_dpbf16_ps(sum, (__m512bh)(l), (__m512bh)(r))
#include "unit_tiles.h"

static bool is_supported(void) {
    __builtin_cpu_init();
    return __builtin_cpu_is("amd") && __builtin_cpu_supports("avx512bf16") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}

const gesso_unit gesso_unit_avx512_bf16 = {
    "avx512-bf16", GESSO_BRAIN, is_supported, "avx512", 0, multiply};
#endif
