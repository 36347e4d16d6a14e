/* The bus between processes, with processes: forked before there is any thread, killed, and the
 * others go on. The parent tells each child what to do by one pipe and hears by another what its
 * callbacks saw; it waits for lines, never for a while. */
#define _POSIX_C_SOURCE 200809L

#include <edacious/bus.h>

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"

#define CHILDREN_MAX 5
#define PATIENCE_MS 60000

typedef struct child {
    pid_t pid;
    int commands; /* written to it */
    int events;   /* read from it */
    char heard[65536];
    size_t heard_len;
} child;

static char folder[] = "/tmp/eda-bus-XXXXXX";
static child children[CHILDREN_MAX];

/* --- a child --- */

typedef struct self {
    eda_bus *bus;
    int events;
    int number;
} self;

static const eda_bus_driver *const driver = &eda_bus_local;

/* One line, whole. */
static void report(const self *me, const char *what, const char *text, size_t len)
{
    char line[256];
    int size = snprintf(line, sizeof(line), "%s %.*s\n", what, (int)len, text);

    if (write(me->events, line, (size_t)size) != (ssize_t)size) {
        _exit(3);
    }
}

static void on_put(void *arg, const eda_bus_message *message)
{
    report(arg, "put", (const char *)message->payload.ptr, message->payload.len);
}

static void on_get(void *arg, const eda_bus_message *request, eda_bus_query *query)
{
    const self *me = arg;
    driver->answer(me->bus, query, request, false);
}

static void on_answer(void *arg, const eda_bus_message *answer, bool is_error, eda_status end)
{
    (void)is_error;
    if (answer != NULL) {
        report(arg, "answer", answer->key.ptr, answer->key.len);
    } else {
        report(arg, "end", eda_status_name(end), strlen(eda_status_name(end)));
    }
}

static void on_token(void *arg, eda_str key, bool is_alive)
{
    report(arg, is_alive ? "came" : "went", key.ptr, key.len);
}

static void on_heard(void *arg, bool is_heard)
{
    report(arg, "heard", is_heard ? "yes" : "no", is_heard ? 3 : 2);
}

static void on_replaced(void *arg, eda_str text)
{
    report(arg, "replaced", text.ptr, text.len);
}

static eda_status declare_all(self *me)
{
    char key[32];
    uint64_t id;

    EDA_TRY(driver->watch(me->bus, EDA_STR("live/*"), on_token, me, &id));
    EDA_TRY(driver->heard(me->bus, EDA_STR("news"), on_heard, me, &id));
    EDA_TRY(driver->subscribe(me->bus, EDA_STR("news"), on_put, me, &id));
    (void)snprintf(key, sizeof(key), "ping/%d", me->number);
    EDA_TRY(driver->serve(me->bus, eda_str_from(key), on_get, me, &id));
    (void)snprintf(key, sizeof(key), "live/%d", me->number);
    return driver->token(me->bus, eda_str_from(key), &id);
}

/* "put TEXT", "get N", "close" */
static eda_status obey(self *me, const char *line)
{
    char key[160];
    eda_bus_message message = {.key = EDA_STR("news")};

    if (strncmp(line, "put ", 4) == 0) {
        message.payload = (eda_bytes){(const uint8_t *)line + 4, strlen(line + 4)};
        return driver->put(me->bus, &message);
    }
    if (strncmp(line, "get ", 4) == 0) {
        (void)snprintf(key, sizeof(key), "ping/%s", line + 4);
        message.key = eda_str_from(key);
        return driver->get(me->bus, &message, true, PATIENCE_MS, on_answer, me);
    }
    driver->close(me->bus);
    report(me, "closed", "", 0);
    _exit(0);
}

static void run_child(int number, int commands, int events)
{
    self me = {.events = events, .number = number};
    char config[128];
    char line[128];
    eda_bus_problem problem = {.text = {0}};
    FILE *in = fdopen(commands, "r");

    (void)snprintf(config, sizeof(config), "{\"socket\": \"%s/s\"}", folder);
    if (in == NULL ||
        driver->open(
            &(eda_bus_options){
                .config = config, .call_ms = PATIENCE_MS, .replaced = on_replaced, .arg = &me},
            &me.bus, &problem) != EDA_OK) {
        report(&me, "failed", problem.text, strlen(problem.text));
        _exit(1);
    }
    if (declare_all(&me) != EDA_OK) {
        _exit(2);
    }
    report(&me, "ready", "", 0);
    while (fgets(line, sizeof(line), in) != NULL) {
        line[strcspn(line, "\n")] = 0;
        if (obey(&me, line) != EDA_OK) {
            report(&me, "failed", line, strlen(line));
        }
    }
    _exit(0);
}

/* --- the parent --- */

static void start_child(int number)
{
    child *c = &children[number];
    int down[2];
    int up[2];

    assert_int_equal(pipe(down), 0);
    assert_int_equal(pipe(up), 0);
    *c = (child){.commands = down[1], .events = up[0]};
    c->pid = fork();
    assert_true(c->pid >= 0);
    if (c->pid == 0) {
        for (int i = 0; i < number; i++) { /* so that each pipe ends with its process */
            (void)close(children[i].commands);
            (void)close(children[i].events);
        }
        (void)close(down[1]);
        (void)close(up[0]);
        run_child(number, down[0], up[1]);
    }
    (void)close(down[0]);
    (void)close(up[1]);
}

