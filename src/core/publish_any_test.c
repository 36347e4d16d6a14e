/* publish_any_test.c - on_any: who hears what by topic, typed or raw, and what no wildcard hears.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "delivery.h"

EDA_MESSAGE(lamp, "house/{room}/lamp", (eda_str, room), (uint32_t, level));
EDA_MESSAGE(bell, "house/bell", (uint32_t, times));
EDA_MESSAGE(outside, "garden/{bed}", (eda_str, bed));
EDA_MESSAGE_RAW(frame, "house/{room}/frame");
EDA_RECORD(lamp_state, (uint32_t, level));
EDA_REQUEST(lamp_get, lamp_state, "house/{room}/lamp/get", (eda_str, room));
EDA_MESSAGE(poison, "house/poison", (uint32_t, n));

/* Writes what it heard: its own letter, the topic, the type or '-', who published. */
static void trace_envelope(char who, const eda_envelope *envelope)
{
    delivery_trace("%c:%.*s:%s:%.*s ", who, EDA_STR_ARG(envelope->topic),
        envelope->type != NULL ? envelope->type->name : "-", EDA_STR_ARG(envelope->publisher));
}

typedef struct all_hearer {
    uint32_t count;
} all_hearer;

static eda_status hear_all(all_hearer *self, const eda_envelope *envelope, eda_ctx *ctx)
{
    assert_ptr_equal(eda_envelope_of(ctx), envelope);
    assert_int_equal(envelope->attempt, 1);
    self->count++;
    trace_envelope('A', envelope);
    return EDA_OK;
}

EDA_ACTOR(all_hearer, eda_none, on_any("**", hear_all));

typedef struct kitchen_hearer {
    uint32_t count;
} kitchen_hearer;

static eda_status hear_kitchen(kitchen_hearer *self, const eda_envelope *envelope, eda_ctx *ctx)
{
    (void)ctx;
    self->count++;
    trace_envelope('K', envelope);
    if (envelope->type == &eda_type_lamp) {
        delivery_trace("%d ", (int)((const lamp *)envelope->data)->level);
    }
    return EDA_OK;
}

EDA_ACTOR(kitchen_hearer, eda_none, on_any("house/kit$*/*", hear_kitchen));

/* Keyed: hears only what has its key. */
typedef struct room_hearer {
    uint32_t count;
} room_hearer;

static eda_status hear_room(room_hearer *self, const eda_envelope *envelope, eda_ctx *ctx)
{
    self->count++;
    delivery_trace("R[%.*s]", EDA_STR_ARG(eda_key(ctx)));
    trace_envelope('R', envelope);
    return EDA_OK;
}

EDA_ACTOR(room_hearer, eda_none, key(room), on_any("house/**", hear_room));

typedef struct dead_hearer {
    uint32_t count;
} dead_hearer;

static eda_status hear_dead(dead_hearer *self, const eda_envelope *envelope, eda_ctx *ctx)
{
    (void)ctx;
    self->count++;
    trace_envelope('D', envelope);
    return EDA_OK;
}

EDA_ACTOR(dead_hearer, eda_none, on_any("@edacious/**", hear_dead));

typedef struct lamp_keeper {
    uint32_t level;
} lamp_keeper;

static void lamp_answer(lamp_keeper *self, const lamp_get *get, lamp_state *ret_state)
{
    (void)get;
    ret_state->level = ++self->level;
}

static eda_status lamp_poison(lamp_keeper *self, const poison *message, eda_ctx *ctx)
{
    (void)self;
    (void)message;
    (void)ctx;
    return EDA_EFAILED;
}

EDA_ACTOR(lamp_keeper, eda_none, answers(lamp_get, lamp_answer),
    on(poison, lamp_poison, attempts(2)));

static eda_system *start(const eda_actor *const *actors)
{
    const eda_options options = {.pumped = true};
    const eda_type *const declared[] = {
        &eda_type_lamp, &eda_type_bell, &eda_type_outside, &eda_type_frame};
    eda_system *sys = NULL;
    size_t i;

    delivery_trace_clear();
    delivery_assert_ok(eda_system_new(&options, &sys));
    for (i = 0; i < sizeof(declared) / sizeof(declared[0]); i++) {
        delivery_assert_ok(eda_declare(sys, declared[i]));
    }
    for (; *actors != NULL; actors++) {
        delivery_assert_ok(eda_add(sys, (eda_added){.actor = *actors}));
    }
    delivery_assert_ok(eda_system_start(sys));
    return sys;
}

static void any_of_everything_hears_typed_and_raw(void **state)
{
    eda_system *sys = start(DELIVERY_ACTORS(&eda_actor_all_hearer));
    eda_ctx *client = eda_system_client(sys);

    (void)state;
    delivery_assert_ok(
        eda_publish_wait(client, EDA_MSG(lamp, .room = EDA_STR("hall"), .level = 3), 60000));
    delivery_assert_ok(eda_publish_wait(client, EDA_MSG(bell, .times = 1), 60000));
    delivery_assert_ok(eda_publish_raw(
        client, EDA_STR("house/hall/frame"), EDA_STR("image/png"), EDA_BYTES("\x89PNG"), NULL));
    delivery_assert_ok(
        eda_publish_raw(client, EDA_STR("no/such/type"), EDA_STR(""), EDA_BYTES(""), NULL));
    delivery_settle(sys);
    assert_string_equal(delivery_traced(),
        "A:house/hall/lamp:lamp:client 1 A:house/bell:bell:client 1 "
        "A:house/hall/frame:frame:client 1 A:no/such/type:-:client 1 ");
    delivery_assert_counts(sys, NULL, "all_hearer", .handled = 4);
    delivery_end(sys);
}

