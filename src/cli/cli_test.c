/* cli_test.c - the verbs, against a node made of plain bus calls: over the bus within one process,
 * and over that between the processes of one host. */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <edacious/bus.h>
#include <jansson.h>

#include "base/clock.h"
#include "base/thread.h"
#include "cli/cli_run.h"
#include "wire/wire.h"

#define PREFIX "@edacious/v1/plant/"
#define LIFE "/home/0123456789abcdef"
#define LATE "@edacious/v1/late/" /* a cluster of which one node does not answer */

static const char catalogue[] =
    "{\"node\":\"home\",\"inc\":\"0123456789abcdef\",\"cluster\":\"plant\",\"messages\":["
    "{\"name\":\"unlock\",\"topic\":\"door/{id}/unlock\",\"kind\":\"message\",\"fingerprint\":"
    "\"1\",\"doc\":\"Opens one door.\",\"fields\":[{\"name\":\"attempt\",\"type\":\"uint8\","
    "\"range\":\"1 to 3\",\"unit\":\"tries\",\"if_missing\":\"1\",\"doc\":\"how often\"},"
    "{\"name\":\"by\",\"type\":\"optional text\",\"unit\":\"UTF-8\",\"len_max\":16},"
    "{\"name\":\"guests\",\"type\":\"list of text\",\"len_max\":3}]},"
    "{\"name\":\"opened\",\"topic\":\"door/{id}/opened\",\"kind\":\"message\"},"
    "{\"name\":\"rang\",\"topic\":\"door/{id}/bell\",\"kind\":\"message\",\"is_outgoing\":true},"
    "{\"name\":\"moved\",\"topic\":\"door/{id}/moved\",\"kind\":\"message\",\"is_inside\":true},"
    "{\"name\":\"status_get\",\"topic\":\"door/{id}/status\",\"kind\":\"request\",\"reply\":"
    "\"status\",\"reply_fields\":[{\"name\":\"is_open\",\"type\":\"bool\",\"doc\":\"so is it\"}]}],"
    "\"actors\":[{\"name\":\"door\",\"supervisor\":\"keyed\",\"scope\":\"cluster\",\"key\":"
    "\"text\",\"handles\":[{\"message\":\"unlock\",\"key\":\"id\"},{\"message\":\"status_get\","
    "\"answers\":true},{\"message\":\"moved\"},{\"message\":\"rang\"}],\"emits\":[\"opened\","
    "\"rang\"]},"
    "{\"name\":\"log\",\"supervisor\":\"singleton\",\"scope\":\"node\",\"handles\":[{\"pattern\":"
    "\"door/**\"}],\"emits\":[]}]}";
static const char ps[] =
    "{\"node\":\"home\",\"inc\":\"0123456789abcdef\",\"cluster\":\"plant\",\"uptime_s\":3,"
    "\"view\":2,\"nodes\":[{\"node\":\"attic\",\"inc\":\"1\",\"state\":\"usable\"}],\"actors\":[{"
    "\"name\":\"door\",\"live\":1,\"handled\":7}],\"counts\":{\"accepted\":8,\"handled\":7},"
    "\"links\":[{\"node\":\"attic/1\",\"sent\":5,\"arrived\":4,\"lost\":0,\"unknown\":0,"
    "\"queued\":1}]}";

/* --- the node --- */

typedef struct node {
    eda_bus *bus;
    edai_mutex mutex;
    edai_cond cond;
    unsigned put_count;
    char topic[64]; /* of the last put */
    char encoding[64];
    char payload[64];
    size_t payload_size;
    char type[32];
} node;

static node home;
static const eda_bus_driver *driver;
static char folder[] = "/tmp/edacious-cli-XXXXXX";

static void answer(eda_bus_query *query, const char *key, const char *json, bool is_error)
{
    const eda_bus_message message = {.key = eda_str_from(key),
        .encoding = EDA_STR("application/json"),
        .payload = {.ptr = (const uint8_t *)json, .len = strlen(json)}};

    driver->answer(home.bus, query, &message, is_error);
}

static void on_catalogue(void *arg, const eda_bus_message *request, eda_bus_query *query)
{
    (void)arg, (void)request;
    answer(query, PREFIX "catalogue" LIFE, catalogue, false);
}

static void on_ps(void *arg, const eda_bus_message *request, eda_bus_query *query)
{
    (void)arg, (void)request;
    answer(query, PREFIX "ps" LIFE, ps, false);
}

static void on_status(void *arg, const eda_bus_message *request, eda_bus_query *query)
{
    (void)arg;
    bool is_wrong = request->payload.len > 0;

    answer(query, "door/front/status",
        is_wrong ? "{\"code\":\"EDA_EINVAL\",\"message\":\"status_get has no field 'x'\"}"
                 : "{\"mode\": \"open\"}",
        is_wrong);
}

static void on_unknown(void *arg, const eda_bus_message *request, eda_bus_query *query)
{
    (void)arg, (void)request;
    answer(query, "slow/x", "{\"code\":\"EDA_ETIMEOUT\",\"message\":\"unknown\"}", true);
}

static void on_vanished(void *arg, const eda_bus_message *request, eda_bus_query *query)
{
    (void)arg, (void)request;
    answer(query, "gone/x", "{\"code\":\"EDA_EUNKNOWN\",\"message\":\"unknown\"}", true);
}

