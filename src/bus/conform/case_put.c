/* case_put.c - puts: to each subscriber once, whole, in order. */
#include "bus/conform/cases.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"

#define LATE "a put that was accepted did not arrive"

static const char *until_text(edai_stage *s, edai_record *record, const char *text)
{
    EDAI_EXPECT(edai_record_wait_text(record, text, s->patience_ms), LATE);
    return NULL;
}

const char *edai_case_put_reaches_each(edai_stage *s)
{
    edai_record *all;
    edai_record *one;
    edai_record *same;
    edai_record *other;

    EDAI_STEP(edai_stage_subscribe(s, s->b, "x/*", &all));
    EDAI_STEP(edai_stage_subscribe(s, s->b, "x/one", &one));
    EDAI_STEP(edai_stage_subscribe(s, s->b, "x/one", &same));
    EDAI_STEP(edai_stage_subscribe(s, s->b, "y", &other));
    EDAI_STEP(edai_stage_ready(s, s->b, s->a));
    EDAI_STEP(edai_stage_put(s, s->a, "x/one", "1"));
    EDAI_STEP(edai_stage_put(s, s->a, "x/two", "2"));
    EDAI_STEP(edai_stage_put(s, s->a, "x/one", "3"));
    EDAI_STEP(edai_stage_put(s, s->a, "y", "4"));
    EDAI_STEP(edai_stage_put(s, s->a, "x/one", "5"));
    EDAI_STEP(edai_stage_put(s, s->a, "y", "6"));
    EDAI_STEP(until_text(s, all, "5"));
    EDAI_STEP(until_text(s, one, "5"));
    EDAI_STEP(until_text(s, same, "5"));
    EDAI_STEP(until_text(s, other, "6"));
    EDAI_EXPECT(edai_record_is(all, "1,2,3,5"),
        "a subscriber of a pattern did not get each matching put once, in order");
    EDAI_EXPECT(edai_record_is(one, "1,3,5") && edai_record_is(same, "1,3,5"),
        "two subscribers of one key did not get each put once, in order");
    EDAI_EXPECT(edai_record_is(other, "4,6"), "a subscriber got puts of other keys");
    return NULL;
}

const char *edai_case_put_not_own(edai_stage *s)
{
    edai_record *own;
    edai_record *other;

    EDAI_STEP(edai_stage_subscribe(s, s->a, "x/**", &own));
    EDAI_STEP(edai_stage_subscribe(s, s->b, "x/**", &other));
    EDAI_STEP(edai_stage_ready(s, s->b, s->a));
    EDAI_STEP(edai_stage_ready(s, s->a, s->b));
    EDAI_STEP(edai_stage_put(s, s->a, "x/1", "of a"));
    EDAI_STEP(until_text(s, other, "of a"));
    EDAI_STEP(edai_stage_put(s, s->b, "x/2", "of b"));
    EDAI_STEP(until_text(s, own, "of b"));
    EDAI_EXPECT(edai_record_is(own, "of b") && edai_record_is(other, "of a"),
        "a session heard its own put");
    return NULL;
}

/* --- content --- */

static bool is_same(const eda_bus_message *got, const eda_bus_message *sent)
{
    return eda_str_equal(got->key, sent->key) && eda_str_equal(got->encoding, sent->encoding) &&
           got->payload.len == sent->payload.len && got->attachment.len == sent->attachment.len &&
           (sent->payload.len == 0 ||
               memcmp(got->payload.ptr, sent->payload.ptr, sent->payload.len) == 0) &&
           (sent->attachment.len == 0 ||
               memcmp(got->attachment.ptr, sent->attachment.ptr, sent->attachment.len) == 0);
}

