// Memory for tensors and for what kernels put down on the way.
//
// A network asks for blocks of the same few sizes over and over, and the system zeroes the pages of
// every new one. So large blocks that are given back are kept for the next request that they fit, or
// give their pages to the next that is new, as long as kept and used blocks together stay under the most
// that was ever in use at once: keeping them never makes a run need more memory than it needs anyway.
#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "CKernels.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#define LINE 64
#define HUGE_PAGE (2 << 20)
#define LARGE HUGE_PAGE
#define MOST_KEPT 64

static size_t up(size_t n, size_t step) { return (n + step - 1) / step * step; }

// Large blocks come straight from the system and go back to it, so that they leave no holes; on huge
// pages where it lets us: fewer faults, fewer misses.
static void *fresh(size_t bytes) {
#if defined(__linux__)
    char *start = mmap(
        NULL, bytes + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) return NULL;
    const size_t before = up((size_t)start, HUGE_PAGE) - (size_t)start;
    if (before > 0) munmap(start, before);
    if (before < HUGE_PAGE) munmap(start + before + bytes, HUGE_PAGE - before);
    madvise(start + before, bytes, MADV_HUGEPAGE);
    return start + before;
#else
    return aligned_alloc(HUGE_PAGE, bytes);
#endif
}

static void discard(void *block, size_t bytes) {
#if defined(__linux__)
    munmap(block, bytes);
#else
    (void)bytes;
    free(block);
#endif
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

static void discard_oldest(void) {
    const size_t bytes = pool.blocks[0].bytes;
    discard(take_out(0), bytes);
}

// A new block, on the pages of the oldest kept blocks as far as they go: what was written to before need
// not be zeroed.
static void *renewed(size_t bytes) {
    char *block = fresh(bytes);
#if defined(__linux__)
    for (size_t at = 0; block && at < bytes && pool.count > 0; at += HUGE_PAGE) {
        char *last = (char *)pool.blocks[0].start + pool.blocks[0].bytes - HUGE_PAGE;
        const int how = MREMAP_MAYMOVE | MREMAP_FIXED;
        if (mremap(last, HUGE_PAGE, HUGE_PAGE, how, block + at) == MAP_FAILED) {
            // The place may be nobody's now.
            discard(block, at);
            discard(block + at + HUGE_PAGE, bytes - at - HUGE_PAGE);
            return fresh(bytes);
        }
        pool.kept -= HUGE_PAGE;
        pool.blocks[0].bytes -= HUGE_PAGE;
        if (pool.blocks[0].bytes == 0) take_out(0);
    }
#endif
    return block;
}

void *gesso_need(void *block, size_t bytes) {
    if (block) return block;
    fprintf(stderr, "gesso: no memory for %zu bytes\n", bytes);
    abort();
}

void *gesso_allocate(size_t bytes) {
    if (bytes < LARGE) return gesso_need(aligned_alloc(LINE, up(bytes > 0 ? bytes : 1, LINE)), bytes);
    bytes = up(bytes, HUGE_PAGE);
    void *block = NULL;
    pthread_mutex_lock(&pool.lock);
    for (int i = pool.count - 1; i >= 0 && !block; i--)
        if (pool.blocks[i].bytes == bytes) block = take_out(i);
    pool.used += bytes;
    if (pool.used > pool.most_used) pool.most_used = pool.used;
    if (!block) {
        block = renewed(bytes);
        while (pool.count > 0 && pool.used + pool.kept > pool.most_used) discard_oldest();
    }
    pthread_mutex_unlock(&pool.lock);
    return gesso_need(block, bytes);
}

void gesso_release(void *block, size_t bytes) {
    if (!block || bytes < LARGE) {
        free(block);
        return;
    }
    bytes = up(bytes, HUGE_PAGE);
    pthread_mutex_lock(&pool.lock);
    if (pool.count == MOST_KEPT) discard_oldest();
    pool.used -= bytes;
    pool.kept += bytes;
    pool.blocks[pool.count].start = block;
    pool.blocks[pool.count++].bytes = bytes;
    pthread_mutex_unlock(&pool.lock);
}

// The calling thread's scratch memory, released when the thread ends.
typedef struct {
    void *start;
    size_t bytes;
} scratch_memory;

static pthread_key_t scratch_key;
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;

static void end_scratch(void *value) {
    scratch_memory *scratch = value;
    gesso_release(scratch->start, scratch->bytes);
    free(scratch);
}

static void make_scratch_key(void) { pthread_key_create(&scratch_key, end_scratch); }

void *gesso_scratch(size_t bytes) {
    static _Thread_local scratch_memory *scratch;
    if (!scratch) {
        pthread_once(&scratch_once, make_scratch_key);
        scratch = gesso_need(calloc(1, sizeof *scratch), sizeof *scratch);
        pthread_setspecific(scratch_key, scratch);
    }
    if (bytes > scratch->bytes) {
        bytes = up(bytes, HUGE_PAGE);
        gesso_release(scratch->start, scratch->bytes);
        scratch->start = gesso_allocate(bytes);
        scratch->bytes = bytes;
    }
    return scratch->start;
}
