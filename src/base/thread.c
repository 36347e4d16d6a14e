/* thread.c - threads, mutexes, conditions and parkers over POSIX and, for parkers, Linux futexes.
 */
#define _GNU_SOURCE 1

#include "base/thread.h"

#include "base/assert.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#if defined(__linux__)
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#endif

#define NS_PER_S 1000000000
#define NAME_SIZE ((size_t)16) /* the kernel's limit, with the final 0 */

static struct timespec timespec_of(int64_t deadline_ns)
{
    /* The system refuses times before its clock began; all of them are in the past alike. */
    int64_t ns = deadline_ns > 0 ? deadline_ns : 0;
    return (struct timespec){.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)};
}

/* --- threads --- */

/* Every signal but those that report a fault of the thread itself, and the profiler's. */
static void signals_of_others(sigset_t *ret_set)
{
    static const int kept[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGPROF};
    (void)sigfillset(ret_set);
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        (void)sigdelset(ret_set, kept[i]);
    }
}

static void name_set(edai_thread *thread, const char *name)
{
#if defined(__linux__)
    char cut[NAME_SIZE];
    size_t len = strnlen(name, sizeof cut - 1);
    memcpy(cut, name, len);
    cut[len] = 0;
    (void)pthread_setname_np(thread->native, cut); /* for people only: a failure changes nothing */
#else
    (void)thread;
    (void)name;
#endif
}

eda_status edai_thread_start(
    edai_thread *thread, void *(*fn)(void *arg), void *arg, const char *name)
{
    sigset_t blocked;
    sigset_t before;
    signals_of_others(&blocked);
    /* The new thread inherits the mask, so no signal can reach it even in its first instant. */
    int error = pthread_sigmask(SIG_BLOCK, &blocked, &before);
    EDA_ASSERT(error == 0, "a signal mask can always be set");
    pthread_t native;
    int create_error = pthread_create(&native, NULL, fn, arg);
    error = pthread_sigmask(SIG_SETMASK, &before, NULL);
    EDA_ASSERT(error == 0, "a signal mask can always be restored");
    if (create_error != 0) {
        return EDA_ENOMEM;
    }
    thread->native = native;
    if (name != NULL) {
        name_set(thread, name);
    }
    return EDA_OK;
}

void *edai_thread_join(edai_thread *thread)
{
    void *result = NULL;
    int error = pthread_join(thread->native, &result);
    EDA_ASSERT(error == 0, "a started thread is joined once, by another thread");
    return result;
}

const void *edai_thread_self(void)
{
    static _Thread_local char self;
    return &self;
}

void edai_thread_yield(void)
{
    (void)sched_yield();
}

unsigned edai_cpu_count(void)
{
#if defined(__linux__)
    /* A set of fixed size is refused on machines with more processors than it has bits. */
    enum {
        CPU_COUNT_MIN = 1024,
        CPU_COUNT_MAX = 1024 * 1024
    };
    for (int len = CPU_COUNT_MIN; len <= CPU_COUNT_MAX; len *= 4) {
        cpu_set_t *set = CPU_ALLOC((size_t)len);
        if (set == NULL) {
            break;
        }
        size_t size = CPU_ALLOC_SIZE((size_t)len);
        int error = sched_getaffinity(0, size, set);
        int count = error == 0 ? CPU_COUNT_S(size, set) : 0;
        CPU_FREE(set);
        if (count > 0) {
            return (unsigned)count;
        }
    }
#endif
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (unsigned)online : 1;
}

static uint32_t fork_count; /* written in a new process only, by its one thread */

static void fork_seen(void)
{
    fork_count++;
}

static void fork_watch(void)
{
    int error = pthread_atfork(NULL, NULL, fork_seen);
    EDA_ASSERT(error == 0, "there is memory for one handler of forks");
}

uint32_t edai_fork_count(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    int error = pthread_once(&once, fork_watch);
    EDA_ASSERT(error == 0, "a once control is initialised");
    return fork_count;
}

/* --- barrier --- */

