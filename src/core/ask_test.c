/* ask_test.c - requests and replies: every way in which an ask can end, from a handler and from a
 * client. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "asking.h"

#include <stdio.h>
#include <string.h>

EDA_RECORD(asking_value, (uint32_t, n), (eda_str, text), (eda_list_of(uint32_t), list));
EDA_REQUEST(asking_get, asking_value, "asking/get", (uint32_t, n), (eda_str, how));
EDA_REQUEST(asking_find, asking_value, "asking/find", (uint32_t, n, .range = {0, 100}), (eda_str, how));
EDA_REQUEST(asking_lost, asking_value, "asking/lost", (uint32_t, n));
EDA_REQUEST(asking_brief, asking_value, "asking/brief", .expires_ms = 1, (uint32_t, n));
EDA_REQUEST(asking_narrow, asking_value, "asking/narrow", (uint32_t, n));
EDA_REQUEST(asking_sick, asking_value, "asking/sick", (uint32_t, n));
EDA_REQUEST(asking_far, asking_value, "asking/far", (uint32_t, timeout_ms));
EDA_REQUEST(asking_retry, asking_value, "asking/retry", (uint32_t, n));
EDA_MESSAGE(asking_said, "asking/said", (uint32_t, n));
EDA_MESSAGE(asking_go, "asking/go/{id}", (uint32_t, id), (uint32_t, n), (eda_str, what),
    (eda_str, how), (uint32_t, timeout_ms));

static asking_gate *gate;

/* --- who answers -------------------------------------------------------------------------- */

typedef struct asking_teller {
    uint32_t count;
} asking_teller;

static eda_status teller_get(
    asking_teller *self, const asking_get *get, asking_value *reply, eda_ctx *ctx)
{
    uint32_t *list = eda_scratch(ctx, 3 * sizeof(*list));

    self->count++;
    if (list == NULL || eda_publish(ctx, EDA_MSG(asking_said, .n = get->n), NULL) != EDA_OK) {
        return EDA_ENOMEM;
    }
    if (eda_str_equal(get->how, EDA_STR("refuse"))) {
        return eda_refuse(ctx, "no %u today", get->n);
    }
    if (eda_str_equal(get->how, EDA_STR("refuse silently"))) {
        (void)eda_refuse(ctx, "not returned");
        return EDA_OK;
    }
    if (eda_str_equal(get->how, EDA_STR("refuse long"))) {
        return eda_refuse(ctx, "%0200u", get->n);
    }
    if (eda_str_equal(get->how, EDA_STR("fail"))) {
        return EDA_STATUS_USER + 1;
    }
    if (eda_str_equal(get->how, EDA_STR("fail with text"))) {
        return eda_fail(ctx, EDA_STATUS_USER + 2, "broken %u", get->n);
    }
    list[0] = 7;
    list[2] = get->n;
    *reply = (asking_value){.n = get->n + 1, .text = get->how, .list = {.items = list, .len = 3}};
    return EDA_OK;
}

static eda_status teller_find(asking_teller *self, const asking_find *find, eda_ctx *ctx)
{
    eda_status status;

    (void)self;
    if (eda_str_equal(find->how, EDA_STR("nothing"))) {
        return EDA_OK;
    }
    if (eda_str_equal(find->how, EDA_STR("another type"))) {
        status = eda_reply(ctx, EDA_MSG(asking_said, .n = 1));
        asking_note("%s", eda_status_name(status));
    }
    if (eda_str_equal(find->how, EDA_STR("slow"))) {
        EDA_TRY(eda_blocking(ctx, asking_gate_wait, gate));
    }
    EDA_TRY(eda_reply(ctx, EDA_REPLY(asking_find, .n = find->n * 2, .text = find->how)));
    if (eda_str_equal(find->how, EDA_STR("twice"))) {
        status = eda_reply(ctx, EDA_REPLY(asking_find, .n = 0));
        asking_note("%s", eda_status_name(status));
    }
    return eda_str_equal(find->how, EDA_STR("fail after reply")) ? EDA_EIO : EDA_OK;
}

static eda_status teller_brief(
    asking_teller *self, const asking_brief *brief, asking_value *reply, eda_ctx *ctx)
{
    (void)self;
    (void)ctx;
    reply->n = brief->n;
    return EDA_OK;
}

