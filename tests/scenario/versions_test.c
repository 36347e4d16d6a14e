/* versions_test.c - nodes whose declarations of a message differ: who cannot read it says which
 * field and whose, and the publisher is told that no handler had it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <edacious/edacious.h>

#include "nodes.h"

#include <stdatomic.h>

#define PATIENCE_MS 60000u
#define NETWORK "{\"network\": \"versions\"}"

EDA_MESSAGE(room_entered, "room/{room_id}/entered", (eda_str, room_id), (uint32_t, badge));
EDA_RECORD(room_state, (uint32_t, entered));
EDA_REQUEST(room_get, room_state, "room/{room_id}/get", (eda_str, room_id), (uint32_t, badge));
/* As they were a version before. */
EDA_MESSAGE(room_entered_old, "room/{room_id}/entered", (eda_str, room_id));
EDA_REQUEST(room_get_old, room_state, "room/{room_id}/get", (eda_str, room_id));

static atomic_uint turns;

typedef struct room {
    room_state state;
} room;

static void room_on_entered(room *self, const room_entered *cmd)
{
    (void)cmd;
    self->state.entered++;
    atomic_fetch_add(&turns, 1);
}

static void room_on_get(room *self, const room_get *request, room_state *reply)
{
    (void)request;
    *reply = self->state;
    atomic_fetch_add(&turns, 1);
}

EDA_ACTOR(
    room, eda_none, key(room_id), on(room_entered, room_on_entered), answers(room_get, room_on_get));

/* --- the scene ----------------------------------------------------------------------------- */

typedef struct refusals {
    atomic_uint message;
    atomic_uint request;
} refusals;

static void look_for_refusals(void *arg, eda_str line)
{
    refusals *self = arg;

    if (strstr(line.ptr, "refused: room_entered: EDA_EINVAL: room_entered.badge is missing, "
                         "from node old/") != NULL) {
        atomic_fetch_add(&self->message, 1);
    }
    if (strstr(line.ptr, "refused: room_get: EDA_EINVAL: room_get.badge is missing, "
                         "from node old/") != NULL) {
        atomic_fetch_add(&self->request, 1);
    }
}

static eda_system *start_new(refusals *told)
{
    eda_options options = {.name = "new",
        .bus = "inproc",
        .bus_config = NETWORK,
        .log = look_for_refusals,
        .log_arg = told};
    eda_system *sys = NULL;

    assert_int_equal(eda_system_new(&options, &sys), EDA_OK);
    nodes_trust(sys);
    MUST(sys, eda_add(sys, EDA_WITH(room)));
    MUST(sys, eda_system_start(sys));
    return sys;
}

static void message_of_an_older_declaration_is_refused_by_field_and_node(void **state)
{
    static eda_type entered; /* the process remembers both by address */
    static eda_type get;
    const room_entered_old message = {.room_id = EDA_STR("hall")};
    const room_get_old request = {.room_id = EDA_STR("hall")};
    const void *reply = NULL;
    refusals told = {.message = 0};
    eda_system *new = start_new(&told);
    eda_system *old = nodes_make("old", NETWORK, 1);
    eda_ctx *client;

    (void)state;
    nodes_trust(old);
    entered = eda_type_room_entered_old;
    get = eda_type_room_get_old;
    MUST(old, eda_declare(old, &entered));
    MUST(old, eda_declare(old, &get));
    /* One process has each name once: so they are renamed behind its back. */
    entered.name = "room_entered";
    get.name = "room_get";
    MUST(old, eda_system_start(old));
    MUST(old, eda_cluster_wait_nodes(old, 2, PATIENCE_MS));
    client = eda_system_client(old);
    assert_int_equal(
        eda_publish_wait(client, (eda_value){.type = &entered, .data = &message}, PATIENCE_MS),
        EDA_EINVAL);
    assert_non_null(strstr(eda_error(client).ptr,
        "room_entered: invalid argument or payload; the log of the node it was for says more"));
    assert_int_equal(
        eda_ask(client,
            (eda_request){.value = {.type = &get, .data = &request}, .ret_reply = &reply},
            PATIENCE_MS),
        EDA_EINVAL);
    assert_true(eda_str_equal(eda_error(client), EDA_STR("room_get.badge is missing")));
    assert_int_equal(atomic_load(&told.message), 1);
    assert_int_equal(atomic_load(&told.request), 1);
    assert_int_equal(atomic_load(&turns), 0);
    assert_int_equal(eda_system_cluster(new).refused, 2);
    MUST(old, eda_cluster_wait_idle(old, PATIENCE_MS));
    nodes_check_accounts(old);
    nodes_check_accounts(new);
    eda_system_free(old);
    eda_system_free(new);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(message_of_an_older_declaration_is_refused_by_field_and_node),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
