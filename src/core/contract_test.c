/* contract_test.c - what eda_add refuses, each with a sentence that names the actor and the mend;
 * and that the system stays usable. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include <edacious/edacious.h>
#include <edacious/supervisor.h>

#include "base/memory.h"
#include "state_store.h"

EDA_ENUM(state_shade, (STATE_DARK, "dark"), (STATE_LIGHT, "light"));
EDA_RECORD(state_point, (int32_t, x), (int32_t, y));
EDA_MESSAGE(state_hello, "state/hello/{name}", (eda_str, name), (uint32_t, number), (double, real));
EDA_MESSAGE(state_bye, "state/bye", (eda_str, text), (int8_t, number));
EDA_REQUEST(state_how, state_point, "state/how");

typedef struct state_thing {
    uint32_t count;
    eda_str borrowed;
    eda_list_int32_t list;
    state_shade shade;
    eda_text text;
    state_point point;
} state_thing;

static uint32_t handled;

static eda_status on_anything(void *self, const void *message, void *ret_reply, eda_ctx *ctx)
{
    (void)self, (void)message, (void)ret_reply, (void)ctx;
    handled++;
    return EDA_OK;
}

#define FIELD(type_, name_)                                                                        \
    {                                                                                              \
        .name = #name_, .type = &eda_type_##type_, .offset = offsetof(state_thing, name_)          \
    }
#define HANDLERS(...)                                                                              \
    .handlers = (const eda_handler[])                                                              \
    {                                                                                              \
        __VA_ARGS__,                                                                               \
        {                                                                                          \
            .fn = NULL                                                                             \
        }                                                                                          \
    }
#define SAVES(...)                                                                                 \
    .saves = (const eda_field[])                                                                   \
    {                                                                                              \
        __VA_ARGS__,                                                                               \
        {                                                                                          \
            .name = NULL                                                                           \
        }                                                                                          \
    }
#define ON(type_)                                                                                  \
    {                                                                                              \
        .type = &eda_type_##type_, .fn = on_anything                                               \
    }
#define NAMED(name_) .name = (name_), .size = sizeof(state_thing), .deps = &eda_type_eda_none
#define THING NAMED("thing")

/* Descriptors written by hand and wrong. */
static eda_type_slot slot_of_wrong;
static const eda_type no_topic_field = {.name = "state_wrong",
    .topic = "state/{missing}",
    .kind = EDA_KIND_RECORD,
    .size = sizeof(state_point),
    .slot = &slot_of_wrong};
static const eda_type unnamed_shade = {.name = "shade", .kind = EDA_KIND_ENUM, .size = sizeof(int)};
static const eda_type opaque = {
    .name = "state_opaque", .kind = EDA_KIND_OPAQUE, .size = sizeof(uint32_t)};
static const eda_type text_deps = {.name = "text_deps",
    .kind = EDA_KIND_RECORD,
    .size = sizeof(eda_text),
    .fields = (const eda_field[]){{.name = "text", .type = &eda_type_eda_text}, {.name = NULL}}};
static eda_type_slot slot_of_other_bye;
static const eda_type other_bye = {.name = "state_bye",
    .topic = "state/bye",
    .kind = EDA_KIND_RECORD,
    .size = sizeof(uint64_t),
    .slot = &slot_of_other_bye,
    .fields = (const eda_field[]){{.name = "text", .type = &eda_type_uint64_t}, {.name = NULL}}};

static eda_status refuses(const eda_actor *actor, const char **ret_problem)
{
    (void)actor;
    *ret_problem = "this supervisor takes nobody";
    return EDA_EINVAL;
}

static eda_status identify_none(const eda_incoming *incoming, eda_identity *ret_identity)
{
    (void)incoming;
    *ret_identity = (eda_identity){.number = 0};
    return EDA_OK;
}

static const eda_supervisor refusing = {.struct_size = sizeof(eda_supervisor),
    .name = "refusing",
    .identify = identify_none,
    .check = refuses};
static const eda_supervisor outdated = {
    .struct_size = sizeof(eda_supervisor) - 8, .name = "outdated", .identify = identify_none};
static const eda_supervisor blind = {.struct_size = sizeof(eda_supervisor), .name = "blind"};

static char long_name[] = "a_name_that_is_longer_than_the_sixty_three_bytes_that_are_allowed";

