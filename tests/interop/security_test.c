/* security_test.c - access control as the command writes it, kept by a Zenoh router: who may, may;
 * who may not, with a name of his own or without, may nothing. By user names and by certificates.
 *
 * Usage: security_test LIBRARY CERTIFICATES.SH; a LIBRARY that was not built: 77. */
#define _GNU_SOURCE 1

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <edacious/bus.h>
#include <jansson.h>

#include "base/clock.h"
#include "base/thread.h"
#include "cli/cli.h"

#define WAIT_NS EDA_SEC(60)
#define HB "@edacious/v1/plant/hb"

static const eda_bus_driver *driver;
static const char *library;
static const char *certificates;
static char folder[64];
static bool is_by_user; /* else by certificate */
static char endpoint[128];

/* --- files and configurations --- */

static const char *path_of(const char *name)
{
    static char paths[8][128];
    static unsigned next;
    char *path = paths[next++ % 8];

    (void)snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static const char catalogue[] =
    "{\"node\":\"home\",\"inc\":\"0\",\"cluster\":\"plant\",\"messages\":["
    "{\"name\":\"unlock\",\"topic\":\"door/{id}/unlock\",\"kind\":\"message\"},"
    "{\"name\":\"opened\",\"topic\":\"door/{id}/opened\",\"kind\":\"message\"},"
    "{\"name\":\"status_get\",\"topic\":\"door/{id}/status\",\"kind\":\"request\"}],"
    "\"actors\":[{\"name\":\"door\",\"supervisor\":\"keyed\",\"scope\":\"cluster\",\"handles\":[{"
    "\"message\":\"unlock\"},{\"message\":\"status_get\",\"answers\":true}],\"emits\":["
    "\"opened\"]}]}\n";

/* Runs the command; what it says is owned. */
static edai_exit run_command(const char *const *words, char **ret_out, char **ret_err)
{
    char copies[24][160];
    char *argv[24];
    int argc = 0;
    size_t sizes[2];
    edai_cli cli = {.in = stdin,
        .out = open_memstream(ret_out, &sizes[0]),
        .err = open_memstream(ret_err, &sizes[1])};

    for (; words[argc] != NULL; argc++) {
        (void)snprintf(copies[argc], sizeof copies[argc], "%s", words[argc]);
        argv[argc] = copies[argc];
    }
    edai_exit code = edai_cli_run(&cli, argc, argv);
    (void)fclose(cli.out);
    (void)fclose(cli.err);
    return code;
}

#define COMMAND(ret_out_, ret_err_, ...)                                                           \
    run_command((const char *const[]){__VA_ARGS__, NULL}, ret_out_, ret_err_)

static json_t *make_acl(void)
{
    const char *kind = is_by_user ? "user" : "cn";
    char home[64];
    char attic[64];
    char gate[128];
    char *text = NULL;
    char *error = NULL;

    (void)snprintf(home, sizeof home, "%s:home", kind);
    (void)snprintf(attic, sizeof attic, "%s:attic=", kind);
    (void)snprintf(gate, sizeof gate,
        "%s:gate=publishes:unlock,receives:opened,asks:status_get,operates", kind);
    assert_int_equal(COMMAND(&text, &error, "edacious", "acl", "--catalogue", path_of("home.json"),
                         "--subject", home, "--subject", attic, "--outsider", gate),
        EDAI_EXIT_OK);
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    free(error);
    free(text);
    return json;
}

/* What a side says of itself; NULL: nothing. */
static json_t *make_identity(const char *name, const char *password, bool is_listening)
{
    char cert[160];
    char key[160];

    if (is_by_user) {
        json_t *usrpwd =
            json_pack("{s:s?,s:s?}", "user", name, "password", name != NULL ? password : NULL);
        if (is_listening) {
            (void)json_object_set_new(
                usrpwd, "dictionary_file", json_string(path_of("dictionary")));
        }
        return json_pack("{s:{s:o}}", "auth", "usrpwd", usrpwd);
    }
    json_t *tls = json_pack(
        "{s:s,s:b}", "root_ca_certificate", path_of("ca.pem"), "enable_mtls", name != NULL);
    if (name != NULL) {
        (void)snprintf(cert, sizeof cert, "%s/%s.pem", folder, name);
        (void)snprintf(key, sizeof key, "%s/%s.key", folder, name);
        const char *side = is_listening ? "listen" : "connect";
        char option[40];
        (void)snprintf(option, sizeof option, "%s_certificate", side);
        (void)json_object_set_new(tls, option, json_string(cert));
        (void)snprintf(option, sizeof option, "%s_private_key", side);
        (void)json_object_set_new(tls, option, json_string(key));
    }
    return json_pack("{s:{s:o}}", "link", "tls", tls);
}

static eda_status try_open(json_t *config, eda_bus **ret_bus)
{
    eda_bus_problem problem = {.text = ""};
    char *text = json_dumps(config, 0);
    eda_status status = driver->open(&(eda_bus_options){.config = text}, ret_bus, &problem);

    json_decref(config);
    free(text);
    return status;
}

static eda_status try_client(const char *name, const char *password, eda_bus **ret_bus)
{
    return try_open(json_pack("{s:s,s:{s:[s]},s:o}", "mode", "client", "connect", "endpoints",
                        endpoint, "transport", make_identity(name, password, false)),
        ret_bus);
}

/* Until it is let in: on a busy machine a connection may take longer than it is waited for. */
static eda_bus *open_client(const char *name)
{
    int64_t until = edai_clock_monotonic_ns() + WAIT_NS;
    eda_bus *bus = NULL;

    while (try_client(name, name, &bus) != EDA_OK) {
        assert_true(edai_clock_monotonic_ns() < until);
    }
    return bus;
}

static eda_bus *open_router(void)
{
    json_t *config = make_acl();
    eda_bus *bus = NULL;

    (void)json_object_set_new(config, "mode", json_string("router"));
    (void)json_object_set_new(config, "listen", json_pack("{s:[s]}", "endpoints", endpoint));
    (void)json_object_set_new(config, "transport", make_identity("router", "router", true));
    assert_int_equal(try_open(config, &bus), EDA_OK);
    return bus;
}

/* --- what is seen --- */

typedef struct seen {
    edai_mutex mutex;
    edai_cond cond;
    unsigned put_count;
    char payload[32]; /* of the last put */
    unsigned answer_count;
    unsigned end_count;
} seen;

static void seen_init(seen *self)
{
    memset(self, 0, sizeof *self);
    edai_mutex_init(&self->mutex);
    edai_cond_init(&self->cond);
}

static void on_put(void *arg, const eda_bus_message *message)
{
    seen *self = arg;

    edai_mutex_lock(&self->mutex);
    assert_true(message->payload.len < sizeof self->payload);
    memcpy(self->payload, message->payload.ptr, message->payload.len);
    self->payload[message->payload.len] = '\0';
    self->put_count++;
    edai_cond_broadcast(&self->cond);
    edai_mutex_unlock(&self->mutex);
}

static void on_answer(void *arg, const eda_bus_message *answer, bool is_error, eda_status end)
{
    seen *self = arg;
    (void)end;

    edai_mutex_lock(&self->mutex);
    self->answer_count += answer != NULL && !is_error;
    self->end_count += answer == NULL;
    edai_cond_broadcast(&self->cond);
    edai_mutex_unlock(&self->mutex);
}

static void wait_for(seen *self, const unsigned *what, unsigned count)
{
    int64_t until = edai_clock_monotonic_ns() + WAIT_NS;

    edai_mutex_lock(&self->mutex);
    while (*what < count) {
        assert_true(edai_cond_wait_until(&self->cond, &self->mutex, until));
    }
    edai_mutex_unlock(&self->mutex);
}

static void put(eda_bus *bus, const char *key, const char *payload)
{
    const eda_bus_message message = {.key = eda_str_from(key),
        .encoding = EDA_STR("text/plain"),
        .payload = {.ptr = (const uint8_t *)payload, .len = strlen(payload)}};

    assert_int_equal(driver->put(bus, &message), EDA_OK);
}

/* Asks, waits for the end, and returns the number of answers. It goes behind what was put before.
 */
static unsigned ask(eda_bus *bus, const char *key)
{
    seen self;

    seen_init(&self);
    assert_int_equal(driver->get(bus, &(eda_bus_message){.key = eda_str_from(key)}, true, 10000,
                         on_answer, &self),
        EDA_OK);
    wait_for(&self, &self.end_count, 1);
    return self.answer_count;
}

/* Until a get is answered: then the other side's declarations have arrived here. */
static void wait_until_answered(eda_bus *bus, const char *key)
{
    int64_t until = edai_clock_monotonic_ns() + WAIT_NS;

    while (ask(bus, key) == 0) {
        assert_true(edai_clock_monotonic_ns() < until);
        edai_thread_yield();
    }
}

static void on_get(void *arg, const eda_bus_message *request, eda_bus_query *query)
{
    const eda_bus_message answer = {.key = request->key,
        .encoding = EDA_STR("application/json"),
        .payload = EDA_BYTES("{\"mode\":\"open\"}")};

    driver->answer(arg, query, &answer, false);
}

static void subscribe(eda_bus *bus, const char *pattern, seen *self)
{
    uint64_t id;

    seen_init(self);
    assert_int_equal(driver->subscribe(bus, eda_str_from(pattern), on_put, self, &id), EDA_OK);
}

static void serve(eda_bus *bus, const char *pattern)
{
    uint64_t id;

    assert_int_equal(driver->serve(bus, eda_str_from(pattern), on_get, bus, &id), EDA_OK);
}

/* --- the command as one of them --- */

/* What the command ends with and says, run by this identity with one operand at most. */
static edai_exit command_as(const char *name, const char *password, const char *verb,
    const char *operand, char **ret_out, char **ret_err)
{
    char cert[160];
    char key[160];

    write_file("password", password);
    (void)snprintf(cert, sizeof cert, "%s/%s.pem", folder, name);
    (void)snprintf(key, sizeof key, "%s/%s.key", folder, name);
    if (is_by_user) {
        return COMMAND(ret_out, ret_err, "edacious", verb, "--bus", library, "--connect", endpoint,
            "--user", name, "--password-file", path_of("password"), operand);
    }
    return COMMAND(ret_out, ret_err, "edacious", verb, "--bus", library, "--connect", endpoint,
        "--ca", path_of("ca.pem"), "--cert", cert, "--key", key, operand);
}

static edai_exit command_asks(const char *name, const char *password)
{
    char *text = NULL;
    char *error = NULL;
    edai_exit code = command_as(name, password, "ask", "door/front/status", &text, &error);

    if (code == EDAI_EXIT_OK) {
        assert_string_equal(text, "{\"mode\":\"open\"}\n");
    }
    free(error);
    free(text);
    return code;
}

/* Until it is answered, as a client is let in. */
static void check_gate_is_answered(void)
{
    int64_t until = edai_clock_monotonic_ns() + WAIT_NS;

    while (command_asks("gate", "gate") != EDAI_EXIT_OK) {
        assert_true(edai_clock_monotonic_ns() < until);
    }
}

/* She reaches the router, in the end, and nothing else: that is what she is told. */
static void check_what_eve_is_told(void)
{
    int64_t until = edai_clock_monotonic_ns() + WAIT_NS;
    bool is_reached = false;

    while (!is_reached) {
        char *text = NULL;
        char *error = NULL;

        assert_true(edai_clock_monotonic_ns() < until);
        edai_exit code = command_as("eve", "eve", "ps", NULL, &text, &error);
        is_reached =
            strstr(error, " was reached, but no node of the cluster 'edacious' answers") != NULL;
        assert_true(is_reached ? code == EDAI_EXIT_UNREACHABLE : code != EDAI_EXIT_OK);
        assert_non_null(strstr(error, endpoint));
        assert_true(!is_reached || strstr(error, "operates") != NULL);
        free(error);
        free(text);
    }
}

/* --- the scene --- */

typedef struct scene {
    eda_bus *router;
    eda_bus *home;  /* a node with actors */
    eda_bus *attic; /* a node without */
    eda_bus *gate;  /* an outsider that may some things */
    eda_bus *eve;   /* known, and may nothing */
    seen home_unlocks;
    seen gate_opens;
    seen eve_all;
    seen eve_nodes;
    seen attic_beats;
} scene;

static void scene_open(scene *self)
{
    self->router = open_router();
    self->home = open_client("home");
    self->attic = open_client("attic");
    self->gate = open_client("gate");
    self->eve = open_client("eve");
    subscribe(self->eve, "**", &self->eve_all);
    subscribe(self->eve, "@edacious/v1/plant/**", &self->eve_nodes);
    subscribe(self->gate, "door/*/opened", &self->gate_opens);
    subscribe(self->attic, HB, &self->attic_beats);
    serve(self->attic, "@edacious/v1/plant/ping/attic/0");
    subscribe(self->home, "door/*/unlock", &self->home_unlocks);
    serve(self->home, "door/*/status");
    serve(self->home, "@edacious/v1/plant/ping/home/0");
    wait_until_answered(self->gate, "@edacious/v1/plant/ping/home/0");
    wait_until_answered(self->home, "@edacious/v1/plant/ping/attic/0");
}

static void scene_close(const scene *self)
{
    driver->close(self->eve);
    driver->close(self->gate);
    driver->close(self->attic);
    driver->close(self->home);
    driver->close(self->router);
}

static void check_puts(scene *self)
{
    put(self->eve, "door/front/unlock", "evil");
    put(self->eve, "door/front/opened", "evil");
    put(self->eve, HB, "evil");
    assert_int_equal(ask(self->eve, "door/front/status"), 0);
    assert_int_equal(ask(self->eve, "@edacious/v1/plant/ping/**"), 0);
    put(self->gate, "door/front/opened", "not its own");
    put(self->gate, "door/front/unlock", "good");
    wait_for(&self->home_unlocks, &self->home_unlocks.put_count, 1);
    assert_string_equal(self->home_unlocks.payload, "good");
    put(self->home, "door/front/opened", "good");
    wait_for(&self->gate_opens, &self->gate_opens.put_count, 1);
    assert_string_equal(self->gate_opens.payload, "good");
    put(self->home, HB, "good");
    wait_for(&self->attic_beats, &self->attic_beats.put_count, 1);
    assert_string_equal(self->attic_beats.payload, "good");
}

static void check_strangers(void)
{
    eda_bus *bus = NULL;

    assert_int_equal(try_client(NULL, NULL, &bus), EDA_EIO);
    if (is_by_user) {
        assert_int_equal(try_client("gate", "guessed", &bus), EDA_EIO);
        assert_int_equal(try_client("nobody", "nobody", &bus), EDA_EIO);
        assert_int_equal(command_asks("gate", "guessed"), EDAI_EXIT_UNREACHABLE);
    }
}

/* Nobody listens any more: the command says what came of dialling, not only that nothing did. */
static void check_what_gate_is_told(void)
{
    char *text = NULL;
    char *error = NULL;

    assert_int_equal(command_as("gate", "gate", "ps", NULL, &text, &error), EDAI_EXIT_UNREACHABLE);
    if (strstr(error, "(os error ") == NULL || strstr(error, "Unable to connect") != NULL) {
        fail_msg("no reason in: %s", error);
    }
    free(error);
    free(text);
}

static void run_scene(void)
{
    scene self;

    memset(&self, 0, sizeof self);
    scene_open(&self);
    check_puts(&self);
    assert_int_equal(ask(self.gate, "door/front/status"), 1);
    assert_int_equal(ask(self.gate, "@edacious/v1/plant/ping/**"), 2);
    check_gate_is_answered();
    assert_int_not_equal(command_asks("eve", "eve"), EDAI_EXIT_OK);
    check_what_eve_is_told();
    check_strangers();
    assert_int_equal(ask(self.eve, "door/front/status"), 0); /* and what was hers had come */
    scene_close(&self);
    check_what_gate_is_told();
    assert_int_equal(self.home_unlocks.put_count, 1);
    assert_int_equal(self.gate_opens.put_count, 1);
    assert_int_equal(self.attic_beats.put_count, 1);
    assert_int_equal(self.eve_all.put_count, 0);
    assert_int_equal(self.eve_nodes.put_count, 0);
}

static void users_do_what_the_access_control_allows(void **state)
{
    (void)state;
    is_by_user = true;
    (void)snprintf(endpoint, sizeof endpoint, "unixsock-stream/%s", path_of("bus"));
    write_file("dictionary", "router:router\nhome:home\nattic:attic\ngate:gate\neve:eve\n");
    run_scene();
}

/* A port nobody has: bound once, and left for the router. */
static unsigned free_port(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    struct sockaddr *generic = (struct sockaddr *)&address;
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, generic, size), 0);
    assert_int_equal(getsockname(fd, generic, &size), 0);
    (void)close(fd);
    return ntohs(address.sin_port);
}

