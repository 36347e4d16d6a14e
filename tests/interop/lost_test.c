/* lost_test.c - pub and sub over Zenoh, whose only node goes with its router, and is back.
 *
 * Usage: lost_test LIBRARY; a LIBRARY that was not built: 77. */
#define _GNU_SOURCE 1

#include "cli/cli_run.h"

#include <edacious/bus.h>

#include "base/clock.h"

#define WAIT_NS EDA_SEC(60)

static const eda_bus_driver *driver;
static const char *library;
static char folder[] = "/tmp/edacious-lost-XXXXXX";
static char endpoint[80];

typedef struct node {
    eda_bus *bus;
    edai_mutex mutex;
    edai_cond cond;
    unsigned put_count;
} node;

static node home = {.bus = NULL};

static void on_put(void *arg, const eda_bus_message *message)
{
    (void)arg, (void)message;
    edai_mutex_lock(&home.mutex);
    home.put_count++;
    edai_cond_broadcast(&home.cond);
    edai_mutex_unlock(&home.mutex);
}

static void wait_for_puts(unsigned count)
{
    int64_t until = edai_clock_monotonic_ns() + WAIT_NS;

    edai_mutex_lock(&home.mutex);
    while (home.put_count < count) {
        assert_true(edai_cond_wait_until(&home.cond, &home.mutex, until));
    }
    edai_mutex_unlock(&home.mutex);
}

/* A router that is a node, and hears puts. */
static void node_comes(void)
{
    char config[160];
    eda_bus_problem problem = {.text = ""};
    uint64_t id = 0;

    (void)snprintf(
        config, sizeof config, "{mode: 'router', listen: {endpoints: ['%s']}}", endpoint);
    eda_status status = driver->open(&(eda_bus_options){.config = config}, &home.bus, &problem);
    assert_string_equal(problem.text, "");
    assert_int_equal(status, EDA_OK);
    assert_int_equal(driver->subscribe(home.bus, EDA_STR("in/x"), on_put, NULL, &id), EDA_OK);
    assert_int_equal(
        driver->token(home.bus, EDA_STR("@edacious/v1/plant/live/home/1"), &id), EDA_OK);
}

static void node_goes(void)
{
    driver->close(home.bus);
}

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

    self->code = cli_run_words(
        &self->cli, CLI_WORDS("pub", "in/x", "-", "--bus", library, "--connect", endpoint));
    return NULL;
}

static void pub_whose_router_goes_says_what_may_be_lost(void **state)
{
    (void)state;
    publisher self = {.err = NULL};
    int ends[2];
    unsigned before = home.put_count;

    node_comes();
    assert_int_equal(pipe(ends), 0);
    self.cli = (edai_cli){.in = fdopen(ends[0], "r"),
        .out = fopen("/dev/null", "w"),
        .err = open_memstream(&self.err, &self.err_size)};
    assert_int_equal(edai_thread_start(&self.thread, run_publisher, &self, "pub"), EDA_OK);
    assert_int_equal(write(ends[1], "1\n2\n", 4), 4);
    wait_for_puts(before + 2);
    node_goes();
    assert_int_equal(close(ends[1]), 0);
    (void)edai_thread_join(&self.thread);
    (void)fclose(self.cli.in);
    (void)fclose(self.cli.out);
    (void)fclose(self.cli.err);
    assert_non_null(strstr(self.err, "edacious pub: the connection to "));
    assert_non_null(strstr(self.err, ": of 2 sent, the last 2 may not have arrived\n"));
    assert_int_equal(self.code, EDAI_EXIT_UNREACHABLE);
    free(self.err);
}

static void sub_whose_router_goes_says_so_and_when_it_is_back(void **state)
{
    (void)state;
    cli_subscriber self = {.out = NULL};
    const eda_bus_message message = {.key = EDA_STR("ev/a"), .payload = EDA_BYTES("7")};

    node_comes();
    cli_begin(
        &self, CLI_WORDS("sub", "ev/*", "--count", "1", "--bus", library, "--connect", endpoint));
    node_goes();
    cli_await(&self, "edacious sub: the connection to ");
    node_comes();
    cli_await(&self, "edacious sub: a node is reachable by ");
    cli_await(&self, "listening on ev/*\n");
    assert_int_equal(driver->put(home.bus, &message), EDA_OK);
    cli_end(&self, "{\"topic\":\"ev/a\",\"encoding\":\"\",\"value\":7}\n");
    node_goes();
}

static int clean(void **state)
{
    char path[64];

    (void)state;
    (void)snprintf(path, sizeof path, "%s/bus", folder);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/bus.lock", folder);
    (void)unlink(path);
    return rmdir(folder);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pub_whose_router_goes_says_what_may_be_lost),
        cmocka_unit_test(sub_whose_router_goes_says_so_and_when_it_is_back),
    };
    eda_bus_problem problem = {.text = ""};

    if (argc < 2 || access(argv[1], F_OK) != 0) {
        (void)printf("the Zenoh driver was not built (EDA_ZENOH)\n");
        return 77;
    }
    library = argv[1];
    if (eda_bus_find(library, &driver, &problem) != EDA_OK || mkdtemp(folder) == NULL) {
        (void)fprintf(stderr, "%s\n", problem.text);
        return 1;
    }
    (void)snprintf(endpoint, sizeof endpoint, "unixsock-stream/%s/bus", folder);
    cli_is_alone = true;
    edai_mutex_init(&home.mutex);
    edai_cond_init(&home.cond);
    int failed = cmocka_run_group_tests(tests, NULL, clean);
    edai_cond_fini(&home.cond);
    edai_mutex_fini(&home.mutex);
    return failed;
}
