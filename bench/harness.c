/* harness.c - see bench.h. */
#define _POSIX_C_SOURCE 200809L

#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int64_t bench_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static _Noreturn void give_up(void)
{
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
        (void)fprintf(stderr, "bench: /proc/self/statm tells no memory\n");
        give_up();
    }
    (void)fclose(file);
    return strtoull(pages, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

double *bench_numbers(uint64_t count)
{
    double *numbers = calloc(count, sizeof(*numbers));

    if (numbers == NULL) {
        (void)fprintf(stderr, "bench: no memory for %llu numbers\n", (unsigned long long)count);
        give_up();
    }
    return numbers;
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;

    return (a > b) - (a < b);
}

double bench_quantile(double *values, size_t count, double part)
{
    size_t at = (size_t)((double)count * part);

    qsort(values, count, sizeof(*values), compare);
    return values[at < count ? at : count - 1];
}

void bench_print(const char *name, const char *what, double value, const char *unit)
{
    printf("bench edacious %s.%s %.*f %s\n", name, what, value < 1000 ? 1 : 0, value, unit);
    (void)fflush(stdout);
}

void bench_check(eda_system *sys, eda_status status, const char *what)
{
    if (status != EDA_OK) {
        (void)fprintf(stderr, "bench: %s: %s %s\n", what, eda_status_text(status),
            sys != NULL ? eda_system_error(sys) : "");
        give_up();
    }
}

eda_system *bench_start_system(const eda_actor *const *actors)
{
    eda_system *sys = NULL;

    bench_check(NULL, eda_system_new(NULL, &sys), "new");
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
        give_up();
    }
    eda_system_free(sys);
}

int64_t bench_time(eda_system *sys, eda_value message)
{
    int64_t begin = bench_now();

    bench_check(sys, eda_publish(eda_system_client(sys), message, NULL), "publish");
    bench_check(sys, eda_wait_idle(sys, EDA_FOREVER), "wait");
    return bench_now() - begin;
}

uint64_t bench_scramble(uint64_t number)
{
    number = (number ^ number >> 33) * UINT64_C(0xff51afd7ed558ccd);
    number = (number ^ number >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return number ^ number >> 33;
}
