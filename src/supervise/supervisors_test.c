/* supervisors_test.c - the stock supervisors in a system, and two written as a user writes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "asking.h"

#include <stdio.h>
#include <string.h>

EDA_RECORD(asking_value, (uint32_t, n));
EDA_MESSAGE(asking_job, "asking/job", (eda_str, tenant), (int32_t, n));
EDA_MESSAGE(asking_sticky_job, "asking/sticky", (eda_str, tenant), (int32_t, n));
EDA_MESSAGE(asking_by_number, "asking/number/{n}", (int32_t, n));
EDA_MESSAGE(asking_by_text, "asking/text/{tenant}", (eda_str, tenant));
EDA_MESSAGE(asking_by_other, "asking/other/{whose}", (eda_str, whose), (eda_str, tenant));
EDA_REQUEST(asking_ask_text, asking_value, "asking/ask/{tenant}", (eda_str, tenant));
EDA_MESSAGE(asking_routed, "asking/routed", (eda_str, tenant), (uint32_t, n));
EDA_MESSAGE(asking_fixed, "asking/fixed", (uint32_t, n), (bool, bad));

static void note_count(eda_ctx *ctx, uint32_t count)
{
    asking_note("[%.*s]%u", EDA_STR_ARG(eda_key(ctx)), count);
}

/* --- the stock ones ----------------------------------------------------------------------- */

typedef struct asking_robin {
    uint32_t count;
} asking_robin;

static eda_status robin_job(asking_robin *self, const asking_job *job, eda_ctx *ctx)
{
    (void)job;
    note_count(ctx, ++self->count);
    return EDA_OK;
}

EDA_ACTOR(asking_robin, eda_none, pool(3), on(asking_job, robin_job));

typedef struct asking_sticky {
    uint32_t count;
    eda_text tenant;
} asking_sticky;

static eda_status sticky_job(asking_sticky *self, const asking_sticky_job *job, eda_ctx *ctx)
{
    self->count++;
    asking_note("%.*s@%.*s", EDA_STR_ARG(job->tenant), EDA_STR_ARG(eda_key(ctx)));
    return EDA_OK;
}

EDA_ACTOR(asking_sticky, eda_none, pool(4, tenant), on(asking_sticky_job, sticky_job));

typedef struct asking_numbered {
    uint32_t count;
} asking_numbered;

static eda_status numbered(asking_numbered *self, const asking_by_number *message, eda_ctx *ctx)
{
    (void)message;
    note_count(ctx, ++self->count);
    return EDA_OK;
}

EDA_ACTOR(asking_numbered, eda_none, key(n), on(asking_by_number, numbered));

typedef struct asking_named {
    uint32_t count;
} asking_named;

static eda_status named(asking_named *self, const asking_by_text *message, eda_ctx *ctx)
{
    (void)message;
    note_count(ctx, ++self->count);
    return EDA_OK;
}

static eda_status named_by_other(asking_named *self, const asking_by_other *message, eda_ctx *ctx)
{
    (void)message;
    note_count(ctx, ++self->count);
    return EDA_OK;
}

static void named_asked(asking_named *self, const asking_ask_text *ask, asking_value *reply)
{
    (void)ask;
    reply->n = self->count;
}

EDA_ACTOR(asking_named, eda_none, key(tenant), on(asking_by_text, named),
    on(asking_by_other, named_by_other, key(whose)), answers(asking_ask_text, named_asked));

/* --- of one's own: by the first letter of a text ------------------------------------------ */

static const eda_field *tenant_field(const eda_type *type)
{
    const eda_field *field = type->fields;

    while (field->name != NULL && strcmp(field->name, "tenant") != 0) {
        field++;
    }
    return field->name != NULL ? field : NULL;
}