static eda_status teller_far(
    asking_teller *self, const asking_far *far, asking_value *reply, eda_ctx *ctx)
{
    const asking_value *value = NULL;
    eda_duration left = eda_envelope_of(ctx)->time_left;
    eda_status status =
        eda_ask(ctx, EDA_ASK(asking_find, &value, .how = EDA_STR("slow")), far->timeout_ms);

    (void)self;
    asking_note("%s", left > EDA_MS(30) ? "long" : left > 0 ? "short" : "none");
    asking_note("far:%s", eda_status_name(status));
    reply->n = 1;
    return status;
}

EDA_ACTOR(asking_teller, eda_none, emits(asking_said, asking_find),
    answers(asking_get, teller_get), on(asking_find, teller_find));

typedef struct asking_relay {
    uint32_t unused;
} asking_relay;

static eda_status relay_far(
    asking_relay *self, const asking_far *far, asking_value *reply, eda_ctx *ctx)
{
    (void)self;
    return teller_far(NULL, far, reply, ctx);
}

EDA_ACTOR(asking_relay, eda_none, emits(asking_find), answers(asking_far, relay_far));

typedef struct asking_curt {
    uint32_t unused;
} asking_curt;

static eda_status curt_narrow(
    asking_curt *self, const asking_narrow *narrow, asking_value *reply, eda_ctx *ctx)
{
    (void)self;
    EDA_TRY(eda_blocking(ctx, asking_gate_wait, gate));
    reply->n = narrow->n;
    return EDA_OK;
}

static eda_status curt_brief(
    asking_curt *self, const asking_brief *brief, asking_value *reply, eda_ctx *ctx)
{
    (void)self;
    return teller_brief(NULL, brief, reply, ctx);
}

EDA_ACTOR(asking_curt, eda_none, options(.mailbox_len_max = 1), answers(asking_narrow, curt_narrow),
    answers(asking_brief, curt_brief));

typedef struct asking_invalid {
    uint32_t unused;
} asking_invalid;

static eda_status invalid_start(asking_invalid *self, const eda_none *deps, eda_ctx *ctx)
{
    (void)self;
    (void)deps;
    return eda_fail(ctx, EDA_EIO, "has a cold");
}

static void invalid_sick(asking_invalid *self, const asking_sick *sick, asking_value *reply)
{
    (void)self;
    reply->n = sick->n;
}

EDA_ACTOR(asking_invalid, eda_none, start(invalid_start), answers(asking_sick, invalid_sick));

typedef struct asking_trier {
    uint32_t count;
} asking_trier;

static eda_status trier_retry(
    asking_trier *self, const asking_retry *retry, asking_value *reply, eda_ctx *ctx)
{
    self->count++;
    asking_note("try%u", eda_envelope_of(ctx)->attempt);
    if (self->count < retry->n) {
        return EDA_STATUS_USER;
    }
    reply->n = self->count;
    return EDA_OK;
}

EDA_ACTOR(asking_trier, eda_none, answers(asking_retry, trier_retry, attempts(3)));

/* --- who asks ----------------------------------------------------------------------------- */

typedef struct asking_asker {
    uint32_t count;
} asking_asker;

static eda_status ask_what(eda_ctx *ctx, const asking_go *go, const asking_value **value)
{
    if (eda_str_equal(go->what, EDA_STR("get"))) {
        return eda_ask(ctx, EDA_ASK(asking_get, value, .n = go->n, .how = go->how), go->timeout_ms);
    }
    if (eda_str_equal(go->what, EDA_STR("find"))) {
        return eda_ask(
            ctx, EDA_ASK(asking_find, value, .n = go->n, .how = go->how), go->timeout_ms);
    }
    if (eda_str_equal(go->what, EDA_STR("lost"))) {
        return eda_ask(ctx, EDA_ASK(asking_lost, value, .n = go->n), go->timeout_ms);
    }
    if (eda_str_equal(go->what, EDA_STR("narrow"))) {
        return eda_ask(ctx, EDA_ASK(asking_narrow, value, .n = go->n), go->timeout_ms);
    }
    if (eda_str_equal(go->what, EDA_STR("far"))) {
        return eda_ask(ctx, EDA_ASK(asking_far, value, .timeout_ms = go->n), go->timeout_ms);
    }
    if (eda_str_equal(go->what, EDA_STR("brief"))) {
        return eda_ask(ctx, EDA_ASK(asking_brief, value, .n = go->n), go->timeout_ms);
    }
    return eda_ask(ctx, EDA_ASK(asking_sick, value, .n = go->n), go->timeout_ms);
}

