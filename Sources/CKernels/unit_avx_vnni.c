// AVX-VNNI, VPDPBUSD in registers of 256 bits: Intel's Alder Lake and later, AMD's Zen 5.
#if defined(__x86_64__)
#include "unit.h"

#include <cpuid.h>
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,avxvnni")))
#define ROWS 4
#define LANES 8
#define WIDE 2
#define register_type __m256i
#define LOAD(p) _mm256_loadu_si256((const __m256i *)(p))
#define STORE(p, v) _mm256_storeu_si256((__m256i *)(p), v)
#define SPREAD(p) _mm256_set1_epi32(*(const int32_t *)(p))
#define DOT(sum, l, r) _mm256_dpbusd_avx_epi32(sum, l, r)
#include "unit_tiles.h"

// Leaf 7.1, EAX bit 4.
static bool is_supported(void) {
    unsigned a = 0, b = 0, c = 0, d = 0;
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 4 & 1);
}

const gesso_unit gesso_unit_avx_vnni = {
    "avx-vnni", GESSO_BYTES, is_supported, "avx2", 128, multiply};
#endif
