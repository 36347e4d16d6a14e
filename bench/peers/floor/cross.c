/* cross.c - pingpong.cross: what it takes to get a message to the other processor and back.
 *
 * Two pinned threads, each spinning on a cache line that the other one writes: the message and the
 * word that says it is there travel together, so one way is one line's way. */
#define _GNU_SOURCE

#include "floor.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

typedef struct line {
    /* The number of the message in it. Released after the message is written, acquired before it is
     * read. */
    _Alignas(FLOOR_LINE_SIZE) _Atomic uint64_t number;
    uint64_t tag;
    uint64_t a;
    uint64_t b;
} line;

typedef struct side {
    line *in;
    line *out;
    uint64_t size;
    size_t cpu;
    bool is_first;
    uint64_t sum;
} side;

static void pin(size_t cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set) != 0) {
        floor_give_up("cannot pin a thread");
    }
}

static void put(line *out, uint64_t number)
{
    out->tag = 1;
    out->a = number;
    out->b = 1;
    atomic_store_explicit(&out->number, number, memory_order_release);
}

static void *bounce(void *argument)
{
    side *own = argument;
    uint64_t i;

    pin(own->cpu);
    for (i = 1; i <= own->size; i++) {
        if (own->is_first) {
            put(own->out, i);
        }
        while (atomic_load_explicit(&own->in->number, memory_order_acquire) != i) {
        }
        own->sum += own->in->b;
        if (!own->is_first) {
            put(own->out, i);
        }
    }
    return NULL;
}

/* The first two processors this process may use; false if there is one only. */
static bool find_processors(size_t *ret_first, size_t *ret_second)
{
    cpu_set_t set;
    int found = 0;
    size_t cpu;

    if (sched_getaffinity(0, sizeof(set), &set) != 0) {
        return false;
    }
    for (cpu = 0; cpu < CPU_SETSIZE && found < 2; cpu++) {
        if (CPU_ISSET(cpu, &set)) {
            *(found == 0 ? ret_first : ret_second) = cpu;
            found++;
        }
    }
    return found == 2;
}

void floor_pingpong_cross(uint64_t size)
{
    static line there;
    static line back;
    side first = {.in = &back, .out = &there, .size = size, .is_first = true};
    side second = {.in = &there, .out = &back, .size = size};
    pthread_t other;
    int64_t begin;
    double time;

    if (!find_processors(&first.cpu, &second.cpu)) {
        (void)fprintf(stderr, "bench-floor: pingpong.cross left out, there is one processor\n");
        return;
    }
    begin = floor_now();
    if (pthread_create(&other, NULL, bounce, &second) != 0) {
        floor_give_up("no second thread");
    }
    (void)bounce(&first);
    (void)pthread_join(other, NULL);
    time = (double)(floor_now() - begin);
    floor_check("pingpong.cross", first.sum + second.sum, 2 * size);
    floor_print("pingpong.cross", time / (double)(2 * size), "ns");
}
