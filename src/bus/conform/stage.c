/* stage.c - two sessions, and what a case declares on them. */
#include "bus/conform/stage.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/clock.h"

static const char *find_fault(const char *before, edai_record *record)
{
    return before != NULL ? before : edai_record_fault(record);
}

const char *edai_stage_clear(edai_stage *stage)
{
    const char *fault = NULL;

    for (edai_record *record = stage->records; record != NULL; record = record->next) {
        edai_record_shut(record, false);
    }
    while (stage->declared_len > 0) {
        edai_stage_drop_last(stage);
    }
    while (stage->extra_len > 0) {
        edai_stage_close(stage, stage->extra[stage->extra_len - 1]);
    }
    while (stage->records != NULL) {
        edai_record *record = stage->records;
        (void)edai_record_end(record);
        fault = find_fault(fault, record);
        stage->records = record->next;
        record->next = stage->spent;
        stage->spent = record;
    }
    stage->keys_len = 0;
    return fault;
}

const char *edai_stage_finish(edai_stage *stage)
{
    const char *fault = NULL;

    while (stage->spent != NULL) {
        edai_record *next = stage->spent->next;
        fault = find_fault(fault, stage->spent);
        edai_record_free(stage->spent);
        stage->spent = next;
    }
    while (stage->pieces != NULL) {
        edai_pieces *next = stage->pieces->next;
        fault = fault != NULL ? fault : edai_pieces_fault(stage->pieces);
        edai_pieces_free(stage->pieces);
        stage->pieces = next;
    }
    return fault;
}

eda_str edai_stage_key(edai_stage *stage, const char *rest)
{
    EDA_ASSERT(stage->keys_len < EDAI_STAGE_KEYS_MAX, "a case has a bounded number of keys");
    char *key = stage->keys[stage->keys_len++];
    (void)snprintf(key, EDAI_STAGE_KEY_SIZE, "%s/%s", stage->prefix, rest);
    return eda_str_from(key);
}

edai_record *edai_stage_record(edai_stage *stage)
{
    edai_record *record = edai_record_new();

    if (record != NULL) {
        record->next = stage->records;
        stage->records = record;
    }
    return record;
}

/* --- sessions --- */

const char *edai_stage_open(edai_stage *stage, uint32_t queue_size, eda_bus **ret_bus)
{
    eda_bus_problem problem = {.text = {0}};
    eda_bus_options options = {.config = stage->config_b, .queue_size = queue_size};

    EDA_ASSERT(stage->extra_len < EDAI_STAGE_EXTRA_MAX, "a case opens few sessions");
    if (stage->driver->open(&options, ret_bus, &problem) != EDA_OK) {
        (void)snprintf(stage->text, sizeof(stage->text),
            "a further session of configuration b cannot be opened: %.60s", problem.text);
        return stage->text;
    }
    stage->extra[stage->extra_len++] = *ret_bus;
    return NULL;
}

void edai_stage_close(edai_stage *stage, eda_bus *bus)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < stage->declared_len; i++) {
        if (stage->declared[i].bus != bus) {
            stage->declared[kept++] = stage->declared[i];
        }
    }
    stage->declared_len = kept;
    kept = 0;
    for (uint32_t i = 0; i < stage->extra_len; i++) {
        if (stage->extra[i] != bus) {
            stage->extra[kept++] = stage->extra[i];
        }
    }
    stage->extra_len = kept;
    stage->driver->close(bus);
}

/* --- declarations --- */

static const char *declared(
    edai_stage *stage, eda_bus *bus, uint64_t id, const char *what, eda_status status)
{
    if (status != EDA_OK || id == 0) {
        (void)snprintf(stage->text, sizeof(stage->text), "%s: %s", what,
            status != EDA_OK ? eda_status_name(status) : "identifier 0, which is none");
        return stage->text;
    }
    EDA_ASSERT(stage->declared_len < EDAI_STAGE_DECLARED_MAX, "a case declares little");
    stage->declared[stage->declared_len].bus = bus;
    stage->declared[stage->declared_len].id = id;
    stage->declared_len++;
    return NULL;
}

#define NO_MEMORY "out of memory for what callbacks see"

const char *edai_stage_subscribe(
    edai_stage *stage, eda_bus *bus, const char *pattern, edai_record **ret_record)
{
    uint64_t id = 0;
    edai_record *record = edai_stage_record(stage);

    EDAI_EXPECT(record != NULL, NO_MEMORY);
    eda_status status =
        stage->driver->subscribe(bus, edai_stage_key(stage, pattern), edai_record_put, record, &id);
    *ret_record = record;
    return declared(stage, bus, id, "subscribe failed", status);
}

const char *edai_stage_serve(edai_stage *stage, eda_bus *bus, const char *pattern,
    edai_service service, edai_record **ret_record)
{
    uint64_t id = 0;
    edai_record *record = edai_stage_record(stage);

    EDAI_EXPECT(record != NULL, NO_MEMORY);
    record->service = service;
    record->driver = stage->driver;
    record->bus = bus;
    eda_status status =
        stage->driver->serve(bus, edai_stage_key(stage, pattern), edai_record_get, record, &id);
    *ret_record = record;
    return declared(stage, bus, id, "serve failed", status);
}