static const struct {
    eda_actor actor;
    eda_status status;
    const char *sentence;
} refused[] = {
    {{NAMED(NULL), HANDLERS(ON(state_bye))}, EDA_EINVAL,
        "actor '': a name has 1 to 63 letters, digits and '_', and no digit first"},
    {{NAMED(""), HANDLERS(ON(state_bye))}, EDA_EINVAL,
        "actor '': a name has 1 to 63 letters, digits and '_', and no digit first"},
    {{NAMED("1st"), HANDLERS(ON(state_bye))}, EDA_EINVAL,
        "actor '1st': a name has 1 to 63 letters, digits and '_', and no digit first"},
    {{NAMED("a/b"), HANDLERS(ON(state_bye))}, EDA_EINVAL,
        "actor 'a/b': a name has 1 to 63 letters, digits and '_', and no digit first"},
    {{NAMED(long_name), HANDLERS(ON(state_bye))}, EDA_EINVAL,
        "actor 'a_name_that_is_longer_than_the_sixty_three_bytes_that_are_allowed': a name has 1 "
        "to 63 letters, digits and '_', and no digit first"},
    {{.name = "thing", .size = 65537, .deps = &eda_type_eda_none, HANDLERS(ON(state_bye))},
        EDA_EINVAL,
        "actor 'thing': its state is larger than 64 KiB; keep large things behind a pointer"},
    {{THING}, EDA_EINVAL,
        "actor 'thing': it handles nothing, so nothing would ever bring it to life; give it an "
        "on(...)"},
    {{.name = "thing", .size = 8, .deps = &text_deps, HANDLERS(ON(state_bye))}, EDA_EINVAL,
        "actor 'thing': text_deps.text is an eda_text, which only an actor's state can hold; use "
        "eda_str"},
    /* supervisors */
    {{THING, .supervisor = &refusing, HANDLERS(ON(state_bye))}, EDA_EINVAL,
        "actor 'thing': this supervisor takes nobody"},
    {{THING, .supervisor = &outdated, HANDLERS(ON(state_bye))}, EDA_EINVAL,
        "actor 'thing': its supervisor was built for another version, or cannot identify: "
        "outdated"},
    {{THING, .supervisor = &blind, HANDLERS(ON(state_bye))}, EDA_EINVAL,
        "actor 'thing': its supervisor was built for another version, or cannot identify: blind"},
    {{THING, .pool_len = 65537, HANDLERS(ON(state_bye))}, EDA_EINVAL,
        "actor 'thing': pool(n) takes 1 to 65,536 activations"},
    {{THING, .supervisor = &eda_supervisor_keyed, HANDLERS(ON(state_bye))}, EDA_EINVAL,
        "actor 'thing': a keyed actor names its key: key(field)"},
    {{THING, .key = "text", .supervisor = &eda_supervisor_singleton, HANDLERS(ON(state_bye))},
        EDA_EINVAL, "actor 'thing': a singleton has neither key(...) nor pool(...)"},
    /* keys */
    {{THING, .key = "name", HANDLERS(ON(state_hello), ON(state_bye))}, EDA_EINVAL,
        "actor 'thing' handles state_bye, which has no field 'name': name the key with "
        "on(state_bye, ..., key(field))"},
    {{THING, .key = "name",
         HANDLERS(ON(state_hello), {.type = &eda_type_state_bye, .key = "x", .fn = on_anything})},
        EDA_EINVAL,
        "actor 'thing' handles state_bye, which has no field 'x': name the key with on(state_bye, "
        "..., key(field))"},
    {{THING, .key = "real", HANDLERS(ON(state_hello))}, EDA_EINVAL,
        "actor 'thing': a key is a string or an integer of any size"},
    {{THING, .key = "name",
         HANDLERS(
             ON(state_hello), {.type = &eda_type_state_bye, .key = "number", .fn = on_anything})},
        EDA_EINVAL,
        "actor 'thing' handles state_bye, whose field 'number' cannot be its key: all of an "
        "actor's keys are strings, or all integers"},
    {{THING, .key = "number",
         HANDLERS(
             ON(state_hello), {.type = &eda_type_state_bye, .key = "text", .fn = on_anything})},
        EDA_EINVAL,
        "actor 'thing' handles state_bye, whose field 'text' cannot be its key: all of an actor's "
        "keys are strings, or all integers"},
    {{THING, .pool_len = 2, .pool_key = "name", HANDLERS(ON(state_bye))}, EDA_EINVAL,
        "actor 'thing' handles state_bye, which has no field 'name': name the key with "
        "on(state_bye, ..., key(field))"},
    {{THING, .pool_len = 2, .pool_key = "real", HANDLERS(ON(state_hello))}, EDA_EINVAL,
        "actor 'thing' handles state_hello, whose field 'real' cannot be its key: all of an "
        "actor's keys are strings, or all integers"},
    /* handlers */
    {{THING, HANDLERS({.fn = on_anything})}, EDA_EINVAL,
        "actor 'thing': a handler has a type or a pattern, one of the two"},
    {{THING, HANDLERS({.fn = on_anything, .type = &eda_type_state_bye, .pattern = "a"})},
        EDA_EINVAL, "actor 'thing': a handler has a type or a pattern, one of the two"},
    {{THING, HANDLERS({.fn = on_anything, .pattern = "a/**", .answers = true})}, EDA_EINVAL,
        "actor 'thing': on_any neither answers nor takes records; leave that out: a/**"},
    {{THING, HANDLERS({.fn = on_anything, .pattern = "a//b"})}, EDA_EINVAL,
        "actor 'thing': on_any takes a key expression such as building/**, not: a//b"},
    {{THING,
         HANDLERS(
             {.fn = on_anything, .type = &eda_type_state_point, .is_self = true, .answers = true})},
        EDA_EINVAL,
        "actor 'thing': nobody asks with a record to oneself; leave .answers out: state_point"},
    {{THING, HANDLERS({.fn = on_anything, .type = &eda_type_state_bye, .answers = true})},
        EDA_EINVAL,
        "actor 'thing': answers(...) takes requests, this is a message; use on(...): state_bye"},
    {{THING, HANDLERS(ON(state_bye), ON(state_how), ON(state_bye))}, EDA_EINVAL,
        "actor 'thing': it handles this twice; leave one handler out: state_bye"},
    {{THING, HANDLERS(ON(state_point))}, EDA_EINVAL,
        "actor 'thing': state_point is a record: on_self(...) takes it, on(...) takes messages"},
    {{THING, HANDLERS({.type = &no_topic_field, .fn = on_anything})}, EDA_EINVAL,
        "actor 'thing': state_wrong"},
    {{THING, HANDLERS(ON(state_bye), {.type = &other_bye, .fn = on_anything})}, EDA_EINVAL,
        "actor 'thing': it handles this twice; leave one handler out: state_bye"},
    {{THING, HANDLERS(ON(state_bye)), .emits = (const eda_type *const[]){&other_bye, NULL}},
        EDA_ECONFLICT,
        "message type 'state_bye': two declarations of that name differ; rename one"},
    {{THING, HANDLERS(ON(state_bye)),
         .emits = (const eda_type *const[]){&eda_type_state_point, NULL}},
        EDA_EINVAL,
        "actor 'thing': state_point is a record: on_self(...) takes it, on(...) takes messages"},
    /* saved fields */
    {{THING, HANDLERS(ON(state_bye)), SAVES(FIELD(eda_str, borrowed))}, EDA_EINVAL,
        "actor 'thing' saves 'borrowed', which borrows memory that is gone after the turn; use "
        "eda_text"},
    {{THING, HANDLERS(ON(state_bye)), SAVES(FIELD(uint32_t, count), FIELD(eda_list_int32_t, list))},
        EDA_EINVAL,
        "actor 'thing' saves 'list', which borrows memory that is gone after the turn; use "
        "eda_text"},
    {{THING, HANDLERS(ON(state_bye)), SAVES(FIELD(uint32_t, count), FIELD(uint32_t, count))},
        EDA_EINVAL, "actor 'thing' saves 'count', and that twice; leave one out"},
    {{THING, HANDLERS(ON(state_bye)),
         SAVES({.name = "far", .type = &eda_type_uint64_t, .offset = sizeof(state_thing) - 4})},
        EDA_EINVAL, "actor 'thing' saves 'far', which is no field of its state; use offsetof"},
    {{THING, HANDLERS(ON(state_bye)),
         SAVES({.name = "far", .type = &eda_type_uint8_t, .offset = SIZE_MAX})},
        EDA_EINVAL, "actor 'thing' saves 'far', which is no field of its state; use offsetof"},
    {{THING, HANDLERS(ON(state_bye)), SAVES({.name = "typeless"})}, EDA_EINVAL,
        "actor 'thing' saves 'typeless', which is no field of its state; use offsetof"},
    {{THING, HANDLERS(ON(state_bye)), SAVES({.name = "count", .type = &opaque})}, EDA_EINVAL,
        "actor 'thing' saves 'count', an opaque struct, which nothing can store; use an "
        "EDA_RECORD"},
    {{THING, HANDLERS(ON(state_bye)),
         SAVES({.name = "shade", .type = &unnamed_shade, .offset = offsetof(state_thing, shade)})},
        EDA_EINVAL,
        "actor 'thing' saves 'shade', shade is an enum without values; declare at least one"},
};

