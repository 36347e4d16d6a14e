/* cluster_nth_test.c - every allocation of two nodes fails once: while they send to each other,
 * hear outsiders, and while one of them joins and leaves. Nothing crashes or hangs, each delivery
 * is accounted for, and afterwards all works. */
#include <edacious/edacious.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/thread.h"
#include "nodes.h"

#define PATIENCE_MS 60000u
#define ASK_MS                                                                                     \
    200u /* what a bus without memory drops is a gap between batches: whoever asked waits */
#define NETWORK "{\"network\": \"nth\"}"
#define LAMP 7u
#define ALONE 100u /* allocations of a node that joins, before others hear of it; about */

static unsigned step = 8;

EDA_MESSAGE(lamp_switch, "lamp/{id}/switch", (uint64_t, id), (eda_str, who));
EDA_MESSAGE(lamp_switched, "lamp/{id}/switched", (uint64_t, id), (eda_str, who));
EDA_RECORD(lamp_state, (uint32_t, switches), (eda_str, who));
EDA_REQUEST(lamp_get, lamp_state, "lamp/{id}/get", (uint64_t, id));

typedef struct lamp {
    uint32_t switches;
} lamp;

static eda_status lamp_on_switch(lamp *self, const lamp_switch *cmd, eda_ctx *ctx)
{
    self->switches++;
    return eda_publish(ctx, EDA_MSG(lamp_switched, .id = cmd->id, .who = cmd->who), NULL);
}

static void lamp_on_get(lamp *self, const lamp_get *request, lamp_state *reply)
{
    (void)request;
    *reply = (lamp_state){.switches = self->switches, .who = EDA_STR("somebody or other")};
}

EDA_ACTOR(lamp, eda_none, key(id), spawns_for(outside), emits(lamp_switched),
    on(lamp_switch, lamp_on_switch), answers(lamp_get, lamp_on_get));

typedef struct ledger {
    uint32_t count;
} ledger;

static void ledger_on_switched(ledger *self, const lamp_switched *event)
{
    (void)event;
    self->count++;
}

EDA_ACTOR(ledger, eda_none, on(lamp_switched, ledger_on_switched));

/* --- the scene ------------------------------------------------------------------------------- */

typedef struct scene {
    eda_system *desk;  /* has the ledger, and asks */
    eda_system *lamps; /* has the lamps */
    eda_bus *bus;      /* an outsider's */
    edai_mutex mutex;
    edai_cond cond;
    unsigned gets; /* that began */
    unsigned ends;
    unsigned answers;
} scene;

static eda_system *make_desk(void)
{
    eda_system *sys = nodes_make("desk", NETWORK, 1);

    assert_int_equal(eda_add(sys, EDA_WITH(ledger)), EDA_OK);
    assert_int_equal(eda_declare(sys, &eda_type_lamp_switch), EDA_OK);
    assert_int_equal(eda_declare(sys, &eda_type_lamp_get), EDA_OK);
    return sys;
}

static eda_system *make_lamps(void)
{
    eda_system *sys = nodes_make("lamps", NETWORK, 1);

    assert_int_equal(eda_add(sys, EDA_WITH(lamp)), EDA_OK);
    return sys;
}

static void begin(scene *self)
{
    eda_bus_problem problem = {.text = ""};

    memset(self, 0, sizeof(*self));
    edai_mutex_init(&self->mutex);
    edai_cond_init(&self->cond);
    self->desk = make_desk();
    assert_int_equal(eda_system_start(self->desk), EDA_OK);
    assert_int_equal(
        eda_bus_inproc.open(&(eda_bus_options){.config = NETWORK}, &self->bus, &problem), EDA_OK);
}

/* Stops it, which ends what is left, and balances its accounts for good. */
static void end_node(eda_system *sys)
{
    eda_system_stop(sys);
    nodes_check_accounts(sys);
    eda_system_free(sys);
}

static void end(scene *self)
{
    eda_bus_inproc.close(self->bus);
    end_node(self->desk);
    edai_cond_fini(&self->cond);
    edai_mutex_fini(&self->mutex);
}

/* --- what is done, with any of its allocations failing ---------------------------------------- */

/* What may come of want of memory: here, in a receiver's turn, in its line, on the way. */
static void check_status(eda_status status)
{
    switch (status) {
    case EDA_OK:
    case EDA_ENOMEM:
    case EDA_ELIMIT:
    case EDA_EFAILED:
    case EDA_ESHED:
    case EDA_ETIMEOUT:
    case EDA_EIO:
        break;
    default:
        fail_msg("%s", eda_status_name(status));
    }
}

static void on_answer(void *arg, const eda_bus_message *answer, bool is_error, eda_status status)
{
    scene *self = arg;

    (void)is_error;
    (void)status;
    edai_mutex_lock(&self->mutex);
    self->answers += answer != NULL;
    self->ends += answer == NULL;
    edai_cond_broadcast(&self->cond);
    edai_mutex_unlock(&self->mutex);
}

static void put_as_outsider(const scene *self)
{
    const eda_bus_message message = {.key = EDA_STR("lamp/7/switch"),
        .encoding = EDA_STR("application/json"),
        .payload = EDA_BYTES("{\"who\": \"an outsider\"}")};

    check_status(eda_bus_inproc.put(self->bus, &message));
}

