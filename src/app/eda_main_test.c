/* eda_main_test.c - the stock main: its arguments, what it prints, and its exit code. */
#define _XOPEN_SOURCE 700 /* mkstemp, dup2 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <edacious/edacious.h>

#define ARGS_MAX 10

EDA_RECORD(state_greeting, (eda_str, text));
EDA_MESSAGE(state_greet, "state/greet", (bool, fails));

typedef struct state_host {
    uint64_t count;
} state_host;

static char greeting[32];
static uint32_t app_count;
static uint32_t nodes_seen;

static eda_status host_start(state_host *self, const state_greeting *deps, eda_ctx *ctx)
{
    (void)self, (void)ctx;
    memset(greeting, 0, sizeof(greeting));
    memcpy(greeting, deps->text.ptr, deps->text.len);
    return EDA_OK;
}

static eda_status host_on_greet(state_host *self, const state_greet *greet, eda_ctx *ctx)
{
    (void)ctx;
    self->count++;
    return greet->fails ? 1000 : EDA_OK;
}

/* It saves: the stock main has a store. */
EDA_ACTOR(state_host, state_greeting,
    saves(count),
    start(host_start),
    on(state_greet, host_on_greet));

static eda_status greet(eda_system *sys, bool fails)
{
    app_count++;
    EDA_TRY(eda_system_start(sys));
    nodes_seen = eda_system_cluster(sys).nodes;
    return eda_publish_wait(
        eda_system_client(sys), EDA_MSG(state_greet, .fails = fails), EDA_FOREVER);
}

static eda_status app(eda_system *sys)
{
    return greet(sys, false);
}

static eda_status app_that_provides(eda_system *sys)
{
    EDA_TRY(eda_provide(sys, EDA_DEPS(state_greeting, .text = EDA_STR("provided"))));
    return greet(sys, false);
}

static eda_status app_that_configures(eda_system *sys)
{
    EDA_TRY(eda_configure_text(sys, EDA_STR("{\"state_greeting\": {\"text\": \"its own\"}}")));
    return greet(sys, false);
}

static eda_status app_that_fails(eda_system *sys)
{
    EDA_TRY(eda_provide(sys, EDA_DEPS(state_greeting, .text = EDA_STR("provided"))));
    return greet(sys, true);
}

static eda_status app_of_ones_own_status(eda_system *sys)
{
    (void)sys;
    return 1234;
}

/* --- running it with its output caught ---------------------------------------------------- */

typedef struct outcome {
    int code;
    char out[2048];
    char err[2048];
} outcome;

/* Sends a stream to a file; returns what it was. */
static int divert(FILE *stream, FILE *file)
{
    int before = dup(fileno(stream));

    assert_true(before >= 0);
    assert_int_equal(fflush(stream), 0);
    assert_true(dup2(fileno(file), fileno(stream)) >= 0);
    return before;
}

static void restore(FILE *stream, int before, FILE *file, char *text, size_t size)
{
    size_t len;

    assert_int_equal(fflush(stream), 0);
    assert_true(dup2(before, fileno(stream)) >= 0);
    assert_int_equal(close(before), 0);
    rewind(file);
    len = fread(text, 1, size - 1, file);
    text[len] = '\0';
    assert_int_equal(fclose(file), 0);
}

static void run(eda_status (*fn)(eda_system *sys), const char *const *args, outcome *ret)
{
    char texts[ARGS_MAX][64];
    char *argv[ARGS_MAX + 1] = {NULL};
    FILE *out = tmpfile();
    FILE *err = tmpfile();
    int argc;
    int out_before;
    int err_before;

    assert_non_null(out);
    assert_non_null(err);
    for (argc = 0; args[argc] != NULL; argc++) {
        assert_true(argc < ARGS_MAX);
        (void)snprintf(texts[argc], sizeof(texts[argc]), "%s", args[argc]);
        argv[argc] = texts[argc];
    }
    app_count = 0;
    out_before = divert(stdout, out);
    err_before = divert(stderr, err);
    ret->code = eda_main(argc, argv, fn);
    restore(stdout, out_before, out, ret->out, sizeof(ret->out));
    restore(stderr, err_before, err, ret->err, sizeof(ret->err));
}

#define ARGS(...) ((const char *const[]){"prog", __VA_ARGS__, NULL})
#define NO_ARGS ((const char *const[]){"prog", NULL})

static void main_without_arguments_runs_the_app(void **state)
{
    outcome result;

    (void)state;
    run(app_that_provides, NO_ARGS, &result);
    assert_int_equal(result.code, 0);
    assert_string_equal(result.out, "");
    assert_string_equal(result.err, "");
    assert_string_equal(greeting, "provided");
    assert_int_equal(app_count, 1);
}

static void main_with_workers_and_config_uses_them(void **state)
{
    char path[] = "/tmp/state_main_XXXXXX";
    static const char json[] = "{\"state_greeting\": {\"text\": \"configured\"}}";
    int fd = mkstemp(path);
    outcome result;

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, json, sizeof(json) - 1), (ssize_t)sizeof(json) - 1);
    assert_int_equal(close(fd), 0);
    run(app, ARGS("--workers", "2", "--config", path), &result);
    assert_int_equal(unlink(path), 0);
    assert_string_equal(result.err, "");
    assert_int_equal(result.code, 0);
    assert_string_equal(greeting, "configured");
}

