/* harness.c - bench-floor NAME [SIZE]: runs one benchmark; see floor.h. */
#define _POSIX_C_SOURCE 200809L

#include "floor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHUNK_SIZE (UINT64_C(1) << 20)

typedef struct benchmark {
    const char *name;
    uint64_t size;
    void (*run)(uint64_t size);
} benchmark;

static const benchmark benchmarks[] = {
    {"pingpong", 3000000, floor_pingpong},
    {"count", 8000000, floor_count},
    {"fanin", 8000000, floor_fanin},
    {"ring", 5000000, floor_ring},
    {"create", 1000000, floor_create},
    {"idle", 1000000, floor_idle},
    {"keyed", 1000000, floor_keyed},
    {"big", 30000, floor_big},
    {"pubsub", 5000, floor_pubsub},
    {"ask", 1000000, floor_ask},
};
#define BENCHMARK_COUNT (sizeof(benchmarks) / sizeof(benchmarks[0]))

_Noreturn void floor_give_up(const char *text)
{
    (void)fprintf(stderr, "bench-floor: %s\n", text);
    exit(1); /* NOLINT(concurrency-mt-unsafe): only the thread of main comes here */
}

void floor_slab_grow(slab *blocks)
{
    blocks->fresh = aligned_alloc(FLOOR_LINE_SIZE, CHUNK_SIZE);
    if (blocks->fresh == NULL) {
        floor_give_up("no memory for more blocks");
    }
    blocks->end = blocks->fresh + CHUNK_SIZE;
}

int64_t floor_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void floor_print(const char *metric, double value, const char *unit)
{
    printf("bench floor %s %.*f %s\n", metric, value < 100 ? 2 : 1, value, unit);
}

void floor_print_rate(const char *metric, uint64_t count, int64_t begin)
{
    floor_print(metric, (double)count / (double)(floor_now() - begin) * 1e9, "1/s");
}

void floor_check(const char *what, uint64_t got, uint64_t expected)
{
    if (got != expected) {
        (void)fprintf(stderr, "bench-floor: %s: %llu messages were handled, not %llu\n", what,
            (unsigned long long)got, (unsigned long long)expected);
        exit(1); /* NOLINT(concurrency-mt-unsafe): only the thread of main comes here */
    }
}

static int usage(void)
{
    size_t i;

    (void)fprintf(stderr, "usage: bench-floor version | NAME [SIZE]; names:");
    for (i = 0; i < BENCHMARK_COUNT; i++) {
        (void)fprintf(stderr, " %s", benchmarks[i].name);
    }
    (void)fprintf(stderr, "\n");
    return 2;
}

int main(int argc, char **argv)
{
    uint64_t size = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
    size_t i;

    if (argc < 2 || argc > 3 || (argc == 3 && size == 0)) {
        return usage();
    }
    if (strcmp(argv[1], "version") == 0) {
        printf("version floor plain C, compiler %s\n", __VERSION__);
        return 0;
    }
    for (i = 0; i < BENCHMARK_COUNT; i++) {
        if (strcmp(argv[1], benchmarks[i].name) == 0) {
            benchmarks[i].run(size != 0 ? size : benchmarks[i].size);
            return 0;
        }
    }
    (void)fprintf(stderr, "bench-floor: no benchmark %s here\n", argv[1]);
    return 3;
}
