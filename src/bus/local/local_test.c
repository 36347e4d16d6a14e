/* What the conformance suite cannot see of the bus between processes: who may connect, what a hub
 * does with those who break the rules, and what a session does with such a hub. */
#define _GNU_SOURCE 1 /* mkdtemp, accept4 */

#include <edacious/bus.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/thread.h"
#include "bus/local/endpoint.h"
#include "bus/local/frame.h"
#include "bus/local/local.h"

static const eda_bus_driver *const d = &eda_bus_local;
static char folder[] = "/tmp/eda-local-XXXXXX";
static char path[64];
static char config[128];

/* --- what was said and seen --- */

typedef struct seen {
    edai_mutex mutex;
    edai_cond cond;
    unsigned puts;
    char log[1024];
} seen;

static void seen_init(seen *s)
{
    *s = (seen){.puts = 0};
    edai_mutex_init(&s->mutex);
    edai_cond_init(&s->cond);
}

static void on_log(void *arg, eda_str line)
{
    seen *s = arg;
    edai_mutex_lock(&s->mutex);
    size_t len = strlen(s->log);
    (void)snprintf(s->log + len, sizeof(s->log) - len, "%.*s\n", EDA_STR_ARG(line));
    edai_cond_broadcast(&s->cond);
    edai_mutex_unlock(&s->mutex);
}

static void on_put(void *arg, const eda_bus_message *message)
{
    seen *s = arg;
    (void)message;
    edai_mutex_lock(&s->mutex);
    s->puts++;
    edai_cond_broadcast(&s->cond);
    edai_mutex_unlock(&s->mutex);
}

static void on_token(void *arg, eda_str key, bool is_alive)
{
    char line[64];
    (void)snprintf(line, sizeof(line), "%c%.*s", is_alive ? '+' : '-', EDA_STR_ARG(key));
    on_log(arg, eda_str_from(line));
}

static void wait_log(seen *s, const char *part)
{
    int64_t until = edai_clock_monotonic_ns() + EDA_SEC(60);
    edai_mutex_lock(&s->mutex);
    while (strstr(s->log, part) == NULL) {
        if (!edai_cond_wait_until(&s->cond, &s->mutex, until)) {
            fail_msg("not logged: %s; but: %s", part, s->log);
        }
    }
    edai_mutex_unlock(&s->mutex);
}

static bool is_logged(seen *s, const char *part)
{
    edai_mutex_lock(&s->mutex);
    bool is = strstr(s->log, part) != NULL;
    edai_mutex_unlock(&s->mutex);
    return is;
}

static eda_bus *open_with(seen *s)
{
    eda_bus *bus = NULL;
    eda_bus_problem problem = {.text = {0}};
    eda_bus_options options = {.config = config, .log = on_log, .arg = s};
    eda_status status = d->open(&options, &bus, &problem);
    assert_string_equal(problem.text, "");
    assert_int_equal(status, EDA_OK);
    return bus;
}

/* --- somebody who speaks to the socket by hand --- */