/* Whoever starts a program overrides what its code provides, and the log says so. */
static void main_with_config_overrides_what_the_app_provides(void **state)
{
    char path[] = "/tmp/state_main_XXXXXX";
    static const char json[] = "{\"state_greeting\": {\"text\": \"configured\"}}";
    static const struct {
        eda_status (*app)(eda_system *sys);
        const char *does;
    } each[] = {{app_that_provides, "provides"}, {app_that_configures, "configures itself"}};
    char says[128];
    int fd = mkstemp(path);
    outcome result;
    size_t i;

    (void)state;
    assert_int_equal(write(fd, json, sizeof(json) - 1), (ssize_t)sizeof(json) - 1);
    assert_int_equal(close(fd), 0);
    for (i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
        run(each[i].app, ARGS("--config", path), &result);
        assert_int_equal(result.code, 0);
        assert_string_equal(greeting, "configured");
        (void)snprintf(says, sizeof(says),
            "%s: 'state_greeting' is taken from there, not from what the program %s\n", path,
            each[i].does);
        assert_non_null(strstr(result.err, says));
        assert_null(strstr(result.err, "no actor takes"));
    }
    assert_int_equal(unlink(path), 0);
}

static void main_help_goes_to_the_output_and_succeeds(void **state)
{
    outcome result;

    (void)state;
    run(app, ARGS("--help"), &result);
    assert_int_equal(result.code, 0);
    assert_int_equal(strncmp(result.out, "usage: prog [--config FILE] [--workers N]\n", 42), 0);
    assert_string_equal(result.err, "");
    assert_int_equal(app_count, 0);
}

static void main_with_wrong_arguments_tells_the_usage_and_ends_with_2(void **state)
{
    static const struct {
        const char *const args[8];
        const char *sentence;
    } wrong[] = {
        {{"prog", "--wrokers", NULL}, "prog: unknown argument '--wrokers'\nusage: "},
        {{"prog", "file", NULL}, "prog: unknown argument 'file'\nusage: "},
        {{"prog", "--config", NULL}, "prog: --config takes a value\nusage: "},
        {{"prog", "--workers", NULL}, "prog: --workers takes a value\nusage: "},
        {{"prog", "--workers", "0", NULL}, "prog: --workers takes 1 to 64, not '0'\n"},
        {{"prog", "--workers", "65", NULL}, "prog: --workers takes 1 to 64, not '65'\n"},
        {{"prog", "--workers", "-1", NULL}, "prog: --workers takes 1 to 64, not '-1'\n"},
        {{"prog", "--workers", " 4", NULL}, "prog: --workers takes 1 to 64, not ' 4'\n"},
        {{"prog", "--workers", "4x", NULL}, "prog: --workers takes 1 to 64, not '4x'\n"},
        {{"prog", "--workers", "", NULL}, "prog: --workers takes 1 to 64, not ''\n"},
        {{"prog", "--workers", "4294967297", NULL},
            "prog: --workers takes 1 to 64, not '4294967297'\n"},
        {{"prog", "--node", "a", NULL},
            "prog: --node is for a node of a cluster: give --bus, too, which is local, zenoh, or a "
            "driver's path\n"},
        {{"prog", "--bus-config", "{}", NULL}, "prog: --bus-config is for a node of a cluster: "},
        {{"prog", "--cluster", "c", NULL}, "prog: --cluster is for a node of a cluster: "},
        {{"prog", "--nodes", "2", NULL}, "prog: --nodes is for a node of a cluster: "},
        {{"prog", "--host", NULL}, "prog: --host is for a node of a cluster: "},
        {{"prog", "--unfenced", NULL}, "prog: --unfenced is for a node of a cluster: "},
        {{"prog", "--bus", "inproc", NULL},
            "prog: --bus needs --node NAME, too: each node of a cluster has its own\n"},
        {{"prog", "--bus", "inproc", "--node", NULL}, "prog: --node takes a value\nusage: "},
        {{"prog", "--bus", "inproc", "--node", "a", "--nodes", "257", NULL},
            "prog: --nodes takes 1 to 256, not '257'\n"},
        {{"prog", "--bus=inproc", NULL}, "prog: unknown argument '--bus=inproc'\nusage: "},
    };
    outcome result;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        run(app, wrong[i].args, &result);
        assert_int_equal(result.code, 2);
        assert_string_equal(result.out, "");
        if (strncmp(result.err, wrong[i].sentence, strlen(wrong[i].sentence)) != 0) {
            fail_msg("\"%s\" does not begin with \"%s\"", result.err, wrong[i].sentence);
        }
        assert_int_equal(app_count, 0);
    }
}