static void on_own(void *arg, const eda_bus_message *request, eda_bus_query *query)
{
    (void)arg, (void)request;
    answer(
        query, "own/x", "{\"code\":\"application\",\"message\":\"jammed\",\"status\":1001}", true);
}

/* Never says anything. */
static void on_late(void *arg, const eda_bus_message *request, eda_bus_query *query)
{
    (void)arg, (void)request, (void)query;
}

static void on_late_ps(void *arg, const eda_bus_message *request, eda_bus_query *query)
{
    (void)arg, (void)request;
    answer(query, LATE "ps" LIFE, ps, false);
}

static void on_late_catalogue(void *arg, const eda_bus_message *request, eda_bus_query *query)
{
    (void)arg, (void)request;
    answer(query, LATE "catalogue" LIFE, catalogue, false);
}

static void keep(char *to, size_t size, const void *from, size_t len)
{
    assert_true(len < size);
    memset(to, 0, size);
    if (len > 0) {
        memcpy(to, from, len);
    }
}

static void on_put(void *arg, const eda_bus_message *message)
{
    edai_buffer buffer = {.size = 0};
    edai_attachment attachment = {.type = {.len = 0}};
    (void)arg;

    edai_mutex_lock(&home.mutex);
    keep(home.topic, sizeof home.topic, message->key.ptr, message->key.len);
    keep(home.encoding, sizeof home.encoding, message->encoding.ptr, message->encoding.len);
    keep(home.payload, sizeof home.payload, message->payload.ptr, message->payload.len);
    home.payload_size = message->payload.len;
    if (message->attachment.len > 0) {
        assert_int_equal(
            edai_wire_read_attachment(message->attachment, &buffer, &attachment), EDA_OK);
    }
    keep(home.type, sizeof home.type, attachment.type.ptr, attachment.type.len);
    home.put_count++;
    edai_cond_broadcast(&home.cond);
    edai_mutex_unlock(&home.mutex);
    edai_buffer_fini(&buffer);
}

static int start_node(const char *config)
{
    eda_bus_problem problem = {.text = ""};
    uint64_t id;

    memset(&home, 0, sizeof home);
    edai_mutex_init(&home.mutex);
    edai_cond_init(&home.cond);
    if (driver->open(&(eda_bus_options){.config = config}, &home.bus, &problem) != EDA_OK) {
        (void)fprintf(stderr, "%s\n", problem.text);
        return 1;
    }
    eda_status worst =
        driver->serve(home.bus, EDA_STR(PREFIX "catalogue" LIFE), on_catalogue, NULL, &id);
    worst |= driver->serve(home.bus, EDA_STR(PREFIX "ps" LIFE), on_ps, NULL, &id);
    worst |= driver->serve(home.bus, EDA_STR("door/*/status"), on_status, NULL, &id);
    worst |= driver->serve(home.bus, EDA_STR("slow/x"), on_unknown, NULL, &id);
    worst |= driver->serve(home.bus, EDA_STR("gone/x"), on_vanished, NULL, &id);
    worst |= driver->serve(home.bus, EDA_STR("own/x"), on_own, NULL, &id);
    worst |= driver->serve(home.bus, EDA_STR("late/*"), on_late, NULL, &id);
    worst |= driver->serve(home.bus, EDA_STR(LATE "*/attic/1"), on_late, NULL, &id);
    worst |= driver->serve(home.bus, EDA_STR(LATE "ps" LIFE), on_late_ps, NULL, &id);
    worst |= driver->serve(home.bus, EDA_STR(LATE "catalogue" LIFE), on_late_catalogue, NULL, &id);
    worst |= driver->subscribe(home.bus, EDA_STR("in/**"), on_put, NULL, &id);
    return worst != EDA_OK;
}

static int start_inproc(void **state)
{
    (void)state;
    driver = &eda_bus_inproc;
    (void)snprintf(cli_where, sizeof cli_where, "inproc:cli");
    return start_node("{\"network\": \"cli\"}");
}

static int start_local(void **state)
{
    char config[64];
    (void)state;

    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    driver = &eda_bus_local;
    (void)snprintf(cli_where, sizeof cli_where, "local:%s/bus", folder);
    (void)snprintf(config, sizeof config, "{\"socket\": \"%s/bus\"}", folder);
    return start_node(config);
}

static int stop_node(void **state)
{
    (void)state;
    driver->close(home.bus);
    edai_cond_fini(&home.cond);
    edai_mutex_fini(&home.mutex);
    return 0;
}

static int stop_local(void **state)
{
    char path[64];

    (void)stop_node(state);
    (void)snprintf(path, sizeof path, "%s/bus", folder);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/bus.lock", folder);
    (void)unlink(path);
    return rmdir(folder);
}

