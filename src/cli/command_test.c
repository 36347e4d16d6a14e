/* command_test.c - the command and a node with an actor: what the other tests play is so. */
#define _POSIX_C_SOURCE 200809L

#include "cli/cli_run.h"

#include <edacious/edacious.h>
#include <jansson.h>

EDA_RECORD(gate_status, (bool, is_open), (uint32_t, opened));
EDA_MESSAGE(gate_unlock, "gate/{id}/unlock", .doc = "Opens one gate.",
    (eda_str, id), (uint8_t, hold_s, .range = {0, 5}, .unit = "s"));
EDA_MESSAGE(gate_opened, "gate/{id}/opened", (eda_str, id), (uint8_t, hold_s));
EDA_REQUEST(gate_status_get, gate_status, "gate/{id}/status", (eda_str, id));

typedef struct gate {
    uint32_t opened;
} gate;

static eda_status gate_on_unlock(gate *self, const gate_unlock *unlock, eda_ctx *ctx)
{
    self->opened++;
    return eda_publish(ctx, EDA_MSG(gate_opened, .id = unlock->id, .hold_s = unlock->hold_s), NULL);
}

static void gate_on_status(gate *self, const gate_status_get *get, gate_status *ret_reply)
{
    (void)get;
    ret_reply->is_open = self->opened > 0;
    ret_reply->opened = self->opened;
}

EDA_ACTOR(gate, eda_none,
    key(id),
    spawns_for(outside),
    emits(gate_opened),
    on(gate_unlock, gate_on_unlock),
    answers(gate_status_get, gate_on_status));

static eda_system *sys;

static void ignore(void *arg, eda_str line)
{
    (void)arg, (void)line;
}

static int start(void **state)
{
    static const eda_options options = {.name = "home",
        .bus = "inproc",
        .bus_config = "{\"network\": \"command\"}",
        .cluster = "plant",
        .log = ignore};
    (void)state;

    (void)snprintf(cli_where, sizeof cli_where, "inproc:command");
    if (eda_system_new(&options, &sys) != EDA_OK ||
        eda_add(sys, (eda_added){.actor = &eda_actor_gate}) != EDA_OK) {
        return 1;
    }
    return eda_system_start(sys) != EDA_OK;
}

static int stop(void **state)
{
    (void)state;
    eda_system_free(sys);
    return 0;
}

static void assert_run(const char *const *words, edai_exit code, const char *out, const char *err)
{
    cli_result made = cli_run_with("", words);

    if (made.code != code || strcmp(made.out, out) != 0 || strstr(made.err, err) == NULL) {
        fail_msg(
            "ended with %d instead of %d; out:\n%s\nerr:\n%s", made.code, code, made.out, made.err);
    }
    cli_drop(&made);
}

static void ask_reaches_an_actor_and_tells_its_refusal(void **state)
{
    (void)state;
    assert_run(CLI_WORDS("ask", "gate/west/status"), EDAI_EXIT_OK,
        "{\"is_open\":false,\"opened\":0}\n", "");
    assert_run(CLI_WORDS("ask", "gate/west/status", "--cbor"), EDAI_EXIT_OK,
        "{\"is_open\":false,\"opened\":0}\n", "");
    assert_run(CLI_WORDS("ask", "gate/west/status", "{\"id\": \"east\"}"), EDAI_EXIT_FAILED, "",
        "EDA_EINVAL: gate_status_get.id differs from the topic");
    assert_run(CLI_WORDS("ask", "gate/west/status", "{\"id\": \"east\"}", "--cbor"),
        EDAI_EXIT_FAILED, "",
        "edacious ask: EDA_EINVAL: a field of gate_status_get differs from the topic\n");
    assert_run(CLI_WORDS("ask", "gate/west/status", "--type", "bell"), EDAI_EXIT_FAILED, "",
        "; --type NAME says which, edacious messages lists them\n");
    assert_run(CLI_WORDS("ask", "--all", "gate/*/status"), EDAI_EXIT_FAILED, "",
        "edacious ask: EDA_EKEY: actors are asked on one topic, not on a pattern: a value goes in "
        "place of each wildcard\n");
}