static void main_that_fails_to_configure_or_start_says_why_and_ends_with_1(void **state)
{
    outcome result;

    (void)state;
    run(app, ARGS("--config", "/no/such/file"), &result);
    assert_int_equal(result.code, 1);
    assert_string_equal(
        result.err, "prog: EDA_EIO: input or output failed: /no/such/file: cannot be opened\n");
    assert_int_equal(app_count, 0);
    run(app, NO_ARGS, &result);
    assert_int_equal(result.code, 1);
    assert_string_equal(result.err,
        "prog: EDA_EMISSING: a dependency, store or option is missing: actor 'state_host' needs "
        "'state_greeting': eda_provide(sys, EDA_DEPS(state_greeting, ...)), or an object of that "
        "name in the configuration\n");
}

static void main_with_a_bus_is_a_node(void **state)
{
    outcome result;

    (void)state;
    run(app_that_provides,
        ARGS("--bus", "inproc", "--node", "a", "--nodes", "1", "--cluster", "c", "--unfenced"),
        &result);
    assert_string_equal(result.err, "");
    assert_int_equal(result.code, 0);
    assert_int_equal(app_count, 1);
    assert_int_equal(nodes_seen, 1);
    run(app_that_provides, ARGS("--bus", "inproc", "--node", "a"), &result);
    assert_int_equal(result.code, 1);
    assert_non_null(
        strstr(result.err, "actor 'state_host' saves, and on several nodes that needs"));
    assert_non_null(strstr(result.err, "set .is_unfenced (of the stock main: --unfenced)"));
    assert_non_null(strstr(result.err, "in its node's store alone, and gone with that\n"));
    run(app_that_provides, ARGS("--bus", "nowhere", "--node", "a", "--unfenced"), &result);
    assert_int_equal(result.code, 1);
    assert_non_null(strstr(result.err, "nowhere"));
}

/* Misspelt, most likely: what the file has instead is said. */
static void main_whose_config_lacks_the_object_names_what_it_has(void **state)
{
    char path[] = "/tmp/state_main_XXXXXX";
    static const char json[] =
        "{\"state_greting\": {\"text\": \"configured\"}, \"state_host\": {\"text\": \"no\"}}";
    char says[160];
    int fd = mkstemp(path);
    outcome result;

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, json, sizeof(json) - 1), (ssize_t)sizeof(json) - 1);
    assert_int_equal(close(fd), 0);
    (void)snprintf(
        says, sizeof(says), "; there is 'state_host' in %s, 'state_greting' in %s\n", path, path);
    run(app, ARGS("--config", path), &result);
    assert_int_equal(result.code, 1);
    assert_non_null(strstr(result.err, "of that name in the configuration; there is"));
    assert_non_null(strstr(result.err, says));
    run(app, ARGS("--bus", "inproc", "--node", "a", "--host", "--unfenced", "--config", path),
        &result);
    assert_int_equal(result.code, 1);
    assert_non_null(strstr(result.err, "--config FILE with an object of that name; there is"));
    assert_non_null(strstr(result.err, says));
    assert_int_equal(unlink(path), 0);
}

/* Its dependencies are those of --config: the application is not asked. */
static void main_that_hosts_runs_no_app(void **state)
{
    outcome result;

    (void)state;
    run(app_that_provides, ARGS("--bus", "inproc", "--node", "a", "--host", "--unfenced"), &result);
    assert_int_equal(result.code, 1);
    assert_non_null(strstr(result.err, "actor 'state_host' needs 'state_greeting': --config FILE "
                                       "with an object of that name\n"));
    assert_int_equal(app_count, 0);
    run(app_that_provides, ARGS("--bus", "inproc", "--node", "a", "--host", "--nodes", "2"),
        &result);
    assert_int_equal(result.code, 1);
    assert_non_null(strstr(result.err, "actor 'state_host'"));
}

static void main_whose_app_fails_tells_the_clients_sentence(void **state)
{
    outcome result;

    (void)state;
    run(app_that_fails, NO_ARGS, &result);
    assert_int_equal(result.code, 1);
    /* The system has logged the turn; the program's own line is the last. */
    assert_non_null(strstr(result.err, "state_host: a turn on state_greet failed: "));
    assert_non_null(strstr(result.err,
        "\nprog: EDA_EFAILED: a handler failed: state_host on state_greet: a handler failed\n"));
    run(app_of_ones_own_status, NO_ARGS, &result);
    assert_int_equal(result.code, 1);
    assert_int_equal(strncmp(result.err, "prog: application: ", 19), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(main_without_arguments_runs_the_app),
        cmocka_unit_test(main_with_workers_and_config_uses_them),
        cmocka_unit_test(main_with_config_overrides_what_the_app_provides),
        cmocka_unit_test(main_help_goes_to_the_output_and_succeeds),
        cmocka_unit_test(main_with_wrong_arguments_tells_the_usage_and_ends_with_2),
        cmocka_unit_test(main_that_fails_to_configure_or_start_says_why_and_ends_with_1),
        cmocka_unit_test(main_with_a_bus_is_a_node),
        cmocka_unit_test(main_whose_config_lacks_the_object_names_what_it_has),
        cmocka_unit_test(main_that_hosts_runs_no_app),
        cmocka_unit_test(main_whose_app_fails_tells_the_clients_sentence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
