/* delivery.c - see delivery.h. */
#include "delivery.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void drop_line(void *arg, eda_str line)
{
    (void)arg;
    (void)line;
}

eda_system *delivery_start(const eda_options *options, const eda_actor *const *actors)
{
    eda_options used = options != NULL ? *options : (eda_options){.pumped = true};
    eda_system *sys = NULL;

    if (used.workers == 0) {
        used.pumped = true;
    }
    if (used.log == NULL) {
        used.log = drop_line;
    }
    if (used.drain_ms == 0 && used.pumped) {
        used.drain_ms = 1;
    }
    used.seed = used.seed != 0 ? used.seed : 1;
    delivery_assert_ok(eda_system_new(&used, &sys));
    for (; *actors != NULL; actors++) {
        if (eda_add(sys, (eda_added){.actor = *actors}) != EDA_OK) {
            fail_msg("%s", eda_system_error(sys));
        }
    }
    if (eda_system_start(sys) != EDA_OK) {
        fail_msg("%s", eda_system_error(sys));
    }
    return sys;
}

uint32_t delivery_pump(eda_system *sys)
{
    uint32_t turns = 0;
    uint32_t wait_ms = 0;

    do {
        turns += eda_system_step(sys, 0, &wait_ms);
    } while (wait_ms == 0);
    return turns;
}

static void assert_balanced(eda_system *sys)
{
    eda_counts counts = eda_system_counts(sys, NULL, NULL);
    eda_counts reports = eda_system_counts(sys, eda_type_eda_dead_letter.name, NULL);

    if (eda_counts_balance(&counts) != 0 || eda_counts_balance(&reports) != 0) {
        fail_msg("balance %lld, of dead letters %lld", (long long)eda_counts_balance(&counts),
            (long long)eda_counts_balance(&reports));
    }
}

void delivery_settle(eda_system *sys)
{
    if (eda_wait_idle(sys, 60000) != EDA_OK) {
        fail_msg("%s", eda_system_error(sys));
    }
    assert_balanced(sys);
}

eda_counts delivery_stop(eda_system *sys)
{
    eda_system_stop(sys);
    assert_balanced(sys);
    return eda_system_counts(sys, NULL, NULL);
}

void delivery_end(eda_system *sys)
{
    (void)delivery_stop(sys);
    assert_int_equal(eda_system_activations(sys, NULL).live, 0);
    eda_system_free(sys);
}

static uint64_t sum_of(const delivery_expected *of)
{
    return of->handled + of->failed + of->expired + of->shed + of->dead + of->stopped;
}

void delivery_assert_counts_at(eda_system *sys, const char *message, const char *actor,
    const delivery_expected *expected, const char *file, int line)
{
    const eda_counts is = eda_system_counts(sys, message, actor);
    const delivery_expected found = {.handled = is.handled,
        .failed = is.failed,
        .expired = is.expired,
        .shed = is.shed,
        .dead = is.dead,
        .stopped = is.stopped,
        .unheard = is.unheard};

    if (memcmp(&found, expected, sizeof(found)) != 0 || is.accepted != sum_of(expected)) {
        print_error(
            "accepted %llu handled %llu failed %llu expired %llu shed %llu dead %llu stopped %llu "
            "unheard %llu\n",
            (unsigned long long)is.accepted, (unsigned long long)is.handled,
            (unsigned long long)is.failed, (unsigned long long)is.expired,
            (unsigned long long)is.shed, (unsigned long long)is.dead,
            (unsigned long long)is.stopped, (unsigned long long)is.unheard);
        _fail(file, line);
    }
}

void delivery_assert_status_at(eda_status is, eda_status expected, const char *file, int line)
{
    if (is != expected) {
        print_error("%s and not %s\n", eda_status_name(is), eda_status_name(expected));
        _fail(file, line);
    }
}

/* --- the trace ---------------------------------------------------------------------------- */

static char traced[DELIVERY_TRACE_MAX];
static size_t traced_len;

void delivery_trace_clear(void)
{
    traced[0] = '\0';
    traced_len = 0;
}

void delivery_trace(const char *format, ...)
{
    va_list list;
    int len;

    va_start(list, format);
    len = vsnprintf(traced + traced_len, sizeof(traced) - traced_len, format, list);
    va_end(list);
    assert_true(len >= 0 && traced_len + (size_t)len < sizeof(traced));
    traced_len += (size_t)len;
}

const char *delivery_traced(void)
{
    return traced;
}