static void wait_for_puts(unsigned count)
{
    int64_t until = edai_clock_monotonic_ns() + EDA_SEC(60);

    edai_mutex_lock(&home.mutex);
    while (home.put_count < count) {
        assert_true(edai_cond_wait_until(&home.cond, &home.mutex, until));
    }
    edai_mutex_unlock(&home.mutex);
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

static void wrong_use_ends_with_2_and_says_what_to_do(void **state)
{
    (void)state;
    static const struct {
        const char *words[6];
        const char *says;
    } cases[] = {
        {{"walk"}, "edacious: there is no verb walk; see edacious --help"},
        {{"ask"}, "edacious ask: a word is missing; usage: edacious ask TOPIC [JSON]"},
        {{"ps", "door"}, "a word too many; usage: edacious ps"},
        {{"--verbose"}, "edacious: the verb comes first, as in edacious ps --verbose"},
        {{"ps", "--jsn"}, "there is no option --jsn; see --help"},
        {{"ps", "--timeout", "5"},
            "--timeout takes a time such as 2s or 500ms, from 1ms to 24h, not 5"},
        {{"ps", "--config", "/nowhere/x"}, "leave one out"},
        {{"ps", "--user", "me"}, "--user is for Zenoh; leave it out"},
        {{"pub", "door"}, "the JSON is missing ({} if it has no fields): TOPIC JSON, TOPIC -"},
        {{"pub", "door/*", "1"}, "'door/*' is no topic"},
        {{"pub", "door", "{"}, "the payload is no JSON: JSON, line 1"},
        {{"pub", "door", "{badge: 7}"},
            "; keys and texts stand between double quotes, as in '{\"badge\": \"7\"}'\n"},
        {{"pub", "door", "--raw", "a/b", "/nowhere/x"}, "/nowhere/x cannot be read"},
        {{"ask", "a//b"}, "'a//b' is no topic: chunks between '/'"},
        {{"ask", "door/*/status"},
            "'door/*/status' is no topic but a pattern of many; write a value in place of each *, "
            "as in door/front/status, or ask whoever answers patterns with --all\n"},
        {{"ask", "door/{id}/status"}, "write a value for what stands in braces"},
        {{"pub", "door/{id}/unlock", "{}"}, "write a value for what stands in braces"},
        {{"ask", "door/{id}/status", "--all"}, "write * for what stands in braces"},
        {{"ask", "door", "x"}, "the payload is no JSON"},
        {{"sub", "**/*"}, "'**/*' is written '*/**', the one way to say it\n"},
        {{"ask", "door/**/**/status", "--all"}, "'door/**/**/status' is written 'door/**/status'"},
        {{"pub", "door/$*", "1"}, "'door/$*' is written 'door/*'"},
        {{"pub", "door", "--raw", "a/b"}, "the file is missing: TOPIC --raw MIME FILE"},
        {{"sub", "a/"}, "'a/' is no key expression"},
        {{"sub", "door/{door_id}/opened"}, "write * for what stands in braces"},
        {{"sub", "a", "--count", "0"}, "--count takes a number from 1 on, not 0"},
        {{"acl"}, "who? --subject cn:NAME"},
        {{"acl", "--subject", "cn:"}, "'cn:' is no WHO: cn:NAME (of a certificate) or user:NAME"},
        {{"acl", "--subject", "usr:a"},
            "'usr:a' is no WHO: cn:NAME (of a certificate) or user:NAME"},
        {{"acl", "--subject", "a"}, "'a' is no WHO: cn:NAME (of a certificate) or user:NAME"},
        {{"acl", "--outsider", "usr:o=operates"}, "--outsider usr:o=operates: 'usr:o' is no WHO"},
        {{"acl", "--subject", "cn:home=dor"}, "no node hosts an actor type 'dor'"},
        {{"acl", "--outsider", "user:me"}, "what may it do?"},
        {{"acl", "--outsider", "cn:me=sings:x"}, "'sings:x' is not publishes:TYPE"},
        {{"acl", "--outsider", "cn:me=asks:"}, "'asks:' is not publishes:TYPE"},
        {{"acl", "--outsider", "cn:me=publishes:x"}, "no message type 'x'"},
        {{"acl", "--outsider", "cn:me=publishes:status_get"},
            "'status_get' is a request; use asks"},
        {{"acl", "--outsider", "cn:me=asks:unlock"}, "'unlock' is a message; use publishes"},
        {{"acl", "--outsider", "cn:me=publishes:moved"}, "'moved' travels between nodes alone"},
        {{"acl", "--outsider", "cn:me=publishes:rang"}, "'rang' is outgoing: nodes publish it"},
        {{"acl", "--outsider", "cn:me=receives:a//*"}, "'a//*' is no key expression"},
        {{"acl", "--subject", "cn:home", "--into", "/nowhere"}, "--into: /nowhere cannot be read"},
        {{"acl", "--subject", "cn:home", "--into", "/tmp"}, "--into: /tmp cannot be read"},
        {{"messages", "--catalogue", "/nowhere"}, "--catalogue: /nowhere cannot be read"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_run(cases[i].words, EDAI_EXIT_USAGE, "", cases[i].says);
    }
}

static void every_verb_has_help_with_examples(void **state)
{
    (void)state;
    static const char *const verbs[] = {"pub", "ask", "sub", "ps", "messages", "acl"};
    cli_result made = cli_run_with("", CLI_WORDS("--help"));

    assert_int_equal(made.code, EDAI_EXIT_OK);
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        assert_non_null(strstr(made.out, verbs[i]));
        cli_result one = cli_run_with("", CLI_WORDS(verbs[i], "--help"));
        assert_int_equal(one.code, EDAI_EXIT_OK);
        assert_non_null(strstr(one.out, "\nExamples:\n  edacious "));
        assert_non_null(strstr(one.out, "Exit codes: 0 done;"));
        cli_drop(&one);
    }
    cli_drop(&made);
}

static void version_is_told(void **state)
{
    (void)state;
    static const char name[] = "edacious ";
    cli_result made = cli_run_with("", CLI_WORDS("--version"));
    const char *number = made.out + strlen(name);

    assert_int_equal(made.code, EDAI_EXIT_OK);
    assert_memory_equal(made.out, name, strlen(name));
    assert_true(strspn(number, "0123456789.") >= strlen("0.0.0"));
    assert_string_equal(number + strspn(number, "0123456789."), "\n");
    cli_drop(&made);
}

static void ask_prints_the_answer_or_why_not(void **state)
{
    (void)state;
    assert_run(CLI_WORDS("ask", "door/front/status"), EDAI_EXIT_OK, "{\"mode\":\"open\"}\n", "");
    assert_run(
        CLI_WORDS("ask", "door/front/status", "--raw"), EDAI_EXIT_OK, "{\"mode\": \"open\"}", "");
    assert_run(CLI_WORDS("ask", "door/front/status", "{\"x\": 1}"), EDAI_EXIT_FAILED, "",
        "edacious ask: EDA_EINVAL: status_get has no field 'x'");
    assert_run(
        CLI_WORDS("ask", "slow/x"), EDAI_EXIT_TIMEOUT, "", "edacious ask: EDA_ETIMEOUT: unknown");
    assert_run(
        CLI_WORDS("ask", "gone/x"), EDAI_EXIT_TIMEOUT, "", "edacious ask: EDA_EUNKNOWN: unknown");
    assert_run(
        CLI_WORDS("ask", "own/x"), EDAI_EXIT_FAILED, "", "edacious ask: application 1001: jammed");
    assert_run(CLI_WORDS("ask", "window/front/status"), EDAI_EXIT_UNREACHABLE, "",
        "nobody answers window/front/status by ");
}

static void pub_sends_json_cbor_files_and_lines(void **state)
{
    (void)state;
    unsigned before = home.put_count;

    assert_run(CLI_WORDS("pub", "in/a", "{\"x\": 1}", "--type", "unlock"), EDAI_EXIT_OK, "", "");
    wait_for_puts(before + 1);
    assert_string_equal(home.topic, "in/a");
    assert_string_equal(home.payload, "{\"x\":1}");
    assert_string_equal(home.encoding, "application/json");
    assert_string_equal(home.type, "unlock");

    assert_run(CLI_WORDS("pub", "in/a", "{\"x\": 1}", "--cbor"), EDAI_EXIT_OK, "", "");
    wait_for_puts(before + 2);
    assert_string_equal(home.encoding, "application/cbor");
    assert_memory_equal(home.payload, "\xa1\x61x\x01", 4);
    assert_int_equal(home.payload_size, 4);

    cli_result made = cli_run_with("raw\n", CLI_WORDS("pub", "in/b", "-", "--raw", "image/png"));
    assert_int_equal(made.code, EDAI_EXIT_OK);
    cli_drop(&made);
    wait_for_puts(before + 3);
    assert_string_equal(home.encoding, "image/png");
    assert_memory_equal(home.payload, "raw\n", 4);

    made = cli_run_with("1\n\n2\n", CLI_WORDS("pub", "in/c", "-"));
    assert_string_equal(made.err, "");
    assert_int_equal(made.code, EDAI_EXIT_OK);
    cli_drop(&made);
    wait_for_puts(before + 5);
    assert_string_equal(home.payload, "2");
}

static void pub_takes_what_sub_prints(void **state)
{
    (void)state;
    unsigned before = home.put_count;
    cli_result made =
        cli_run_with("in/a {\"x\": 1}\n"
                     "{\"topic\":\"in/b\",\"encoding\":\"application/json\",\"value\":[0.5]}\n"
                     "{\"topic\":\"in/c\",\"encoding\":\"a/b\",\"value\":{\"text\":\"t\"}}\n"
                     "{\"topic\":\"in/d\",\"encoding\":\"a/b\",\"value\":{\"base64\":"
                     "\"AQI=\"}}\n",
            CLI_WORDS("pub", "-"));

    assert_string_equal(made.err, "");
    assert_int_equal(made.code, EDAI_EXIT_OK);
    cli_drop(&made);
    wait_for_puts(before + 4);
    assert_string_equal(home.topic, "in/d");
    assert_string_equal(home.encoding, "a/b");
    assert_memory_equal(home.payload, "\x01\x02", 2);
}

static void pub_stops_at_the_first_wrong_line(void **state)
{
    (void)state;
    static const char *const lines[][2] = {{"in/a 1\nin/a\nin/a 2\n", "a line is TOPIC JSON"},
        {"in/a 1\n{\"topic\":\"in/a\"}\n", "an object needs \"topic\", a text, and \"value\""},
        {"in/a 1\n{\"topic\":\"in/*\",\"value\":1}\n", "'in/*' is no topic"},
        {"in/a 1\n{\"topic\":\"in/a\",\"encoding\":\"a/b\",\"value\":1}\n",
            "\"value\" must be {\"text\": ...} or {\"base64\": ...}"},
        {"in/a 1\n{\"topic\":\n", "JSON, line"}};
    unsigned before = home.put_count;

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        cli_result made = cli_run_with(lines[i][0], CLI_WORDS("pub", "-"));

        assert_int_equal(made.code, EDAI_EXIT_USAGE);
        assert_non_null(strstr(made.err, lines[i][1]));
        assert_non_null(strstr(made.err, "stopped at line 2; sent before: 1"));
        cli_drop(&made);
    }
    wait_for_puts(before + sizeof lines / sizeof lines[0]); /* later tests count theirs */
}