static eda_status asker_go(asking_asker *self, const asking_go *go, eda_ctx *ctx)
{
    const asking_value *value = NULL;
    eda_status status = ask_what(ctx, go, &value);

    self->count++;
    if (status == EDA_OK) {
        asking_note("%u=%u", go->id, value->n);
    } else {
        asking_note("%u:%s(%.*s)", go->id, eda_status_name(status), EDA_STR_ARG(eda_error(ctx)));
    }
    return EDA_OK;
}

EDA_ACTOR(asking_asker, eda_none, key(id),
    emits(asking_get, asking_find, asking_lost, asking_narrow, asking_brief, asking_sick),
    on(asking_go, asker_go));

typedef struct asking_hearer {
    uint32_t count;
} asking_hearer;

static eda_status hearer_said(asking_hearer *self, const asking_said *said, eda_ctx *ctx)
{
    (void)self;
    (void)ctx;
    asking_note("said%u", said->n);
    return EDA_OK;
}

EDA_ACTOR(asking_hearer, eda_none, on(asking_said, hearer_said));

static const eda_actor *const everybody[] = {&eda_actor_asking_teller, &eda_actor_asking_asker,
    &eda_actor_asking_hearer, &eda_actor_asking_invalid, &eda_actor_asking_curt,
    &eda_actor_asking_relay, &eda_actor_asking_trier, NULL};

#define GO(id_, what_, n_, how_, timeout_ms_)                                                      \
    EDA_MSG(asking_go, .id = (id_), .what = EDA_STR(what_), .n = (n_), .how = EDA_STR(how_),       \
        .timeout_ms = (timeout_ms_))

static void go_each(const eda_options *options, const char *expected, unsigned said, eda_value go)
{
    eda_system *sys = asking_start(options, everybody);

    assert_int_equal(eda_publish_wait(eda_system_client(sys), go, ASKING_TIMEOUT_MS), EDA_OK);
    asking_settle(sys);
    if (asking_noted(expected) != 1) {
        fail_msg("expected %s, noted: %s", expected, asking_notes());
    }
    assert_int_equal(asking_noted("said5"), said);
    asking_end(sys);
}

/* The same in a pumped system, and on threads. `said`: how often the teller's own publish arrives.
 */
static void go(const char *expected, unsigned said, eda_value value)
{
    const eda_options threads = {.workers = 2};

    go_each(NULL, expected, said, value);
    go_each(&threads, expected, said, value);
}

/* --- the two forms of an answer ----------------------------------------------------------- */

static void ask_answers_form_returns_reply(void **state)
{
    (void)state;
    go("1=6", 0, GO(1, "find", 3, "", 1000));
    go("1=6", 1, GO(1, "get", 5, "", 1000));
}

static void ask_from_client_returns_flat_reply(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);
    eda_ctx *client = eda_system_client(sys);
    const asking_value *value = NULL;

    (void)state;
    assert_int_equal(
        eda_ask(client, EDA_ASK(asking_get, &value, .n = 4, .how = EDA_STR("x")), 1000), EDA_OK);
    assert_int_equal(value->n, 5);
    assert_int_equal(value->list.len, 3);
    assert_int_equal(value->list.items[0], 7);
    assert_int_equal(value->list.items[2], 4);
    assert_true(eda_str_equal(value->text, EDA_STR("x")));
    assert_int_equal(eda_ask(client, EDA_ASK(asking_find, &value, .n = 4), EDA_FOREVER), EDA_OK);
    assert_int_equal(value->n, 8);
    asking_end(sys);
}

static void reply_of_another_type_returns_einval(void **state)
{
    (void)state;
    go("EDA_EINVAL", 0, GO(1, "find", 1, "another type", 1000));
}

static void reply_twice_returns_estate(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    assert_int_equal(
        eda_publish_wait(eda_system_client(sys), GO(1, "find", 1, "twice", 1000), 1000), EDA_OK);
    assert_string_equal(asking_notes(), "EDA_ESTATE 1=2");
    asking_end(sys);
}

static void reply_missing_answers_efailed(void **state)
{
    (void)state;
    go("1:EDA_EFAILED(the handler did not reply)", 0, GO(1, "find", 1, "nothing", 1000));
}

