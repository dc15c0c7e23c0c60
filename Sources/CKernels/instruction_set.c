// Which instruction set the kernels use: decided once, unless a thread asks for another.
#include "kernels.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_int decided = -1;
static _Thread_local int asked_for = -1;

static bool has(gesso_instruction_set set) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                __builtin_cpu_supports("f16c");
    bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                  __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
    if (set == GESSO_AVX512) return avx512;
    if (set == GESSO_AVX2) return avx2;
#endif
    return set == GESSO_PORTABLE;
}

static gesso_instruction_set best(void) {
    const char *asked = getenv("GESSO_KERNELS");
    if (asked && strcmp(asked, "portable") == 0) return GESSO_PORTABLE;
    if (has(GESSO_AVX512) && !(asked && strcmp(asked, "avx2") == 0)) return GESSO_AVX512;
    return has(GESSO_AVX2) ? GESSO_AVX2 : GESSO_PORTABLE;
}

gesso_instruction_set gesso_kernels(void) {
    if (asked_for >= 0) return (gesso_instruction_set)asked_for;
    if (decided < 0) decided = (int)best();
    return (gesso_instruction_set)decided;
}

bool gesso_use_kernels(gesso_instruction_set set) {
    if (!has(set)) return false;
    asked_for = (int)set;
    return true;
}