/* Sends from memory that changes as soon as put has returned; what arrives is the nth put. */
static const char *send_and_compare(
    edai_stage *s, edai_record *record, const eda_bus_message *message, uint32_t nth)
{
    uint8_t payload[512];
    uint8_t attachment[64];
    eda_bus_message sent = *message;

    if (message->payload.len > 0) {
        memcpy(payload, message->payload.ptr, message->payload.len);
        sent.payload.ptr = payload;
    }
    if (message->attachment.len > 0) {
        memcpy(attachment, message->attachment.ptr, message->attachment.len);
        sent.attachment.ptr = attachment;
    }
    eda_status status = s->driver->put(s->a, &sent);
    memset(payload, '!', sizeof(payload));
    memset(attachment, '!', sizeof(attachment));
    EDAI_EXPECT(status == EDA_OK, "put failed");
    EDAI_EXPECT(edai_record_wait(record, EDAI_SEEN_PUT, nth + 1, s->patience_ms), LATE);
    const edai_seen *seen = edai_record_nth(record, EDAI_SEEN_PUT, nth);
    EDAI_EXPECT(seen->parcel != NULL, "out of memory for what callbacks see");
    EDAI_EXPECT(is_same(&seen->parcel->message, message),
        "key, encoding, payload or attachment arrived changed, or were not copied by put");
    return NULL;
}

const char *edai_case_put_content(edai_stage *s)
{
    edai_record *record;
    uint8_t every[512];

    for (size_t i = 0; i < sizeof(every); i++) {
        every[i] = (uint8_t)(i % 256);
    }
    EDAI_STEP(edai_stage_subscribe(s, s->b, "**", &record));
    EDAI_STEP(edai_stage_ready(s, s->b, s->a));
    const eda_bus_message messages[] = {
        {.key = edai_stage_key(s, "empty")},
        {.key = edai_stage_key(s, "text"),
            .encoding = EDA_STR_INIT("text/plain"),
            .payload = {(const uint8_t *)"plain", 5}},
        {.key = edai_stage_key(s, "json"),
            .encoding = EDA_STR_INIT("application/json"),
            .payload = {(const uint8_t *)"{}", 2},
            .attachment = {every, 64}},
        {.key = edai_stage_key(s, "unknown"),
            .encoding = EDA_STR_INIT("application/x-something;of=3"),
            .payload = {every, 512}},
        {.key = edai_stage_key(s, "attached"), .attachment = {(const uint8_t *)"\0\xff", 2}},
        {.key = edai_stage_key(s, "raw"), .payload = {every, 512}},
        {.key = edai_stage_key(s, "k\xc3\xbc"
                                  "che/ a b/.../%41"),
            .payload = {every, 1}},
    };
    for (uint32_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        EDAI_STEP(send_and_compare(s, record, &messages[i], i));
    }
    return NULL;
}

static const char *send_large(edai_stage *s, edai_record *record, uint8_t *large)
{
    static const size_t sizes[] = {(size_t)1 << 20, ((size_t)8 << 20) - 1, (size_t)8 << 20};

    for (uint32_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (size_t at = 0; at < sizes[i]; at++) {
            large[at] = (uint8_t)(at * 31 + at / 4093 + i);
        }
        eda_bus_message message = {.key = edai_stage_key(s, "large"), .payload = {large, sizes[i]}};
        EDAI_EXPECT(s->driver->put(s->a, &message) == EDA_OK,
            "a put of up to 8 MiB was refused while nothing waited to be sent");
        EDAI_EXPECT(edai_record_wait(record, EDAI_SEEN_PUT, i + 1, s->patience_ms), LATE);
        const edai_seen *seen = edai_record_nth(record, EDAI_SEEN_PUT, i);
        EDAI_EXPECT(seen->parcel != NULL, "out of memory for a put of 8 MiB");
        EDAI_EXPECT(is_same(&seen->parcel->message, &message), "a large put arrived changed");
    }
    return NULL;
}

const char *edai_case_put_large(edai_stage *s)
{
    edai_record *record;

    EDAI_STEP(edai_stage_subscribe(s, s->b, "large", &record));
    EDAI_STEP(edai_stage_ready(s, s->b, s->a));
    uint8_t *large = edai_alloc((size_t)8 << 20);
    EDAI_EXPECT(large != NULL, "out of memory for a put of 8 MiB");
    const char *sentence = send_large(s, record, large);
    edai_free(large);
    return sentence;
}

/* --- order --- */

#define ORDER_LEN 2000u
#define THREADS_LEN 4u
#define PER_THREAD 500u

typedef struct numbered {
    uint32_t thread;
    uint32_t number;
} numbered;