static eda_status add(eda_system *sys, const eda_actor *actor)
{
    return eda_add(sys, (eda_added){.actor = actor});
}

static const eda_actor good = {.name = "good",
    .size = sizeof(state_thing),
    .deps = &eda_type_eda_none,
    HANDLERS(ON(state_bye))};

static void actor_that_is_wrong_is_refused_with_a_sentence(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        eda_system *sys = state_system_new(NULL);

        assert_int_equal(add(sys, &refused[i].actor), refused[i].status);
        if (strstr(eda_system_error(sys), refused[i].sentence) == NULL) {
            fail_msg("%zu: \"%s\" lacks \"%s\"", i, eda_system_error(sys), refused[i].sentence);
        }
        eda_system_free(sys);
    }
}

/* All those that are wrong, then one that is right: it works as if it were alone. */
static void add_that_failed_leaves_the_system_usable(void **state)
{
    eda_system *sys = state_system_new(NULL);
    eda_counts counts;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        assert_int_equal(add(sys, &refused[i].actor), refused[i].status);
    }
    assert_int_equal(add(sys, &good), EDA_OK);
    assert_string_equal(eda_system_error(sys), "");
    assert_int_equal(eda_system_start(sys), EDA_OK);
    handled = 0;
    assert_int_equal(
        eda_publish_wait(eda_system_client(sys), EDA_MSG(state_bye), EDA_FOREVER), EDA_OK);
    assert_int_equal(handled, 1);
    counts = eda_system_counts(sys, NULL, NULL);
    assert_int_equal(counts.handled, 1);
    assert_int_equal(eda_system_counts(sys, "state_bye", "good").handled, 1);
    assert_int_equal(eda_system_counts(sys, NULL, "thing").accepted, 0);
    state_system_end(sys);
}