/* Waits until it has ended; returns the number of answers. */
static unsigned get_as_outsider(scene *self)
{
    const eda_bus_message request = {.key = EDA_STR("lamp/7/get")};
    int64_t until = edai_clock_monotonic_ns() + EDA_MS(PATIENCE_MS);
    eda_status status;
    unsigned answers;

    self->answers = 0;
    status = eda_bus_inproc.get(self->bus, &request, false, PATIENCE_MS, on_answer, self);
    check_status(status);
    self->gets += status == EDA_OK;
    edai_mutex_lock(&self->mutex);
    while (self->ends < self->gets) {
        assert_true(edai_cond_wait_until(&self->cond, &self->mutex, until));
    }
    answers = self->answers;
    edai_mutex_unlock(&self->mutex);
    return answers;
}

static eda_status publish(eda_system *sys)
{
    return eda_publish(eda_system_client(sys),
        EDA_MSG(lamp_switch, .id = LAMP, .who = EDA_STR("the desk, in so many words")), NULL);
}

static eda_status ask(eda_system *sys, uint32_t timeout_ms)
{
    const lamp_state *reply = NULL;

    return eda_ask(eda_system_client(sys), EDA_ASK(lamp_get, &reply, .id = LAMP), timeout_ms);
}

/* A node that had no memory for it knows within half a second who answers elsewhere. */
static eda_status ask_again(eda_system *sys)
{
    int64_t until = edai_clock_monotonic_ns() + EDA_MS(PATIENCE_MS);
    eda_status status;

    while ((status = ask(sys, PATIENCE_MS)) == EDA_ENOENT && edai_clock_monotonic_ns() < until) {
        edai_thread_yield();
    }
    return status;
}

static void live(scene *self)
{
    check_status(publish(self->desk));
    check_status(ask(self->desk, ASK_MS));
    check_status(eda_publish_wait(eda_system_client(self->desk),
        EDA_MSG(lamp_switch, .id = LAMP + 1, .who = EDA_STR("the desk")), ASK_MS));
    put_as_outsider(self);
    (void)get_as_outsider(self);
}

/* With memory again: nothing is left to do anywhere, nothing is owed, and all works. */
static void recover(scene *self)
{
    int64_t until = edai_clock_monotonic_ns() + EDA_MS(PATIENCE_MS);

    assert_int_equal(eda_cluster_wait_nodes(self->desk, 2, PATIENCE_MS), EDA_OK);
    assert_int_equal(eda_cluster_wait_idle(self->desk, PATIENCE_MS), EDA_OK);
    nodes_check_accounts(self->desk);
    nodes_check_accounts(self->lamps);
    assert_int_equal(ask_again(self->desk), EDA_OK);
    assert_int_equal(publish(self->desk), EDA_OK);
    assert_int_equal(ask(self->desk, PATIENCE_MS), EDA_OK);
    while (get_as_outsider(self) == 0) {
        assert_true(edai_clock_monotonic_ns() < until);
        edai_thread_yield();
    }
}

/* --- tests ----------------------------------------------------------------------------------- */

static void nodes_account_for_each_failed_allocation(void **state)
{
    scene self;
    uint64_t failed;
    uint64_t nth = 0;

    (void)state;
    begin(&self);
    self.lamps = make_lamps();
    assert_int_equal(eda_system_start(self.lamps), EDA_OK);
    recover(&self);
    do {
        failed = edai_alloc_failed_count();
        edai_alloc_fail_process(++nth);
        live(&self);
        edai_alloc_fail_process(0);
        failed = edai_alloc_failed_count() - failed;
        recover(&self);
    } while (failed != 0);
    assert_true(nth > 20);
    print_message(
        "sending and receiving: %u allocations failed, one at a time\n", (unsigned)nth - 1);
    end_node(self.lamps);
    end(&self);
}

/* Returns whether an allocation failed. */
static bool join_once(scene *self, uint64_t nth)
{
    uint64_t before = edai_alloc_failed_count();
    eda_status status;

    self->lamps = make_lamps();
    edai_alloc_fail_process(nth);
    status = eda_system_start(self->lamps);
    edai_alloc_fail_process(0);
    assert_true(status == EDA_OK || status == EDA_ENOMEM);
    if (status == EDA_OK) {
        recover(self);
    }
    end_node(self->lamps);
    return edai_alloc_failed_count() != before;
}

static void node_that_joins_survives_each_failed_allocation(void **state)
{
    scene self;
    uint64_t nth = 1;
    unsigned count = 0;

    (void)state;
    begin(&self);
    while (join_once(&self, nth)) {
        nth += nth < ALONE ? 1 : step;
        count++;
    }
    assert_true(nth > 20);
    print_message(
        "joining: %u of %u allocations failed, one at a time\n", count, (unsigned)nth - 1);
    end(&self);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_account_for_each_failed_allocation),
        cmocka_unit_test(node_that_joins_survives_each_failed_allocation),
    };

    if (argc > 1) {
        step = (unsigned)strtoul(argv[1], NULL, 10);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
