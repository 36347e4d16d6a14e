/* alarm.h - one thread sleeps until it rings, and setting it wakes nobody.
 *
 * To wake a thread that sleeps on another processor costs its waker an interrupt there, some 15 us
 * in a virtual machine; to tell the kernel when to wake it costs a system call. So it is for what
 * need not happen now, and perhaps not at all: whoever sets it goes on. */
#ifndef EDAI_ALARM_H
#define EDAI_ALARM_H

#include "base/thread.h"

#include <stdint.h>

typedef struct edai_alarm {
#if defined(__linux__)
    int fd; /* see timerfd_create(2) */
#else
    edai_mutex mutex;
    edai_cond cond;
    int64_t due; /* monotonic; EDAI_NO_DEADLINE: it is not set */
#endif
} edai_alarm;

/* EDA_ELIMIT: no descriptor to be had. */
EDA_CHECK eda_status edai_alarm_init(edai_alarm *alarm);
void edai_alarm_fini(edai_alarm *alarm);
/* It rings once, delay_ns (1 at least) from now; what it was set to before is forgotten. From any
 * thread. */
void edai_alarm_set(edai_alarm *alarm, int64_t delay_ns);
/* It does not ring, unless it has rung already. From any thread. */
void edai_alarm_stop(edai_alarm *alarm);
/* Returns when it rings, or has rung since the last wait. One thread at a time. */
void edai_alarm_wait(edai_alarm *alarm);

#endif
