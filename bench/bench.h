/* bench.h - what the benchmarks share: clock, memory, medians, and the lines they print.
 *
 * A benchmark is a function of its size, the number of messages or actors it is about. Everything
 * goes through the public API with default options; each message carries a tag and two 64-bit
 * integers. Threads: one. */
#ifndef BENCH_H
#define BENCH_H

#include <edacious/edacious.h>

typedef struct bench {
    const char *name;
    uint64_t size; /* in a run of all: some seconds */
    void (*run)(uint64_t size);
} bench;

/* Each group's, ended by a NULL name. */
extern const bench bench_messaging[];
extern const bench bench_keyed[];
extern const bench bench_pubsub[];
extern const bench bench_ask[];
extern const bench bench_start[];

/* Monotonic ns. */
int64_t bench_now(void);
/* Resident bytes of the process. */
uint64_t bench_resident(void);
/* Zeroed memory for numbers; ends the program if there is none. Free it with free. */
double *bench_numbers(uint64_t count);
/* Sorts; the value below which `part` of them lie (0.5: the median). count > 0. */
double bench_quantile(double *values, size_t count, double part);
/* One result: bench edacious NAME.WHAT VALUE UNIT. */
void bench_print(const char *name, const char *what, double value, const char *unit);
/* Ends the program unless status is EDA_OK; sys may be NULL. */
void bench_check(eda_system *sys, eda_status status, const char *what);
/* A system of these actors, ended by NULL, with default options. Free it with bench_stop. */
eda_system *bench_start_system(const eda_actor *const *actors);
/* Checks that nothing was shed, failed or died. */
void bench_stop(eda_system *sys);
/* Publishes from the system's client, waits until nothing is left to do; returns ns. */
int64_t bench_time(eda_system *sys, eda_value message);
/* A bijection of 64-bit numbers: a scrambled order without repetition, or random numbers. */
uint64_t bench_scramble(uint64_t number);

#endif
