// Memory for tensors and for what kernels put down on the way.
#include "CKernels.h"

#include <stdlib.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#define LINE 64
#define HUGE_PAGE (2 << 20)

static size_t up(size_t n, size_t step) { return (n + step - 1) / step * step; }

// Large blocks are put on huge pages where the system lets us: a block used once costs more to map in
// small pages than to compute with.
void *gesso_allocate(size_t bytes) {
    if (bytes < 2 * HUGE_PAGE) return aligned_alloc(LINE, up(bytes > 0 ? bytes : 1, LINE));
    void *block = aligned_alloc(HUGE_PAGE, up(bytes, HUGE_PAGE));
#if defined(__linux__)
    if (block) madvise(block, up(bytes, HUGE_PAGE), MADV_HUGEPAGE);
#endif
    return block;
}

void gesso_release(void *block) { free(block); }

void *gesso_scratch(size_t bytes) {
    static _Thread_local void *scratch;
    static _Thread_local size_t size;
    if (bytes > size) {
        gesso_release(scratch);
        scratch = gesso_allocate(bytes);
        size = bytes;
    }
    return scratch;
}