static void sub_prints_anything_as_lines_of_json(void **state)
{
    (void)state;
    cli_subscriber self = {.out = NULL};
    edai_buffer attachment = {.size = 0};

    cli_begin(&self, CLI_WORDS("sub", "ev/*", "ev/**", "--count", "4"));
    edai_wire_attachment(&attachment,
        &(edai_attachment){.type = EDA_STR("opened"), .source = EDA_STR("plant/home/door/front")});
    const eda_bus_message messages[] = {
        {.key = EDA_STR("ev/a"),
            .encoding = EDA_STR("application/json"),
            .payload = EDA_BYTES("[1, 2]"),
            .attachment = {.ptr = attachment.bytes, .len = attachment.size}},
        {.key = EDA_STR("ev/b/c"), .payload = EDA_BYTES("plain")},
        {.key = EDA_STR("ev/d"),
            .encoding = EDA_STR("application/cbor"),
            .payload = EDA_BYTES("\x81\x07")},
        {.key = EDA_STR("ev/e"),
            .encoding = EDA_STR("x/y"),
            .payload = EDA_BYTES("\xff"),
            .attachment = EDA_BYTES("\xff")}};
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        assert_int_equal(driver->put(home.bus, &messages[i]), EDA_OK);
    }
    cli_end(&self,
        "{\"topic\":\"ev/a\",\"encoding\":\"application/json\",\"type\":\"opened\",\"src\":"
        "\"plant/home/door/front\",\"value\":[1,2]}\n"
        "{\"topic\":\"ev/b/c\",\"encoding\":\"\",\"value\":{\"text\":\"plain\"}}\n"
        "{\"topic\":\"ev/d\",\"encoding\":\"application/cbor\",\"value\":[7]}\n"
        "{\"topic\":\"ev/e\",\"encoding\":\"x/y\",\"value\":{\"base64\":\"/w==\"}}\n");
    edai_buffer_fini(&attachment);
}

