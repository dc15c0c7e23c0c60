// Memory for tensors and for what kernels put down on the way.
//
// A network asks for blocks of the same few sizes over and over, and the system zeroes the pages of
// every new one. So large blocks that are given back are kept for the next request that they fit, as
// long as kept and used blocks together stay under the most that was ever in use at once: keeping
// them never makes a run need more memory than it needs anyway.
#include "CKernels.h"

#include <pthread.h>
#include <stdlib.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#define LINE 64
#define HUGE_PAGE (2 << 20)
#define LARGE HUGE_PAGE
#define MOST_KEPT 64

static size_t up(size_t n, size_t step) { return (n + step - 1) / step * step; }

// Large blocks are put on huge pages where the system lets us: fewer faults, fewer misses.
static void *fresh(size_t bytes) {
    void *block = aligned_alloc(HUGE_PAGE, bytes);
#if defined(__linux__)
    if (block) madvise(block, bytes, MADV_HUGEPAGE);
#endif
    return block;
}

static struct {
    pthread_mutex_t lock;
    size_t used, most_used, kept;  // bytes
    int count;
    struct {
        void *start;
        size_t bytes;
    } blocks[MOST_KEPT];  // the one given back first comes first
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void *take_out(int index) {
    void *start = pool.blocks[index].start;
    pool.kept -= pool.blocks[index].bytes;
    pool.count--;
    for (int i = index; i < pool.count; i++) pool.blocks[i] = pool.blocks[i + 1];
    return start;
}

// Frees kept blocks, the oldest first, until all blocks together fit under the most ever used.
static void make_room(void) {
    while (pool.count > 0 && (pool.used + pool.kept > pool.most_used || pool.count == MOST_KEPT))
        free(take_out(0));
}

void *gesso_allocate(size_t bytes) {
    if (bytes < LARGE) return aligned_alloc(LINE, up(bytes > 0 ? bytes : 1, LINE));
    bytes = up(bytes, HUGE_PAGE);
    void *block = NULL;
    pthread_mutex_lock(&pool.lock);
    for (int i = pool.count - 1; i >= 0 && !block; i--)
        if (pool.blocks[i].bytes == bytes) block = take_out(i);
    pool.used += bytes;
    if (pool.used > pool.most_used) pool.most_used = pool.used;
    if (!block) {
        make_room();
        block = fresh(bytes);
    }
    if (!block) pool.used -= bytes;
    pthread_mutex_unlock(&pool.lock);
    return block;
}

void gesso_release(void *block, size_t bytes) {
    if (!block || bytes < LARGE) {
        free(block);
        return;
    }
    bytes = up(bytes, HUGE_PAGE);
    pthread_mutex_lock(&pool.lock);
    if (pool.count == MOST_KEPT) free(take_out(0));
    pool.used -= bytes;
    pool.kept += bytes;
    pool.blocks[pool.count].start = block;
    pool.blocks[pool.count++].bytes = bytes;
    pthread_mutex_unlock(&pool.lock);
}

void *gesso_scratch(size_t bytes) {
    static _Thread_local void *scratch;
    static _Thread_local size_t size;
    if (bytes > size) {
        gesso_release(scratch, size);
        scratch = gesso_allocate(bytes);
        size = bytes;
    }
    return scratch;
}
