/* case_bound.c - what a driver must refuse: tables, configurations, keys, sizes, full queues. */
#define _POSIX_C_SOURCE 200809L /* sys/wait.h */

#include "bus/conform/cases.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"

const char *edai_case_table(edai_stage *s)
{
    const eda_bus_driver *d = s->driver;

    EDAI_EXPECT(d->struct_size == sizeof(*d), "struct_size is not sizeof(eda_bus_driver)");
    EDAI_EXPECT(d->version == EDA_BUS_VERSION, "version is not EDA_BUS_VERSION");
    EDAI_EXPECT(d->name != NULL && d->name[0] != 0, "the driver has no name");
    EDAI_EXPECT(d->about != NULL && d->about[0] != 0, "the driver does not say what it stands on");
    EDAI_EXPECT(d->open != NULL && d->close != NULL && d->put != NULL && d->subscribe != NULL &&
                    d->serve != NULL && d->token != NULL && d->watch != NULL && d->heard != NULL &&
                    d->drop != NULL && d->get != NULL && d->answer != NULL,
        "a function is missing");
    return NULL;
}

const char *edai_case_open_refuses(edai_stage *s)
{
    static const char *const wrong[] = {"{", "/nowhere/edacious.json"};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        eda_bus *bus = NULL;
        eda_bus_problem problem = {.text = {0}};
        eda_bus_options options = {.config = wrong[i]};
        eda_status status = s->driver->open(&options, &bus, &problem);
        if (status == EDA_OK) {
            s->driver->close(bus);
        }
        EDAI_EXPECT(status == EDA_EINVAL,
            "a configuration that is half a JSON object, or a file that is not there, was not "
            "refused with EDA_EINVAL");
        EDAI_EXPECT(bus == NULL, "open failed and set ret_bus all the same");
        EDAI_EXPECT(problem.text[0] != 0 && memchr(problem.text, 0, sizeof(problem.text)) != NULL,
            "open failed without a sentence in ret_problem");
    }
    return NULL;
}

/* --- keys --- */

static const char *const no_keys[] = {"", "/", "/a", "a/", "a//b", "a?b", "a#b", "a/$b"};
static const char *const no_canon[] = {"a/**/**", "a/**/*", "a/$*"};
static const char *const patterns[] = {"a/*", "a/**", "a/b$*"};

/* True if every call that takes a key or pattern refuses this one. */
static bool is_refused(edai_stage *s, eda_str key, bool is_pattern)
{
    edai_record *record = edai_stage_record(s);
    eda_bus_message message = {.key = key};
    const eda_bus_driver *d = s->driver;
    uint64_t id = 0;

    if (record == NULL || d->put(s->a, &message) != EDA_EKEY ||
        d->token(s->a, key, &id) != EDA_EKEY) {
        return false;
    }
    return is_pattern ||
           (d->subscribe(s->a, key, edai_record_put, record, &id) == EDA_EKEY &&
               d->serve(s->a, key, edai_record_get, record, &id) == EDA_EKEY &&
               d->watch(s->a, key, edai_record_token, record, &id) == EDA_EKEY &&
               d->heard(s->a, key, edai_record_heard, record, &id) == EDA_EKEY &&
               d->get(s->a, &message, true, 1, edai_record_answer, record) == EDA_EKEY && id == 0);
}

const char *edai_case_keys_refused(edai_stage *s)
{
    for (size_t i = 0; i < sizeof(no_keys) / sizeof(no_keys[0]); i++) {
        EDAI_EXPECT(is_refused(s, eda_str_from(no_keys[i]), false),
            "a text that is no key expression was not refused with EDA_EKEY by every call");
    }
    for (size_t i = 0; i < sizeof(no_canon) / sizeof(no_canon[0]); i++) {
        EDAI_EXPECT(is_refused(s, eda_str_from(no_canon[i]), false),
            "a key expression that is not canonical was not refused with EDA_EKEY by every call");
    }
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        EDAI_EXPECT(is_refused(s, eda_str_from(patterns[i]), true),
            "a put or a token on a pattern was not refused with EDA_EKEY");
    }
    return NULL;
}

/* --- sizes --- */