#if defined(__linux__) && defined(SYS_membarrier)
bool edai_barrier_all_prepare(void)
{
    return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

void edai_barrier_all(void)
{
    long result = syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
    EDA_ASSERT(result == 0, "what could be prepared works");
}
#else
bool edai_barrier_all_prepare(void)
{
    return false;
}

void edai_barrier_all(void)
{
    EDA_ASSERT(false, "there is none here");
}
#endif

/* --- mutex and condition --- */

void edai_mutex_init(edai_mutex *mutex)
{
    int error = pthread_mutex_init(&mutex->native, NULL);
    EDA_ASSERT(error == 0, "a default mutex needs nothing that could be missing");
}

void edai_mutex_fini(edai_mutex *mutex)
{
    int error = pthread_mutex_destroy(&mutex->native);
    EDA_ASSERT(error == 0, "nobody holds a mutex at its end");
}

void edai_mutex_lock(edai_mutex *mutex)
{
    int error = pthread_mutex_lock(&mutex->native);
    EDA_ASSERT(error == 0, "a mutex is initialised");
}

void edai_mutex_unlock(edai_mutex *mutex)
{
    int error = pthread_mutex_unlock(&mutex->native);
    EDA_ASSERT(error == 0, "a mutex is unlocked by the thread that locked it");
}

void edai_cond_init(edai_cond *cond)
{
    pthread_condattr_t attributes;
    int error = pthread_condattr_init(&attributes);
    EDA_ASSERT(error == 0, "condition attributes need nothing that could be missing");
    error = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    EDA_ASSERT(error == 0, "a condition can wait on the monotonic clock");
    error = pthread_cond_init(&cond->native, &attributes);
    EDA_ASSERT(error == 0, "a condition needs nothing that could be missing");
    (void)pthread_condattr_destroy(&attributes);
}

void edai_cond_fini(edai_cond *cond)
{
    int error = pthread_cond_destroy(&cond->native);
    EDA_ASSERT(error == 0, "nobody waits on a condition at its end");
}

void edai_cond_wait(edai_cond *cond, edai_mutex *mutex)
{
    int error = pthread_cond_wait(&cond->native, &mutex->native);
    EDA_ASSERT(error == 0, "whoever waits holds the mutex");
}

bool edai_cond_wait_until(edai_cond *cond, edai_mutex *mutex, int64_t deadline_ns)
{
    if (deadline_ns == EDAI_NO_DEADLINE) {
        edai_cond_wait(cond, mutex);
        return true;
    }
    struct timespec at = timespec_of(deadline_ns);
    int error = pthread_cond_timedwait(&cond->native, &mutex->native, &at);
    EDA_ASSERT(error == 0 || error == ETIMEDOUT, "whoever waits holds the mutex");
    return error == 0;
}

void edai_cond_signal(edai_cond *cond)
{
    int error = pthread_cond_signal(&cond->native);
    EDA_ASSERT(error == 0, "a condition is initialised");
}

void edai_cond_broadcast(edai_cond *cond)
{
    int error = pthread_cond_broadcast(&cond->native);
    EDA_ASSERT(error == 0, "a condition is initialised");
}

/* --- parker --- */

enum {
    EDAI_PARKER_IDLE = 0,   /* no wake waits, nobody is parked */
    EDAI_PARKER_TOKEN = 1,  /* a wake came first: the next park takes it */
    EDAI_PARKER_PARKED = 2, /* a thread sleeps or is about to */
};

#if defined(__linux__)

#if !defined(SYS_futex) /* newer 32-bit systems have only the call with the wide time */
#define SYS_futex SYS_futex_time64
#endif

/* Sleeps while the word is PARKED. Returns false when the deadline has passed. */
static bool parker_sleep(edai_parker *parker, int64_t deadline_ns)
{
    struct timespec at = timespec_of(deadline_ns);
    const struct timespec *until = deadline_ns != EDAI_NO_DEADLINE ? &at : NULL;
    long number = SYS_futex;
#if defined(SYS_futex_time64)
    if (sizeof at.tv_sec > sizeof(long)) {
        number = SYS_futex_time64;
    }
#endif
    /* FUTEX_WAIT_BITSET takes an absolute monotonic time, plain FUTEX_WAIT a relative one. */
    long result = syscall(number, &parker->state, FUTEX_WAIT_BITSET_PRIVATE, EDAI_PARKER_PARKED,
        until, NULL, FUTEX_BITSET_MATCH_ANY);
    EDA_ASSERT(result == 0 || errno == EAGAIN || errno == EINTR || errno == ETIMEDOUT,
        "a futex wait on an aligned word fails only by time, signal or change");
    return result == 0 || errno != ETIMEDOUT;
}

static void parker_rouse(edai_parker *parker)
{
    (void)syscall(SYS_futex, &parker->state, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

void edai_parker_init(edai_parker *parker)
{
    atomic_init(&parker->state, EDAI_PARKER_IDLE);
}

void edai_parker_fini(edai_parker *parker)
{
    uint32_t state = atomic_load_explicit(&parker->state, memory_order_relaxed);
    EDA_ASSERT(state != EDAI_PARKER_PARKED, "nobody is parked at a parker's end");
}

#else

static bool parker_sleep(edai_parker *parker, int64_t deadline_ns)
{
    bool is_in_time = true;
    edai_mutex_lock(&parker->mutex);
    /* Relaxed: only whether to sleep is decided here; park's own access orders what the waker
     * wrote. */
    if (atomic_load_explicit(&parker->state, memory_order_relaxed) == EDAI_PARKER_PARKED) {
        is_in_time = edai_cond_wait_until(&parker->cond, &parker->mutex, deadline_ns);
    }
    edai_mutex_unlock(&parker->mutex);
    return is_in_time;
}

static void parker_rouse(edai_parker *parker)
{
    /* The lock waits out a thread that has looked at the word and does not sleep yet. */
    edai_mutex_lock(&parker->mutex);
    edai_cond_signal(&parker->cond);
    edai_mutex_unlock(&parker->mutex);
}

void edai_parker_init(edai_parker *parker)
{
    atomic_init(&parker->state, EDAI_PARKER_IDLE);
    edai_mutex_init(&parker->mutex);
    edai_cond_init(&parker->cond);
}

void edai_parker_fini(edai_parker *parker)
{
    uint32_t state = atomic_load_explicit(&parker->state, memory_order_relaxed);
    EDA_ASSERT(state != EDAI_PARKER_PARKED, "nobody is parked at a parker's end");
    edai_cond_fini(&parker->cond);
    edai_mutex_fini(&parker->mutex);
}

#endif

bool edai_parker_park(edai_parker *parker, int64_t deadline_ns)
{
    uint32_t seen = EDAI_PARKER_IDLE;
    /* Relaxed on success: nothing is read on the strength of having lain down. The failure, and
     * every other way out with true, acquires what edai_parker_wake released. */
    if (!atomic_compare_exchange_strong_explicit(&parker->state, &seen, EDAI_PARKER_PARKED,
            memory_order_relaxed, memory_order_relaxed)) {
        EDA_ASSERT(seen == EDAI_PARKER_TOKEN, "one thread parks at a time");
        /* An exchange, not a store: a second wake may come between, and its writes must be seen,
         * too. */
        (void)atomic_exchange_explicit(&parker->state, EDAI_PARKER_IDLE, memory_order_acquire);
        return true;
    }
    bool is_in_time = true;
    while (is_in_time) {
        is_in_time = parker_sleep(parker, deadline_ns);
        /* A relaxed look first keeps a spurious return from taking the word away from a waker. */
        if (atomic_load_explicit(&parker->state, memory_order_relaxed) == EDAI_PARKER_TOKEN) {
            break;
        }
    }
    /* Acquire: pairs with the release in edai_parker_wake. After a timeout a wake may still have
     * come just now; then it is taken, not lost. */
    seen = atomic_exchange_explicit(&parker->state, EDAI_PARKER_IDLE, memory_order_acquire);
    return seen == EDAI_PARKER_TOKEN;
}

void edai_parker_wake(edai_parker *parker)
{
    /* Release: what this thread wrote before is seen by the one that takes the token. */
    uint32_t before =
        atomic_exchange_explicit(&parker->state, EDAI_PARKER_TOKEN, memory_order_release);
    if (before == EDAI_PARKER_PARKED) {
        parker_rouse(parker);
    }
}