const char *edai_stage_token(edai_stage *stage, eda_bus *bus, const char *key)
{
    uint64_t id = 0;
    eda_status status = stage->driver->token(bus, edai_stage_key(stage, key), &id);

    return declared(stage, bus, id, "token failed", status);
}

const char *edai_stage_watch(
    edai_stage *stage, eda_bus *bus, const char *pattern, edai_record **ret_record)
{
    uint64_t id = 0;
    edai_record *record = edai_stage_record(stage);

    EDAI_EXPECT(record != NULL, NO_MEMORY);
    eda_status status =
        stage->driver->watch(bus, edai_stage_key(stage, pattern), edai_record_token, record, &id);
    *ret_record = record;
    return declared(stage, bus, id, "watch failed", status);
}

const char *edai_stage_heard(
    edai_stage *stage, eda_bus *bus, const char *pattern, edai_record **ret_record)
{
    uint64_t id = 0;
    edai_record *record = edai_stage_record(stage);

    EDAI_EXPECT(record != NULL, NO_MEMORY);
    eda_status status =
        stage->driver->heard(bus, edai_stage_key(stage, pattern), edai_record_heard, record, &id);
    *ret_record = record;
    return declared(stage, bus, id, "heard failed", status);
}

void edai_stage_drop_last(edai_stage *stage)
{
    EDA_ASSERT(stage->declared_len > 0, "what was declared can be dropped");
    stage->declared_len--;
    stage->driver->drop(
        stage->declared[stage->declared_len].bus, stage->declared[stage->declared_len].id);
}

/* --- traffic --- */

static eda_bytes bytes_of(const char *text)
{
    return (eda_bytes){(const uint8_t *)text, strlen(text)};
}

const char *edai_stage_put(edai_stage *stage, eda_bus *bus, const char *key, const char *text)
{
    eda_bus_message message = {.key = edai_stage_key(stage, key), .payload = bytes_of(text)};

    EDAI_EXPECT(stage->driver->put(bus, &message) == EDA_OK, "put failed");
    return NULL;
}

static const char *get(edai_stage *stage, eda_bus *bus, eda_str key, bool is_for_all,
    uint32_t timeout_ms, edai_record *record)
{
    eda_bus_message request = {.key = key,
        .encoding = EDA_STR("text/plain"),
        .payload = bytes_of("asked"),
        .attachment = bytes_of("attached")};

    EDAI_EXPECT(record != NULL, NO_MEMORY);
    EDAI_EXPECT(stage->driver->get(
                    bus, &request, is_for_all, timeout_ms, edai_record_answer, record) == EDA_OK,
        "get failed");
    return NULL;
}

const char *edai_stage_get(edai_stage *stage, eda_bus *bus, const char *key, bool is_for_all,
    uint32_t timeout_ms, edai_record **ret_record)
{
    *ret_record = edai_stage_record(stage);
    return get(stage, bus, edai_stage_key(stage, key), is_for_all, timeout_ms, *ret_record);
}

const char *edai_stage_ended(edai_stage *stage, edai_record *record, eda_status end)
{
    EDAI_EXPECT(
        edai_record_wait(record, EDAI_SEEN_END, 1, stage->patience_ms), "a get did not end");
    eda_status status = edai_record_nth(record, EDAI_SEEN_END, 0)->end;
    if (status != end) {
        (void)snprintf(stage->text, sizeof(stage->text), "a get ended with %s; expected: %s",
            eda_status_name(status), eda_status_name(end));
        return stage->text;
    }
    return NULL;
}

/* "No answer" means "not yet" until the server is known, so it is asked again until the deadline.
 */
static const char *ping(edai_stage *stage, eda_bus *bus, eda_str key)
{
    int64_t until = edai_clock_monotonic_ns() + EDA_MS(stage->patience_ms);
    bool is_answered = false;

    while (!is_answered && edai_clock_monotonic_ns() < until) {
        edai_record *record = edai_stage_record(stage);
        EDAI_STEP(get(stage, bus, key, true, stage->patience_ms / 2 + 1, record));
        EDAI_EXPECT(
            edai_record_wait(record, EDAI_SEEN_END, 1, stage->patience_ms), "a get did not end");
        is_answered = edai_record_count(record, EDAI_SEEN_ANSWER) > 0;
        edai_thread_yield();
    }
    EDAI_EXPECT(is_answered, "a server whose token was seen did not answer a get");
    return NULL;
}

const char *edai_stage_ready(edai_stage *stage, eda_bus *from, eda_bus *to)
{
    edai_record *server;
    edai_record *watch;
    char rest[32];

    (void)snprintf(rest, sizeof(rest), "ready/%u", stage->keys_len);
    EDAI_STEP(edai_stage_watch(stage, to, rest, &watch));
    EDAI_STEP(edai_stage_serve(stage, from, rest, EDAI_SERVE_ECHO, &server));
    EDAI_STEP(edai_stage_token(stage, from, rest));
    EDAI_EXPECT(edai_record_wait(watch, EDAI_SEEN_CAME, 1, stage->patience_ms),
        "a token of the other session was not seen; can the two reach each other?");
    EDAI_STEP(ping(stage, to, edai_stage_key(stage, rest)));
    edai_stage_drop_last(stage);
    edai_stage_drop_last(stage);
    edai_stage_drop_last(stage);
    return NULL;
}
