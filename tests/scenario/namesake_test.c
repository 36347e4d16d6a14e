/* namesake_test.c - a second node of one name does not start while the first one lives; it does
 * when that one is dead, stopped, or leaving. */
#include <edacious/edacious.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/thread.h"
#include "nodes.h"

#define PATIENCE_MS 60000u
#define ROUNDS 20u
#define TWINS 2u
#define HELD_MAX 256u

/* --- an actor that holds up whoever stops its node ------------------------------------------- */

EDA_MESSAGE(lodger_stays, "lodger/stays");

static atomic_bool has_come; /* its turn began */
static atomic_bool may_end;

static void wait_for_end(void *arg)
{
    (void)arg;
    atomic_store(&has_come, true);
    while (!atomic_load(&may_end)) {
        edai_thread_yield();
    }
}

typedef struct lodger {
    uint32_t stays;
} lodger;

static eda_status lodger_on_stay(lodger *self, const lodger_stays *cmd, eda_ctx *ctx)
{
    (void)cmd;
    self->stays++;
    return eda_blocking(ctx, wait_for_end, NULL);
}

EDA_ACTOR(lodger, eda_none, scope(node), on(lodger_stays, lodger_on_stay));

/* --- tests ----------------------------------------------------------------------------------- */

static eda_system *start(const char *name, const char *network)
{
    eda_system *sys = nodes_make(name, network, 1);

    MUST(sys, eda_system_start(sys));
    return sys;
}

static void namesake_of_a_node_that_lives_is_refused(void **state)
{
    static const char network[] = "{\"network\": \"refused\"}";
    eda_system *old = start("one", network);
    eda_system *other = start("two", network);
    eda_system *new = nodes_make("one", network, 1);
    uint64_t view;

    (void)state;
    MUST(old, eda_cluster_wait_nodes(old, 2, PATIENCE_MS));
    MUST(other, eda_cluster_wait_nodes(other, 2, PATIENCE_MS));
    view = eda_system_cluster(other).view;
    assert_int_equal(eda_system_start(new), EDA_ESTATE);
    assert_non_null(
        strstr(eda_system_error(new), "a node 'one' lives already in cluster 'edacious' ("));
    assert_non_null(strstr(eda_system_error(new), "choose another name"));
    eda_system_free(new);
    MUST(other, eda_cluster_wait_nodes(other, 2, PATIENCE_MS));
    assert_int_equal(eda_system_cluster(other).view, view); /* nobody has noticed */
    assert_int_equal(eda_system_cluster(other).nodes, 2);
    eda_system_free(old);
    new = start("one", network);
    MUST(new, eda_cluster_wait_nodes(new, 2, PATIENCE_MS));
    eda_system_free(new);
    eda_system_free(other);
}

static void namesake_in_another_cluster_is_none(void **state)
{
    static const char network[] = "{\"network\": \"clusters\"}";
    const eda_options options = {
        .cluster = "another", .bus = "inproc", .bus_config = network, .log = nodes_quiet};
    eda_system *old = start(NULL, network);
    eda_system *new = NULL;

    (void)state;
    assert_int_equal(eda_system_new(&options, &new), EDA_OK);
    MUST(new, eda_system_start(new));
    eda_system_free(new);
    new = nodes_make("edacious2", network, 1); /* begins like the other one's name */
    MUST(new, eda_system_start(new));
    eda_system_free(new);
    eda_system_free(old);
}

/* Answers to pings, of a node whose process is dead, or stopped. */
static eda_bus_driver deaf;
static atomic_bool is_dead;
static atomic_bool is_stopped;
static edai_mutex held_mutex; /* of what a stopped one has not looked at */
static eda_bus_query *held[HELD_MAX];
static uint32_t held_count;

static void answer_or_not(
    eda_bus *bus, eda_bus_query *query, const eda_bus_message *answer, bool is_error)
{
    static const char ping[] = "@edacious/v1/edacious/ping/";
    bool is_ping = answer != NULL && answer->key.len >= sizeof(ping) &&
                   memcmp(answer->key.ptr, ping, sizeof(ping) - 1) == 0;
    bool is_held = false;

    if (is_ping && atomic_load(&is_stopped)) {
        edai_mutex_lock(&held_mutex);
        is_held = held_count < HELD_MAX;
        if (is_held) {
            held[held_count++] = query;
        }
        edai_mutex_unlock(&held_mutex);
    }
    if (!is_held) {
        eda_bus_inproc.answer(
            bus, query, is_ping && atomic_load(&is_dead) ? NULL : answer, is_error);
    }
}

static eda_bus *old_bus;

static eda_status open_and_note(
    const eda_bus_options *options, eda_bus **ret_bus, eda_bus_problem *ret_problem)
{
    eda_status status = eda_bus_inproc.open(options, ret_bus, ret_problem);

    if (status == EDA_OK) {
        old_bus = *ret_bus;
    }
    return status;
}