static void reply_of_failed_turn_is_dropped(void **state)
{
    (void)state;
    go("1:EDA_EIO()", 0, GO(1, "find", 1, "fail after reply", 1000));
}

static void reply_without_request_returns_estate(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    assert_int_equal(eda_reply(eda_system_client(sys), EDA_REPLY(asking_find, .n = 1)), EDA_ESTATE);
    assert_int_equal(eda_refuse(eda_system_client(sys), "no"), EDA_ESTATE);
    asking_end(sys);
}

/* --- refused and failed ------------------------------------------------------------------- */

static void refusal_carries_text_and_turn_happens(void **state)
{
    (void)state;
    go("1:EDA_EREFUSED(no 5 today)", 1, GO(1, "get", 5, "refuse", 1000));
}

static void refusal_not_returned_still_refuses(void **state)
{
    (void)state;
    go("1:EDA_EREFUSED(not returned)", 1, GO(1, "get", 5, "refuse silently", 1000));
}

static void refusal_of_long_text_is_whole(void **state)
{
    char expected[201];
    eda_system *sys = asking_start(NULL, everybody);
    const asking_value *value = NULL;
    eda_ctx *client = eda_system_client(sys);

    (void)state;
    (void)snprintf(expected, sizeof(expected), "%0200u", 6u);
    assert_int_equal(
        eda_ask(client, EDA_ASK(asking_get, &value, .n = 6, .how = EDA_STR("refuse long")), 1000),
        EDA_EREFUSED);
    assert_true(eda_str_equal(eda_error(client), eda_str_from(expected)));
    asking_end(sys);
}

static void failure_tells_asker_status_and_drops_effects(void **state)
{
    (void)state;
    go("1:application()", 0, GO(1, "get", 5, "fail", 1000));
    go("1:application(broken 5)", 0, GO(1, "get", 5, "fail with text", 1000));
}

static void failure_is_counted_once(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);
    const asking_value *value = NULL;

    (void)state;
    assert_int_equal(
        eda_ask(eda_system_client(sys), EDA_ASK(asking_get, &value, .how = EDA_STR("fail")), 1000),
        EDA_STATUS_USER + 1);
    assert_int_equal(eda_ask(eda_system_client(sys),
                         EDA_ASK(asking_get, &value, .how = EDA_STR("refuse")), 1000),
        EDA_EREFUSED);
    asking_settle(sys);
    asking_assert_counts(sys, "asking_get", .accepted = 2, .handled = 1, .failed = 1);
    asking_end(sys);
}

static void attempts_answer_asker_once_they_succeed(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);
    const asking_value *value = NULL;
    eda_ctx *client = eda_system_client(sys);

    (void)state;
    assert_int_equal(eda_ask(client, EDA_ASK(asking_retry, &value, .n = 3), 1000), EDA_OK);
    assert_int_equal(value->n, 3);
    assert_int_equal(
        eda_ask(client, EDA_ASK(asking_retry, &value, .n = 100), 1000), EDA_STATUS_USER);
    assert_string_equal(asking_notes(), "try1 try2 try3 try1 try2 try3");
    asking_settle(sys);
    asking_assert_counts(sys, "asking_retry", .accepted = 2, .handled = 1, .dead = 1);
    asking_end(sys);
}

/* --- nobody, nowhere ---------------------------------------------------------------------- */

static void ask_without_responder_returns_enoent_at_once(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);
    const asking_value *value = NULL;

    (void)state;
    assert_int_equal(
        eda_ask(eda_system_client(sys), EDA_ASK(asking_lost, &value, .n = 1), EDA_FOREVER),
        EDA_ENOENT);
    asking_assert_counts(sys, NULL, .accepted = 0);
    asking_end(sys);
    go("1:EDA_ENOENT(no actor answers asking_lost)", 0, GO(1, "lost", 1, "", EDA_FOREVER));
}

static void ask_of_what_cannot_be_asked_fails_before_it_leaves(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);
    eda_ctx *client = eda_system_client(sys);
    const asking_value *value = NULL;
    const eda_request no_request = {
        .value = EDA_MSG(asking_said, .n = 1), .ret_reply = (const void **)(void *)&value};

    (void)state;
    assert_int_equal(eda_ask(client, no_request, 1000), EDA_EINVAL);
    assert_int_equal(eda_ask(client, EDA_ASK(asking_find, &value, .n = 101), 1000), EDA_ERANGE);
    assert_null(value);
    asking_assert_counts(sys, NULL, .accepted = 0);
    asking_end(sys);
}