static void any_of_a_pattern_hears_only_topics_in_it(void **state)
{
    eda_system *sys = start(DELIVERY_ACTORS(&eda_actor_kitchen_hearer));
    eda_ctx *client = eda_system_client(sys);

    (void)state;
    delivery_assert_ok(
        eda_publish(client, EDA_MSG(lamp, .room = EDA_STR("kitchen"), .level = 7), NULL));
    delivery_assert_ok(eda_publish(client, EDA_MSG(lamp, .room = EDA_STR("hall")), NULL));
    delivery_assert_ok(eda_publish(client, EDA_MSG(bell, .times = 1), NULL));
    delivery_assert_ok(eda_publish(client, EDA_MSG(outside, .bed = EDA_STR("roses")), NULL));
    delivery_assert_ok(
        eda_publish_raw(client, EDA_STR("house/kit2/raw"), EDA_STR(""), EDA_BYTES(""), NULL));
    delivery_assert_ok(
        eda_publish_raw(client, EDA_STR("house/cellar/raw"), EDA_STR(""), EDA_BYTES(""), NULL));
    delivery_settle(sys);
    assert_string_equal(
        delivery_traced(), "K:house/kitchen/lamp:lamp:client 1 7 K:house/kit2/raw:-:client 1 ");
    /* What the pattern does not take nobody hears. */
    delivery_assert_counts(sys, "lamp", NULL, .handled = 1, .unheard = 1);
    delivery_assert_counts(sys, "bell", NULL, .unheard = 1);
    delivery_assert_counts(sys, "outside", NULL, .unheard = 1);
    delivery_assert_counts(sys, NULL, NULL, .handled = 2, .unheard = 4);
    delivery_end(sys);
}

static void any_of_a_keyed_actor_hears_what_has_its_key(void **state)
{
    eda_system *sys = start(DELIVERY_ACTORS(&eda_actor_room_hearer));
    eda_ctx *client = eda_system_client(sys);

    (void)state;
    delivery_assert_ok(eda_publish(client, EDA_MSG(lamp, .room = EDA_STR("hall")), NULL));
    delivery_assert_ok(eda_publish(client, EDA_MSG(lamp, .room = EDA_STR("attic")), NULL));
    delivery_assert_ok(eda_publish(client, EDA_MSG(bell, .times = 1), NULL)); /* no room */
    delivery_settle(sys);
    assert_string_equal(delivery_traced(), "R[hall]R:house/hall/lamp:lamp:client 1 "
                                           "R[attic]R:house/attic/lamp:lamp:client 1 ");
    delivery_assert_counts(sys, "bell", NULL, .unheard = 1);
    delivery_end(sys);
}

static void requests_and_replies_are_invisible_to_wildcards(void **state)
{
    eda_system *sys = start(DELIVERY_ACTORS(&eda_actor_all_hearer, &eda_actor_lamp_keeper));
    const lamp_state *reply = NULL;

    (void)state;
    delivery_assert_ok(
        eda_ask(eda_system_client(sys), EDA_ASK(lamp_get, &reply, .room = EDA_STR("hall")), 60000));
    assert_int_equal(reply->level, 1);
    delivery_settle(sys);
    assert_string_equal(delivery_traced(), "");
    delivery_end(sys);
}

static void system_topics_are_heard_only_where_asked_for(void **state)
{
    eda_system *sys = start(
        DELIVERY_ACTORS(&eda_actor_all_hearer, &eda_actor_dead_hearer, &eda_actor_lamp_keeper));

    (void)state;
    delivery_assert_status(
        eda_publish_wait(eda_system_client(sys), EDA_MSG(poison, .n = 1), 60000), EDA_EDEAD);
    delivery_settle(sys);
    assert_string_equal(delivery_traced(),
        "A:house/poison:poison:client 1 D:@edacious/dead:eda_dead_letter:client 0 ");
    /* Not in the sums unless named. */
    delivery_assert_counts(sys, NULL, "dead_hearer", .handled = 0);
    delivery_assert_counts(sys, "eda_dead_letter", NULL, .handled = 1);
    delivery_end(sys);
}

static void several_patterns_and_handlers_hear_one_message_once_each(void **state)
{
    eda_system *sys = start(
        DELIVERY_ACTORS(&eda_actor_all_hearer, &eda_actor_kitchen_hearer, &eda_actor_room_hearer));
    eda_ctx *client = eda_system_client(sys);

    (void)state;
    delivery_assert_ok(
        eda_publish_wait(client, EDA_MSG(lamp, .room = EDA_STR("kitchen"), .level = 5), 60000));
    delivery_assert_counts(sys, "lamp", NULL, .handled = 3);
    delivery_assert_counts(sys, "lamp", "all_hearer", .handled = 1);
    delivery_assert_counts(sys, "lamp", "kitchen_hearer", .handled = 1);
    delivery_assert_counts(sys, "lamp", "room_hearer", .handled = 1);
    delivery_end(sys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_of_everything_hears_typed_and_raw),
        cmocka_unit_test(any_of_a_pattern_hears_only_topics_in_it),
        cmocka_unit_test(any_of_a_keyed_actor_hears_what_has_its_key),
        cmocka_unit_test(requests_and_replies_are_invisible_to_wildcards),
        cmocka_unit_test(system_topics_are_heard_only_where_asked_for),
        cmocka_unit_test(several_patterns_and_handlers_hear_one_message_once_each),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
