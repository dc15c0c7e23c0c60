// Which kernel set is used: decided once, unless a thread asks for another.
#include "kernel_set.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

// By number of gesso_instruction_set; NULL where the processor is of another architecture.
static const gesso_kernel_set *const sets[] = {
    [GESSO_PORTABLE] = &gesso_set_portable,
#if defined(__x86_64__)
    [GESSO_AVX2] = &gesso_set_avx2,
    [GESSO_AVX512] = &gesso_set_avx512,
#else
    [GESSO_AVX512] = NULL,
#endif
};

static atomic_int decided = -1;
static _Thread_local int asked_for = -1;

static bool is_supported(int set) { return sets[set] && sets[set]->is_supported(); }

static int best(void) {
    static const char *const names[] = {"portable", "avx2", "avx512"};
    const char *asked = getenv("GESSO_KERNELS");
    int set = GESSO_AVX512;
    for (int i = 0; asked && i < GESSO_AVX512; i++)
        if (strcmp(asked, names[i]) == 0) set = i;
    while (!is_supported(set)) set--;
    return set;
}

gesso_instruction_set gesso_kernels(void) {
    if (asked_for >= 0) return (gesso_instruction_set)asked_for;
    int set = atomic_load_explicit(&decided, memory_order_relaxed);
    if (set < 0) atomic_store(&decided, set = best());
    return (gesso_instruction_set)set;
}

const gesso_kernel_set *gesso_current_set(void) { return sets[gesso_kernels()]; }

bool gesso_use_kernels(gesso_instruction_set set) {
    if (!is_supported((int)set)) return false;
    asked_for = (int)set;
    return true;
}