/* The text points into the message: the library copies it, as no field holds just that. */
static eda_status identify_by_letter(const eda_incoming *incoming, eda_identity *ret_identity)
{
    const eda_field *field = tenant_field(incoming->type);
    eda_identity whole;

    if (field == NULL) {
        return EDA_EKEY;
    }
    EDA_TRY(eda_identity_of_field(field, incoming->message, &whole));
    *ret_identity = (eda_identity){.is_text = true, .text = {.ptr = whole.text.ptr, .len = 1}};
    return EDA_OK;
}

static eda_verdict stop_always(const eda_failure *failure)
{
    return (eda_verdict){
        .decision = failure->asked_restart ? EDA_RESTART : EDA_STOP, .backoff = EDA_MS(1)};
}

static eda_status check_it(const eda_actor *actor, const char **ret_problem)
{
    if (actor->options.idle_ms == 12345) {
        *ret_problem = "not with that idle time; leave it out";
        return EDA_EINVAL;
    }
    return EDA_OK;
}

static const eda_supervisor by_letter = {.struct_size = sizeof(eda_supervisor),
    .name = "by letter",
    .identify = identify_by_letter,
    .on_failure = stop_always,
    .check = check_it,
    .has_keys = true};

typedef struct asking_lettered {
    uint32_t count;
} asking_lettered;

static eda_status lettered(asking_lettered *self, const asking_routed *message, eda_ctx *ctx)
{
    note_count(ctx, ++self->count);
    if (message->n == 1) {
        return EDA_STATUS_USER;
    }
    return message->n == 2 ? eda_fail(ctx, EDA_EIO, "anew") : EDA_OK;
}

static void lettered_stop(asking_lettered *self, eda_stop_reason reason, eda_ctx *ctx)
{
    (void)ctx;
    asking_note("stop%d/%u", (int)reason, self->count);
}

EDA_ACTOR(asking_lettered, eda_none, supervised_by(by_letter), on(asking_routed, lettered),
    stop(lettered_stop));

/* --- of one's own: two of a fixed name ---------------------------------------------------- */

static eda_status identify_odd_even(const eda_incoming *incoming, eda_identity *ret_identity)
{
    const asking_fixed *fixed = incoming->message;
    static const char longest[257] = {0};

    if (fixed->bad) {
        *ret_identity = (eda_identity){
            .is_text = true, .text = {.ptr = longest, .len = fixed->n == 0 ? 0 : sizeof(longest)}};
        return EDA_OK;
    }
    *ret_identity = (eda_identity){
        .is_text = true, .text = incoming->sequence % 2 == 0 ? EDA_STR("even") : EDA_STR("odd")};
    return EDA_OK;
}

static const eda_supervisor odd_even = {
    .struct_size = sizeof(eda_supervisor), .name = "odd or even", .identify = identify_odd_even};

typedef struct asking_twins {
    uint32_t count;
} asking_twins;

static eda_status twins(asking_twins *self, const asking_fixed *message, eda_ctx *ctx)
{
    (void)message;
    note_count(ctx, ++self->count);
    return EDA_OK;
}

EDA_ACTOR(asking_twins, eda_none, supervised_by(odd_even), on(asking_fixed, twins));

/* One more handler of the same message, so that it is held once and shared. */
typedef struct asking_hearer {
    uint32_t count;
} asking_hearer;

static void hearer(asking_hearer *self, const asking_routed *message)
{
    (void)message;
    self->count++;
}

EDA_ACTOR(asking_hearer, eda_none, on(asking_routed, hearer));

static const eda_actor *const everybody[] = {&eda_actor_asking_robin, &eda_actor_asking_sticky,
    &eda_actor_asking_numbered, &eda_actor_asking_named, &eda_actor_asking_lettered,
    &eda_actor_asking_twins, NULL};
static const eda_actor *const shared[] = {
    &eda_actor_asking_lettered, &eda_actor_asking_hearer, NULL};

static void publish(eda_system *sys, eda_value message)
{
    assert_int_equal(eda_publish(eda_system_client(sys), message, NULL), EDA_OK);
}

/* --- pool --------------------------------------------------------------------------------- */

