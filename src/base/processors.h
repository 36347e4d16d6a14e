/* processors.h - which processor a thread runs on, and which ones it may.
 *
 * Known on Linux with /proc, for up to EDAI_PROCESSORS_MAX processors; elsewhere nothing is told
 * and nothing changed, which costs time, never correctness. A thread is named by its number, which
 * is another's once it has ended: callers see to it that it has not. Threads: any. */
#ifndef EDAI_PROCESSORS_H
#define EDAI_PROCESSORS_H

#include <edacious/status.h>

#include <stdbool.h>
#include <stdint.h>

#define EDAI_PROCESSORS_MAX 1024u

/* A bit for each. */
typedef struct edai_processors {
    uint64_t words[EDAI_PROCESSORS_MAX / 64];
} edai_processors;

void edai_processors_add(edai_processors *set, unsigned processor);
bool edai_processors_are_equal(const edai_processors *a, const edai_processors *b);
/* Those of `all` that are not in `less`; all of them if none is left. */
edai_processors edai_processors_without(const edai_processors *all, const edai_processors *less);

/* The calling thread's number; 0: threads have none here. */
int edai_thread_number(void);
/* The processor that a thread of this process computes on, or waits for; -1: it sleeps, or that is
 * not told. Some 10 us. */
int edai_processor_of(int number);
/* Those it may run on. False: not told. */
EDA_CHECK bool edai_processors_of(int number, edai_processors *ret_set);
/* From now on it may run on these only. False: refused. */
EDA_CHECK bool edai_processors_confine(int number, const edai_processors *set);
/* The calling thread seldom runs, and briefly: when it wakes it would rather not wait until another
 * has used up its time slice. Heard by Linux 6.12 and on. */
void edai_thread_hasten(void);

#endif
