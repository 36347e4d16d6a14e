/* record.c - what callbacks saw. */
#include "bus/conform/record.h"

#include <edacious/topic.h>

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"

edai_record *edai_record_new(void)
{
    edai_record *record = edai_calloc(1, sizeof(*record));

    if (record != NULL) {
        edai_mutex_init(&record->mutex);
        edai_cond_init(&record->cond);
    }
    return record;
}

void edai_record_free(edai_record *record)
{
    if (record == NULL) {
        return;
    }
    for (size_t i = 0; i < record->len; i++) {
        edai_parcel_free(record->seen[i].parcel);
    }
    edai_free(record->seen);
    edai_cond_fini(&record->cond);
    edai_mutex_fini(&record->mutex);
    edai_free(record);
}

/* --- callbacks --- */

static void find_fault(edai_record *record, const char *fault)
{
    if (record->fault == NULL) {
        record->fault = fault;
    }
}

static void enter(edai_record *record)
{
    edai_mutex_lock(&record->mutex);
    if (record->inside > 0 && !record->is_shared) {
        find_fault(record, "two callbacks of one declaration ran at once");
    }
    if (record->is_over) {
        find_fault(record, "a callback came after drop or close had returned, or after the end");
    }
    record->inside++;
    edai_mutex_unlock(&record->mutex);
    edai_thread_yield(); /* so that a second callback would meet this one */
}

static bool has_room(edai_record *record)
{
    if (record->len == EDAI_RECORD_LEN_MAX) {
        return false;
    }
    if (record->len == record->cap) {
        size_t cap = record->cap == 0 ? 16 : 2 * record->cap;
        edai_seen *seen = edai_realloc(record->seen, cap * sizeof(*seen));
        if (seen == NULL) {
            return false;
        }
        record->seen = seen;
        record->cap = cap;
    }
    return true;
}

/* Takes the parcel. */
static void note(edai_record *record, edai_seen seen)
{
    edai_mutex_lock(&record->mutex);
    while (record->is_shut && seen.kind == EDAI_SEEN_PUT) {
        edai_cond_wait(&record->cond, &record->mutex);
    }
    if (has_room(record)) {
        record->seen[record->len] = seen;
        record->len++;
    } else {
        find_fault(record, "far more was told than was sent, or the suite ran out of memory");
        edai_parcel_free(seen.parcel);
    }
    record->counts[seen.kind]++;
    edai_cond_broadcast(&record->cond);
    edai_mutex_unlock(&record->mutex);
}

static void leave(edai_record *record)
{
    edai_mutex_lock(&record->mutex);
    record->inside--;
    edai_mutex_unlock(&record->mutex);
}

void edai_record_put(void *arg, const eda_bus_message *message)
{
    enter(arg);
    note(arg, (edai_seen){.kind = EDAI_SEEN_PUT, .parcel = edai_parcel_new(message)});
    leave(arg);
}

void edai_record_get(void *arg, const eda_bus_message *request, eda_bus_query *query)
{
    edai_record *record = arg;
    eda_bus_message answer = *request;
    bool is_kept = record->service == EDAI_SERVE_KEEP;

    enter(record);
    /* Before it is answered, since whoever has the answer may look. */
    note(record, (edai_seen){.kind = EDAI_SEEN_GET,
                     .parcel = edai_parcel_new(request),
                     .query = is_kept ? query : NULL});
    if (eda_topic_check_key(answer.key) != EDA_OK) {
        answer.key = EDA_STR("conform/answer"); /* to a pattern */
    }
    if (!is_kept) {
        record->driver->answer(record->bus, query,
            record->service != EDAI_SERVE_SILENT ? &answer : NULL,
            record->service == EDAI_SERVE_REFUSE);
    }
    leave(record);
}

void edai_record_answer(void *arg, const eda_bus_message *answer, bool is_error, eda_status end)
{
    edai_record *record = arg;

    enter(record);
    if (!record->is_shared && edai_record_count(record, EDAI_SEEN_END) > 0) {
        edai_mutex_lock(&record->mutex);
        find_fault(record, answer == NULL ? "a get ended twice" : "an answer came after the end");
        edai_mutex_unlock(&record->mutex);
    }
    if (answer == NULL) {
        note(record, (edai_seen){.kind = EDAI_SEEN_END, .end = end});
    } else {
        note(record, (edai_seen){.kind = is_error ? EDAI_SEEN_ERROR : EDAI_SEEN_ANSWER,
                         .parcel = edai_parcel_new(answer)});
    }
    leave(record);
}

