// A pool of threads that share out the indices of one loop at a time.
//
// A network is hundreds of short loops, one after the other, and it takes the system tens of microseconds
// to wake a thread. So waiting threads spin briefly before they sleep.
#include "CKernels.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define MOST_THREADS 256

struct gesso_pool {
    pthread_mutex_t entry;  // one loop at a time
    pthread_mutex_t lock;
    pthread_cond_t start, finish;
    pthread_t threads[MOST_THREADS];
    int running;               // threads beside the caller's
    atomic_int busy;           // threads that still work on the loop
    atomic_ulong generation;   // of the loop; changes under lock
    bool ends;                 // guarded by lock
    struct {                   // written under lock, while no thread is busy
        long count;
        void (*work)(void *, long);
        void *context;
        int set;  // of kernels, the caller's
    } loop;
    atomic_long next_index;
};

static _Thread_local gesso_pool *current;
static _Thread_local bool inside;

static void take_indices(gesso_pool *p) {
    inside = true;
    for (;;) {
        long index = atomic_fetch_add(&p->next_index, 1);
        if (index >= p->loop.count) break;
        p->loop.work(p->loop.context, index);
    }
    inside = false;
}

#define SPINS 2000  // 20 to 100 microseconds

static void pause_briefly(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

// Returns with the lock, once there is a loop after `seen` or the pool ends.
static void await_loop(gesso_pool *p, unsigned long seen) {
    for (int i = 0; i < SPINS && atomic_load(&p->generation) == seen; i++) pause_briefly();
    pthread_mutex_lock(&p->lock);
    while (atomic_load(&p->generation) == seen) pthread_cond_wait(&p->start, &p->lock);
}

static void await_others(gesso_pool *p) {
    for (int i = 0; i < SPINS && atomic_load(&p->busy) > 0; i++) pause_briefly();
    pthread_mutex_lock(&p->lock);
    while (atomic_load(&p->busy) > 0) pthread_cond_wait(&p->finish, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

static void *worker(void *argument) {
    gesso_pool *p = argument;
    unsigned long seen = 0;
    for (;;) {
        await_loop(p, seen);
        seen = atomic_load(&p->generation);
        const bool ends = p->ends;
        pthread_mutex_unlock(&p->lock);
        if (ends) return NULL;
        gesso_use_kernel_set(p->loop.set);
        take_indices(p);
        pthread_mutex_lock(&p->lock);
        if (atomic_fetch_sub(&p->busy, 1) == 1) pthread_cond_signal(&p->finish);
        pthread_mutex_unlock(&p->lock);
    }
}

gesso_pool *gesso_pool_create(int threads) {
    gesso_pool *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    pthread_mutex_init(&p->entry, NULL);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->start, NULL);
    pthread_cond_init(&p->finish, NULL);
    // Where the system refuses a thread, the others do its work.
    while (p->running < threads - 1 && p->running < MOST_THREADS &&
           pthread_create(&p->threads[p->running], NULL, worker, p) == 0)
        p->running++;
    return p;
}

void gesso_pool_destroy(gesso_pool *p) {
    if (!p) return;
    pthread_mutex_lock(&p->lock);
    p->ends = true;
    atomic_fetch_add(&p->generation, 1);
    pthread_cond_broadcast(&p->start);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->running; i++) pthread_join(p->threads[i], NULL);
    pthread_cond_destroy(&p->finish);
    pthread_cond_destroy(&p->start);
    pthread_mutex_destroy(&p->lock);
    pthread_mutex_destroy(&p->entry);
    free(p);
}

gesso_pool *gesso_pool_bind(gesso_pool *pool) {
    gesso_pool *before = current;
    current = pool;
    return before;
}

int gesso_threads(void) { return current ? current->running + 1 : 1; }

void gesso_parallel(long count, void (*work)(void *context, long index), void *context) {
    gesso_pool *p = current;
    if (inside || count == 1 || !p || p->running == 0) {
        for (long index = 0; index < count; index++) work(context, index);
        return;
    }
    pthread_mutex_lock(&p->entry);
    pthread_mutex_lock(&p->lock);
    p->loop.count = count;
    p->loop.work = work;
    p->loop.context = context;
    p->loop.set = gesso_kernel_set_in_use();
    atomic_store(&p->next_index, 0);
    atomic_store(&p->busy, p->running);
    atomic_fetch_add(&p->generation, 1);
    pthread_cond_broadcast(&p->start);
    pthread_mutex_unlock(&p->lock);
    take_indices(p);
    await_others(p);
    pthread_mutex_unlock(&p->entry);
}