static int dial(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    memcpy(address.sun_path, path, strlen(path) + 1);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void say(int fd, const edai_frame *frame)
{
    uint8_t header[EDAI_FRAME_HEADER_SIZE];
    edai_frame_write(frame, header);
    assert_int_equal(send(fd, header, sizeof(header), MSG_NOSIGNAL), sizeof(header));
    if (frame->body != NULL) {
        assert_int_equal(
            send(fd, frame->body->bytes, frame->body->size, MSG_NOSIGNAL), frame->body->size);
    }
}

static void say_hello(int fd)
{
    say(fd, &(edai_frame){.type = EDAI_FRAME_HELLO, .id = 7, .other = EDAI_FRAME_VERSION});
}

/* Reads until the other end hangs up. */
static void expect_end(int fd)
{
    char bytes[4096];
    ssize_t len;
    do {
        len = recv(fd, bytes, sizeof(bytes), 0);
    } while (len > 0);
    (void)close(fd);
}

/* Two sessions still talk. */
static void expect_alive(seen *s, eda_bus *a, eda_bus *b)
{
    eda_bus_message message = {.key = EDA_STR_INIT("alive")};
    int64_t until = edai_clock_monotonic_ns() + EDA_SEC(60);
    uint64_t id;
    unsigned before = s->puts;
    assert_int_equal(d->subscribe(b, EDA_STR("alive"), on_put, s, &id), EDA_OK);
    edai_mutex_lock(&s->mutex);
    while (s->puts == before) { /* the first may come before the subscription */
        edai_mutex_unlock(&s->mutex);
        assert_int_equal(d->put(a, &message), EDA_OK);
        edai_mutex_lock(&s->mutex);
        (void)edai_cond_wait_until(&s->cond, &s->mutex, edai_clock_monotonic_ns() + EDA_MS(1));
        assert_true(edai_clock_monotonic_ns() < until);
    }
    edai_mutex_unlock(&s->mutex);
    d->drop(b, id);
}

/* --- tests --- */

static void local_conforms(void **state)
{
    (void)state;
    eda_bus_problem problem = {.text = {0}};
    eda_status status = eda_bus_conform(d, config, config, &problem);
    assert_string_equal(problem.text, "");
    assert_int_equal(status, EDA_OK);
}

static void socket_is_the_owners_alone(void **state)
{
    (void)state;
    seen s;
    struct stat info;
    seen_init(&s);
    mode_t before = umask(0);
    eda_bus *a = open_with(&s);
    (void)umask(before);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    d->close(a);
    assert_int_equal(access(path, F_OK), -1);
}

static void hub_refuses_processes_of_others(void **state)
{
    (void)state;
    seen s;
    int result = 0;
    if (geteuid() != 0) {
        skip();
    }
    seen_init(&s);
    eda_bus *a = open_with(&s);
    assert_int_equal(chmod(path, 0666), 0); /* as if the folder's guard had failed */
    assert_int_equal(chmod(folder, 0755), 0);
    pid_t child = fork();
    if (child == 0) {
        char byte;
        _exit(setuid(65534) == 0 && recv(dial(), &byte, 1, 0) <= 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);
    wait_log(&s, "refused a process of user 65534");
    d->close(a);
}

static void hub_disconnects_who_sends_no_frames(void **state)
{
    (void)state;
    seen s;
    seen_init(&s);
    eda_bus *a = open_with(&s);
    eda_bus *b = open_with(&s);

    int fd = dial();
    assert_int_equal(send(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27, 0), 27);
    expect_end(fd);
    wait_log(&s, "what it sent is no frame");

    fd = dial(); /* nothing before a greeting */
    say(fd, &(edai_frame){.type = EDAI_FRAME_SETTLE});
    expect_end(fd);

    fd = dial(); /* not what only a hub may say */
    say_hello(fd);
    say(fd, &(edai_frame){.type = EDAI_FRAME_END, .id = 1});
    expect_end(fd);

    fd = dial(); /* no body of 4 GiB */
    say_hello(fd);
    uint8_t header[EDAI_FRAME_HEADER_SIZE];
    edai_frame_write(&(edai_frame){.type = EDAI_FRAME_PUT}, header);
    memset(header, 0xff, 4);
    assert_int_equal(send(fd, header, sizeof(header), 0), sizeof(header));
    expect_end(fd);

    fd = dial(); /* another version */
    say(fd, &(edai_frame){.type = EDAI_FRAME_HELLO, .id = 7, .other = EDAI_FRAME_VERSION + 1});
    expect_end(fd);
    wait_log(&s, "it speaks another version");

    expect_alive(&s, a, b);
    d->close(b);
    d->close(a);
}

/* The same session by a second connection, the first being still there: its token stays. */
static void hub_takes_a_session_that_connects_anew(void **state)
{
    (void)state;
    seen s;
    uint64_t id;
    seen_init(&s);
    eda_bus *a = open_with(&s);
    edai_block *key = edai_block_of_key(EDA_STR("live/7"));
    edai_frame token = {.type = EDAI_FRAME_TOKEN, .id = 1, .body = key};

    assert_non_null(key);
    assert_int_equal(d->watch(a, EDA_STR("live/*"), on_token, &s, &id), EDA_OK);
    int first = dial();
    say_hello(first);
    say(first, &token);
    wait_log(&s, "+live/7\n");
    int second = dial();
    say_hello(second);
    expect_end(first);
    say(second, &token);
    wait_log(&s, "+live/7\n-live/7\n+live/7\n");
    (void)close(second);
    wait_log(&s, "+live/7\n-live/7\n+live/7\n-live/7\n");
    edai_block_free(key);
    d->close(a);
}

static void socket_stands_in_the_users_folder(void **state)
{
    (void)state;
    edai_endpoint found = {.path = ""};
    char expected[EDAI_ENDPOINT_SIZE];
    eda_bus_problem problem = {.text = {0}};

    assert_int_equal(chmod(folder, 0700), 0);
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
    assert_int_equal(setenv("XDG_RUNTIME_DIR", folder, 1), 0);
    assert_int_equal(edai_endpoint_find(NULL, &found, &problem), EDA_OK);
    (void)snprintf(expected, sizeof(expected), "%s/edacious.sock", folder);
    assert_string_equal(found.path, expected);
    assert_int_equal(chmod(folder, 0777), 0); /* where others may put one, none is put */
    assert_int_equal(edai_endpoint_find(NULL, &found, &problem), EDA_OK);
    assert_string_not_equal(found.path, expected);
    assert_int_equal(chmod(folder, 0700), 0);
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
    assert_int_equal(unsetenv("XDG_RUNTIME_DIR"), 0);
}

static eda_status open_guest(seen *s, eda_bus **ret_bus, eda_bus_problem *problem)
{
    char text[128];
    const eda_bus_options options = {.config = text, .log = on_log, .arg = s};

    (void)snprintf(text, sizeof(text), "{\"socket\": \"%s\", \"hub\": \"never\"}", path);
    return d->open(&options, ret_bus, problem);
}

/* Neither when it comes first nor when the hub goes. */
static void guest_never_is_the_hub(void **state)
{
    (void)state;
    char lock[80];
    char says[128];
    seen s;
    eda_bus *guest = NULL;
    eda_bus_problem problem = {.text = {0}};

    seen_init(&s);
    (void)snprintf(lock, sizeof(lock), "%s.lock", path);
    (void)unlink(lock);
    assert_int_equal(open_guest(&s, &guest, &problem), EDA_EIO);
    (void)snprintf(says, sizeof(says), "local: nobody listens at %s", path);
    assert_string_equal(problem.text, says);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(access(lock, F_OK), -1);

    eda_bus *hub = open_with(&s);
    assert_int_equal(open_guest(&s, &guest, &problem), EDA_OK);
    expect_alive(&s, hub, guest);
    d->close(hub);
    wait_log(&s, says); /* it looked for another one */
    assert_int_equal(access(path, F_OK), -1);
    hub = open_with(&s);
    expect_alive(&s, hub, guest);
    d->close(guest);
    d->close(hub);
}

static void hub_disconnects_who_takes_nothing(void **state)
{
    (void)state;
    seen s;
    seen_init(&s);
    eda_bus *a = open_with(&s);
    eda_bus *b = open_with(&s);
    int fd = dial();
    edai_block *pattern = edai_block_of_key(EDA_STR("flood"));
    static uint8_t payload[1 << 20];
    eda_bus_message message = {.key = EDA_STR_INIT("flood"), .payload = {payload, sizeof(payload)}};

    assert_non_null(pattern);
    say_hello(fd);
    say(fd, &(edai_frame){.type = EDAI_FRAME_SUBSCRIBE, .id = 1, .body = pattern});
    edai_block_free(pattern);
    /* It never reads. Its queue fills, then the publisher's, then it goes and all goes on. */
    while (!is_logged(&s, "its queue was full")) {
        eda_status status = d->put(a, &message);
        assert_true(status == EDA_OK || status == EDA_EFULL);
        edai_thread_yield();
    }
    expect_alive(&s, b, a);
    (void)close(fd);
    d->close(b);
    d->close(a);
}

/* A hub by hand: it holds the lock as any other, and says what it likes. */
static void *false_hub(void *arg)
{
    const int *listening = arg;
    int fd = accept4(*listening, NULL, NULL, SOCK_CLOEXEC);
    say(fd, &(edai_frame){.type = EDAI_FRAME_WELCOME, .other = EDAI_FRAME_VERSION + 1});
    expect_end(fd);
    return NULL;
}

static int listen_by_hand(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    memcpy(address.sun_path, path, strlen(path) + 1);
    (void)unlink(path);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 8), 0);
    return fd;
}