/* --- nobody there any more --- */

static uint64_t come(void)
{
    uint64_t id = 0;

    assert_int_equal(driver->token(home.bus, EDA_STR(PREFIX "live" LIFE), &id), EDA_OK);
    return id;
}

/* Runs pub with an input of the test's own. */
typedef struct publisher {
    edai_thread thread;
    edai_cli cli;
    char *err;
    size_t err_size;
    edai_exit code;
} publisher;

static void *run_publisher(void *arg)
{
    publisher *self = arg;

    self->code = cli_run_words(&self->cli, CLI_WORDS("pub", "in/x", "-"));
    return NULL;
}

static void pub_whose_nodes_go_says_what_may_be_lost(void **state)
{
    (void)state;
    publisher self = {.err = NULL};
    int ends[2];
    uint64_t token = come();
    unsigned before = home.put_count;

    assert_int_equal(pipe(ends), 0);
    self.cli = (edai_cli){.in = fdopen(ends[0], "r"),
        .out = fopen("/dev/null", "w"),
        .err = open_memstream(&self.err, &self.err_size)};
    assert_int_equal(edai_thread_start(&self.thread, run_publisher, &self, "pub"), EDA_OK);
    assert_int_equal(write(ends[1], "1\n2\n", 4), 4);
    wait_for_puts(before + 2);
    driver->drop(home.bus, token);
    assert_int_equal(close(ends[1]), 0);
    (void)edai_thread_join(&self.thread);
    (void)fclose(self.cli.in);
    (void)fclose(self.cli.out);
    (void)fclose(self.cli.err);
    assert_int_equal(self.code, EDAI_EXIT_UNREACHABLE);
    assert_non_null(strstr(self.err, "edacious pub: the connection to "));
    assert_non_null(strstr(self.err, ": of 2 sent, the last 2 may not have arrived\n"));
    free(self.err);
}

static void pub_whose_nodes_stay_is_silent(void **state)
{
    (void)state;
    uint64_t token = come();

    assert_run(CLI_WORDS("pub", "in/x", "1"), EDAI_EXIT_OK, "", "");
    driver->drop(home.bus, token);
}

static void sub_whose_nodes_go_says_so_and_when_one_is_back(void **state)
{
    (void)state;
    cli_subscriber self = {.out = NULL};
    uint64_t token = come();
    char line[256];
    const eda_bus_message messages[] = {
        {.key = EDA_STR("ev/a"), .payload = EDA_BYTES("1")}, {.key = EDA_STR("ev/b")}};

    cli_begin(&self, CLI_WORDS("sub", "ev/*", "--count", "2"));
    assert_int_equal(driver->put(home.bus, &messages[0]), EDA_OK);
    driver->drop(home.bus, token);
    (void)snprintf(line, sizeof line,
        "edacious sub: the connection to %s is lost, or the last node there has gone", cli_where);
    cli_await(&self, line);
    token = come();
    (void)snprintf(line, sizeof line, "edacious sub: a node is reachable by %s again\n", cli_where);
    cli_await(&self, line);
    cli_await(&self, "listening on ev/*\n");
    assert_int_equal(driver->put(home.bus, &messages[1]), EDA_OK);
    cli_end(&self, "{\"topic\":\"ev/a\",\"encoding\":\"\",\"value\":1}\n"
                   "{\"topic\":\"ev/b\",\"encoding\":\"\",\"value\":{\"text\":\"\"}}\n");
    driver->drop(home.bus, token);
}

