/* asking.h - what the tests of turns share: systems that are checked when they end, a list of what
 * happened, and a gate that holds a turn where the test wants it.
 *
 * Handlers run on stacks of their own, on which nothing may be asserted: they note what they saw,
 * the test looks at the notes. Threads: notes and gates may be used from any. */
#ifndef ASKING_H
#define ASKING_H

#include <edacious/edacious.h>

/* On which no test waits unless it fails. */
#define ASKING_TIMEOUT_MS 60000u

/* Makes and starts a system of `actors`, which ends with NULL; forgets all notes. `options` NULL:
 * pumped. */
eda_system *asking_start(const eda_options *options, const eda_actor *const *actors);
/* Pumped, with a store in memory. */
eda_system *asking_start_saving(const eda_actor *const *actors);
/* Waits until the system is idle, and asserts it. */
void asking_settle(eda_system *sys);
/* Stops the system, asserts that every delivery was accounted for, frees it. */
void asking_end(eda_system *sys);
/* Pumped: runs timers as they fall due, until `count` is noted at least `at_least` times. */
void asking_pump_until(eda_system *sys, const char *note, unsigned at_least);

/* Appends to the list of what happened: "a b c". */
void asking_note(const char *format, ...) EDA_PRINTF(1, 2);
/* The list so far; borrowed until the next note. */
const char *asking_notes(void);
/* How often exactly this was noted. */
unsigned asking_noted(const char *note);
void asking_forget(void);
/* The lines the system has logged since its start hold this text. */
bool asking_logged(const char *text);

/* A gate holds whoever waits at it until it is opened. */
typedef struct asking_gate asking_gate;
asking_gate *asking_gate_new(void);
void asking_gate_free(asking_gate *gate);
void asking_gate_open(asking_gate *gate);
/* For eda_blocking. */
void asking_gate_wait(void *gate);
/* Returns when `count` have come to it. */
void asking_gate_await(asking_gate *gate, unsigned count);

/* The gate of a test that has one, between these two: its setup and its teardown. */
extern asking_gate *asking_the_gate;
int asking_make_gate(void **state);
int asking_free_gate(void **state);

/* Sums of the whole system. */
#define asking_assert_counts(sys_, message_, ...)                                                  \
    asking_compare_counts(sys_, message_, (eda_counts){__VA_ARGS__}, __FILE__, __LINE__)
void asking_compare_counts(
    eda_system *sys, const char *message, eda_counts expected, const char *file, int line);

#endif
