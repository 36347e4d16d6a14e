/* failure_text_test.c - why a request was not answered: who asks here, on another node, or from
 * outside is told the same, in one line of UTF-8. */
#include <edacious/edacious.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nodes.h"
#include "outsider.h"

#define PATIENCE_MS 60000u
#define NETWORK "{\"network\": \"failures\"}"
#define OWN_STATUS (EDA_STATUS_USER + 7)
#define ANSWER_SIZE 512u

EDA_RECORD(till_state, (uint32_t, coins));
EDA_REQUEST(till_get, till_state, "till/{how}/get", (uint32_t, how));
EDA_REQUEST(till_count, till_state, "till/{how}/count", (uint32_t, how));

/* --- how it fails -------------------------------------------------------------------------- */

typedef struct failure {
    eda_status status;
    const char *given;   /* NULL: the status alone */
    const char *told;    /* to whoever asks */
    const char *outside; /* NULL: the same */
} failure;

/* 255 bytes fit: the last character is cut. */
#define FIFTY "12345678901234567890123456789012345678901234567890"
#define LONG FIFTY FIFTY FIFTY FIFTY FIFTY "1234"

static const failure failures[] = {
    {EDA_EFAILED, "the drawer is stuck", "the drawer is stuck", NULL},
    {EDA_EREFUSED, "no coins for you", "no coins for you", NULL},
    {OWN_STATUS, "of its own", "of its own", NULL},
    {EDA_ESTATE, NULL, "", "not possible in this state"},
    {OWN_STATUS, NULL, "", "a status of the application"},
    {EDA_EIO, "two\nlines, \x1b[31mred", "two lines,  [31mred", NULL},
    {EDA_EIO, "latin \xfc", "latin ?", NULL},
    {EDA_EREFUSED, "latin \xfc", "latin ?", NULL},
    {EDA_EIO, LONG "\xc3\xbc and more", LONG "?", NULL},
};
#define FAILURE_COUNT ((uint32_t)(sizeof(failures) / sizeof(failures[0])))

static eda_status end_as(eda_ctx *ctx, uint32_t how)
{
    const failure *this = &failures[how];

    if (this->given == NULL) {
        return this->status;
    }
    return this->status == EDA_EREFUSED ? eda_refuse(ctx, "%s", this->given)
                                        : eda_fail(ctx, this->status, "%s", this->given);
}

typedef struct till {
    till_state state;
} till;

static eda_status till_on_get(till *self, const till_get *request, till_state *reply, eda_ctx *ctx)
{
    (void)self;
    (void)reply;
    return end_as(ctx, request->how);
}

static eda_status till_on_count(till *self, const till_count *request, eda_ctx *ctx)
{
    if (request->how < FAILURE_COUNT) {
        return end_as(ctx, request->how);
    }
    self->state.coins = 5;
    return eda_reply(ctx, EDA_MSG(till_state, .coins = self->state.coins));
}

EDA_ACTOR(till, eda_none, answers(till_get, till_on_get), on(till_count, till_on_count));

/* --- who asks ------------------------------------------------------------------------------ */

static void check_told(eda_system *sys, eda_status status, const failure *expected)
{
    eda_str text = eda_error(eda_system_client(sys));

    assert_int_equal(status, expected->status);
    assert_int_equal(text.len, strlen(expected->told));
    assert_memory_equal(text.ptr, expected->told, text.len);
}

static void ask_from(eda_system *sys, uint32_t how)
{
    eda_ctx *client = eda_system_client(sys);
    const till_state *reply = NULL;

    check_told(
        sys, eda_ask(client, EDA_ASK(till_get, &reply, .how = how), PATIENCE_MS), &failures[how]);
    check_told(
        sys, eda_ask(client, EDA_ASK(till_count, &reply, .how = how), PATIENCE_MS), &failures[how]);
}

static outsider_got get(eda_bus *bus, uint32_t how, const char *what)
{
    char key[64];
    int len = snprintf(key, sizeof(key), "till/%u/%s", how, what);
    const eda_bus_message request = {.key = {.ptr = key, .len = (size_t)len}};

    return outsider_get(&eda_bus_inproc, bus, &request, false);
}

static void ask_from_outside(eda_bus *bus, uint32_t how)
{
    static const char *const whats[] = {"get", "count"};
    const failure *expected = &failures[how];
    char json[ANSWER_SIZE];
    size_t i;

    (void)snprintf(json, sizeof(json), "{\"code\":\"%s\",\"message\":\"%s\"%s}",
        eda_status_name(expected->status),
        expected->outside != NULL ? expected->outside : expected->told,
        expected->status == OWN_STATUS ? ",\"status\":1007" : "");
    for (i = 0; i < 2; i++) {
        const outsider_got told = get(bus, how, whats[i]);

        assert_true(told.is_error);
        assert_string_equal(told.text, json);
    }
}

/* --- tests --------------------------------------------------------------------------------- */

static void start_both(eda_system *near, eda_system *far)
{
    MUST(near, eda_declare(near, &eda_type_till_get));
    MUST(near, eda_declare(near, &eda_type_till_count));
    MUST(far, eda_add(far, EDA_WITH(till)));
    MUST(near, eda_system_start(near));
    MUST(far, eda_system_start(far));
    MUST(near, eda_cluster_wait_nodes(near, 2, PATIENCE_MS));
}

static void text_of_a_failure_reaches_whoever_asked(void **state)
{
    eda_system *near = nodes_make("near", NETWORK, 1);
    eda_system *far = nodes_make("far", NETWORK, 1);
    eda_bus *bus;
    uint32_t how;

    (void)state;
    start_both(near, far);
    bus = outsider_join(&eda_bus_inproc, NETWORK);
    for (how = 0; how < FAILURE_COUNT; how++) {
        ask_from(far, how);
        ask_from(near, how);
        ask_from_outside(bus, how);
    }
    MUST(near, eda_cluster_wait_idle(near, PATIENCE_MS));
    assert_int_equal(eda_system_cluster(near).refused, 0); /* nothing that a node sent */
    nodes_check_accounts(near);
    nodes_check_accounts(far);
    eda_bus_inproc.close(bus);
    eda_system_free(near);
    eda_system_free(far);
}

/* By on(...) and eda_reply, as by answers(...). */
static void request_handled_by_on_is_answered_on_another_node(void **state)
{
    eda_system *near = nodes_make("near", NETWORK, 1);
    eda_system *far = nodes_make("far", NETWORK, 1);
    const till_state *reply = NULL;

    (void)state;
    start_both(near, far);
    MUST(near, eda_ask(eda_system_client(near), EDA_ASK(till_count, &reply, .how = FAILURE_COUNT),
                   PATIENCE_MS));
    assert_int_equal(reply->coins, 5);
    eda_system_free(near);
    eda_system_free(far);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_of_a_failure_reaches_whoever_asked),
        cmocka_unit_test(request_handled_by_on_is_answered_on_another_node),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
