/* seal_test.c - what eda_system_start refuses, and who hears what: on_any of singletons, pools and
 * keyed actors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <edacious/edacious.h>

#include "base/memory.h"
#include "state_store.h"

EDA_RECORD(state_answer, (uint32_t, number));
EDA_REQUEST(state_question, state_answer, "state/question");
EDA_MESSAGE(state_door, "state/door/{id}", (eda_str, id));
EDA_MESSAGE(state_gate, "state/gate/{number}", (uint32_t, number), (eda_str, id));
EDA_MESSAGE(state_doorway, "state/door/{which}", (uint32_t, which));
EDA_MESSAGE(state_lamp, "state/lamp", (uint32_t, id));
EDA_MESSAGE(state_heat, "state/heat", (double, id));
EDA_MESSAGE(state_wind, "state/wind", (uint32_t, speed));

typedef struct state_one {
    uint32_t saved;
} state_one;

/* By actor: what was heard, and the key of the activation that heard it. */
typedef struct state_heard {
    uint32_t count;
    char key[32];
    char type[32];
} state_heard;

static state_heard any_heard;
static state_heard keyed_heard;
static state_heard number_heard;
static state_heard pool_heard;

static void hear(state_heard *heard, const eda_envelope *envelope, eda_ctx *ctx)
{
    eda_str key = eda_key(ctx);

    heard->count++;
    memset(heard->key, 0, sizeof(heard->key));
    if (key.len > 0) {
        memcpy(heard->key, key.ptr, key.len);
    }
    memset(heard->type, 0, sizeof(heard->type));
    memcpy(heard->type, envelope->type != NULL ? envelope->type->name : "raw",
        envelope->type != NULL ? strlen(envelope->type->name) : 3);
}

#define LISTENER(name_, heard_)                                                                    \
    static eda_status name_(state_one *self, const eda_envelope *envelope, eda_ctx *ctx)           \
    {                                                                                              \
        (void)self;                                                                                \
        hear(&(heard_), envelope, ctx);                                                            \
        return EDA_OK;                                                                             \
    }

LISTENER(on_any, any_heard)
LISTENER(on_keyed, keyed_heard)
LISTENER(on_number, number_heard)
LISTENER(on_speed, number_heard)
LISTENER(on_pool, pool_heard)

typedef state_one state_any;
typedef state_one state_keyed;
typedef state_one state_number;
typedef state_one state_pool;
typedef state_one state_first;
typedef state_one state_second;
typedef state_one state_saver;

EDA_ACTOR(state_any, eda_none, on_any("state/**", on_any));
EDA_ACTOR(state_keyed, eda_none, key(id), on_any("state/**", on_keyed));
EDA_ACTOR(state_pool, eda_none, pool(2), on_any("state/*", on_pool));

static eda_status number_on_gate(state_number *self, const state_gate *gate, eda_ctx *ctx)
{
    (void)self, (void)gate, (void)ctx;
    return EDA_OK;
}

EDA_ACTOR(state_number, eda_none,
    key(number),
    on(state_gate, number_on_gate),
    on_any("state/lamp", on_number, key(id)),
    on_any("state/wind", on_speed, key(speed)));

static eda_status first_on_question(
    state_first *self, const state_question *question, state_answer *ret, eda_ctx *ctx)
{
    (void)self, (void)question, (void)ctx;
    ret->number = 1;
    return EDA_OK;
}

static eda_status second_on_question(
    state_second *self, const state_question *question, state_answer *ret, eda_ctx *ctx)
{
    (void)self, (void)question, (void)ctx;
    ret->number = 2;
    return EDA_OK;
}

EDA_ACTOR(state_first, eda_none, answers(state_question, first_on_question));
EDA_ACTOR(state_second, eda_none, answers(state_question, second_on_question));

static void saver_on_lamp(state_saver *self, const state_lamp *lamp)
{
    self->saved = lamp->id;
}

EDA_ACTOR(state_saver, eda_none, saves(saved), on(state_lamp, saver_on_lamp));

/* --- starting ----------------------------------------------------------------------------- */

static void start_with_two_responders_is_refused(void **state)
{
    eda_system *sys = state_system_new(NULL);

    (void)state;
    assert_int_equal(eda_add(sys, EDA_WITH(state_first)), EDA_OK);
    assert_int_equal(eda_add(sys, EDA_WITH(state_second)), EDA_OK);
    assert_int_equal(eda_system_start(sys), EDA_ECONFLICT);
    assert_string_equal(eda_system_error(sys),
        "both 'state_first' and 'state_second' answer state_question; a request has one responder: "
        "leave it out of one of them");
    assert_int_equal(eda_system_start(sys), EDA_ESTATE); /* half of it is joined */
    assert_string_equal(eda_system_error(sys), "an earlier start failed; make a new system");
    eda_system_free(sys);
}