/* The only one, which relayed, ends; local_test has what dies without a word. */
static void sub_whose_host_has_nobody_left_says_so(void **state)
{
    (void)state;
    char gone[] = "/tmp/edacious-cli-XXXXXX";
    char path[64];
    char config[96];
    cli_subscriber self = {.out = NULL};
    eda_bus *bus = NULL;
    eda_bus_problem problem;
    uint64_t id = 0;

    assert_non_null(mkdtemp(gone));
    (void)snprintf(config, sizeof config, "{\"socket\": \"%s/bus\"}", gone);
    (void)snprintf(path, sizeof path, "--connect=local:%s/bus", gone);
    cli_is_alone = true;
    for (unsigned i = 0; i < 2; i++) {
        const eda_bus_options options = {.config = config};

        assert_int_equal(eda_bus_local.open(&options, &bus, &problem), EDA_OK);
        assert_int_equal(eda_bus_local.token(bus, EDA_STR(PREFIX "live" LIFE), &id), EDA_OK);
        if (i == 0) {
            cli_begin(&self, CLI_WORDS("sub", "ev/*", "--count=1", path));
        } else {
            cli_await(&self, "edacious sub: a node is reachable by ");
            cli_await(&self, "listening on ev/*\n");
            const eda_bus_message message = {.key = EDA_STR("ev/a")};
            assert_int_equal(eda_bus_local.put(bus, &message), EDA_OK);
            cli_end(&self, "{\"topic\":\"ev/a\",\"encoding\":\"\",\"value\":{\"text\":\"\"}}\n");
        }
        eda_bus_local.close(bus);
        if (i == 0) {
            cli_await(&self, "edacious sub: the connection to local:");
        }
    }
    cli_is_alone = false;
    (void)snprintf(path, sizeof path, "%s/bus.lock", gone);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(gone), 0);
}

static void sub_ends_cleanly_when_interrupted(void **state)
{
    (void)state;
    cli_subscriber self = {.out = NULL};

    cli_begin(&self, CLI_WORDS("sub", "ev/**"));
    assert_int_equal(raise(SIGINT), 0);
    cli_end(&self, "");
    self = (cli_subscriber){.out = NULL};
    cli_begin(&self, CLI_WORDS("sub", "ev/**"));
    assert_int_equal(raise(SIGTERM), 0);
    cli_end(&self, "");
}

/* --- what nodes tell --- */

static void ps_shows_nodes_actors_and_links(void **state)
{
    (void)state;
    assert_run(CLI_WORDS("ps"), EDAI_EXIT_OK,
        "home/0123456789abcdef  up 3 s, view 2; sees attic usable\n"
        "  accepted 8, handled 7\n"
        "  ACTOR         LIVE  KEYS EVER      HANDLED     FAILED   RESTARTS PASSIVATED\n"
        "  door             1          0            7          0          0          0\n"
        "  LINK          SENT    ARRIVED         LOST    UNKNOWN     QUEUED\n"
        "  attic/1          5          4            0          0          1\n",
        "");
    cli_result made = cli_run_with("", CLI_WORDS("ps", "--json"));
    json_t *json = json_loads(made.out, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(json, "cluster")), "plant");
    assert_int_equal(json_array_size(json_object_get(json, "nodes")), 1);
    json_decref(json);
    cli_drop(&made);
    assert_run(CLI_WORDS("ask", "--all", PREFIX "nothing/**"), EDAI_EXIT_UNREACHABLE, "",
        "nobody answers");
    assert_run(CLI_WORDS("ask", "--all", "window/*/status"), EDAI_EXIT_UNREACHABLE, "",
        "actors do not answer patterns; ask one topic, with a value in place of each *");
}

static void messages_shows_types_and_who_has_to_do_with_them(void **state)
{
    (void)state;
    assert_run(CLI_WORDS("messages", "OPENS"), EDAI_EXIT_OK,
        "unlock  door/{id}/unlock  message\n"
        "    Opens one door.\n"
        "    attempt: uint8, 1 to 3 tries, 1 if missing - how often\n"
        "    by: optional text, in UTF-8, at most 16 bytes\n"
        "    guests: list of text, at most 3 elements\n"
        "    handled by door, log\n",
        "");
    assert_run(CLI_WORDS("messages", "status"), EDAI_EXIT_OK,
        "status_get  door/{id}/status  request -> status\n"
        "    -> is_open: bool - so is it\n"
        "    answered by door\n",
        "");
    assert_run(CLI_WORDS("messages", "nix"), EDAI_EXIT_FAILED, "",
        "no message type has to do with 'nix';");
    assert_run(CLI_WORDS("messages", "nix", "--json"), EDAI_EXIT_FAILED, "{\"messages\":[]}\n",
        "no message type has to do with 'nix';");
    cli_result made = cli_run_with("", CLI_WORDS("messages", "status_get", "--json"));
    assert_non_null(strstr(made.out, "\"reply_fields\":[{\"name\":\"is_open\",\"type\":\"bool\""));
    cli_drop(&made);
    made = cli_run_with("", CLI_WORDS("messages", "opens", "--json"));
    assert_non_null(strstr(made.out, "\"if_missing\":\"1\""));
    cli_drop(&made);
    made = cli_run_with("", CLI_WORDS("messages", "--json", "log"));
    json_t *json = json_loads(made.out, 0, NULL);
    json_t *messages = json_object_get(json, "messages");
    assert_int_equal(json_array_size(messages), 4);
    assert_string_equal(json_string_value(json_array_get(
                            json_object_get(json_array_get(messages, 1), "emitted_by"), 0)),
        "door");
    json_decref(json);
    cli_drop(&made);
}

