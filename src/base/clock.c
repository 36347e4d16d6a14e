/* clock.c - the two clocks of the machine. */
#define _GNU_SOURCE 1

#include "base/clock.h"

#include "base/assert.h"

#include <time.h>

static int64_t clock_read(clockid_t clock)
{
    struct timespec now;
    int error = clock_gettime(clock, &now);
    EDA_ASSERT(error == 0, "every machine the library runs on has both clocks");
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t edai_clock_monotonic_ns(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

int64_t edai_clock_wall_ns(void)
{
    return clock_read(CLOCK_REALTIME);
}
