// A pool of threads that share out the indices of one loop at a time.
//
// A network is hundreds of short loops, one after the other, and it takes the system tens of microseconds
// to wake a thread. So who waits looks for a while before it sleeps.
#include "CKernels.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define MOST_THREADS 256

static pthread_mutex_t entry = PTHREAD_MUTEX_INITIALIZER;  // one loop at a time
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t start = PTHREAD_COND_INITIALIZER;
static pthread_cond_t finish = PTHREAD_COND_INITIALIZER;
static atomic_int wanted = 1;
static int running = 0;   // threads made, beside the caller's; guarded by entry
static atomic_int busy = 0;              // threads still at the job
static atomic_ulong generation = 0;      // of the job; raised under lock
static struct {  // written under lock, while nobody is busy
    int threads;  // that take part, the caller's being number 0
    long count;
    void (*work)(void *, long);
    void *context;
    gesso_instruction_set set;  // the caller's
} job;
static atomic_long next_index;
static _Thread_local bool inside;

static void take_indices(void) {
    inside = true;
    for (;;) {
        long index = atomic_fetch_add(&next_index, 1);
        if (index >= job.count) break;
        job.work(job.context, index);
    }
    inside = false;
}

#define LOOKS 2000  // 20 to 100 microseconds

static void pause_briefly(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

// Returns with the lock, once there is a job after `seen`.
static void await_job(unsigned long seen) {
    for (int i = 0; i < LOOKS && atomic_load(&generation) == seen; i++) pause_briefly();
    pthread_mutex_lock(&lock);
    while (atomic_load(&generation) == seen) pthread_cond_wait(&start, &lock);
}

static void await_others(void) {
    for (int i = 0; i < LOOKS && atomic_load(&busy) > 0; i++) pause_briefly();
    pthread_mutex_lock(&lock);
    while (atomic_load(&busy) > 0) pthread_cond_wait(&finish, &lock);
    pthread_mutex_unlock(&lock);
}

static void *worker(void *argument) {
    int number = (int)(intptr_t)argument;
    unsigned long seen = 0;
    for (;;) {
        await_job(seen);
        seen = atomic_load(&generation);
        const bool takes_part = number < job.threads;
        pthread_mutex_unlock(&lock);
        if (!takes_part) continue;
        gesso_use_kernels(job.set);
        take_indices();
        pthread_mutex_lock(&lock);
        if (atomic_fetch_sub(&busy, 1) == 1) pthread_cond_signal(&finish);
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

void gesso_use_threads(int count) {
    pthread_mutex_lock(&entry);
    wanted = count < 1 ? 1 : count > MOST_THREADS ? MOST_THREADS : count;
    pthread_mutex_unlock(&entry);
}

int gesso_threads(void) { return wanted; }

// Threads are made when first needed; where the system refuses one, the others do its work.
static void hire(void) {
    while (running < wanted - 1) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, worker, (void *)(intptr_t)(running + 1)) != 0) {
            wanted = running + 1;
            return;
        }
        pthread_detach(thread);
        running++;
    }
}

void gesso_parallel(long count, void (*work)(void *context, long index), void *context) {
    if (inside || count == 1) {
        for (long index = 0; index < count; index++) work(context, index);
        return;
    }
    pthread_mutex_lock(&entry);
    pthread_mutex_lock(&lock);
    hire();
    job.threads = wanted;
    job.count = count;
    job.work = work;
    job.context = context;
    job.set = gesso_kernels();
    atomic_store(&next_index, 0);
    atomic_store(&busy, wanted - 1);
    atomic_fetch_add(&generation, 1);
    pthread_cond_broadcast(&start);
    pthread_mutex_unlock(&lock);
    take_indices();
    await_others();
    pthread_mutex_unlock(&entry);
}
