// Which kernel set is used: decided once, unless a thread asks for another.
#include "kernel_set.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

// The better one comes last.
static const gesso_kernel_set *const sets[] = {
    &gesso_set_portable,
#if defined(__x86_64__)
    &gesso_set_avx,
    &gesso_set_avx2,
    &gesso_set_avx512,
#endif
};

#define COUNT ((int)(sizeof sets / sizeof *sets))

static atomic_int decided = -1;
static _Thread_local int asked_for = -1;

int gesso_kernel_set_count(void) { return COUNT; }

const char *gesso_kernel_set_name(int set) { return sets[set]->name; }

static int best(void) {
    const char *asked = getenv("GESSO_KERNELS");
    int set = COUNT - 1;
    for (int i = 0; asked && i < COUNT; i++)
        if (strcmp(asked, sets[i]->name) == 0) set = i;
    while (set > 0 && !sets[set]->is_supported()) set--;
    return set;
}

int gesso_kernel_set_in_use(void) {
    if (asked_for >= 0) return asked_for;
    int set = atomic_load_explicit(&decided, memory_order_relaxed);
    if (set < 0) atomic_store(&decided, set = best());
    return set;
}

const gesso_kernel_set *gesso_current_set(void) { return sets[gesso_kernel_set_in_use()]; }

bool gesso_use_kernel_set(int set) {
    if (set < 0 || set >= COUNT || !sets[set]->is_supported()) return false;
    asked_for = set;
    return true;
}
