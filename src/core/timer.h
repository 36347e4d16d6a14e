/* timer.h - one worker's timers: a heap by due time, equal times in the order they were armed.
 *
 * Threads: the owning worker's. Memory: a timer lives in the object that needs it; the heap holds
 * pointers. */
#ifndef EDAI_TIMER_H
#define EDAI_TIMER_H

#include <edacious/status.h>

typedef struct edai_worker edai_worker;
typedef struct edai_timer edai_timer;

struct edai_timer {
    void (*fire)(edai_worker *worker, edai_timer *timer);
    int64_t due; /* monotonic ns */
    uint64_t order;
    size_t index; /* in the heap, plus 1; 0: not armed */
};

typedef struct edai_timers {
    edai_timer **heap;
    size_t len;
    size_t reserved; /* places kept for timers that will be armed */
    size_t capacity;
    uint64_t order;
} edai_timers;

#define EDAI_TIMERS_MAX ((size_t)16 * 1024 * 1024)

void edai_timers_init(edai_timers *timers);
void edai_timers_fini(edai_timers *timers);
/* The timer must be zeroed before its first use and not be armed. EDA_ENOMEM. EDA_ELIMIT:
 * EDAI_TIMERS_MAX. */
EDA_CHECK eda_status edai_timers_arm(edai_timers *timers, edai_timer *timer, int64_t due,
    void (*fire)(edai_worker *worker, edai_timer *timer));
/* Keeps a place for a timer to be armed later, which then cannot fail; given back by
 * edai_timers_release. Failures as edai_timers_arm's. */
EDA_CHECK eda_status edai_timers_reserve(edai_timers *timers);
void edai_timers_release(edai_timers *timers);
/* Takes a place that was kept. */
void edai_timers_arm_reserved(edai_timers *timers, edai_timer *timer, int64_t due,
    void (*fire)(edai_worker *worker, edai_timer *timer));
/* Not armed: nothing happens. */
void edai_timers_disarm(edai_timers *timers, edai_timer *timer);
/* Takes out the first one if it is due. */
edai_timer *edai_timers_due(edai_timers *timers, int64_t now);
/* INT64_MAX: none. 0: one is to be armed, so nobody knows yet. */
int64_t edai_timers_next(const edai_timers *timers);

#endif
