/* crowd.c - see crowd.h. */
#include "crowd.h"

#include "base/clock.h"
#include "base/thread.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define SHOWN_MAX 20
#define SHOWN_FROM 10000u /* messages; the speed of fewer says little */

typedef struct member {
    crowd *all;
    edai_thread thread;
    eda_ctx *client;
    unsigned index;
} member;

struct crowd {
    edai_mutex mutex; /* ready_count, is_released */
    edai_cond changed;
    unsigned ready_count;
    bool is_released;
    unsigned count;
    crowd_fn *fn;
    void *arg;
    member members[];
};

static atomic_uint wrong_count;
static int64_t began_at; /* the newest system's start */

static void *member_main(void *arg)
{
    member *self = arg;
    crowd *all = self->all;

    edai_mutex_lock(&all->mutex);
    all->ready_count++;
    edai_cond_broadcast(&all->changed);
    while (!all->is_released) {
        edai_cond_wait(&all->changed, &all->mutex);
    }
    edai_mutex_unlock(&all->mutex);
    all->fn(self->client, self->index, all->arg);
    return NULL;
}

static void release(crowd *all)
{
    edai_mutex_lock(&all->mutex);
    while (all->ready_count < all->count) {
        edai_cond_wait(&all->changed, &all->mutex);
    }
    all->is_released = true;
    edai_cond_broadcast(&all->changed);
    edai_mutex_unlock(&all->mutex);
}

crowd *crowd_start(eda_system *sys, unsigned count, crowd_fn *fn, void *arg)
{
    crowd *all = calloc(1, sizeof(*all) + count * sizeof(all->members[0]));
    unsigned i;

    assert_non_null(all);
    all->count = count;
    all->fn = fn;
    all->arg = arg;
    edai_mutex_init(&all->mutex);
    edai_cond_init(&all->changed);
    for (i = 0; i < count; i++) {
        member *at = &all->members[i];

        at->all = all;
        at->index = i;
        assert_int_equal(eda_client_new(sys, &at->client), EDA_OK);
        assert_int_equal(edai_thread_start(&at->thread, member_main, at, "crowd"), EDA_OK);
    }
    release(all);
    return all;
}

void crowd_join(crowd *all)
{
    unsigned i;

    for (i = 0; i < all->count; i++) {
        (void)edai_thread_join(&all->members[i].thread);
        eda_client_free(all->members[i].client);
    }
    edai_cond_fini(&all->changed);
    edai_mutex_fini(&all->mutex);
    free(all);
}

void crowd_run(eda_system *sys, unsigned count, crowd_fn *fn, void *arg)
{
    crowd_join(crowd_start(sys, count, fn, arg));
}

void crowd_system_start(eda_system *sys)
{
    if (eda_system_start(sys) != EDA_OK) {
        fail_msg("%s", eda_system_error(sys));
    }
    began_at = edai_clock_monotonic_ns();
}

eda_system *crowd_system(const eda_options *options, const eda_actor *const *actors)
{
    eda_system *sys = NULL;

    assert_int_equal(eda_system_new(options, &sys), EDA_OK);
    for (; *actors != NULL; actors++) {
        if (eda_add(sys, (eda_added){.actor = *actors}) != EDA_OK) {
            fail_msg("%s", eda_system_error(sys));
        }
    }
    crowd_system_start(sys);
    return sys;
}

static void assert_balanced(eda_system *sys)
{
    eda_counts counts = eda_system_counts(sys, NULL, NULL);

    assert_int_equal(eda_counts_balance(&counts), 0);
}

void crowd_settle(eda_system *sys)
{
    if (eda_wait_idle(sys, CROWD_TIMEOUT_MS) != EDA_OK) {
        fail_msg("%s", eda_system_error(sys));
    }
    assert_balanced(sys);
}

/* Nothing depends on it; whoever soaks wants to see it. */
static void show_speed(eda_system *sys)
{
    uint64_t handled = eda_system_counts(sys, NULL, NULL).handled;
    double seconds = (double)(edai_clock_monotonic_ns() - began_at) / 1e9;

    if (crowd_number("EDA_LONG", 0) != 0 && handled > SHOWN_FROM) {
        print_message("%" PRIu64 " messages in %.1f s: %.0f messages/s\n", handled, seconds,
            (double)handled / seconds);
    }
}

void crowd_end(eda_system *sys)
{
    show_speed(sys);
    eda_system_stop(sys);
    assert_balanced(sys);
    assert_int_equal(eda_system_activations(sys, NULL).live, 0);
    eda_system_free(sys);
}

void crowd_wrong(const char *format, ...)
{
    va_list list;

    if (atomic_fetch_add(&wrong_count, 1) >= SHOWN_MAX) {
        return;
    }
    va_start(list, format);
    (void)vfprintf(stderr, format, list);
    va_end(list);
    (void)fputc('\n', stderr);
}

void crowd_assert_right(void)
{
    assert_int_equal(atomic_load(&wrong_count), 0);
}

uint64_t crowd_number(const char *variable, uint64_t otherwise)
{
    const char *text =
        getenv(variable); /* NOLINT(concurrency-mt-unsafe): nobody sets it meanwhile */

    return text == NULL || *text == '\0' ? otherwise : strtoull(text, NULL, 10);
}

bool crowd_is_slow(void)
{
#if defined(__SANITIZE_THREAD__)
    return true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
    return true;
#else
    return false;
#endif
#else
    return false;
#endif
}

bool crowd_is_sanitized(void)
{
#if defined(__SANITIZE_ADDRESS__)
    return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
    return true;
#else
    return crowd_is_slow();
#endif
#else
    return crowd_is_slow();
#endif
}
