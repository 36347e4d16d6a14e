/* probe.c - bench-probe: how long a cache line takes from one processor to another at this moment.
 *
 * Two threads, pinned to the first two processors this process may use, bounce one line for some
 * 5 ms. Prints `bench probe line.one_way NS ns`, the best of many short slices: whoever takes a
 * processor away meanwhile spoils some slices, not the figure. Ends with 77 where there is but one
 * processor. Hosts move virtual processors about; nothing but this shows it inside. */
#define _GNU_SOURCE

#include <pthread.h>
#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

enum {
    PROBE_NS = 5000000,
    SLICE_TRIPS = 100,
    SLICES_MIN = 50,
    EXIT_SKIPPED = 77
};
#define STOP UINT64_MAX

/* Odd: on its way to the partner; even: on its way back. Two lines of its
 * own, for the neighbour is fetched along. */
static alignas(128) atomic_uint_fast64_t ball;

static int64_t now(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* Spins without a pause, whose length differs from one model to another by a factor of ten. */
static uint64_t wait_for(uint64_t wanted)
{
    uint64_t seen;

    do {
        /* Nothing but the ball itself is handed over. */
        seen = atomic_load_explicit(&ball, memory_order_relaxed);
    } while (seen != wanted && seen != STOP);
    return seen;
}

static void *play(void *unused)
{
    uint64_t next;

    for (next = 1; wait_for(next) != STOP; next += 2) {
        atomic_store_explicit(&ball, next + 1, memory_order_relaxed);
    }
    return unused;
}

/* The best slice, ns one way. */
static double measure(void)
{
    int64_t begin = now();
    int64_t last = begin;
    int64_t best = INT64_MAX;
    uint64_t at = 0;
    int slice;

    for (slice = 0; slice < SLICES_MIN || last - begin < PROBE_NS; slice++) {
        int64_t before = last;
        int trip;

        for (trip = 0; trip < SLICE_TRIPS; trip++) {
            atomic_store_explicit(&ball, at + 1, memory_order_relaxed);
            at += 2;
            (void)wait_for(at);
        }
        last = now();
        best = last - before < best ? last - before : best;
    }
    return (double)best / (2 * SLICE_TRIPS);
}

/* The first two processors this process may use. */
static int find_processors(cpu_set_t *ret_first, cpu_set_t *ret_second)
{
    cpu_set_t allowed;
    int count = 0;
    int i;

    CPU_ZERO(ret_first);
    CPU_ZERO(ret_second);
    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) {
        return 0;
    }
    for (i = 0; i < CPU_SETSIZE && count < 2; i++) {
        if (CPU_ISSET((size_t)i, &allowed)) {
            CPU_SET((size_t)i, count == 0 ? ret_first : ret_second);
            count++;
        }
    }
    return count;
}

/* Starts the partner on its processor and plays. Returns 0 or an errno. */
static int run(const cpu_set_t *first, const cpu_set_t *second, double *ret_ns)
{
    pthread_attr_t attributes;
    pthread_t partner;
    int error = pthread_setaffinity_np(pthread_self(), sizeof(*first), first);

    if (error == 0) {
        error = pthread_attr_init(&attributes);
    }
    if (error != 0) {
        return error;
    }
    error = pthread_attr_setaffinity_np(&attributes, sizeof(*second), second);
    if (error == 0) {
        error = pthread_create(&partner, &attributes, play, NULL);
    }
    (void)pthread_attr_destroy(&attributes);
    if (error != 0) {
        return error;
    }
    *ret_ns = measure();
    atomic_store_explicit(&ball, STOP, memory_order_relaxed);
    return pthread_join(partner, NULL);
}

int main(void)
{
    cpu_set_t first;
    cpu_set_t second;
    double ns = 0;
    int error;

    if (find_processors(&first, &second) < 2) {
        (void)fprintf(stderr, "bench-probe: needs two processors, this process may use one\n");
        return EXIT_SKIPPED;
    }
    error = run(&first, &second, &ns);
    if (error != 0) {
        (void)fprintf(stderr, "bench-probe: cannot pin two threads: error %d\n", error);
        return 1;
    }
    printf("bench probe line.one_way %.1f ns\n", ns);
    return 0;
}