static void sub_sees_what_an_actor_emits_on_a_message_of_pub(void **state)
{
    (void)state;
    cli_subscriber self = {.out = NULL};

    cli_begin(&self, CLI_WORDS("sub", "gate/*/opened", "--count", "1"));
    assert_run(CLI_WORDS("pub", "gate/north/unlock", "{\"hold_s\": 3}"), EDAI_EXIT_OK, "", "");
    (void)edai_thread_join(&self.thread);
    json_t *line = json_loads(self.out, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(line, "topic")), "gate/north/opened");
    assert_string_equal(json_string_value(json_object_get(line, "type")), "gate_opened");
    const char *source = json_string_value(json_object_get(line, "src"));
    assert_non_null(source);
    assert_memory_equal(source, "plant/home/", 11);
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(line, "value"), "hold_s")), 3);
    json_decref(line);
    cli_close(&self);
    assert_run(CLI_WORDS("ask", "gate/north/status"), EDAI_EXIT_OK,
        "{\"is_open\":true,\"opened\":1}\n", "");
}

static void node_tells_what_it_hosts_and_what_runs(void **state)
{
    (void)state;
    assert_run(CLI_WORDS("messages", "gate_unlock"), EDAI_EXIT_OK,
        "gate_unlock  gate/{id}/unlock  message\n"
        "    Opens one gate.\n"
        "    id: text\n"
        "    hold_s: uint8, 0 to 5 s\n"
        "    handled by gate\n",
        "");
    cli_result made = cli_run_with("", CLI_WORDS("ps", "--json"));
    assert_string_equal(made.err, "");
    json_t *json = json_loads(made.out, 0, NULL);
    json_t *node = json_array_get(json_object_get(json, "nodes"), 0);
    json_t *actor = json_array_get(json_object_get(node, "actors"), 0);
    assert_string_equal(json_string_value(json_object_get(node, "node")), "home");
    assert_string_equal(json_string_value(json_object_get(node, "cluster")), "plant");
    assert_string_equal(json_string_value(json_object_get(actor, "name")), "gate");
    assert_int_equal(json_integer_value(json_object_get(actor, "live")), 2);
    json_decref(json);
    cli_drop(&made);
}

/* Only where something was reached that may keep others from asking are rights spoken of. */
static void bus_without_a_node_is_said(void **state)
{
    (void)state;
    (void)snprintf(cli_where, sizeof cli_where, "inproc:nobody");
    assert_run(CLI_WORDS("ps"), EDAI_EXIT_UNREACHABLE, "",
        "edacious ps: no node of the cluster 'plant' is reachable by inproc:nobody");
    (void)snprintf(cli_where, sizeof cli_where, "inproc:command");
}

static void acl_is_made_of_a_nodes_own_catalogue(void **state)
{
    (void)state;
    cli_result made = cli_run_with("", CLI_WORDS("acl", "--subject", "cn:home"));

    assert_string_equal(made.err, "");
    assert_int_equal(made.code, EDAI_EXIT_OK);
    assert_non_null(strstr(made.out, "\"id\": \"gate publishes\""));
    assert_non_null(strstr(made.out, "\"key_exprs\": [\"gate/*/opened\"]"));
    assert_non_null(strstr(made.out, "@edacious/v1/plant/**"));
    assert_null(strstr(made.out, "@edacious/dead"));
    cli_drop(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ask_reaches_an_actor_and_tells_its_refusal),
        cmocka_unit_test(sub_sees_what_an_actor_emits_on_a_message_of_pub),
        cmocka_unit_test(node_tells_what_it_hosts_and_what_runs),
        cmocka_unit_test(bus_without_a_node_is_said),
        cmocka_unit_test(acl_is_made_of_a_nodes_own_catalogue),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
