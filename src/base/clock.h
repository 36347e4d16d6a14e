/* clock.h - the two clocks of the machine. Nothing else in the library reads one.
 *
 * Threads: any. */
#ifndef EDAI_CLOCK_H
#define EDAI_CLOCK_H

#include <stdint.h>

/* Nanoseconds since some fixed point; never goes back, not even when the date is set. */
int64_t edai_clock_monotonic_ns(void);
/* Nanoseconds since 1970-01-01T00:00:00Z; jumps when the date is set. */
int64_t edai_clock_wall_ns(void);

#endif
