/* move_test.c - what a node that joins is given by those that were there: actors that save, each
 * message handled once and in order meanwhile, and nothing that would be lost by it. */
#include <edacious/edacious.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "nodes.h"

#define PATIENCE_MS 60000u
#define KEYS 600u

/* --- the actors ------------------------------------------------------------------------------ */

EDA_MESSAGE(meter_add, "meter/{id}/add", .overflow = EDA_WAIT, (uint64_t, id), (uint32_t, number));
EDA_MESSAGE(meter_touch, "meter/{id}/touch", .overflow = EDA_WAIT, (uint64_t, id));
EDA_RECORD(meter_state, (uint32_t, last));
EDA_REQUEST(meter_get, meter_state, "meter/{id}/get", (uint64_t, id));
EDA_RECORD(alarm_rings);

static atomic_uint added; /* turns of meters anywhere */
static atomic_uint touched;
static atomic_uint disorders; /* of them, not the next one after what was saved */

/* Saves, and so it moves. */
typedef struct meter {
    uint32_t last;
} meter;

static void meter_on_add(meter *self, const meter_add *cmd)
{
    atomic_fetch_add(&added, 1);
    if (cmd->number != self->last + 1) {
        atomic_fetch_add(&disorders, 1);
    }
    self->last = cmd->number;
}

static void meter_on_touch(meter *self, const meter_touch *touch)
{
    (void)self;
    (void)touch;
    atomic_fetch_add(&touched, 1);
}

static void meter_on_get(meter *self, const meter_get *request, meter_state *reply)
{
    (void)request;
    *reply = (meter_state){.last = self->last};
}

EDA_ACTOR(meter, eda_none, key(id), saves(last), on(meter_add, meter_on_add),
    on(meter_touch, meter_on_touch), answers(meter_get, meter_on_get));

/* Saves nothing: its state would be gone. */
typedef struct memo {
    uint32_t last;
} memo;

static void memo_on_add(memo *self, const meter_add *cmd)
{
    self->last = cmd->number;
}

EDA_ACTOR(memo, eda_none, key(id), on(meter_add, memo_on_add));

/* Saves, but its timer would be gone. */
typedef struct watch {
    uint32_t last;
} watch;

static eda_status watch_on_add(watch *self, const meter_add *cmd, eda_ctx *ctx)
{
    self->last = cmd->number;
    return cmd->number == 1 ? eda_after(ctx, EDA_MSG(alarm_rings), EDA_SEC(3600), NULL) : EDA_OK;
}

static void watch_on_alarm(watch *self, const alarm_rings *alarm)
{
    (void)alarm;
    self->last = 0;
}

EDA_ACTOR(watch, eda_none, key(id), saves(last), on(meter_add, watch_on_add),
    on_self(alarm_rings, watch_on_alarm));

/* --- nodes ----------------------------------------------------------------------------------- */

static eda_system *start(const char *name, eda_store *store)
{
    const eda_options options = {.name = name,
        .workers = 2,
        .store_object = store,
        .bus = "inproc",
        .bus_config = "{\"network\": \"moves\"}",
        .log = nodes_quiet};
    eda_system *sys = NULL;

    assert_int_equal(eda_system_new(&options, &sys), EDA_OK);
    MUST(sys, eda_add(sys, EDA_WITH(meter)));
    MUST(sys, eda_add(sys, EDA_WITH(memo)));
    MUST(sys, eda_add(sys, EDA_WITH(watch)));
    MUST(sys, eda_system_start(sys));
    return sys;
}

static void add_to_all(eda_system *sys, uint32_t number)
{
    uint64_t id;

    for (id = 0; id < KEYS; id++) {
        MUST(sys, eda_publish(eda_system_client(sys),
                      EDA_MSG(meter_add, .id = id, .number = number), NULL));
    }
}

static void touch_all(eda_system *sys)
{
    uint64_t id;

    for (id = 0; id < KEYS; id++) {
        MUST(sys, eda_publish(eda_system_client(sys), EDA_MSG(meter_touch, .id = id), NULL));
    }
}

static uint64_t live(eda_system *sys, const char *actor)
{
    return eda_system_activations(sys, actor).live;
}

static void check_meters(eda_system *sys, uint32_t last)
{
    const meter_state *reply = NULL;
    uint64_t id;

    for (id = 0; id < KEYS; id++) {
        MUST(sys,
            eda_ask(eda_system_client(sys), EDA_ASK(meter_get, &reply, .id = id), PATIENCE_MS));
        assert_int_equal(reply->last, last);
    }
}

/* --- tests ----------------------------------------------------------------------------------- */

static void a_node_that_joins_is_given_what_saves(void **state)
{
    eda_store *store = eda_store_memory_new();
    eda_system *one;
    eda_system *two;
    eda_counts counts;
    uint32_t number = 1;
    uint32_t touches = 0;
    uint32_t i;

    (void)state;
    assert_non_null(store);
    store->is_shared = true; /* by two systems of one process it is */
    one = start("one", store);
    add_to_all(one, number);
    MUST(one, eda_wait_idle(one, PATIENCE_MS));
    assert_int_equal(live(one, "meter"), KEYS);
    two = start("two", store);
    MUST(one, eda_cluster_wait_nodes(one, 2, PATIENCE_MS));

    /* It goes on as if nothing was, until half of them are there. */
    while (live(two, "meter") < KEYS / 3 || number < 20) {
        for (i = 0; i < 5; i++, touches++) {
            add_to_all(one, ++number);
            touch_all(two);
        }
        MUST(one, eda_cluster_wait_idle(one, PATIENCE_MS));
    }
    assert_int_equal(atomic_load(&disorders), 0);
    assert_int_equal(atomic_load(&touched), touches * KEYS);
    assert_int_equal(atomic_load(&added), number * KEYS);
    assert_true(live(one, "meter") + live(two, "meter") <= KEYS); /* each once at most */
    check_meters(one, number);
    check_meters(two, number);
    assert_int_equal(live(two, "memo"), 0);
    assert_int_equal(live(two, "watch"), 0);
    assert_int_equal(live(one, "watch"), KEYS);

    counts = eda_system_counts(one, NULL, NULL);
    assert_int_equal(counts.lost + counts.unknown + counts.shed, 0);
    eda_system_free(two);
    add_to_all(one, ++number);
    MUST(one, eda_cluster_wait_idle(one, PATIENCE_MS));
    check_meters(one, number);
    assert_int_equal(atomic_load(&disorders), 0);
    counts = eda_system_counts(one, NULL, NULL);
    assert_int_equal(eda_counts_balance(&counts), 0);
    eda_system_free(one);
    eda_store_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_node_that_joins_is_given_what_saves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