static void start_with_two_messages_on_one_topic_is_refused(void **state)
{
    eda_system *sys = state_system_new(NULL);

    (void)state;
    assert_int_equal(eda_declare(sys, &eda_type_state_door), EDA_OK);
    assert_int_equal(eda_declare(sys, &eda_type_state_doorway), EDA_OK);
    assert_int_equal(eda_system_start(sys), EDA_ECONFLICT);
    assert_string_equal(eda_system_error(sys),
        "state_door and state_doorway have the same topic, state/door/{which}: give one of them "
        "another");
    eda_system_free(sys);
}

static void start_with_saves_and_without_a_store_is_refused(void **state)
{
    eda_system *sys = state_system_new(NULL);

    (void)state;
    assert_int_equal(eda_add(sys, EDA_WITH(state_saver)), EDA_OK);
    assert_int_equal(eda_system_start(sys), EDA_EMISSING);
    assert_string_equal(eda_system_error(sys),
        "actor 'state_saver' saves 'saved', and no store is configured: set .store = "
        "EDA_STORE_MEMORY (gone with the process), or give a .store_object");
    assert_null(eda_system_client(sys));
    eda_system_free(sys);
}

static void start_with_the_memory_store_by_name_is_accepted(void **state)
{
    const eda_options options = {.pumped = true, .store = EDA_STORE_MEMORY};
    eda_system *sys = NULL;

    (void)state;
    assert_int_equal(eda_system_new(&options, &sys), EDA_OK);
    assert_int_equal(eda_add(sys, EDA_WITH(state_saver)), EDA_OK);
    assert_int_equal(eda_system_start(sys), EDA_OK);
    state_system_end(sys);
}

static void system_with_an_unknown_store_is_refused(void **state)
{
    eda_store outdated = {.struct_size = 8};
    eda_options options = {.store = "no_such_store"};
    eda_system *sys = NULL;

    (void)state;
    assert_int_equal(eda_system_new(&options, &sys), EDA_EINVAL);
    options.store_object = &outdated;
    assert_int_equal(eda_system_new(&options, &sys), EDA_EINVAL);
    assert_null(sys);
}

/* --- who hears what ----------------------------------------------------------------------- */

static eda_system *start_listeners(void)
{
    eda_system *sys = state_system_new(NULL);

    memset(&any_heard, 0, sizeof(any_heard));
    memset(&keyed_heard, 0, sizeof(keyed_heard));
    memset(&number_heard, 0, sizeof(number_heard));
    memset(&pool_heard, 0, sizeof(pool_heard));
    assert_int_equal(eda_add(sys, EDA_WITH(state_any)), EDA_OK);
    assert_int_equal(eda_add(sys, EDA_WITH(state_keyed)), EDA_OK);
    assert_int_equal(eda_add(sys, EDA_WITH(state_pool)), EDA_OK);
    assert_int_equal(eda_add(sys, EDA_WITH(state_number)), EDA_OK);
    assert_int_equal(eda_add(sys, EDA_WITH(state_first)), EDA_OK);
    assert_int_equal(eda_declare(sys, &eda_type_state_door), EDA_OK);
    assert_int_equal(eda_declare(sys, &eda_type_state_lamp), EDA_OK);
    assert_int_equal(eda_declare(sys, &eda_type_state_heat), EDA_OK);
    assert_int_equal(eda_declare(sys, &eda_type_state_wind), EDA_OK);
    assert_int_equal(eda_system_start(sys), EDA_OK);
    return sys;
}

static void send(eda_system *sys, eda_value message)
{
    assert_int_equal(eda_publish_wait(eda_system_client(sys), message, EDA_FOREVER), EDA_OK);
}

static void any_of_a_singleton_hears_all_that_matches(void **state)
{
    eda_system *sys = start_listeners();

    (void)state;
    send(sys, EDA_MSG(state_door, .id = EDA_STR("front")));
    assert_string_equal(any_heard.type, "state_door");
    send(sys, EDA_MSG(state_lamp, .id = 3));
    assert_string_equal(any_heard.type, "state_lamp");
    send(sys, EDA_MSG(state_heat, .id = 0.5));
    send(sys, EDA_MSG(state_wind, .speed = 4));
    assert_int_equal(any_heard.count, 4);
    assert_string_equal(any_heard.key, "");
    state_system_end(sys);
}

