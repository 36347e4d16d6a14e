/* fanout_test.c - one publisher, fifty actor types that subscribe: each gets every message, whole
 * and in order. */
#include "crowd.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LISTENERS 50u
#define WORDS 7u

EDA_RECORD(word, (eda_str, text));
EDA_MESSAGE(bulletin, "news/{desk}", .overflow = EDA_WAIT, .wait_ms = 600000,
    (eda_str, desk), (uint64_t, number), (eda_list_of(word), words));
EDA_MESSAGE(bulletin_order, "newsroom/order", (uint64_t, from), (uint64_t, count));

/* By listener; singletons and keyed ones have one activation here, so their order can be looked at.
 */
static atomic_uint heard[LISTENERS];

typedef struct listener_deps {
    uint32_t index;
} listener_deps;
EDA_OPAQUE(listener_deps);

typedef struct listener {
    uint32_t index;
    uint64_t next;
} listener;

static eda_status listener_start(void *state, const void *deps, eda_ctx *ctx)
{
    listener *self = state;
    const listener_deps *given = deps;

    (void)ctx;
    self->index = given->index;
    return EDA_OK;
}

static bool is_pool(uint32_t index)
{
    return index % 3 == 2;
}

static eda_status listener_on_bulletin(
    void *state, const void *message, void *ret_reply, eda_ctx *ctx)
{
    listener *self = state;
    const bulletin *news = message;
    char text[32];

    (void)ret_reply;
    (void)ctx;
    atomic_fetch_add(&heard[self->index], 1);
    if (!is_pool(self->index) && news->number != self->next) {
        crowd_wrong("listener %" PRIu32 ": %" PRIu64 " came, %" PRIu64 " was next", self->index,
            news->number, self->next);
    }
    self->next = news->number + 1;
    if (news->words.len != WORDS) {
        crowd_wrong("listener %" PRIu32 ": %zu words", self->index, news->words.len);
        return EDA_EFAILED;
    }
    for (size_t i = 0; i < WORDS; i++) {
        (void)snprintf(text, sizeof(text), "%" PRIu64 "-%zu", news->number, i);
        if (!eda_str_equal(news->words.items[i].text, eda_str_from(text))) {
            crowd_wrong("listener %" PRIu32 ": wrong word", self->index);
        }
    }
    return EDA_OK;
}

/* Fifty types are made here and not declared: a third each of singletons, keyed ones and pools. */
static const eda_handler handlers[] = {
    {.type = &eda_type_bulletin, .fn = listener_on_bulletin}, {.fn = NULL}};

typedef struct audience {
    char names[LISTENERS][16];
    eda_actor actors[LISTENERS];
    listener_deps deps[LISTENERS];
} audience;

static void audience_init(audience *all)
{
    uint32_t i;

    for (i = 0; i < LISTENERS; i++) {
        (void)snprintf(all->names[i], sizeof(all->names[i]), "listener_%02u", i);
        all->deps[i].index = i;
        all->actors[i] = (eda_actor){.name = all->names[i],
            .size = sizeof(listener),
            .deps = &eda_type_listener_deps,
            .key = i % 3 == 1 ? "desk" : NULL,
            .pool_len = is_pool(i) ? 4 : 0,
            .start = listener_start,
            .handlers = handlers};
        atomic_store(&heard[i], 0);
    }
}

static eda_status publish_bulletin(eda_ctx *ctx, uint64_t number)
{
    char texts[WORDS][32];
    word words[WORDS];

    for (size_t i = 0; i < WORDS; i++) {
        (void)snprintf(texts[i], sizeof(texts[i]), "%" PRIu64 "-%zu", number, i);
        words[i].text = eda_str_from(texts[i]);
    }
    return eda_publish(ctx,
        EDA_MSG(bulletin, .desk = EDA_STR("city"), .number = number,
            .words = {.items = words, .len = WORDS}),
        NULL);
}

/* The same publisher as an actor. */
typedef struct newsroom {
    uint64_t count;
} newsroom;

static eda_status newsroom_on_order(newsroom *self, const bulletin_order *order, eda_ctx *ctx)
{
    for (uint64_t i = 0; i < order->count; i++) {
        EDA_TRY(publish_bulletin(ctx, order->from + i));
        self->count++;
    }
    return EDA_OK;
}

EDA_ACTOR(newsroom, eda_none, emits(bulletin), on(bulletin_order, newsroom_on_order));

static eda_system *start(audience *all, uint32_t workers)
{
    const eda_options options = {.workers = workers, .mailbox_len_max = 32};
    eda_system *sys = NULL;
    uint32_t i;

    audience_init(all);
    assert_int_equal(eda_system_new(&options, &sys), EDA_OK);
    assert_int_equal(eda_add(sys, EDA_WITH(newsroom)), EDA_OK);
    for (i = 0; i < LISTENERS; i++) {
        assert_int_equal(
            eda_add(sys, (eda_added){.actor = &all->actors[i], .deps = &all->deps[i]}), EDA_OK);
    }
    crowd_system_start(sys);
    return sys;
}

static void finish(eda_system *sys, uint64_t count)
{
    eda_counts counts;
    uint32_t i;

    crowd_settle(sys);
    crowd_assert_right();
    for (i = 0; i < LISTENERS; i++) {
        assert_int_equal(atomic_load(&heard[i]), count);
    }
    counts = eda_system_counts(sys, "bulletin", NULL);
    assert_int_equal(counts.accepted, LISTENERS * count);
    assert_int_equal(counts.handled, LISTENERS * count);
    crowd_end(sys);
}

static uint64_t bulletin_count(void)
{
    uint64_t count = crowd_is_sanitized() ? 200 : 2000;

    return crowd_number("EDA_LONG", 0) != 0 ? 10 * count : count;
}

static void fan_out_from_client_reaches_all(void **state)
{
    audience all;
    eda_system *sys = start(&all, 4);
    uint64_t count = bulletin_count();

    (void)state;
    for (uint64_t i = 0; i < count; i++) {
        assert_int_equal(publish_bulletin(eda_system_client(sys), i), EDA_OK);
    }
    finish(sys, count);
}

static void fan_out_from_actor_reaches_all(void **state)
{
    audience all;
    eda_system *sys = start(&all, 4);
    uint64_t count = bulletin_count();

    (void)state;
    for (uint64_t i = 0; i < count; i += 50) { /* 50 times 50 effects a turn, far more than fit */
        assert_int_equal(eda_publish_wait(eda_system_client(sys),
                             EDA_MSG(bulletin_order, .from = i, .count = 50), CROWD_TIMEOUT_MS),
            EDA_OK);
    }
    finish(sys, count);
}

static void fan_out_on_one_worker_reaches_all(void **state)
{
    audience all;
    eda_system *sys = start(&all, 1);

    (void)state;
    assert_int_equal(
        eda_publish(eda_system_client(sys), EDA_MSG(bulletin_order, .from = 0, .count = 80), NULL),
        EDA_OK);
    finish(sys, 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fan_out_from_client_reaches_all),
        cmocka_unit_test(fan_out_from_actor_reaches_all),
        cmocka_unit_test(fan_out_on_one_worker_reaches_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