static void expect_refused(eda_status expected, const char *part)
{
    eda_bus *bus = NULL;
    eda_bus_problem problem = {.text = {0}};
    eda_bus_options options = {.config = config, .call_ms = 1000};
    assert_int_equal(d->open(&options, &bus, &problem), expected);
    assert_null(bus);
    if (strstr(problem.text, part) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", problem.text, part);
    }
}

static void open_refuses_a_hub_of_another_version(void **state)
{
    (void)state;
    edai_thread thread;
    eda_bus_problem problem;
    int lock = -1;
    assert_int_equal(edai_endpoint_lock(path, &lock, &problem), EDA_OK);
    int fd = listen_by_hand();
    assert_int_equal(edai_thread_start(&thread, false_hub, &fd, "false hub"), EDA_OK);
    expect_refused(EDA_EIO, "speaks another version");
    (void)edai_thread_join(&thread);
    (void)close(fd);
    (void)unlink(path);
    (void)close(lock);
}

static void open_gives_up_on_a_hub_that_says_nothing(void **state)
{
    (void)state;
    eda_bus_problem problem;
    int lock = -1;
    assert_int_equal(edai_endpoint_lock(path, &lock, &problem), EDA_OK);
    expect_refused(EDA_ETIMEOUT, "nobody listens");
    int fd = listen_by_hand();
    expect_refused(EDA_ETIMEOUT, "does not answer");
    (void)close(fd);
    (void)unlink(path);
    (void)close(lock);
}

