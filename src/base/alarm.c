/* alarm.c - see alarm.h: a timer of the kernel's, which a thread reads from; elsewhere a condition.
 */
#define _POSIX_C_SOURCE 200809L

#include "base/alarm.h"

#include "base/assert.h"
#include "base/clock.h"

#include <edacious/value.h>

#if defined(__linux__)

#include <errno.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

eda_status edai_alarm_init(edai_alarm *alarm)
{
    alarm->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    return alarm->fd >= 0 ? EDA_OK : EDA_ELIMIT;
}

void edai_alarm_fini(edai_alarm *alarm)
{
    (void)close(alarm->fd);
}

/* 0 stops it. */
static void set(edai_alarm *alarm, int64_t delay_ns)
{
    const struct itimerspec when = {.it_value = {.tv_sec = (time_t)(delay_ns / EDA_SEC(1)),
                                        .tv_nsec = (long)(delay_ns % EDA_SEC(1))}};
    int result = timerfd_settime(alarm->fd, 0, &when, NULL);

    EDA_ASSERT(result == 0, "a timer takes any time that is not negative");
    (void)result;
}

void edai_alarm_set(edai_alarm *alarm, int64_t delay_ns)
{
    EDA_ASSERT(delay_ns > 0, "an alarm rings later");
    set(alarm, delay_ns);
}

void edai_alarm_stop(edai_alarm *alarm)
{
    set(alarm, 0);
}

void edai_alarm_wait(edai_alarm *alarm)
{
    uint64_t rings = 0;
    ssize_t len;

    do {
        len = read(alarm->fd, &rings, sizeof(rings));
    } while (len < 0 && errno == EINTR);
    EDA_ASSERT(len == (ssize_t)sizeof(rings), "a timer tells how often it has rung");
}

#else

eda_status edai_alarm_init(edai_alarm *alarm)
{
    edai_mutex_init(&alarm->mutex);
    edai_cond_init(&alarm->cond);
    alarm->due = EDAI_NO_DEADLINE;
    return EDA_OK;
}

void edai_alarm_fini(edai_alarm *alarm)
{
    edai_cond_fini(&alarm->cond);
    edai_mutex_fini(&alarm->mutex);
}

void edai_alarm_set(edai_alarm *alarm, int64_t delay_ns)
{
    EDA_ASSERT(delay_ns > 0, "an alarm rings later");
    edai_mutex_lock(&alarm->mutex);
    alarm->due = edai_clock_monotonic_ns() + delay_ns;
    edai_cond_signal(&alarm->cond);
    edai_mutex_unlock(&alarm->mutex);
}

void edai_alarm_stop(edai_alarm *alarm)
{
    edai_mutex_lock(&alarm->mutex);
    alarm->due = EDAI_NO_DEADLINE;
    edai_mutex_unlock(&alarm->mutex);
}

void edai_alarm_wait(edai_alarm *alarm)
{
    edai_mutex_lock(&alarm->mutex);
    while (edai_clock_monotonic_ns() < alarm->due) {
        (void)edai_cond_wait_until(&alarm->cond, &alarm->mutex, alarm->due);
    }
    alarm->due = EDAI_NO_DEADLINE;
    edai_mutex_unlock(&alarm->mutex);
}

#endif