static void spawn(const char *const *words)
{
    union {
        const char *const *constant;
        char *const *own; /* as posix_spawn wants it */
    } argv = {.constant = words};
    pid_t pid;
    int status = 1;

    assert_int_equal(posix_spawnp(&pid, words[0], NULL, NULL, argv.own, environ), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void certificates_do_what_the_access_control_allows(void **state)
{
    (void)state;
    is_by_user = false;
    (void)snprintf(endpoint, sizeof endpoint, "tls/localhost:%u", free_port());
    spawn((const char *const[]){
        "/bin/sh", certificates, folder, "router", "home", "attic", "gate", "eve", NULL});
    run_scene();
}

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/edacious-sec-XXXXXX");
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    write_file("home.json", catalogue);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    spawn((const char *const[]){"rm", "-rf", folder, NULL});
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(users_do_what_the_access_control_allows),
        cmocka_unit_test(certificates_do_what_the_access_control_allows),
    };
    eda_bus_problem problem = {.text = ""};

    if (argc < 3 || argv[1][0] == '\0') {
        (void)fprintf(stderr, "skipped: the Zenoh driver was not built\n");
        return 77;
    }
    library = argv[1];
    certificates = argv[2];
    if (eda_bus_find(library, &driver, &problem) != EDA_OK) {
        (void)fprintf(stderr, "%s\n", problem.text);
        return 1;
    }
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