typedef struct putter {
    edai_stage *stage;
    eda_bus *bus;
    eda_str key;
    uint32_t thread;
    uint32_t len;
    eda_status status; /* of the first put that failed */
} putter;

static void *put_numbers(void *arg)
{
    putter *self = arg;

    for (uint32_t i = 0; i < self->len; i++) {
        /* Of different sizes, so that a driver which sends large ones another way is found out. */
        uint8_t payload[900] = {0};
        numbered n = {self->thread, i};
        memcpy(payload, &n, sizeof(n));
        eda_bus_message message = {
            .key = self->key, .payload = {payload, sizeof(n) + (i * 7919) % 890}};
        eda_status status = self->stage->driver->put(self->bus, &message);
        if (status != EDA_OK && self->status == EDA_OK) {
            self->status = status;
        }
    }
    return NULL;
}

/* Each thread's numbers came once each and in order. */
static const char *check_numbers(edai_record *record, uint32_t threads_len, uint32_t per_thread)
{
    uint32_t next[THREADS_LEN] = {0};

    EDAI_EXPECT(edai_record_count(record, EDAI_SEEN_PUT) == threads_len * per_thread,
        "more puts arrived than were sent");
    for (uint32_t i = 0; i < threads_len * per_thread; i++) {
        const edai_seen *seen = &record->seen[i];
        numbered n = {.thread = UINT32_MAX};
        if (seen->parcel != NULL && seen->parcel->message.payload.len >= sizeof(n)) {
            memcpy(&n, seen->parcel->message.payload.ptr, sizeof(n));
        }
        EDAI_EXPECT(n.thread < threads_len, "a put arrived changed");
        EDAI_EXPECT(n.number == next[n.thread],
            "puts of one session arrived in another order than they were put, or some twice");
        next[n.thread]++;
    }
    return NULL;
}

const char *edai_case_put_order(edai_stage *s)
{
    edai_record *record;

    EDAI_STEP(edai_stage_subscribe(s, s->b, "n/*", &record));
    EDAI_STEP(edai_stage_ready(s, s->b, s->a));
    putter self = {s, s->a, edai_stage_key(s, "n/1"), 0, ORDER_LEN, EDA_OK};
    (void)put_numbers(&self);
    EDAI_EXPECT(self.status == EDA_OK, "a put was refused though less than 8 MiB waited");
    EDAI_EXPECT(edai_record_wait(record, EDAI_SEEN_PUT, ORDER_LEN, s->patience_ms), LATE);
    return check_numbers(record, 1, ORDER_LEN);
}

static bool run_putters(putter *putters)
{
    edai_thread threads[THREADS_LEN];
    uint32_t started = 0;

    while (started < THREADS_LEN && edai_thread_start(&threads[started], put_numbers,
                                        &putters[started], "conform") == EDA_OK) {
        started++;
    }
    for (uint32_t i = 0; i < started; i++) {
        (void)edai_thread_join(&threads[i]);
    }
    return started == THREADS_LEN;
}

const char *edai_case_put_threads(edai_stage *s)
{
    edai_record *record;
    putter putters[THREADS_LEN];

    EDAI_STEP(edai_stage_subscribe(s, s->b, "n/*", &record));
    EDAI_STEP(edai_stage_ready(s, s->b, s->a));
    eda_str key = edai_stage_key(s, "n/1");
    for (uint32_t i = 0; i < THREADS_LEN; i++) {
        putters[i] = (putter){s, s->a, key, i, PER_THREAD, EDA_OK};
    }
    EDAI_EXPECT(run_putters(putters), "the suite could not start its threads");
    for (uint32_t i = 0; i < THREADS_LEN; i++) {
        EDAI_EXPECT(putters[i].status == EDA_OK, "a put of one of four threads failed");
    }
    EDAI_EXPECT(
        edai_record_wait(record, EDAI_SEEN_PUT, THREADS_LEN * PER_THREAD, s->patience_ms), LATE);
    return check_numbers(record, THREADS_LEN, PER_THREAD);
}

