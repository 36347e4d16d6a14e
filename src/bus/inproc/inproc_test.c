#define _XOPEN_SOURCE 700 /* mkstemp */

#include <edacious/bus.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/thread.h"

/* What callbacks saw, in order. */
typedef struct seen {
    edai_mutex mutex;
    edai_cond cond;
    unsigned puts;
    unsigned answers;
    unsigned ends;
    unsigned alive;
    unsigned gone;
    unsigned heard;
    eda_status status;
    char text[64];
} seen;

static void seen_init(seen *s)
{
    *s = (seen){.puts = 0};
    edai_mutex_init(&s->mutex);
    edai_cond_init(&s->cond);
}

static void note(seen *s, unsigned *what)
{
    (*what)++;
    edai_cond_broadcast(&s->cond);
}

static void on_put(void *arg, const eda_bus_message *message)
{
    seen *s = arg;
    edai_mutex_lock(&s->mutex);
    memcpy(s->text, message->payload.ptr, message->payload.len);
    note(s, &s->puts);
    edai_mutex_unlock(&s->mutex);
}

static void on_answer(void *arg, const eda_bus_message *answer, bool is_error, eda_status end)
{
    seen *s = arg;
    (void)is_error;
    edai_mutex_lock(&s->mutex);
    s->status = end;
    note(s, answer != NULL ? &s->answers : &s->ends);
    edai_mutex_unlock(&s->mutex);
}

static void on_token(void *arg, eda_str key, bool is_alive)
{
    seen *s = arg;
    (void)key;
    edai_mutex_lock(&s->mutex);
    note(s, is_alive ? &s->alive : &s->gone);
    edai_mutex_unlock(&s->mutex);
}

static void on_heard(void *arg, bool is_heard)
{
    seen *s = arg;
    edai_mutex_lock(&s->mutex);
    s->heard = is_heard;
    edai_cond_broadcast(&s->cond);
    edai_mutex_unlock(&s->mutex);
}

static void wait_for(seen *s, const unsigned *what, unsigned n)
{
    int64_t until = edai_clock_monotonic_ns() + EDA_SEC(60);
    edai_mutex_lock(&s->mutex);
    while (*what != n) {
        assert_true(edai_cond_wait_until(&s->cond, &s->mutex, until));
    }
    edai_mutex_unlock(&s->mutex);
}

static eda_bus *open_on(const char *config)
{
    eda_bus *bus = NULL;
    eda_bus_problem problem = {.text = {0}};
    eda_status status = eda_bus_inproc.open(&(eda_bus_options){.config = config}, &bus, &problem);
    assert_string_equal(problem.text, "");
    assert_int_equal(status, EDA_OK);
    return bus;
}

static const eda_bus_driver *const d = &eda_bus_inproc;

static void network_of_another_name_hears_nothing(void **state)
{
    (void)state;
    seen here;
    seen there;
    uint64_t id;
    seen_init(&here);
    seen_init(&there);
    eda_bus *a = open_on("{\"network\": \"one\"}");
    eda_bus *b = open_on("{\"network\": \"one\"}");
    eda_bus *other = open_on("{\"network\": \"two\"}");
    eda_bus *fallback = open_on(NULL);
    assert_int_equal(d->subscribe(b, EDA_STR("a/*"), on_put, &here, &id), EDA_OK);
    assert_int_equal(d->subscribe(other, EDA_STR("a/*"), on_put, &there, &id), EDA_OK);
    assert_int_equal(d->subscribe(fallback, EDA_STR("a/*"), on_put, &there, &id), EDA_OK);
    eda_bus_message message = {.key = EDA_STR_INIT("a/b"), .payload = EDA_BYTES("x")};
    assert_int_equal(d->put(a, &message), EDA_OK);
    wait_for(&here, &here.puts, 1);
    assert_string_equal(here.text, "x");
    d->close(a);
    d->close(b);
    d->close(other);
    d->close(fallback);
    assert_int_equal(there.puts, 0);
}

static void server_answers(void *arg, const eda_bus_message *request, eda_bus_query *query)
{
    eda_bus_message answer = {.key = request->key, .payload = EDA_BYTES("here")};
    d->answer(arg, query, &answer, false);
}

static void server_keeps(void *arg, const eda_bus_message *request, eda_bus_query *query)
{
    (void)arg;
    (void)request;
    (void)query;
}

