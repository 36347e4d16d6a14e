/* harness.c - see bench.h: systems, and the process they are in. Numbers are in numbers.c. */
#define _POSIX_C_SOURCE 200809L

#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t bench_now(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t bench_cpu_time(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

void bench_sleep_until(int64_t time)
{
    struct timespec at = {.tv_sec = time / 1000000000, .tv_nsec = time % 1000000000};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) != 0) {
        /* interrupted */
    }
}

_Noreturn void bench_fail(const char *what)
{
    (void)fprintf(stderr, "bench: %s\n", what);
    exit(1); /* NOLINT(concurrency-mt-unsafe): only the thread of main comes here */
}

uint64_t bench_resident(void)
{
    char line[128];
    const char *pages = NULL;
    FILE *file = fopen("/proc/self/statm", "r");

    if (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        pages = strchr(line, ' '); /* the second number */
    }
    if (pages == NULL) {
        bench_fail("/proc/self/statm tells no memory");
    }
    (void)fclose(file);
    return strtoull(pages, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

void bench_check(eda_system *sys, eda_status status, const char *what)
{
    if (status != EDA_OK) {
        (void)fprintf(stderr, "bench: %s: %s\n", eda_status_text(status),
            sys != NULL ? eda_system_error(sys) : "");
        bench_fail(what);
    }
}

void bench_in_child(void (*run)(uint64_t size), uint64_t size)
{
    int status = 0;
    pid_t child;

    (void)fflush(stdout);
    child = fork();
    if (child == 0) {
        run(size);
        exit(0); /* NOLINT(concurrency-mt-unsafe): its systems have ended */
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
        bench_fail("a benchmark in a process of its own failed");
    }
}

/* --- results --- */

static uint32_t worker_count; /* 0: as many as the system likes */

void bench_set_workers(uint32_t count)
{
    worker_count = count;
}

static bool is_muted;

void bench_mute(void)
{
    is_muted = true;
}

static int decimals(double value)
{
    return value < 10 ? 3 : value < 1000 ? 1 : 0;
}

void bench_print(const char *name, const char *what, double value, const char *unit)
{
    if (is_muted) {
        return;
    }
    if (worker_count != 0) {
        printf("bench edacious workers.%s_%u %.*f %s\n", name, (unsigned)worker_count,
            decimals(value), value, unit);
    } else {
        printf("bench edacious %s.%s %.*f %s\n", name, what, decimals(value), value, unit);
    }
    (void)fflush(stdout);
}

void bench_print_rate(const char *name, const char *what, uint64_t count, int64_t ns)
{
    bench_print(name, what, (double)count / (double)ns * 1e9, "1/s");
}

/* --- systems --- */

eda_system *bench_start_system(const eda_actor *const *actors)
{
    const eda_options options = {.workers = worker_count};
    eda_system *sys = NULL;

    bench_check(NULL, eda_system_new(&options, &sys), "new");
    for (; *actors != NULL; actors++) {
        bench_check(sys, eda_add(sys, (eda_added){.actor = *actors}), "add");
    }
    bench_check(sys, eda_system_start(sys), "start");
    return sys;
}

void bench_stop(eda_system *sys)
{
    eda_counts counts;

    bench_check(sys, eda_wait_idle(sys, EDA_FOREVER), "wait");
    counts = eda_system_counts(sys, NULL, NULL);
    if (counts.handled != counts.accepted || counts.unheard != 0) {
        (void)fprintf(stderr, "bench: of %llu messages %llu were handled, %llu unheard\n",
            (unsigned long long)counts.accepted, (unsigned long long)counts.handled,
            (unsigned long long)counts.unheard);
        bench_fail("messages were lost");
    }
    eda_system_free(sys);
}

void bench_publish(eda_system *sys, eda_value message)
{
    bench_check(sys, eda_publish(eda_system_client(sys), message, NULL), "publish");
}

int64_t bench_time(eda_system *sys, eda_value message)
{
    int64_t begin = bench_now();

    bench_publish(sys, message);
    bench_check(sys, eda_wait_idle(sys, EDA_FOREVER), "wait");
    return bench_now() - begin;
}