/* Puts of two sessions to one declaration: its callback is called by one thread at a time. */
const char *edai_case_callback_alone(edai_stage *s)
{
    edai_record *record;
    eda_bus *c;
    putter putters[THREADS_LEN];

    EDAI_STEP(edai_stage_open(s, 0, &c));
    EDAI_STEP(edai_stage_subscribe(s, s->a, "n/*", &record));
    EDAI_STEP(edai_stage_ready(s, s->a, s->b));
    EDAI_STEP(edai_stage_ready(s, s->a, c));
    eda_str key = edai_stage_key(s, "n/1");
    for (uint32_t i = 0; i < THREADS_LEN; i++) {
        putters[i] = (putter){s, i % 2 == 0 ? s->b : c, key, i, PER_THREAD, EDA_OK};
    }
    EDAI_EXPECT(run_putters(putters), "the suite could not start its threads");
    EDAI_EXPECT(
        edai_record_wait(record, EDAI_SEEN_PUT, THREADS_LEN * PER_THREAD, s->patience_ms), LATE);
    EDAI_STEP(edai_record_fault(record));
    return check_numbers(record, THREADS_LEN, PER_THREAD);
}

/* --- patterns --- */

static const char *const keys[] = {"p/a", "p/a/b", "p/a/b/c", "p/ab", "p/@v", "p/@v/a", "p/a/@v"};
#define KEYS_LEN (sizeof(keys) / sizeof(keys[0]))

/* A pattern, and the numbers of the keys above that it wants. */
static const struct {
    const char *pattern;
    const char *wants;
} patterns[] = {{"p/a", "0"}, {"p/*", "0,3"}, {"p/**", "0,1,2,3"}, {"p/*/b", "1"},
    {"p/a/**", "0,1,2"}, {"p/**/c", "2"}, {"p/a$*", "0,3"}, {"p/$*b", "3"}, {"p/*/*/c", "2"},
    {"p/@v", "4"}, {"p/@v/*", "5"}, {"p/@v/**", "4,5"}, {"p/**/@v", "4,6"}, {"p/*/@v", "6"}};
#define PATTERNS_LEN (sizeof(patterns) / sizeof(patterns[0]))

const char *edai_case_put_patterns(edai_stage *s)
{
    edai_record *records[PATTERNS_LEN];
    edai_record *last;
    char number[8];

    for (size_t i = 0; i < PATTERNS_LEN; i++) {
        EDAI_STEP(edai_stage_subscribe(s, s->b, patterns[i].pattern, &records[i]));
    }
    EDAI_STEP(edai_stage_subscribe(s, s->b, "last", &last));
    EDAI_STEP(edai_stage_ready(s, s->b, s->a));
    for (size_t i = 0; i < KEYS_LEN; i++) {
        (void)snprintf(number, sizeof(number), "%zu", i);
        EDAI_STEP(edai_stage_put(s, s->a, keys[i], number));
    }
    EDAI_STEP(edai_stage_put(s, s->a, "last", "last"));
    EDAI_STEP(until_text(s, last, "last"));
    for (size_t i = 0; i < PATTERNS_LEN; i++) {
        const char *wants = patterns[i].wants;
        EDAI_STEP(until_text(s, records[i], wants + strlen(wants) - 1));
        if (!edai_record_is(records[i], wants)) {
            (void)snprintf(s->text, sizeof(s->text),
                "a subscriber of %s did not get exactly the puts it wants (topic.h)",
                patterns[i].pattern);
            return s->text;
        }
    }
    return NULL;
}

/* Urgent puts may pass others, and arrive all the same: nothing is crowded here. */
const char *edai_case_put_urgent(edai_stage *s)
{
    edai_record *record;

    EDAI_STEP(edai_stage_subscribe(s, s->b, "u", &record));
    EDAI_STEP(edai_stage_ready(s, s->b, s->a));
    for (uint32_t i = 0; i < 3; i++) {
        eda_bus_message message = {.key = edai_stage_key(s, "u"),
            .payload = {(const uint8_t *)"012" + i, 1},
            .is_urgent = true};
        EDAI_EXPECT(s->driver->put(s->a, &message) == EDA_OK, "an urgent put failed");
    }
    EDAI_EXPECT(edai_record_wait_text(record, "2", s->patience_ms), LATE);
    EDAI_EXPECT(edai_record_is(record, "0,1,2"), "urgent puts did not arrive once each, in order");
    return NULL;
}
