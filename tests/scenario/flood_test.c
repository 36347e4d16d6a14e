/* flood_test.c - two actors that wait for room in each other's full mailbox: told by name, never a
 * hang. */
#include "crowd.h"

#include "base/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BALLS 8u /* of a turn: four times what a mailbox holds */
#define HOPS 3u

EDA_MESSAGE(ping_ball, "flood/ping", .overflow = EDA_WAIT, .wait_ms = 600000, (uint32_t, hops));
EDA_MESSAGE(pong_ball, "flood/pong", .overflow = EDA_WAIT, .wait_ms = 600000, (uint32_t, hops));

typedef struct ping {
    uint64_t count;
} ping;

typedef struct pong {
    uint64_t count;
} pong;

static eda_status ping_on_ball(ping *self, const ping_ball *ball, eda_ctx *ctx)
{
    self->count++;
    for (uint32_t i = 0; i < BALLS && ball->hops > 0; i++) {
        EDA_TRY(eda_publish(ctx, EDA_MSG(pong_ball, .hops = ball->hops - 1), NULL));
    }
    return EDA_OK;
}

static eda_status pong_on_ball(pong *self, const pong_ball *ball, eda_ctx *ctx)
{
    self->count++;
    for (uint32_t i = 0; i < BALLS && ball->hops > 0; i++) {
        EDA_TRY(eda_publish(ctx, EDA_MSG(ping_ball, .hops = ball->hops - 1), NULL));
    }
    return EDA_OK;
}

EDA_ACTOR(ping, eda_none,
    options(.mailbox_len_max = 2), emits(pong_ball), on(ping_ball, ping_on_ball));
EDA_ACTOR(pong, eda_none,
    options(.mailbox_len_max = 2), emits(ping_ball), on(pong_ball, pong_on_ball));

/* Under its mutex. */
static struct {
    edai_mutex mutex;
    unsigned both_count; /* lines that name both */
} told;

static void on_log(void *arg, eda_str line)
{
    char text[512];

    (void)arg;
    (void)snprintf(text, sizeof(text), "%.*s", EDA_STR_ARG(line));
    edai_mutex_lock(&told.mutex);
    if (strstr(text, "ping") != NULL && strstr(text, "pong") != NULL) {
        told.both_count++;
    }
    edai_mutex_unlock(&told.mutex);
}

static void flood(uint32_t workers)
{
    const eda_actor *const actors[] = {&eda_actor_ping, &eda_actor_pong, NULL};
    const eda_options options = {.workers = workers, .log = on_log};
    eda_system *sys;
    eda_counts counts;

    edai_mutex_init(&told.mutex);
    told.both_count = 0;
    sys = crowd_system(&options, actors);
    assert_int_equal(
        eda_publish(eda_system_client(sys), EDA_MSG(ping_ball, .hops = HOPS), NULL), EDA_OK);
    crowd_settle(sys);
    counts = eda_system_counts(sys, NULL, NULL);
    assert_true(counts.shed > 0); /* what would have closed the circle */
    assert_int_equal(counts.accepted, counts.handled + counts.shed);
    assert_true(told.both_count > 0); /* written before the last of them ended */
    crowd_end(sys);
    edai_mutex_fini(&told.mutex);
}

static void flood_on_one_worker_names_both(void **state)
{
    (void)state;
    flood(1);
}

static void flood_on_two_workers_names_both(void **state)
{
    (void)state;
    flood(2);
}

static void flood_on_eight_workers_names_both(void **state)
{
    (void)state;
    flood(8);
}

/* Clients flood the two as well: they wait for room, which comes whenever a circle is broken. */
static void pour(eda_ctx *client, unsigned index, void *arg)
{
    uint32_t i;

    (void)arg;
    for (i = 0; i < 20; i++) {
        eda_status status = index % 2 == 0
                                ? eda_publish(client, EDA_MSG(ping_ball, .hops = 2), NULL)
                                : eda_publish(client, EDA_MSG(pong_ball, .hops = 2), NULL);

        if (status != EDA_OK) {
            crowd_wrong("client %u: %s", index, eda_status_name(status));
        }
    }
}

static void flood_from_clients_ends(void **state)
{
    const eda_actor *const actors[] = {&eda_actor_ping, &eda_actor_pong, NULL};
    const eda_options options = {.workers = 4, .log = on_log};
    eda_system *sys;
    eda_counts counts;

    (void)state;
    edai_mutex_init(&told.mutex);
    sys = crowd_system(&options, actors);
    crowd_run(sys, 4, pour, NULL);
    crowd_settle(sys);
    counts = eda_system_counts(sys, NULL, NULL);
    assert_int_equal(counts.accepted, counts.handled + counts.shed);
    crowd_end(sys);
    crowd_assert_right();
    edai_mutex_fini(&told.mutex);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flood_on_one_worker_names_both),
        cmocka_unit_test(flood_on_two_workers_names_both),
        cmocka_unit_test(flood_on_eight_workers_names_both),
        cmocka_unit_test(flood_from_clients_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
