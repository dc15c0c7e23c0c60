// Memory for whole pictures.

#include <stdint.h>

#include <sys/mman.h>

#include "include/CCodecs.h"

enum { least = 4 << 20, page = 4096 };

void codec_use_large_pages(void *bytes, size_t count) {
    if (bytes == NULL || count < least) return;
    uintptr_t first = ((uintptr_t)bytes + page - 1) / page * page;
    uintptr_t end = ((uintptr_t)bytes + count) / page * page;
    // No more than a wish: without it the memory is the same, only slower to get.
    (void)madvise((void *)first, end - first, MADV_HUGEPAGE);
}