typedef struct kind_hub {
    int listening;
    int connection;
} kind_hub;

static void *take_one(void *arg)
{
    kind_hub *hub = arg;
    hub->connection = accept4(hub->listening, NULL, NULL, SOCK_CLOEXEC);
    say(hub->connection, &(edai_frame){.type = EDAI_FRAME_WELCOME, .other = EDAI_FRAME_VERSION});
    return NULL;
}

static uint8_t next_type(int fd)
{
    uint8_t header[EDAI_FRAME_HEADER_SIZE];
    const uint8_t *at = header;
    edai_reader reader = {.is_hub = true};
    edai_frame frame;
    eda_status status = EDA_OK;
    assert_int_equal(recv(fd, header, sizeof(header), MSG_WAITALL), sizeof(header));
    assert_true(edai_reader_take(&reader, &at, header + sizeof(header), &frame, &status));
    return frame.type;
}

/* An urgent put that waited for the connection does not come before the greeting. */
static void session_that_connects_anew_greets_first(void **state)
{
    (void)state;
    edai_thread thread;
    eda_bus_problem problem;
    eda_bus_message message = {.key = EDA_STR_INIT("hb"), .is_urgent = true};
    kind_hub hub = {.connection = -1};
    seen s;
    int lock = -1;
    seen_init(&s);
    assert_int_equal(edai_endpoint_lock(path, &lock, &problem), EDA_OK);
    hub.listening = listen_by_hand();
    assert_int_equal(edai_thread_start(&thread, take_one, &hub, "kind hub"), EDA_OK);
    eda_bus *bus = open_with(&s);
    (void)edai_thread_join(&thread);
    (void)close(hub.listening); /* nobody is there meanwhile */
    (void)unlink(path);
    (void)close(hub.connection);
    assert_int_equal(d->put(bus, &message), EDA_OK);
    hub.listening = listen_by_hand();
    hub.connection = accept4(hub.listening, NULL, NULL, SOCK_CLOEXEC);
    assert_int_equal(next_type(hub.connection), EDAI_FRAME_HELLO);
    (void)close(hub.connection);
    (void)close(hub.listening);
    (void)unlink(path);
    d->close(bus);
    (void)close(lock);
}

