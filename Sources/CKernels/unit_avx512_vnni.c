// VPDPBUSD in registers of 512 bits: four products of unsigned by signed int8 at a time, four times the work
// of FMA.
#if defined(__x86_64__)
#include "unit.h"

#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")))
#define ROWS 12
#define LANES 16
#define WIDE 2
#define register_type __m512i
#define LOAD(p) _mm512_loadu_si512(p)
#define STORE(p, v) _mm512_storeu_si512(p, v)
#define SPREAD(p) _mm512_set1_epi32(*(const int32_t *)(p))
#define DOT(sum, l, r) _mm512_dpbusd_epi32(sum, l, r)
#include "unit_tiles.h"

static bool is_supported(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl");
}

const gesso_unit gesso_unit_avx512_vnni = {
    "avx512-vnni", GESSO_BYTES, is_supported, "avx512", 128, multiply};
#endif
