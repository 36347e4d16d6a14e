/* Every allocation of a short life on the bus fails once: in the caller, in the threads of the
 * sessions, in the hub. Nobody hangs, each get ends once, and afterwards the bus works. */
#define _POSIX_C_SOURCE 200809L /* mkdtemp */

#include <edacious/bus.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/thread.h"

typedef struct life {
    const eda_bus_driver *driver;
    eda_bus *a;
    eda_bus *b;
    uint64_t ids[6]; /* 0: not declared */
    edai_mutex mutex;
    edai_cond cond;
    unsigned gets; /* that began */
    unsigned ends;
    unsigned answers;
} life;

static char local_config[128];

static void on_put(void *arg, const eda_bus_message *message)
{
    (void)arg;
    (void)message;
}

static void on_token(void *arg, eda_str key, bool is_alive)
{
    (void)arg;
    (void)key;
    (void)is_alive;
}

static void on_heard(void *arg, bool is_heard)
{
    (void)arg;
    (void)is_heard;
}

static void on_get(void *arg, const eda_bus_message *request, eda_bus_query *query)
{
    life *l = arg;
    l->driver->answer(l->b, query, request, false);
}

static void on_answer(void *arg, const eda_bus_message *answer, bool is_error, eda_status end)
{
    life *l = arg;
    (void)is_error;
    (void)end;
    edai_mutex_lock(&l->mutex);
    l->answers += answer != NULL;
    l->ends += answer == NULL;
    edai_cond_broadcast(&l->cond);
    edai_mutex_unlock(&l->mutex);
}

/* What may fail for want of memory, and for nothing else. */
static bool went_well(eda_status status)
{
    assert_true(status == EDA_OK || status == EDA_ENOMEM);
    return status == EDA_OK;
}

static bool open_one(life *l, const char *config, eda_bus **ret_bus)
{
    eda_bus_problem problem = {.text = {0}};
    eda_bus_options options = {.config = config};
    bool is_open = went_well(l->driver->open(&options, ret_bus, &problem));
    assert_true(is_open || problem.text[0] != 0);
    return is_open;
}

static void declare(life *l)
{
    const eda_bus_driver *d = l->driver;

    if (l->ids[0] == 0) {
        (void)went_well(d->subscribe(l->b, EDA_STR("x/*"), on_put, l, &l->ids[0]));
    }
    if (l->ids[1] == 0) {
        (void)went_well(d->serve(l->b, EDA_STR("q/*"), on_get, l, &l->ids[1]));
    }
    if (l->ids[2] == 0) {
        (void)went_well(d->token(l->b, EDA_STR("t/b"), &l->ids[2]));
    }
    if (l->ids[3] == 0) {
        (void)went_well(d->watch(l->a, EDA_STR("t/*"), on_token, l, &l->ids[3]));
    }
    if (l->ids[4] == 0) {
        (void)went_well(d->heard(l->a, EDA_STR("x/**"), on_heard, l, &l->ids[4]));
    }
    if (l->ids[5] == 0) {
        (void)went_well(d->token(l->a, EDA_STR("t/a"), &l->ids[5]));
    }
}

/* Waits until every get has ended; returns how many answers there were. */
static unsigned ask(life *l, uint32_t timeout_ms)
{
    eda_bus_message request = {.key = EDA_STR_INIT("q/1"), .payload = EDA_BYTES("?")};
    int64_t until = edai_clock_monotonic_ns() + EDA_SEC(60);

    l->answers = 0;
    if (went_well(l->driver->get(l->a, &request, true, timeout_ms, on_answer, l))) {
        l->gets++;
    }
    edai_mutex_lock(&l->mutex);
    while (l->ends < l->gets) {
        assert_true(edai_cond_wait_until(&l->cond, &l->mutex, until));
    }
    unsigned answers = l->answers;
    edai_mutex_unlock(&l->mutex);
    return answers;
}

static void live(life *l)
{
    eda_bus_message message = {.key = EDA_STR_INIT("x/1"), .payload = EDA_BYTES("!")};

    declare(l);
    (void)went_well(l->driver->put(l->a, &message));
    (void)ask(l, 30000);
    if (l->ids[5] != 0) {
        l->driver->drop(l->a, l->ids[5]);
        l->ids[5] = 0;
    }
}

/* With memory again: whatever was refused succeeds, and a get is answered, at the latest when the
 * sessions have found each other again. */
static void recover(life *l)
{
    int64_t until = edai_clock_monotonic_ns() + EDA_SEC(60);

    declare(l);
    for (size_t i = 0; i < 6; i++) {
        assert_int_not_equal(l->ids[i], 0);
    }
    while (ask(l, 30000) != 1) {
        assert_true(edai_clock_monotonic_ns() < until);
        edai_thread_yield();
    }
    assert_int_equal(l->ends, l->gets);
}

/* Returns whether an allocation failed. */
static bool live_once(
    const eda_bus_driver *driver, const char *config, uint64_t nth, void (*arm)(uint64_t nth))
{
    life l = {.driver = driver};
    uint64_t before = edai_alloc_failed_count();

    edai_mutex_init(&l.mutex);
    edai_cond_init(&l.cond);
    arm(nth);
    if (open_one(&l, config, &l.a) && open_one(&l, config, &l.b)) {
        live(&l);
        arm(0);
        recover(&l);
    }
    arm(0);
    if (l.b != NULL) {
        driver->close(l.b);
    }
    if (l.a != NULL) {
        driver->close(l.a);
    }
    edai_cond_fini(&l.cond);
    edai_mutex_fini(&l.mutex);
    return edai_alloc_failed_count() != before;
}

static void live_with_each_failure(
    const eda_bus_driver *driver, const char *config, void (*arm)(uint64_t nth))
{
    uint64_t nth = 1;

    while (live_once(driver, config, nth, arm)) {
        nth++;
    }
    assert_true(nth > 10);
    print_message("%s: %u allocations failed, one at a time\n", driver->name, (unsigned)nth - 1);
}

static void inproc_survives_each_failed_allocation_of_its_caller(void **state)
{
    (void)state;
    live_with_each_failure(&eda_bus_inproc, "{\"network\": \"nth\"}", edai_alloc_fail_at);
}

static void inproc_survives_each_failed_allocation(void **state)
{
    (void)state;
    live_with_each_failure(&eda_bus_inproc, "{\"network\": \"nth\"}", edai_alloc_fail_process);
}

static void local_survives_each_failed_allocation_of_its_caller(void **state)
{
    (void)state;
    live_with_each_failure(&eda_bus_local, local_config, edai_alloc_fail_at);
}

static void local_survives_each_failed_allocation(void **state)
{
    (void)state;
    live_with_each_failure(&eda_bus_local, local_config, edai_alloc_fail_process);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inproc_survives_each_failed_allocation_of_its_caller),
        cmocka_unit_test(inproc_survives_each_failed_allocation),
        cmocka_unit_test(local_survives_each_failed_allocation_of_its_caller),
        cmocka_unit_test(local_survives_each_failed_allocation),
    };
    char folder[] = "/tmp/eda-nth-XXXXXX";
    char path[64];

    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    (void)snprintf(path, sizeof(path), "%s/s", folder);
    (void)snprintf(local_config, sizeof(local_config), "{\"socket\": \"%s\"}", path);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)snprintf(path, sizeof(path), "%s/s.lock", folder);
    (void)unlink(path);
    (void)rmdir(folder);
    return failed;
}
