/* bench.h - what the benchmarks share: clock, memory, quantiles, processes, and the lines they
 * print.
 *
 * A benchmark is a function of its size. Everything but `route` goes through the public API with
 * default options; each message carries a tag and two 64-bit integers. Threads: one. */
#ifndef BENCH_H
#define BENCH_H

#include <edacious/edacious.h>

typedef struct bench {
    const char *name;
    uint64_t size;
    uint64_t tiny; /* all of its code runs, nothing is measured */
    void (*run)(uint64_t size);
    bool is_plot; /* long: runs only when named */
} bench;

/* Each group's, ended by a NULL name. */
extern const bench bench_messaging[];
extern const bench bench_stream[];
extern const bench bench_keyed[];
extern const bench bench_pubsub[];
extern const bench bench_ask[];
extern const bench bench_route[];
extern const bench bench_codec[];
extern const bench bench_start[];
extern const bench bench_load[];
extern const bench bench_stuck[];
extern const bench bench_timers[];
extern const bench bench_workers[];

/* A benchmark by its name; NULL: none. */
const bench *bench_find(const char *name);

/* Monotonic ns. */
int64_t bench_now(void);
/* CPU time of the process, ns. */
int64_t bench_cpu_time(void);
void bench_sleep_until(int64_t time);
/* Resident bytes of the process. */
uint64_t bench_resident(void);
/* Zeroed memory for numbers; ends the program if there is none. Free it with free. */
double *bench_numbers(uint64_t count);
/* Sorts; the value below which `part` of them lie (0.5: the median). count > 0. */
double bench_quantile(double *values, size_t count, double part);
/* A bijection of 64-bit numbers: a scrambled order without repetition, or random numbers. */
uint64_t bench_scramble(uint64_t number);

/* Counts of times: exact below 32 ns, to 3 % above. */
#define BENCH_BUCKETS 2048
typedef struct bench_histogram {
    uint64_t counts[BENCH_BUCKETS];
} bench_histogram;
void bench_histogram_add(bench_histogram *self, int64_t ns);
/* Moves what `from` holds. */
void bench_histogram_merge(bench_histogram *self, bench_histogram *from);
/* ns; 0 if nothing was added. */
double bench_histogram_quantile(const bench_histogram *self, double part);

/* One result: bench edacious NAME.WHAT VALUE UNIT. */
void bench_print(const char *name, const char *what, double value, const char *unit);
void bench_print_rate(const char *name, const char *what, uint64_t count, int64_t ns);
/* Ends the program. */
_Noreturn void bench_fail(const char *what);
/* Ends the program unless status is EDA_OK; sys may be NULL. */
void bench_check(eda_system *sys, eda_status status, const char *what);
/* Runs it in a process of its own, whose memory nobody has used before; ends the program if it
 * fails. Not while a system runs. */
void bench_in_child(void (*run)(uint64_t size), uint64_t size);

/* From here on systems have so many workers, and results are called workers.NAME_COUNT. */
void bench_set_workers(uint32_t count);
/* From here on no result is printed. */
void bench_mute(void);
/* A system of these actors, ended by NULL, with default options. Free it with bench_stop. */
eda_system *bench_start_system(const eda_actor *const *actors);
/* Checks that every message was handled. */
void bench_stop(eda_system *sys);
/* Publishes from the system's client. */
void bench_publish(eda_system *sys, eda_value message);
/* The same, and waits until nothing is left to do; returns ns. */
int64_t bench_time(eda_system *sys, eda_value message);

/* What `start` runs: a system of so many actor types, until its first message is handled. */
int bench_start_child(uint64_t types);

#endif