static void acl_of_a_contract_is_what_zenoh_takes(void **state)
{
    (void)state;
    cli_result made = cli_run_with(
        "", CLI_WORDS("acl", "--subject", "cn:home", "--subject", "cn:attic=log", "--outsider",
                "user:gate=publishes:unlock,asks:status_get,receives:door/**", "--outsider",
                "user:ops=operates"));
    assert_string_equal(made.err, "");
    assert_int_equal(made.code, EDAI_EXIT_OK);
    json_t *json = json_loads(made.out, JSON_REJECT_DUPLICATES, NULL);
    json_t *section = json_object_get(json, "access_control");
    json_t *rules = json_object_get(section, "rules");
    size_t found = 0;
    size_t index;
    json_t *rule;

    assert_true(json_is_true(json_object_get(section, "enabled")));
    assert_string_equal(json_string_value(json_object_get(section, "default_permission")), "deny");
    assert_int_equal(json_array_size(json_object_get(section, "subjects")), 4);
    assert_int_equal(json_array_size(json_object_get(section, "policies")), 4);
    json_array_foreach(rules, index, rule)
    {
        const char *id = json_string_value(json_object_get(rule, "id"));
        json_t *keys = json_object_get(rule, "key_exprs");

        if (strcmp(id, "door subscribes") == 0) {
            found++; /* what is inside has no topic, and what is outgoing comes to an inbox */
            assert_int_equal(json_array_size(keys), 1);
            assert_string_equal(json_string_value(json_array_get(keys, 0)), "door/*/unlock");
        } else if (strcmp(id, "a node lives") == 0) {
            found++;
            assert_string_equal(json_string_value(json_array_get(keys, 0)), "@edacious/ear/*");
            assert_string_equal(
                json_string_value(json_array_get(keys, 1)), "@edacious/v1/plant/**");
        } else if (strcmp(id, "outsider user:gate publishes") == 0) {
            found++;
            assert_string_equal(
                json_string_value(json_array_get(json_object_get(rule, "flows"), 0)), "ingress");
        }
    }
    assert_int_equal(found, 3);
    json_decref(json);
    cli_drop(&made);
}