static void actor_of_a_name_that_is_taken_is_refused(void **state)
{
    eda_system *sys = state_system_new(NULL);

    (void)state;
    assert_int_equal(add(sys, &good), EDA_OK);
    assert_int_equal(add(sys, &good), EDA_ECONFLICT);
    assert_string_equal(eda_system_error(sys), "actor 'good' was added before; add it once");
    eda_system_free(sys);
}

static const eda_actor other = {.name = "other",
    .size = 4,
    .deps = &eda_type_eda_none,
    HANDLERS({.type = &other_bye, .fn = on_anything})};

static void message_declared_twice_and_differently_is_refused(void **state)
{
    eda_system *sys = state_system_new(NULL);

    (void)state;
    assert_int_equal(add(sys, &good), EDA_OK);
    assert_int_equal(add(sys, &other), EDA_ECONFLICT);
    assert_string_equal(eda_system_error(sys), "actor 'other': message type 'state_bye': two "
                                               "declarations of that name differ; rename one");
    assert_int_equal(eda_declare(sys, &other_bye), EDA_ECONFLICT);
    assert_int_equal(eda_declare(sys, &eda_type_state_bye), EDA_OK);
    eda_system_free(sys);
}

static void actor_with_too_much_is_refused(void **state)
{
    static eda_handler handlers[258];
    static eda_field fields[66];
    static char names[66][8];
    eda_actor actor = {THING, .handlers = handlers};
    eda_system *sys = state_system_new(NULL);
    size_t i;

    (void)state;
    for (i = 0; i < 257; i++) {
        handlers[i] = (eda_handler)ON(state_bye);
    }
    assert_int_equal(add(sys, &actor), EDA_EINVAL);
    assert_string_equal(eda_system_error(sys),
        "actor 'thing': over 256 handlers; end them with an entry without a function");
    for (i = 0; i < 65; i++) {
        names[i][0] = (char)('a' + i / 10);
        names[i][1] = (char)('0' + i % 10);
        fields[i] = (eda_field){.name = names[i], .type = &eda_type_uint8_t, .offset = i};
    }
    memset(&handlers[1], 0, sizeof(handlers[1]));
    actor.saves = fields;
    assert_int_equal(add(sys, &actor), EDA_EINVAL);
    assert_string_equal(eda_system_error(sys),
        "actor 'thing': saves(...) takes at most 64 fields; group them in an EDA_RECORD");
    fields[64].name = NULL;
    assert_int_equal(add(sys, &actor), EDA_OK);
    eda_system_free(sys);
}

static const eda_supervisor own = {
    .struct_size = sizeof(eda_supervisor), .name = "own", .identify = identify_none};