static void kill_child(int number)
{
    int result;

    assert_int_equal(kill(children[number].pid, SIGKILL), 0);
    assert_int_equal(waitpid(children[number].pid, &result, 0), children[number].pid);
}

static void command(int number, const char *text)
{
    char line[128];
    int size = snprintf(line, sizeof(line), "%s\n", text);

    assert_int_equal(write(children[number].commands, line, (size_t)size), size);
}

static unsigned count(const child *c, const char *line)
{
    unsigned n = 0;

    for (const char *at = c->heard; (at = strstr(at, line)) != NULL; at++) {
        n++;
    }
    return n;
}

/* Waits until the child has said a line that often. */
static void await(int number, const char *line, unsigned times)
{
    child *c = &children[number];
    int64_t until = edai_clock_monotonic_ns() + EDA_MS(PATIENCE_MS);

    while (count(c, line) < times) {
        struct pollfd polled = {.fd = c->events, .events = POLLIN};
        int64_t left_ms = (until - edai_clock_monotonic_ns()) / 1000000;
        if (left_ms <= 0 || poll(&polled, 1, (int)left_ms) <= 0) {
            fail_msg(
                "child %d did not say \"%s\" %u times, but:\n%s", number, line, times, c->heard);
        }
        ssize_t len = read(c->events, c->heard + c->heard_len, sizeof(c->heard) - 1 - c->heard_len);
        if (len <= 0) {
            fail_msg("child %d ended; it said:\n%s", number, c->heard);
        }
        c->heard_len += (size_t)len;
    }
}

/* Until `number` has an answer of `other`; nobody means not yet. */
static void await_answer(int number, int other)
{
    char text[32];
    char line[32];
    unsigned ends = count(&children[number], "end ");

    (void)snprintf(text, sizeof(text), "get %d", other);
    (void)snprintf(line, sizeof(line), "answer ping/%d\n", other);
    unsigned before = count(&children[number], line);
    while (count(&children[number], line) == before) {
        command(number, text);
        ends++;
        await(number, "end ", ends);
    }
}

static void local_bus_goes_on_when_the_hub_is_killed(void **state)
{
    (void)state;
    start_child(0);
    await(0, "ready", 1); /* it has the hub */
    for (int i = 1; i <= 2; i++) {
        start_child(i);
        await(i, "came live/0\n", 1);
    }
    await(1, "came live/2\n", 1);
    await(2, "came live/1\n", 1);
    await(1, "heard yes\n", 1);
    await_answer(1, 2);
    command(1, "put before");
    await(2, "put before\n", 1);
    await(0, "put before\n", 1);

    int64_t killed = edai_clock_monotonic_ns();
    kill_child(0);
    await_answer(1, 2);
    print_message("from SIGKILL of the hub to an answer by another: %.1f ms\n",
        (double)(edai_clock_monotonic_ns() - killed) / 1e6);
    for (int i = 1; i <= 2; i++) {
        await(i, "replaced ", 1);
        await(i, "went live/0\n", 1);
    }
    await_answer(2, 1);
    command(1, "put after");
    await(2, "put after\n", 1);
    command(2, "put back");
    await(1, "put back\n", 1);
    assert_int_equal(count(&children[1], "went live/2\n"), 0);
    assert_int_equal(count(&children[2], "went live/1\n"), 0);
    assert_int_equal(count(&children[1], "came live/2\n"), 1);
    assert_int_equal(count(&children[1], "heard no\n"), 0);
}

/* And again with a process that came later, until only that is left; closing ends a hub as well. */
static void local_bus_goes_on_with_who_came_later(void **state)
{
    (void)state;
    start_child(3);
    await(3, "came live/1\n", 1);
    await(3, "came live/2\n", 1);
    kill_child(1);
    await(2, "went live/1\n", 1);
    await(3, "went live/1\n", 1);
    await_answer(3, 2);
    await_answer(2, 3);
    command(2, "put last");
    await(3, "put last\n", 1);
    command(2, "close");
    await(2, "closed", 1);
    await(3, "went live/2\n", 1);
    await(3, "heard no\n", 1);
    start_child(4);
    await(4, "came live/3\n", 1);
    await_answer(4, 3);
    command(4, "close");
    await(4, "closed", 1);
    await(3, "went live/4\n", 1);
    command(3, "close");
    await(3, "closed", 1);
}

static int tear_down(void **state)
{
    char path[64];

    (void)state;
    for (int i = 0; i < CHILDREN_MAX; i++) {
        if (children[i].pid > 0) {
            (void)kill(children[i].pid, SIGKILL);
            (void)waitpid(children[i].pid, NULL, 0);
        }
    }
    (void)snprintf(path, sizeof(path), "%s/s.lock", folder);
    (void)unlink(path);
    (void)snprintf(path, sizeof(path), "%s/s", folder);
    (void)unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(local_bus_goes_on_when_the_hub_is_killed),
        cmocka_unit_test(local_bus_goes_on_with_who_came_later),
    };

    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