const char *edai_case_size_refused(edai_stage *s)
{
    edai_record *record;
    edai_record *answers = edai_stage_record(s);
    uint8_t *large = edai_calloc(1, (size_t)EDA_BUS_PAYLOAD_MAX + 1);

    EDAI_EXPECT(large != NULL && answers != NULL, "out of memory for a put of 16 MiB");
    eda_bus_message message = {
        .key = edai_stage_key(s, "x"), .payload = {large, (size_t)EDA_BUS_PAYLOAD_MAX + 1}};
    eda_status put = s->driver->put(s->a, &message);
    eda_status get = s->driver->get(s->a, &message, true, 1, edai_record_answer, answers);
    edai_free(large);
    EDAI_EXPECT(put == EDA_ERANGE && get == EDA_ERANGE,
        "a payload of more than EDA_BUS_PAYLOAD_MAX was not refused with EDA_ERANGE");
    EDAI_STEP(edai_stage_subscribe(s, s->b, "x", &record));
    EDAI_STEP(edai_stage_ready(s, s->b, s->a));
    EDAI_STEP(edai_stage_put(s, s->a, "x", "small"));
    EDAI_EXPECT(edai_record_wait_text(record, "small", s->patience_ms),
        "after a refused put a small one did not arrive");
    return NULL;
}

/* --- the queue --- */

#define FULL_QUEUE_SIZE (64u << 10)
#define FULL_PAYLOAD_SIZE ((size_t)16 << 10)
#define FULL_LEN_MAX 8192u /* 128 MiB: more than any socket holds */

/* Puts numbers until it is refused; returns how many were accepted. */
static uint32_t fill(edai_stage *s, eda_bus *bus, eda_status *ret_status)
{
    static uint8_t payload[FULL_PAYLOAD_SIZE];
    eda_bus_message message = {
        .key = edai_stage_key(s, "full"), .payload = {payload, sizeof(payload)}};
    uint32_t len = 0;

    *ret_status = EDA_OK;
    while (len < FULL_LEN_MAX && *ret_status == EDA_OK) {
        memcpy(payload, &len, sizeof(len));
        *ret_status = s->driver->put(bus, &message);
        len += *ret_status == EDA_OK;
    }
    return len;
}

static const char *check_filled(edai_record *record, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        const edai_seen *seen = edai_record_nth(record, EDAI_SEEN_PUT, i);
        uint32_t number = UINT32_MAX;
        if (seen->parcel != NULL && seen->parcel->message.payload.len == FULL_PAYLOAD_SIZE) {
            memcpy(&number, seen->parcel->message.payload.ptr, sizeof(number));
        }
        EDAI_EXPECT(number == i, "of the puts that a nearly full queue accepted some were lost, "
                                 "changed or came in another order");
    }
    return NULL;
}

/* The subscriber stands still until the publisher was refused. */
const char *edai_case_queue_full(edai_stage *s)
{
    edai_record *record;
    eda_bus *c;
    eda_status status;
    int64_t until;

    EDAI_STEP(edai_stage_open(s, FULL_QUEUE_SIZE, &c));
    EDAI_STEP(edai_stage_subscribe(s, s->a, "full", &record));
    EDAI_STEP(edai_stage_ready(s, s->a, c));
    edai_record_shut(record, true);
    uint32_t len = fill(s, c, &status);
    edai_record_shut(record, false);
    EDAI_EXPECT(status == EDA_EFULL, "puts to a subscriber that stands still were not refused "
                                     "with EDA_EFULL; is the queue bounded by queue_size?");
    EDAI_EXPECT(edai_record_wait(record, EDAI_SEEN_PUT, len, s->patience_ms),
        "puts that a nearly full queue had accepted did not arrive");
    until = edai_clock_monotonic_ns() + EDA_MS(s->patience_ms);
    do { /* room comes when the driver notices */
        eda_bus_message last = {.key = edai_stage_key(s, "full"), .payload = EDA_BYTES("last")};
        status = s->driver->put(c, &last);
        s->keys_len--;
        edai_thread_yield();
    } while (status == EDA_EFULL && edai_clock_monotonic_ns() < until);
    EDAI_EXPECT(status == EDA_OK, "a queue that was full did not become free again");
    EDAI_EXPECT(edai_record_wait_text(record, "last", s->patience_ms),
        "a put after the queue had been full did not arrive");
    EDAI_EXPECT(edai_record_count(record, EDAI_SEEN_PUT) == len + 1,
        "more puts arrived than a full queue had accepted");
    return check_filled(record, len);
}

/* --- fork --- */

/* In the child there are no threads but this one: whatever waited for one would wait for ever. */
const char *edai_case_forked(edai_stage *s)
{
    eda_bus_message message = {.key = edai_stage_key(s, "x")};
    int result = 0;
    pid_t child = fork();

    EDAI_EXPECT(child >= 0, "the suite cannot fork");
    if (child == 0) {
        (void)alarm(s->patience_ms / 1000 + 1);
        _exit(s->driver->put(s->a, &message) == EDA_ECLOSED ? 0 : 1);
    }
    EDAI_EXPECT(waitpid(child, &result, 0) == child, "the suite cannot wait for its child");
    EDAI_EXPECT(WIFEXITED(result) && WEXITSTATUS(result) == 0,
        "in a forked process a put was not refused with EDA_ECLOSED");
    return NULL;
}
