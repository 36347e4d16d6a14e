/* thread.h - threads, and what they wait with. Nothing else in the library calls a thread function.
 *
 * Deadlines are absolute, in nanoseconds of edai_clock_monotonic_ns; EDAI_NO_DEADLINE waits for
 * ever. Memory: none is allocated here; every object lives in storage given by the caller. */
#ifndef EDAI_THREAD_H
#define EDAI_THREAD_H

#include <edacious/status.h>

#include <pthread.h>
#include <stdatomic.h>

#define EDAI_NO_DEADLINE INT64_MAX

/* --- threads --- */

typedef struct edai_thread {
    pthread_t native;
} edai_thread;

/* Starts fn(arg) on a new thread, which must be joined. copies name (cut to 15 bytes; shown by ps
 * and debuggers; NULL: none). Asynchronous signals stay blocked in it: they belong to the program's
 * own threads. EDA_ENOMEM: no memory, or no thread to be had. */
EDA_CHECK eda_status edai_thread_start(
    edai_thread *thread, void *(*fn)(void *arg), void *arg, const char *name);
/* Waits until fn has returned; returns its result. */
void *edai_thread_join(edai_thread *thread);
/* An address that no other living thread has: tells threads apart, nothing more. */
const void *edai_thread_self(void);
void edai_thread_yield(void);
/* The processors this process may run on; at least 1. */
unsigned edai_cpu_count(void);

/* How often this process is a fork of the one that first asked: 0 there, 1 in its child. What owns
 * threads or connections remembers the number it was made under; under another it is of no use. */
uint32_t edai_fork_count(void);

/* True if edai_barrier_all works here (Linux 4.14 and on, unless it is forbidden): asks for it,
 * once per process is enough. */
bool edai_barrier_all_prepare(void);
/* A full memory barrier on every running thread of the process: a thread that writes one variable
 * and then reads another, with nothing but the compiler held back in between, has done either both
 * or none before it. See membarrier(2), private expedited. */
void edai_barrier_all(void);

/* Tells the processor that this is a spin loop. */
static inline void edai_cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    /* yield does nothing on most cores; isb waits some ten cycles. */
    __asm__ volatile("isb" ::: "memory");
#endif
}

/* --- mutex and condition --- */

/* Not recursive. Held by a thread, not by a fiber: never switch fibers while holding one. */
typedef struct edai_mutex {
    pthread_mutex_t native;
} edai_mutex;

void edai_mutex_init(edai_mutex *mutex);
void edai_mutex_fini(edai_mutex *mutex);
void edai_mutex_lock(edai_mutex *mutex);
void edai_mutex_unlock(edai_mutex *mutex);

typedef struct edai_cond {
    pthread_cond_t native; /* on the monotonic clock */
} edai_cond;

void edai_cond_init(edai_cond *cond);
void edai_cond_fini(edai_cond *cond);
/* Both give the mutex up while they wait and hold it again when they return; either may return for
 * no reason. edai_cond_wait_until returns false once the deadline has passed. */
void edai_cond_wait(edai_cond *cond, edai_mutex *mutex);
bool edai_cond_wait_until(edai_cond *cond, edai_mutex *mutex, int64_t deadline_ns);
void edai_cond_signal(edai_cond *cond);
void edai_cond_broadcast(edai_cond *cond);

/* --- parker --- */

/* Where one thread waits for any other to wake it. Holds at most one wake: several before a park
 * count as one. What a waker wrote before edai_parker_wake, the parked thread sees after
 * edai_parker_park has returned true. */
typedef struct edai_parker {
    _Atomic uint32_t state; /* one of EDAI_PARKER_* in thread.c */
#if !defined(__linux__)
    edai_mutex mutex;
    edai_cond cond;
#endif
} edai_parker;

void edai_parker_init(edai_parker *parker);
void edai_parker_fini(edai_parker *parker);
/* Called by one thread at a time. Returns true at once when a wake came first, true when one comes,
 * false when the deadline passes before. Never returns true without a wake. */
bool edai_parker_park(edai_parker *parker, int64_t deadline_ns);
/* From any thread. The parker must live until every wake that was begun has returned. */
void edai_parker_wake(edai_parker *parker);

#endif