static void session_sees_tokens_answers_and_hearers(void **state)
{
    (void)state;
    seen s;
    uint64_t id;
    uint64_t token;
    seen_init(&s);
    eda_bus *a = open_on(NULL);
    eda_bus *b = open_on(NULL);
    eda_bus_message request = {.key = EDA_STR_INIT("ask/1")};
    assert_int_equal(d->watch(a, EDA_STR("live/*"), on_token, &s, &id), EDA_OK);
    assert_int_equal(d->heard(a, EDA_STR("a/*"), on_heard, &s, &id), EDA_OK);
    assert_int_equal(d->serve(b, EDA_STR("ask/*"), server_answers, b, &id), EDA_OK);
    assert_int_equal(d->subscribe(b, EDA_STR("a/*"), on_put, &s, &id), EDA_OK);
    wait_for(&s, &s.heard, 1);
    d->drop(b, id);
    wait_for(&s, &s.heard, 0);
    assert_int_equal(d->token(b, EDA_STR("live/b"), &token), EDA_OK);
    wait_for(&s, &s.alive, 1);
    assert_int_equal(d->get(a, &request, true, 60000, on_answer, &s), EDA_OK);
    wait_for(&s, &s.ends, 1);
    assert_int_equal(s.answers, 1);
    assert_int_equal(s.status, EDA_OK);
    d->drop(b, token);
    wait_for(&s, &s.gone, 1);
    assert_int_equal(d->token(b, EDA_STR("live/b"), &token), EDA_OK);
    d->close(b);
    wait_for(&s, &s.gone, 2);
    d->close(a);
}

static void get_unanswered_ends_once(void **state)
{
    (void)state;
    seen s;
    uint64_t id;
    seen_init(&s);
    eda_bus *a = open_on(NULL);
    eda_bus *b = open_on(NULL);
    eda_bus_message request = {.key = EDA_STR_INIT("ask/1")};
    assert_int_equal(d->serve(b, EDA_STR("ask/*"), server_keeps, b, &id), EDA_OK);
    assert_int_equal(d->get(a, &request, true, 1, on_answer, &s), EDA_OK);
    wait_for(&s, &s.ends, 1);
    assert_int_equal(s.status, EDA_ETIMEOUT);
    assert_int_equal(d->get(a, &request, true, 60000, on_answer, &s), EDA_OK);
    d->close(a);
    assert_int_equal(s.ends, 2);
    assert_int_equal(s.status, EDA_ECLOSED);
    d->close(b);
    assert_int_equal(s.answers, 0);
}

static void config_that_is_wrong_is_refused_by_name(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"{\"netwerk\": \"x\"}", "configuration: \"netwerk\" is unknown; known: \"network\""},
        {"{\"network\": 1}", "configuration: \"network\" must be a text between quotes, not empty"},
        {"{\"network\"", "configuration: JSON, line 1"},
        {"/nowhere.json", "configuration: the file /nowhere.json cannot be opened"},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        eda_bus *bus = NULL;
        eda_bus_problem problem = {.text = {0}};
        eda_bus_options options = {.config = wrong[i][0]};
        assert_int_equal(d->open(&options, &bus, &problem), EDA_EINVAL);
        assert_null(bus);
        assert_memory_equal(problem.text, wrong[i][1], strlen(wrong[i][1]));
    }
}

/* Of a file the name is said, and of what is no JSON the line. */
static void config_file_that_is_wrong_is_named(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"{\"netwerk\": \"x\"}", ": \"netwerk\" is unknown"},
        {"{\"network\": 1}", ": \"network\" must be a text"},
        {"[]", ": must be a JSON object"},
        {"{\n  network: \"x\"}", ": JSON, line 2, column 9: "},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char path[] = "/tmp/edacious-inproc-XXXXXX";
        int fd = mkstemp(path);
        eda_bus *bus = NULL;
        eda_bus_problem problem = {.text = {0}};
        eda_bus_options options = {.config = path};
        assert_true(fd >= 0);
        assert_int_equal(write(fd, wrong[i][0], strlen(wrong[i][0])), strlen(wrong[i][0]));
        assert_int_equal(close(fd), 0);
        assert_int_equal(d->open(&options, &bus, &problem), EDA_EINVAL);
        assert_int_equal(unlink(path), 0);
        assert_memory_equal(problem.text, path, strlen(path));
        assert_memory_equal(problem.text + strlen(path), wrong[i][1], strlen(wrong[i][1]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(network_of_another_name_hears_nothing),
        cmocka_unit_test(session_sees_tokens_answers_and_hearers),
        cmocka_unit_test(get_unanswered_ends_once),
        cmocka_unit_test(config_that_is_wrong_is_refused_by_name),
        cmocka_unit_test(config_file_that_is_wrong_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