static void any_of_a_keyed_actor_hears_what_has_its_key(void **state)
{
    eda_system *sys = start_listeners();

    (void)state;
    send(sys, EDA_MSG(state_door, .id = EDA_STR("front")));
    assert_int_equal(keyed_heard.count, 1);
    assert_string_equal(keyed_heard.key, "front");
    send(sys, EDA_MSG(state_gate, .number = 5, .id = EDA_STR("side")));
    assert_string_equal(keyed_heard.key, "side");
    send(sys, EDA_MSG(state_wind, .speed = 4)); /* no such field */
    send(sys, EDA_MSG(state_heat, .id = 0.5));  /* no key, and the publish is none the worse */
    send(sys, EDA_MSG(state_lamp, .id = 3));    /* an integer, where its keys are strings */
    assert_int_equal(keyed_heard.count, 2);
    state_system_end(sys);
}

static void any_of_a_keyed_actor_may_name_another_key(void **state)
{
    eda_system *sys = start_listeners();

    (void)state;
    send(sys, EDA_MSG(state_lamp, .id = 3));
    assert_int_equal(number_heard.count, 1);
    assert_string_equal(number_heard.key, "3");
    send(sys, EDA_MSG(state_wind, .speed = 4));
    assert_int_equal(number_heard.count, 2);
    assert_string_equal(number_heard.key, "4");
    state_system_end(sys);
}

static void any_of_a_pool_takes_turns(void **state)
{
    char first[32];
    eda_system *sys = start_listeners();

    (void)state;
    send(sys, EDA_MSG(state_wind, .speed = 4));
    memcpy(first, pool_heard.key, sizeof(first));
    send(sys, EDA_MSG(state_wind, .speed = 4));
    assert_int_equal(pool_heard.count, 2);
    assert_string_not_equal(pool_heard.key, first);
    send(sys, EDA_MSG(state_door, .id = EDA_STR("front"))); /* state/door/front is not state/ * */
    assert_int_equal(pool_heard.count, 2);
    state_system_end(sys);
}

static void any_does_not_hear_requests(void **state)
{
    const state_answer *answer = NULL;
    eda_system *sys = start_listeners();

    (void)state;
    assert_int_equal(
        eda_ask(eda_system_client(sys), EDA_ASK(state_question, &answer), EDA_FOREVER), EDA_OK);
    assert_int_equal(answer->number, 1);
    assert_int_equal(any_heard.count, 0);
    state_system_end(sys);
}

static void any_hears_raw_messages_on_topics_that_nobody_declared(void **state)
{
    eda_system *sys = start_listeners();
    eda_receipt receipt = {.id = 0};

    (void)state;
    assert_int_equal(eda_publish_raw(eda_system_client(sys), EDA_STR("state/else/where"),
                         EDA_STR("text/plain"), EDA_BYTES("x"), &receipt),
        EDA_OK);
    assert_int_equal(eda_wait(eda_system_client(sys), receipt, EDA_FOREVER), EDA_OK);
    assert_int_equal(any_heard.count, 1);
    assert_string_equal(any_heard.type, "raw");
    assert_int_equal(keyed_heard.count, 0);
    assert_int_equal(eda_publish_raw(eda_system_client(sys), EDA_STR("elsewhere"),
                         EDA_STR("text/plain"), EDA_BYTES("x"), &receipt),
        EDA_OK);
    assert_int_equal(eda_wait(eda_system_client(sys), receipt, EDA_FOREVER), EDA_OK);
    assert_int_equal(any_heard.count, 1);
    state_system_end(sys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(start_with_two_responders_is_refused),
        cmocka_unit_test(start_with_two_messages_on_one_topic_is_refused),
        cmocka_unit_test(start_with_saves_and_without_a_store_is_refused),
        cmocka_unit_test(start_with_the_memory_store_by_name_is_accepted),
        cmocka_unit_test(system_with_an_unknown_store_is_refused),
        cmocka_unit_test(any_of_a_singleton_hears_all_that_matches),
        cmocka_unit_test(any_of_a_keyed_actor_hears_what_has_its_key),
        cmocka_unit_test(any_of_a_keyed_actor_may_name_another_key),
        cmocka_unit_test(any_of_a_pool_takes_turns),
        cmocka_unit_test(any_does_not_hear_requests),
        cmocka_unit_test(any_hears_raw_messages_on_topics_that_nobody_declared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