static void request_published_returns_einval(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);
    eda_ctx *client = eda_system_client(sys);

    (void)state;
    assert_int_equal(eda_publish(client, EDA_MSG(asking_find, .n = 1), NULL), EDA_EINVAL);
    assert_int_equal(eda_publish_after(client, EDA_MSG(asking_find, .n = 1), 0), EDA_EINVAL);
    asking_settle(sys);
    asking_end(sys);
}

static void ask_not_in_emits_returns_eperm(void **state)
{
    (void)state;
    go("1:EDA_EPERM(actor 'asking_asker' sends 'asking_far', which its emits(...) does not list)",
        0, GO(1, "far", 1, "", 1000));
}

static void request_dead_answers_at_once(void **state)
{
    (void)state;
    go("1:EDA_EDEAD(refused to start: has a cold)", 0, GO(1, "sick", 1, "", EDA_FOREVER));
}

static void request_shed_answers_at_once(void **state)
{
    const eda_options threads = {.workers = 2};
    eda_system *sys = asking_start(&threads, everybody);
    eda_ctx *client = eda_system_client(sys);
    uint32_t i;

    (void)state;
    gate = asking_gate_new();
    /* One is being handled, one waits, the third finds the mailbox full while the gate is shut. */
    assert_int_equal(eda_publish(client, GO(1, "narrow", 1, "", EDA_FOREVER), NULL), EDA_OK);
    asking_gate_await(gate, 1);
    for (i = 2; i <= 3; i++) {
        assert_int_equal(eda_publish(client, GO(i, "narrow", i, "", EDA_FOREVER), NULL), EDA_OK);
    }
    while (asking_noted("3:EDA_ESHED(the mailbox is full)") +
               asking_noted("2:EDA_ESHED(the mailbox is full)") ==
           0) {
        (void)!eda_wait_idle(sys, 1);
    }
    asking_gate_open(gate);
    asking_settle(sys);
    asking_assert_counts(sys, "asking_narrow", .accepted = 3, .handled = 2, .shed = 1);
    asking_end(sys);
    asking_gate_free(gate);
}

static void request_expired_answers_its_asker(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);
    eda_ctx *client = eda_system_client(sys);
    const asking_value *value = NULL;

    (void)state;
    gate = asking_gate_new();
    /* The gate opens only after the asker of the brief one waited longer than that may take. */
    assert_int_equal(eda_publish(client, GO(1, "narrow", 1, "", EDA_FOREVER), NULL), EDA_OK);
    (void)eda_system_step(sys, 0, NULL);
    assert_int_equal(eda_publish(client, GO(2, "brief", 1, "", EDA_FOREVER), NULL), EDA_OK);
    assert_int_equal(
        eda_ask(client, EDA_ASK(asking_far, &value, .timeout_ms = 20), 1000), EDA_ETIMEOUT);
    asking_forget();
    asking_gate_open(gate);
    asking_settle(sys);
    assert_int_equal(asking_noted("2:EDA_ETIMEOUT(expired before its turn)"), 1);
    assert_int_equal(asking_noted("1=1"), 1);
    asking_assert_counts(sys, "asking_brief", .accepted = 1, .expired = 1);
    asking_end(sys);
    asking_gate_free(gate);
}

/* --- deadlines ---------------------------------------------------------------------------- */

static void deadline_travels_to_the_second_ask(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);
    eda_ctx *client = eda_system_client(sys);
    const asking_value *value = NULL;

    (void)state;
    gate = asking_gate_new();
    /* The relay would wait for ever; it has no longer than its asker. */
    assert_int_equal(
        eda_ask(client, EDA_ASK(asking_far, &value, .timeout_ms = EDA_FOREVER), 20), EDA_ETIMEOUT);
    asking_pump_until(sys, "far:EDA_ETIMEOUT", 1);
    assert_string_equal(asking_notes(), "short far:EDA_ETIMEOUT");
    asking_gate_open(gate);
    asking_settle(sys);
    asking_end(sys);
    asking_gate_free(gate);
}