static void pool_takes_turns(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);
    uint32_t i;

    (void)state;
    for (i = 0; i < 7; i++) {
        publish(sys, EDA_MSG(asking_job, .n = 1));
        asking_settle(sys);
    }
    assert_string_equal(asking_notes(), "[0]1 [1]1 [2]1 [0]2 [1]2 [2]2 [0]3");
    assert_int_equal(eda_system_activations(sys, "asking_robin").live, 3);
    asking_end(sys);
}

static void pool_with_field_sticks(void **state)
{
    static const char *const tenants[] = {"ann", "bob", "cid", "dan", "eve", "fay", "gus", "hal"};
    const eda_options threads = {.workers = 8};
    eda_system *sys = asking_start(&threads, everybody);
    uint32_t used = 0;
    uint32_t i;
    uint32_t member;

    (void)state;
    for (i = 0; i < 80; i++) {
        publish(sys, EDA_MSG(asking_sticky_job, .tenant = eda_str_from(tenants[i % 8])));
    }
    asking_settle(sys);
    for (i = 0; i < 8; i++) {
        for (member = 0; member < 4; member++) {
            char note[16];
            unsigned count;

            (void)snprintf(note, sizeof(note), "%s@%u", tenants[i], member);
            count = asking_noted(note);
            assert_true(count == 0 || count == 10);
            used |= count > 0 ? 1u << member : 0;
        }
    }
    assert_true(used != 1 && used != 2 && used != 4 && used != 8); /* more than one of them works */
    assert_int_equal(eda_publish(eda_system_client(sys),
                         EDA_MSG(asking_sticky_job, .tenant = EDA_STR("")), NULL),
        EDA_EKEY);
    asking_end(sys);
}

/* --- keyed -------------------------------------------------------------------------------- */

static void keyed_by_number_knows_negative_ones(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    publish(sys, EDA_MSG(asking_by_number, .n = -5));
    publish(sys, EDA_MSG(asking_by_number, .n = 5));
    publish(sys, EDA_MSG(asking_by_number, .n = -5));
    publish(sys, EDA_MSG(asking_by_number, .n = INT32_MIN));
    asking_settle(sys);
    assert_int_equal(asking_noted("[-5]1"), 1);
    assert_int_equal(asking_noted("[-5]2"), 1);
    assert_int_equal(asking_noted("[5]1"), 1);
    assert_int_equal(asking_noted("[-2147483648]1"), 1);
    asking_end(sys);
}

static void keyed_by_fields_of_different_names_is_one(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);
    const asking_value *value = NULL;

    (void)state;
    publish(sys, EDA_MSG(asking_by_text, .tenant = EDA_STR("ann")));
    publish(sys, EDA_MSG(asking_by_other, .whose = EDA_STR("ann"), .tenant = EDA_STR("bob")));
    publish(sys, EDA_MSG(asking_by_text, .tenant = EDA_STR("bob")));
    asking_settle(sys);
    assert_string_equal(asking_notes(), "[ann]1 [ann]2 [bob]1");
    assert_int_equal(eda_ask(eda_system_client(sys),
                         EDA_ASK(asking_ask_text, &value, .tenant = EDA_STR("ann")), 1000),
        EDA_OK);
    assert_int_equal(value->n, 2);
    assert_int_equal(eda_ask(eda_system_client(sys),
                         EDA_ASK(asking_ask_text, &value, .tenant = EDA_STR("a/b")), 1000),
        EDA_EKEY);
    asking_end(sys);
}

/* --- of one's own ------------------------------------------------------------------------- */

static void own_supervisor_identifies_by_part_of_a_text(void **state)
{
    const eda_options kinds[] = {{.pumped = true}, {.workers = 8}};
    uint32_t i;

    (void)state;
    for (i = 0; i < 4; i++) {
        eda_system *sys = asking_start(&kinds[i % 2], i < 2 ? everybody : shared);

        publish(sys, EDA_MSG(asking_routed, .tenant = EDA_STR("ann")));
        publish(sys, EDA_MSG(asking_routed, .tenant = EDA_STR("bob")));
        publish(sys, EDA_MSG(asking_routed, .tenant = EDA_STR("art")));
        asking_settle(sys);
        assert_int_equal(asking_noted("[a]1") + asking_noted("[a]2") + asking_noted("[b]1"), 3);
        assert_int_equal(eda_system_activations(sys, "asking_lettered").live, 2);
        asking_end(sys);
    }
}