/* Who may put where only nodes should be heard from is allowed to, and said. */
static void acl_warns_of_topics_that_nodes_alone_publish_on(void **state)
{
    (void)state;
    static const struct {
        const char *may;
        const char *warning; /* NULL: none */
    } cases[] = {
        {"cn:gate=publishes:door/**",
            "edacious acl: warning: outsider cn:gate may publish on door/**, which reaches "
            "door/{id}/bell of the outgoing type rang: who subscribes there cannot tell it from a "
            "node\n"},
        {"cn:gate=publishes:*/7/*", "which reaches door/{id}/bell of the outgoing type rang"},
        {"cn:gate=publishes:unlock,publishes:door/*/light,receives:rang,receives:**", NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cli_result made = cli_run_with("", CLI_WORDS("acl", "--outsider", cases[i].may));

        assert_int_equal(made.code, EDAI_EXIT_OK);
        assert_non_null(strstr(made.out, "\"access_control\""));
        if (cases[i].warning != NULL) {
            assert_non_null(strstr(made.err, cases[i].warning));
        } else {
            assert_string_equal(made.err, "");
        }
        cli_drop(&made);
    }
}

/* Waits longer and longer: everybody but one has to answer in time, on a busy machine too. */
static void assert_of_late(
    const char *verb, const char *word, edai_exit code, const char *out, const char *err)
{
    bool is_so = false;

    for (unsigned ms = 20; !is_so; ms *= 10) {
        char timeout[32];

        (void)snprintf(timeout, sizeof timeout, "--timeout=%ums", ms);
        cli_is_alone = true;
        cli_result made = cli_run_with(
            "", CLI_WORDS(verb, "--connect", cli_where, "--cluster=late", timeout, word));
        cli_is_alone = false;
        is_so = made.code == code && strstr(made.out, out) != NULL && strstr(made.err, err) != NULL;
        if (!is_so && ms >= 20000) {
            fail_msg("%d; out:\n%s\nerr:\n%s", made.code, made.out, made.err);
        }
        cli_drop(&made);
    }
}

static void who_does_not_answer_in_time_is_missed(void **state)
{
    (void)state;
    assert_of_late("ask", "late/x", EDAI_EXIT_TIMEOUT, "", "late/x: no answer from ");
    assert_of_late("ps", NULL, EDAI_EXIT_TIMEOUT, "home/0123456789abcdef  up 3 s",
        "edacious ps: attic/1 did not answer; home sees it usable\n"
        "edacious ps: asking the nodes: not all who were asked answered within 2");
    assert_of_late("messages", NULL, EDAI_EXIT_TIMEOUT, "unlock  door/{id}/unlock",
        "edacious messages: asking the nodes: not all who were asked answered within 2");
    assert_of_late("acl", "--subject=cn:home", EDAI_EXIT_TIMEOUT, "",
        "nothing is written: it would lock out what the missing nodes host");
}

/* A text that is JSON5 and no JSON is refused with its place and the mend, and stays as it is. */
static void acl_prints_into_json_and_tells_where_it_is_none(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *says; /* NULL: it is taken */
    } cases[] = {{"{\"mode\": \"peer\", \"access_control\": {\"enabled\": false}}", NULL},
        {"{\n  // ours\n  mode: \"peer\"}", ", line 2, column 3: string or '}' expected near '/'"},
        {"{\n  mode: \"peer\"}", ", line 2, column "},
        {"{\"mode\": \"peer\",\n}", ", line 2, column 1: "}, {"", ": it is empty. Where the"},
        {"\xff\xfe{", ", line 1, column 0: unable to decode byte 0xff"}, /* UTF-16 */
        {"[1]", ": a configuration is an object"}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[] = "/tmp/edacious-into-XXXXXX";
        char text[128] = "";
        char says[128];
        int fd = mkstemp(path);

        assert_int_equal(write(fd, cases[i].text, strlen(cases[i].text)), strlen(cases[i].text));
        cli_result made =
            cli_run_with("", CLI_WORDS("acl", "--subject", "cn:home", "--into", path));
        assert_int_equal(pread(fd, text, sizeof text, 0), strlen(cases[i].text));
        assert_string_equal(text, cases[i].text);
        assert_int_equal(close(fd), 0);
        assert_int_equal(unlink(path), 0);
        if (cases[i].says == NULL) {
            assert_int_equal(made.code, EDAI_EXIT_OK);
            assert_non_null(strstr(made.out, "\"mode\": \"peer\""));
            assert_non_null(strstr(made.out, "\"enabled\": true"));
        } else {
            (void)snprintf(says, sizeof says, "--into %s%s", path, cases[i].says);
            assert_int_equal(made.code, EDAI_EXIT_USAGE);
            assert_string_equal(made.out, "");
            assert_non_null(strstr(made.err, says));
            assert_true(strstr(says, "line") == NULL ||
                        strstr(made.err, "put the \"access_control\" that is printed then into "
                                         "the file yourself") != NULL);
        }
        cli_drop(&made);
    }
}

static void catalogues_are_read_from_files(void **state)
{
    (void)state;
    char two[2 * sizeof catalogue + 2];

    (void)snprintf(two, sizeof two, "%s\n%s\n", catalogue, catalogue);
    cli_result made = cli_run_with(two, CLI_WORDS("messages", "opens", "--catalogue", "-"));
    assert_string_equal(made.err, "");
    assert_non_null(strstr(made.out, "unlock  door/{id}/unlock"));
    cli_drop(&made);
    made = cli_run_with("{}\n", CLI_WORDS("messages", "--catalogue", "-"));
    assert_int_equal(made.code, EDAI_EXIT_USAGE);
    assert_non_null(
        strstr(made.err, "--catalogue: line 1 of - is no catalogue (catalogue.node is missing); "
                         "`edacious ask --all '@edacious/v1/CLUSTER/catalogue/**'`"));
    cli_drop(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_use_ends_with_2_and_says_what_to_do),
        cmocka_unit_test(every_verb_has_help_with_examples),
        cmocka_unit_test(version_is_told),
        cmocka_unit_test(ask_prints_the_answer_or_why_not),
        cmocka_unit_test(pub_sends_json_cbor_files_and_lines),
        cmocka_unit_test(pub_takes_what_sub_prints),
        cmocka_unit_test(pub_stops_at_the_first_wrong_line),
        cmocka_unit_test(sub_prints_anything_as_lines_of_json),
        cmocka_unit_test(pub_whose_nodes_go_says_what_may_be_lost),
        cmocka_unit_test(pub_whose_nodes_stay_is_silent),
        cmocka_unit_test(sub_whose_nodes_go_says_so_and_when_one_is_back),
        cmocka_unit_test(sub_ends_cleanly_when_interrupted),
        cmocka_unit_test(ps_shows_nodes_actors_and_links),
        cmocka_unit_test(messages_shows_types_and_who_has_to_do_with_them),
        cmocka_unit_test(acl_of_a_contract_is_what_zenoh_takes),
        cmocka_unit_test(acl_warns_of_topics_that_nodes_alone_publish_on),
        cmocka_unit_test(who_does_not_answer_in_time_is_missed),
        cmocka_unit_test(acl_prints_into_json_and_tells_where_it_is_none),
        cmocka_unit_test(catalogues_are_read_from_files),
    };
    const struct CMUnitTest alone[] = {cmocka_unit_test(sub_whose_host_has_nobody_left_says_so)};
    int failed = cmocka_run_group_tests_name("inproc", tests, start_inproc, stop_node);
    failed += cmocka_run_group_tests_name("local", tests, start_local, stop_local);
    failed += cmocka_run_group_tests_name("alone", alone, NULL, NULL);
    return failed;
}