/* However much it puts meanwhile: another one may be about to listen. */
static void guest_takes_tokens_for_gone_once_nobody_listened_for_a_while(void **state)
{
    (void)state;
    const eda_bus_message message = {.key = EDA_STR_INIT("a")};
    edai_block *key = edai_block_of_key(EDA_STR("live/7"));
    edai_thread thread;
    kind_hub hub = {.listening = listen_by_hand()};
    eda_bus_problem problem;
    eda_bus *guest = NULL;
    uint64_t id = 0;
    seen s;

    assert_non_null(key);
    seen_init(&s);
    assert_int_equal(edai_thread_start(&thread, take_one, &hub, "kind hub"), EDA_OK);
    assert_int_equal(open_guest(&s, &guest, &problem), EDA_OK);
    (void)edai_thread_join(&thread);
    assert_int_equal(d->watch(guest, EDA_STR("live/*"), on_token, &s, &id), EDA_OK);
    say(hub.connection, &(edai_frame){.type = EDAI_FRAME_CAME, .id = id, .other = 7, .body = key});
    wait_log(&s, "+live/7\n");
    (void)close(hub.listening);
    (void)unlink(path);
    int64_t begin = edai_clock_monotonic_ns();
    (void)close(hub.connection);
    while (!is_logged(&s, "-live/7\n")) {
        (void)d->put(guest, &message);
        edai_thread_yield();
    }
    assert_true(edai_clock_monotonic_ns() - begin >= EDA_MS(EDAI_LOCAL_GONE_MS));
    edai_block_free(key);
    d->close(guest);
}

static void open_refuses_a_place_that_is_none(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"{\"socket\": \"/nowhere/at/all/s\"}",
            "/nowhere/at/all/s.lock: cannot be opened: No such"},
        {"{\"sock\": \"/tmp/x\"}", "\"sock\" is unknown; known: \"socket\", \"hub\""},
        {"{\"hub\": \"may\"}", "\"hub\" is \"may\"; allowed: \"never\", or leave it out"},
        {"{\"socket\": \"\"}", "must be a text"},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        eda_bus *bus = NULL;
        eda_bus_problem problem = {.text = {0}};
        eda_bus_options options = {.config = wrong[i][0]};
        eda_status status = d->open(&options, &bus, &problem);
        assert_true(status == EDA_EINVAL || status == EDA_EIO);
        assert_non_null(strstr(problem.text, wrong[i][1]));
    }
}

static int tear_down(void **state)
{
    char lock[80];
    (void)state;
    (void)snprintf(lock, sizeof(lock), "%s.lock", path);
    (void)unlink(lock);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(local_conforms),
        cmocka_unit_test(socket_is_the_owners_alone),
        cmocka_unit_test(hub_refuses_processes_of_others),
        cmocka_unit_test(hub_disconnects_who_sends_no_frames),
        cmocka_unit_test(hub_takes_a_session_that_connects_anew),
        cmocka_unit_test(socket_stands_in_the_users_folder),
        cmocka_unit_test(guest_never_is_the_hub),
        cmocka_unit_test(guest_takes_tokens_for_gone_once_nobody_listened_for_a_while),
        cmocka_unit_test(hub_disconnects_who_takes_nothing),
        cmocka_unit_test(open_refuses_a_hub_of_another_version),
        cmocka_unit_test(open_gives_up_on_a_hub_that_says_nothing),
        cmocka_unit_test(session_that_connects_anew_greets_first),
        cmocka_unit_test(open_refuses_a_place_that_is_none),
    };

    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    (void)snprintf(path, sizeof(path), "%s/s", folder);
    (void)snprintf(config, sizeof(config), "{\"socket\": \"%s\"}", path);
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