static void own_supervisor_decides_on_failure(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    publish(sys, EDA_MSG(asking_routed, .tenant = EDA_STR("ann"), .n = 0));
    publish(sys, EDA_MSG(asking_routed, .tenant = EDA_STR("ann"), .n = 2));
    publish(sys, EDA_MSG(asking_routed, .tenant = EDA_STR("ann"), .n = 1));
    publish(sys, EDA_MSG(asking_routed, .tenant = EDA_STR("ann"), .n = 0));
    asking_settle(sys);
    assert_string_equal(asking_notes(), "[a]1 [a]2 stop3/2 [a]1 stop3/1");
    asking_assert_counts(sys, "asking_routed", .accepted = 4, .handled = 1, .failed = 2, .dead = 1);
    asking_end(sys);
}

static void own_supervisor_may_return_static_names(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);
    eda_ctx *client = eda_system_client(sys);
    uint32_t i;

    (void)state;
    for (i = 0; i < 4; i++) {
        publish(sys, EDA_MSG(asking_fixed, .n = i));
        asking_settle(sys);
    }
    assert_string_equal(asking_notes(), "[even]1 [odd]1 [even]2 [odd]2");
    assert_int_equal(eda_publish(client, EDA_MSG(asking_fixed, .bad = true), NULL), EDA_EKEY);
    assert_int_equal(
        eda_publish(client, EDA_MSG(asking_fixed, .bad = true, .n = 1), NULL), EDA_EKEY);
    asking_end(sys);
}

/* --- checks ------------------------------------------------------------------------------- */

static void assert_refused(eda_actor actor, const char *text)
{
    eda_system *sys = NULL;

    assert_int_equal(eda_system_new(NULL, &sys), EDA_OK);
    assert_int_equal(eda_add(sys, (eda_added){.actor = &actor}), EDA_EINVAL);
    if (strstr(eda_system_error(sys), text) == NULL) {
        fail_msg("%s", eda_system_error(sys));
    }
    eda_system_free(sys);
}

static void declarations_a_supervisor_cannot_serve_are_refused(void **state)
{
    eda_supervisor old = by_letter;
    eda_actor actor = eda_actor_asking_lettered;

    (void)state;
    actor.options.idle_ms = 12345;
    assert_refused(actor, "not with that idle time");
    actor = eda_actor_asking_robin;
    actor.pool_len = 65537;
    assert_refused(actor, "pool(n) takes 1 to 65,536");
    actor.pool_len = 0;
    actor.supervisor = &eda_supervisor_pool;
    assert_refused(actor, "pool(n) takes 1 to 65,536");
    actor.pool_len = 3;
    actor.supervisor = &eda_supervisor_singleton;
    assert_refused(actor, "a singleton has neither");
    actor = eda_actor_asking_robin;
    actor.supervisor = &eda_supervisor_keyed;
    assert_refused(actor, "a keyed actor names its key");
    actor = eda_actor_asking_lettered;
    old.struct_size--;
    actor.supervisor = &old;
    assert_refused(actor, "by letter");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pool_takes_turns),
        cmocka_unit_test(pool_with_field_sticks),
        cmocka_unit_test(keyed_by_number_knows_negative_ones),
        cmocka_unit_test(keyed_by_fields_of_different_names_is_one),
        cmocka_unit_test(own_supervisor_identifies_by_part_of_a_text),
        cmocka_unit_test(own_supervisor_decides_on_failure),
        cmocka_unit_test(own_supervisor_may_return_static_names),
        cmocka_unit_test(declarations_a_supervisor_cannot_serve_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
