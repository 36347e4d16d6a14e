/* cluster_flow_test.c - more than a link between two nodes holds: EDA_WAIT holds back whoever
 * publishes, requests wait their turn, and nothing is shed. */
#include <edacious/edacious.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "nodes.h"

#define PATIENCE_MS 120000u
#define PARCELS 80000u /* over 65,536 under way on a link and 1,024 in a mailbox */
#define TURN_PARCELS 64u

EDA_MESSAGE(source_go, "source/go");
EDA_MESSAGE(parcel_sent, "parcel/sent", .overflow = EDA_WAIT, .wait_ms = PATIENCE_MS,
    (uint32_t, number));
EDA_RECORD(sink_state, (uint32_t, count));
EDA_REQUEST(sink_get, sink_state, "sink/get", .overflow = EDA_WAIT, .wait_ms = PATIENCE_MS);
EDA_RECORD(source_more, (uint32_t, number));

static atomic_bool is_open; /* the sink goes on */
static atomic_uint disorders;

typedef struct source {
    uint32_t sent;
} source;

static eda_status source_send(source *self, eda_ctx *ctx)
{
    uint32_t i;

    for (i = 0; i < TURN_PARCELS && self->sent < PARCELS; i++) {
        EDA_TRY(eda_publish(ctx, EDA_MSG(parcel_sent, .number = ++self->sent), NULL));
    }
    return self->sent == PARCELS ? EDA_OK
                                 : eda_after(ctx, EDA_MSG(source_more, .number = 0), 0, NULL);
}

static eda_status source_on_go(source *self, const source_go *cmd, eda_ctx *ctx)
{
    (void)cmd;
    return source_send(self, ctx);
}

static eda_status source_on_more(source *self, const source_more *note, eda_ctx *ctx)
{
    (void)note;
    return source_send(self, ctx);
}

EDA_ACTOR(source, eda_none, emits(parcel_sent), on(source_go, source_on_go),
    on_self(source_more, source_on_more));

typedef struct sink {
    uint32_t count;
} sink;

static void wait_until_open(void *arg)
{
    (void)arg;
    while (!atomic_load(&is_open)) {
    }
}

static eda_status sink_on_sent(sink *self, const parcel_sent *parcel, eda_ctx *ctx)
{
    if (parcel->number != ++self->count) {
        atomic_fetch_add(&disorders, 1);
    }
    return self->count == 1 ? eda_blocking(ctx, wait_until_open, NULL) : EDA_OK;
}

static void sink_on_get(sink *self, const sink_get *request, sink_state *reply)
{
    (void)request;
    reply->count = self->count;
}

EDA_ACTOR(sink, eda_none, on(parcel_sent, sink_on_sent), answers(sink_get, sink_on_get));

static eda_system *make_node(const char *name)
{
    eda_system *sys = nodes_make(name, "{\"network\": \"flow\"}", 2);

    nodes_trust(sys);
    return sys;
}

static void check_counts(eda_system *sys)
{
    eda_counts counts = eda_system_counts(sys, NULL, NULL);

    assert_int_equal(eda_counts_balance(&counts), 0);
    assert_int_equal(counts.shed + counts.lost + counts.unknown + counts.failed, 0);
}

static void more_than_a_link_holds_is_held_back_and_nothing_is_shed(void **state)
{
    eda_system *near = make_node("near");
    eda_system *far = make_node("far");
    const sink_state *reply = NULL;

    (void)state;
    assert_int_equal(eda_add(near, EDA_WITH(source)), EDA_OK);
    assert_int_equal(eda_declare(near, &eda_type_sink_get), EDA_OK);
    assert_int_equal(eda_add(far, EDA_WITH(sink)), EDA_OK);
    assert_int_equal(eda_system_start(near), EDA_OK);
    assert_int_equal(eda_system_start(far), EDA_OK);
    assert_int_equal(eda_cluster_wait_nodes(near, 2, PATIENCE_MS), EDA_OK);
    assert_int_equal(eda_publish(eda_system_client(near), EDA_MSG(source_go), NULL), EDA_OK);
    while (eda_system_cluster(near).sent < 65536) {
    }
    atomic_store(&is_open, true);
    assert_int_equal(
        eda_ask(eda_system_client(near), EDA_ASK(sink_get, &reply), PATIENCE_MS), EDA_OK);
    assert_int_equal(eda_cluster_wait_idle(near, PATIENCE_MS), EDA_OK);
    assert_int_equal(
        eda_ask(eda_system_client(near), EDA_ASK(sink_get, &reply), PATIENCE_MS), EDA_OK);
    assert_int_equal(reply->count, PARCELS);
    assert_int_equal(atomic_load(&disorders), 0);
    assert_int_equal(eda_cluster_wait_idle(near, PATIENCE_MS), EDA_OK);
    check_counts(near);
    check_counts(far);
    eda_system_free(near);
    eda_system_free(far);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_than_a_link_holds_is_held_back_and_nothing_is_shed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