static eda_system *start_deaf(const char *network)
{
    const eda_options options = {.name = "one",
        .workers = 1,
        .bus_driver = &deaf,
        .bus_config = network,
        .log = nodes_quiet};
    eda_system *sys = NULL;

    deaf = eda_bus_inproc;
    deaf.open = open_and_note;
    deaf.answer = answer_or_not;
    assert_int_equal(eda_system_new(&options, &sys), EDA_OK);
    MUST(sys, eda_system_start(sys));
    return sys;
}

static void namesake_that_is_dead_is_replaced(void **state)
{
    static const char network[] = "{\"network\": \"dead\"}";
    eda_system *old = start_deaf(network);
    eda_system *new;

    (void)state;
    atomic_store(&is_dead, true);
    new = start("one", network);
    eda_system_free(new);
    atomic_store(&is_dead, false);
    eda_system_free(old);
}

static void namesake_that_stands_still_is_replaced(void **state)
{
    static const char network[] = "{\"network\": \"stopped\"}";
    eda_system *old;
    eda_system *new;

    (void)state;
    edai_mutex_init(&held_mutex);
    old = start_deaf(network);
    atomic_store(&is_stopped, true);
    new = start("one", network); /* when the asked one's time is over */
    eda_system_free(new);
    atomic_store(&is_stopped, false);
    edai_mutex_lock(&held_mutex);
    assert_true(held_count > 0);
    while (held_count > 0) {
        eda_bus_inproc.answer(old_bus, held[--held_count], NULL, false);
    }
    edai_mutex_unlock(&held_mutex);
    eda_system_free(old);
    edai_mutex_fini(&held_mutex);
}

static void *stop(void *sys)
{
    eda_system_stop(sys);
    return NULL;
}

static void namesake_that_is_leaving_is_replaced(void **state)
{
    static const char network[] = "{\"network\": \"leaving\"}";
    eda_system *old = nodes_make("one", network, 1);
    eda_system *new;
    eda_status status;
    edai_thread thread;

    (void)state;
    MUST(old, eda_add(old, EDA_WITH(lodger)));
    MUST(old, eda_system_start(old));
    MUST(old, eda_publish(eda_system_client(old), EDA_MSG(lodger_stays), NULL));
    while (!atomic_load(&has_come)) {
        edai_thread_yield();
    }
    assert_int_equal(edai_thread_start(&thread, stop, old, "stops"), EDA_OK);
    do { /* until it says that it leaves; it cannot be gone before its turn has ended */
        new = nodes_make("one", network, 1);
        status = eda_system_start(new);
        if (status != EDA_OK) {
            assert_int_equal(status, EDA_ESTATE);
            eda_system_free(new);
        }
    } while (status != EDA_OK);
    atomic_store(&may_end, true);
    assert_int_equal(edai_thread_join(&thread), EDA_OK);
    nodes_check_accounts(old);
    eda_system_free(old);
    eda_system_free(new);
}

/* --- in the same instant ---------------------------------------------------------------------- */

typedef struct twin {
    edai_thread thread;
    eda_system *sys;
    eda_status status;
} twin;

static atomic_uint waiting;

static void *start_twin(void *arg)
{
    twin *self = arg;

    atomic_fetch_sub(&waiting, 1);
    while (atomic_load(&waiting) > 0) {
    }
    self->status = eda_system_start(self->sys);
    return NULL;
}

static void of_namesakes_that_start_in_one_instant_one_lives_at_most(void **state)
{
    static const char network[] = "{\"network\": \"twins\"}";
    uint32_t started[TWINS + 1] = {0};
    uint32_t round;
    uint32_t i;

    (void)state;
    for (round = 0; round < ROUNDS; round++) {
        twin twins[TWINS];
        uint32_t count = 0;

        atomic_store(&waiting, TWINS);
        for (i = 0; i < TWINS; i++) {
            twins[i].sys = nodes_make("one", network, 1);
            assert_int_equal(
                edai_thread_start(&twins[i].thread, start_twin, &twins[i], "twin"), EDA_OK);
        }
        for (i = 0; i < TWINS; i++) {
            assert_int_equal(edai_thread_join(&twins[i].thread), EDA_OK);
            assert_true(twins[i].status == EDA_OK || twins[i].status == EDA_ESTATE);
            count += twins[i].status == EDA_OK ? 1 : 0;
        }
        assert_true(count <= 1);
        started[count]++;
        for (i = 0; i < TWINS; i++) {
            eda_system_free(twins[i].sys);
        }
    }
    print_message("of two in one instant: one started %u times, none %u times\n",
        (unsigned)started[1], (unsigned)started[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(namesake_of_a_node_that_lives_is_refused),
        cmocka_unit_test(namesake_in_another_cluster_is_none),
        cmocka_unit_test(namesake_that_is_dead_is_replaced),
        cmocka_unit_test(namesake_that_stands_still_is_replaced),
        cmocka_unit_test(namesake_that_is_leaving_is_replaced),
        cmocka_unit_test(of_namesakes_that_start_in_one_instant_one_lives_at_most),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