static void deadline_of_the_second_ask_may_be_shorter(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);
    eda_ctx *client = eda_system_client(sys);
    const asking_value *value = NULL;

    (void)state;
    gate = asking_gate_new();
    assert_int_equal(
        eda_ask(client, EDA_ASK(asking_far, &value, .timeout_ms = 5), ASKING_TIMEOUT_MS),
        EDA_ETIMEOUT);
    assert_string_equal(asking_notes(), "long far:EDA_ETIMEOUT");
    asking_gate_open(gate);
    asking_settle(sys);
    asking_end(sys);
    asking_gate_free(gate);
}

static void reply_too_late_is_not_given_to_the_next_ask(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);
    eda_ctx *client = eda_system_client(sys);
    const asking_value *value = NULL;

    (void)state;
    gate = asking_gate_new();
    assert_int_equal(
        eda_ask(client, EDA_ASK(asking_find, &value, .n = 50, .how = EDA_STR("slow")), 5),
        EDA_ETIMEOUT);
    assert_int_equal(eda_publish(client, GO(1, "find", 20, "slow", 5), NULL), EDA_OK);
    asking_pump_until(sys, "1:EDA_ETIMEOUT(asking_find:", 0);
    asking_gate_open(gate);
    /* The late replies arrive while these wait. */
    assert_int_equal(eda_publish(client, GO(1, "find", 3, "", ASKING_TIMEOUT_MS), NULL), EDA_OK);
    assert_int_equal(
        eda_ask(client, EDA_ASK(asking_find, &value, .n = 1), ASKING_TIMEOUT_MS), EDA_OK);
    assert_int_equal(value->n, 2);
    asking_settle(sys);
    assert_int_equal(asking_noted("1=6"), 1);
    assert_int_equal(asking_noted("1=100") + asking_noted("1=2"), 0);
    asking_end(sys);
    asking_gate_free(gate);
}

static void asks_outstanding_when_the_system_stops_end(void **state)
{
    const eda_options options = {.pumped = true, .drain_ms = 1};
    eda_system *sys = asking_start(&options, everybody);
    eda_ctx *client = eda_system_client(sys);
    const asking_value *value = NULL;
    uint32_t i;

    (void)state;
    gate = asking_gate_new();
    assert_int_equal(
        eda_ask(client, EDA_ASK(asking_find, &value, .how = EDA_STR("slow")), 1), EDA_ETIMEOUT);
    for (i = 1; i <= 5; i++) {
        assert_int_equal(eda_publish(client, GO(i, "find", i, "", EDA_FOREVER), NULL), EDA_OK);
    }
    (void)eda_system_step(sys, 0, NULL);
    asking_gate_open(gate);
    asking_end(sys);
    asking_gate_free(gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ask_answers_form_returns_reply),
        cmocka_unit_test(ask_from_client_returns_flat_reply),
        cmocka_unit_test(reply_of_another_type_returns_einval),
        cmocka_unit_test(reply_twice_returns_estate),
        cmocka_unit_test(reply_missing_answers_efailed),
        cmocka_unit_test(reply_of_failed_turn_is_dropped),
        cmocka_unit_test(reply_without_request_returns_estate),
        cmocka_unit_test(refusal_carries_text_and_turn_happens),
        cmocka_unit_test(refusal_not_returned_still_refuses),
        cmocka_unit_test(refusal_of_long_text_is_whole),
        cmocka_unit_test(failure_tells_asker_status_and_drops_effects),
        cmocka_unit_test(failure_is_counted_once),
        cmocka_unit_test(attempts_answer_asker_once_they_succeed),
        cmocka_unit_test(ask_without_responder_returns_enoent_at_once),
        cmocka_unit_test(ask_of_what_cannot_be_asked_fails_before_it_leaves),
        cmocka_unit_test(request_published_returns_einval),
        cmocka_unit_test(ask_not_in_emits_returns_eperm),
        cmocka_unit_test(request_dead_answers_at_once),
        cmocka_unit_test(request_shed_answers_at_once),
        cmocka_unit_test(request_expired_answers_its_asker),
        cmocka_unit_test(deadline_travels_to_the_second_ask),
        cmocka_unit_test(deadline_of_the_second_ask_may_be_shorter),
        cmocka_unit_test(reply_too_late_is_not_given_to_the_next_ask),
        cmocka_unit_test(asks_outstanding_when_the_system_stops_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