void edai_record_token(void *arg, eda_str key, bool is_alive)
{
    enter(arg);
    note(arg, (edai_seen){.kind = is_alive ? EDAI_SEEN_CAME : EDAI_SEEN_WENT,
                  .parcel = edai_parcel_new_key(key)});
    leave(arg);
}

void edai_record_heard(void *arg, bool is_heard)
{
    enter(arg);
    note(arg, (edai_seen){.kind = is_heard ? EDAI_SEEN_HEARD : EDAI_SEEN_UNHEARD});
    leave(arg);
}

/* --- looking --- */

static int64_t until(uint32_t patience_ms)
{
    return edai_clock_monotonic_ns() + EDA_MS(patience_ms);
}

bool edai_record_wait(
    edai_record *record, edai_seen_kind kind, uint32_t count, uint32_t patience_ms)
{
    int64_t deadline = until(patience_ms);
    bool is_in_time = true;

    edai_mutex_lock(&record->mutex);
    while (record->counts[kind] < count && is_in_time) {
        is_in_time = edai_cond_wait_until(&record->cond, &record->mutex, deadline);
    }
    bool is_there = record->counts[kind] >= count;
    edai_mutex_unlock(&record->mutex);
    return is_there;
}

uint32_t edai_record_count(edai_record *record, edai_seen_kind kind)
{
    edai_mutex_lock(&record->mutex);
    uint32_t count = record->counts[kind];
    edai_mutex_unlock(&record->mutex);
    return count;
}

/* The text of a put; empty for anything else. */
static eda_str text_of(const edai_seen *seen)
{
    if (seen->kind != EDAI_SEEN_PUT || seen->parcel == NULL) {
        return (eda_str){.len = 0};
    }
    eda_bytes payload = seen->parcel->message.payload;
    return (eda_str){(const char *)payload.ptr, payload.len};
}

static bool has_text(const edai_record *record, eda_str text)
{
    for (size_t i = record->len; i-- > 0;) {
        if (eda_str_equal(text_of(&record->seen[i]), text)) {
            return true;
        }
    }
    return false;
}

bool edai_record_wait_text(edai_record *record, const char *text, uint32_t patience_ms)
{
    int64_t deadline = until(patience_ms);
    bool is_in_time = true;
    bool is_there;

    edai_mutex_lock(&record->mutex);
    while (!(is_there = has_text(record, eda_str_from(text))) && is_in_time) {
        is_in_time = edai_cond_wait_until(&record->cond, &record->mutex, deadline);
    }
    edai_mutex_unlock(&record->mutex);
    return is_there;
}

bool edai_record_is(edai_record *record, const char *texts)
{
    const char *at = texts;
    bool is_same = true;

    edai_mutex_lock(&record->mutex);
    for (size_t i = 0; i < record->len && is_same; i++) {
        eda_str text = text_of(&record->seen[i]);
        is_same = text.len == 0 || strncmp(at, text.ptr, text.len) == 0;
        at += is_same ? text.len : 0;
        is_same = is_same && (*at == ',' || *at == 0);
        at += *at == ',' ? 1 : 0;
    }
    is_same = is_same && *at == 0;
    edai_mutex_unlock(&record->mutex);
    return is_same;
}

const edai_seen *edai_record_nth(edai_record *record, edai_seen_kind kind, uint32_t nth)
{
    const edai_seen *found = NULL;

    edai_mutex_lock(&record->mutex);
    for (size_t i = 0; i < record->len && found == NULL; i++) {
        if (record->seen[i].kind == kind && nth-- == 0) {
            found = &record->seen[i];
        }
    }
    edai_mutex_unlock(&record->mutex);
    return found;
}

bool edai_record_end(edai_record *record)
{
    edai_mutex_lock(&record->mutex);
    record->is_over = true;
    bool is_inside = record->inside > 0;
    edai_mutex_unlock(&record->mutex);
    return is_inside;
}

void edai_record_shut(edai_record *record, bool is_shut)
{
    edai_mutex_lock(&record->mutex);
    record->is_shut = is_shut;
    edai_cond_broadcast(&record->cond);
    edai_mutex_unlock(&record->mutex);
}

const char *edai_record_fault(edai_record *record)
{
    edai_mutex_lock(&record->mutex);
    const char *fault = record->fault;
    edai_mutex_unlock(&record->mutex);
    return fault;
}
