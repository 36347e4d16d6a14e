/* numbers.c - see bench.h: quantiles, histograms, scrambled numbers. */
#include "bench.h"

#include <stdlib.h>

double *bench_numbers(uint64_t count)
{
    double *numbers = calloc(count, sizeof(*numbers));

    if (numbers == NULL) {
        bench_fail("no memory for the measured numbers");
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

uint64_t bench_scramble(uint64_t number)
{
    number = (number ^ number >> 33) * UINT64_C(0xff51afd7ed558ccd);
    number = (number ^ number >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return number ^ number >> 33;
}

/* --- histograms: 32 buckets from each power of two to the next --- */

#define FINE 32u
#define FINE_BITS 5u

static size_t bucket_of(uint64_t ns)
{
    unsigned shift;

    if (ns < FINE) {
        return (size_t)ns;
    }
    shift = 63u - (unsigned)__builtin_clzll(ns) - FINE_BITS;
    return (size_t)shift * FINE + (size_t)(ns >> shift);
}

static double start_of(size_t bucket)
{
    size_t shift = bucket / FINE;

    if (shift == 0) {
        return (double)bucket;
    }
    return (double)((uint64_t)(FINE + bucket % FINE) << (shift - 1));
}

void bench_histogram_add(bench_histogram *self, int64_t ns)
{
    self->counts[bucket_of(ns > 0 ? (uint64_t)ns : 0)]++;
}

void bench_histogram_merge(bench_histogram *self, bench_histogram *from)
{
    size_t i;

    for (i = 0; i < BENCH_BUCKETS; i++) {
        self->counts[i] += from->counts[i];
        from->counts[i] = 0;
    }
}

double bench_histogram_quantile(const bench_histogram *self, double part)
{
    uint64_t total = 0;
    uint64_t below = 0;
    size_t last = 0;
    size_t i;

    for (i = 0; i < BENCH_BUCKETS; i++) {
        total += self->counts[i];
    }
    for (i = 0; i < BENCH_BUCKETS; i++) {
        if (self->counts[i] == 0) {
            continue;
        }
        last = i;
        below += self->counts[i];
        if ((double)below > (double)total * part) {
            break;
        }
    }
    return start_of(last);
}