static const eda_actor supervised = {
    THING, .key = "name", .supervisor = &own, HANDLERS(ON(state_hello), ON(state_bye))};

/* What a supervisor of one's own does with keys is its own affair. */
static void supervisor_of_ones_own_may_do_without_keys(void **state)
{
    eda_system *sys = state_system_new(NULL);

    (void)state;
    assert_int_equal(add(sys, &supervised), EDA_OK);
    assert_int_equal(eda_system_start(sys), EDA_OK);
    handled = 0;
    assert_int_equal(
        eda_publish_wait(eda_system_client(sys), EDA_MSG(state_bye), EDA_FOREVER), EDA_OK);
    assert_int_equal(handled, 1);
    state_system_end(sys);
}

static void add_after_the_start_is_refused(void **state)
{
    eda_system *sys = state_system_new(NULL);

    (void)state;
    assert_int_equal(eda_system_start(sys), EDA_OK);
    assert_int_equal(add(sys, &good), EDA_ESTATE);
    assert_string_equal(
        eda_system_error(sys), "the system was started; actors and dependencies come before");
    assert_int_equal(eda_add_linked(sys), EDA_ESTATE);
    assert_int_equal(eda_declare(sys, &eda_type_state_bye), EDA_ESTATE);
    assert_int_equal(eda_system_start(sys), EDA_ESTATE);
    state_system_end(sys);
}

/* --- without memory ----------------------------------------------------------------------- */

static const eda_actor full = {THING, .key = "name",
    HANDLERS(ON(state_hello), {.type = &eda_type_state_bye, .key = "text", .fn = on_anything},
        {.type = &eda_type_state_point, .is_self = true, .fn = on_anything},
        {.pattern = "state/**", .fn = on_anything}),
    SAVES(FIELD(uint32_t, count), FIELD(eda_text, text), FIELD(state_point, point)),
    .emits = (const eda_type *const[]){&eda_type_state_how, NULL}};

static void add_without_memory_leaves_the_system_usable(void **state)
{
    state_store *store = *state;
    uint64_t nth;
    bool has_failed = true;

    for (nth = 1; has_failed; nth++) {
        eda_system *sys = state_system_new(store);
        uint64_t failed = edai_alloc_failed_count();
        eda_status status;

        edai_alloc_fail_at(nth);
        status = add(sys, &full);
        edai_alloc_fail_at(0);
        has_failed = edai_alloc_failed_count() != failed;
        assert_int_equal(status, has_failed ? EDA_ENOMEM : EDA_OK);
        if (has_failed) {
            assert_int_equal(add(sys, &full), EDA_OK);
        }
        assert_int_equal(eda_system_start(sys), EDA_OK);
        handled = 0;
        assert_int_equal(eda_publish_wait(eda_system_client(sys),
                             EDA_MSG(state_hello, .name = EDA_STR("n")), EDA_FOREVER),
            EDA_OK);
        assert_int_equal(handled, 2); /* on and on_any */
        state_system_end(sys);
    }
    assert_true(nth > 10);
}

static void start_without_memory_can_be_freed(void **state)
{
    state_store *store = *state;
    uint64_t nth;
    bool has_failed = true;

    for (nth = 1; has_failed; nth++) {
        eda_system *sys = state_system_new(store);
        uint64_t failed = edai_alloc_failed_count();
        eda_status status;

        assert_int_equal(add(sys, &full), EDA_OK);
        edai_alloc_fail_at(nth);
        status = eda_system_start(sys);
        edai_alloc_fail_at(0);
        has_failed = edai_alloc_failed_count() != failed;
        assert_int_equal(status, has_failed ? EDA_ENOMEM : EDA_OK);
        eda_system_free(sys);
    }
    assert_true(nth > 10);
}

static int set_up(void **state)
{
    *state = malloc(sizeof(state_store));
    assert_non_null(*state);
    state_store_init(*state);
    return 0;
}

static int tear_down(void **state)
{
    state_store_fini(*state);
    free(*state);
    return 0;
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(actor_that_is_wrong_is_refused_with_a_sentence),
        TEST(add_that_failed_leaves_the_system_usable),
        TEST(actor_of_a_name_that_is_taken_is_refused),
        TEST(message_declared_twice_and_differently_is_refused),
        TEST(actor_with_too_much_is_refused),
        TEST(supervisor_of_ones_own_may_do_without_keys),
        TEST(add_after_the_start_is_refused),
        TEST(add_without_memory_leaves_the_system_usable),
        TEST(start_without_memory_can_be_freed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
