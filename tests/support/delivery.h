/* delivery.h - systems for tests of how messages reach actors, and the check at each one's end that
 * all are accounted for.
 *
 * Threads: as eda_system. */
#ifndef DELIVERY_H
#define DELIVERY_H

#include <edacious/edacious.h>

/* Actor types for delivery_start. */
#define DELIVERY_ACTORS(...) ((const eda_actor *const[]){__VA_ARGS__, NULL})

/* A started system: pumped unless options say how many workers; its log is dropped unless they say
 * where it goes; its drain takes 1 ms at most if it is pumped. options may be NULL. Fails the test
 * if it cannot. */
eda_system *delivery_start(const eda_options *options, const eda_actor *const *actors);
/* Steps a pumped system until it has nothing more to do; returns the number of turns. */
uint32_t delivery_pump(eda_system *sys);
/* Waits until the system is idle, and checks that the balance is zero. */
void delivery_settle(eda_system *sys);
/* Stops, checks that the balance is zero over everything, frees. */
void delivery_end(eda_system *sys);
/* Stops without waiting for idleness, checks the balance and returns the counts of everything. */
eda_counts delivery_stop(eda_system *sys);

/* The counts of a message type and an actor type (NULL: all) are these; accepted is their sum. */
typedef struct delivery_expected {
    uint64_t handled;
    uint64_t failed;
    uint64_t expired;
    uint64_t shed;
    uint64_t dead;
    uint64_t stopped;
    uint64_t unheard;
} delivery_expected;
void delivery_assert_counts_at(eda_system *sys, const char *message, const char *actor,
    const delivery_expected *expected, const char *file, int line);
#define delivery_assert_counts(sys_, message_, actor_, ...)                                        \
    delivery_assert_counts_at(                                                                     \
        sys_, message_, actor_, &(const delivery_expected){__VA_ARGS__}, __FILE__, __LINE__)

/* The statuses are the same, told by name if not. */
void delivery_assert_status_at(eda_status is, eda_status expected, const char *file, int line);
#define delivery_assert_status(is_, expected_)                                                     \
    delivery_assert_status_at(is_, expected_, __FILE__, __LINE__)
#define delivery_assert_ok(is_) delivery_assert_status_at(is_, EDA_OK, __FILE__, __LINE__)

/* A line of letters and numbers that handlers of a pumped system write, for tests of order. */
#define DELIVERY_TRACE_MAX 4096u
void delivery_trace_clear(void);
void delivery_trace(const char *format, ...) EDA_PRINTF(1, 2);
const char *delivery_traced(void);

#endif
