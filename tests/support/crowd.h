/* crowd.h - many clients at once: threads released together, each with a client of its own.
 *
 * Nothing may be asserted on them, nor in handlers: both count what is wrong, and the test looks at
 * the sum. Threads: the functions here are the test's; crowd_wrong is for any. */
#ifndef CROWD_H
#define CROWD_H

#include <edacious/edacious.h>

/* On which no test waits unless it fails. */
#define CROWD_TIMEOUT_MS 120000u

/* One client's part; index counts from 0. */
typedef void crowd_fn(eda_ctx *client, unsigned index, void *arg);

/* A crowd that is at work. */
typedef struct crowd crowd;

/* Starts `count` threads and releases them at the same moment; returns when they were released. */
crowd *crowd_start(eda_system *sys, unsigned count, crowd_fn *fn, void *arg);
/* Waits until all have returned, frees their clients and the crowd. */
void crowd_join(crowd *all);
/* Both. */
void crowd_run(eda_system *sys, unsigned count, crowd_fn *fn, void *arg);

/* Makes a system and starts it with these actors; ends with NULL. */
eda_system *crowd_system(const eda_options *options, const eda_actor *const *actors);
/* Starts one that the test has made. */
void crowd_system_start(eda_system *sys);
/* Waits until it is idle and asserts that every accepted delivery has ended in one outcome. */
void crowd_settle(eda_system *sys);
/* Stops it, asserts the same and that no activation is left, frees it. */
void crowd_end(eda_system *sys);

/* Counts something that must not be, and prints it (the first few). */
void crowd_wrong(const char *format, ...) EDA_PRINTF(1, 2);
/* Asserts that nothing was counted so far. */
void crowd_assert_right(void);

/* The number in an environment variable, or `otherwise`. */
uint64_t crowd_number(const char *variable, uint64_t otherwise);
/* True where a sanitizer makes everything several times slower; the thread sanitizer: fifty times.
 */
bool crowd_is_sanitized(void);
bool crowd_is_slow(void);

#endif
