/* case_get.c - gets: answers as asked for, and one end. */
#include "bus/conform/cases.h"

#include <string.h>

static bool is_text(eda_bytes bytes, const char *text)
{
    return bytes.len == strlen(text) && memcmp(bytes.ptr, text, bytes.len) == 0;
}

/* What edai_stage_get asks. */
static bool is_asked(const edai_seen *seen, eda_str key)
{
    return seen->parcel != NULL && eda_str_equal(seen->parcel->message.key, key) &&
           eda_str_equal(seen->parcel->message.encoding, EDA_STR("text/plain")) &&
           is_text(seen->parcel->message.payload, "asked") &&
           is_text(seen->parcel->message.attachment, "attached");
}

const char *edai_case_get_content(edai_stage *s)
{
    edai_record *server;
    edai_record *got;
    eda_str key = edai_stage_key(s, "q/1");

    EDAI_STEP(edai_stage_serve(s, s->b, "q/*", EDAI_SERVE_ECHO, &server));
    EDAI_STEP(edai_stage_ready(s, s->b, s->a));
    EDAI_STEP(edai_stage_get(s, s->a, "q/1", true, EDAI_STAGE_LONG_MS, &got));
    EDAI_STEP(edai_stage_ended(s, got, EDA_OK));
    EDAI_EXPECT(edai_record_count(server, EDAI_SEEN_GET) == 1,
        "a server was not asked exactly once by one get");
    EDAI_EXPECT(is_asked(edai_record_nth(server, EDAI_SEEN_GET, 0), key),
        "key, encoding, payload or attachment of a request arrived changed");
    EDAI_EXPECT(edai_record_count(got, EDAI_SEEN_ANSWER) == 1 &&
                    edai_record_count(got, EDAI_SEEN_ERROR) == 0,
        "a get of one server did not bring exactly one answer");
    EDAI_EXPECT(is_asked(edai_record_nth(got, EDAI_SEEN_ANSWER, 0), key),
        "key, encoding, payload or attachment of an answer arrived changed");
    EDAI_EXPECT(edai_record_nth(got, EDAI_SEEN_END, 0) > edai_record_nth(got, EDAI_SEEN_ANSWER, 0),
        "the end came before the answer");
    return NULL;
}

/* Two other sessions that serve the same. */
static const char *two_servers(edai_stage *s, edai_record **ret_one, edai_record **ret_two)
{
    eda_bus *c;

    EDAI_STEP(edai_stage_open(s, 0, &c));
    EDAI_STEP(edai_stage_serve(s, s->b, "q/*", EDAI_SERVE_ECHO, ret_one));
    EDAI_STEP(edai_stage_serve(s, c, "q/*", EDAI_SERVE_ECHO, ret_two));
    EDAI_STEP(edai_stage_ready(s, s->b, s->a));
    return edai_stage_ready(s, c, s->a);
}

const char *edai_case_get_all(edai_stage *s)
{
    edai_record *one;
    edai_record *two;
    edai_record *got;

    EDAI_STEP(two_servers(s, &one, &two));
    EDAI_STEP(edai_stage_get(s, s->a, "q/1", true, EDAI_STAGE_LONG_MS, &got));
    EDAI_STEP(edai_stage_ended(s, got, EDA_OK));
    EDAI_EXPECT(edai_record_count(got, EDAI_SEEN_ANSWER) == 2,
        "a get for all did not bring the answers of both servers");
    EDAI_EXPECT(
        edai_record_count(one, EDAI_SEEN_GET) == 1 && edai_record_count(two, EDAI_SEEN_GET) == 1,
        "a get for all did not ask each server once");
    return NULL;
}

const char *edai_case_get_one(edai_stage *s)
{
    edai_record *one;
    edai_record *two;
    edai_record *got;

    EDAI_STEP(two_servers(s, &one, &two));
    EDAI_STEP(edai_stage_get(s, s->a, "q/1", false, EDAI_STAGE_LONG_MS, &got));
    EDAI_STEP(edai_stage_ended(s, got, EDA_OK));
    EDAI_EXPECT(edai_record_count(got, EDAI_SEEN_ANSWER) == 1,
        "a get of one server, where two serve, did not bring exactly one answer");
    EDAI_EXPECT(edai_record_count(one, EDAI_SEEN_GET) + edai_record_count(two, EDAI_SEEN_GET) == 1,
        "a get of one server, where two serve, asked both");
    return NULL;
}

const char *edai_case_get_not_own(edai_stage *s)
{
    edai_record *own;
    edai_record *other;
    edai_record *got;

    EDAI_STEP(edai_stage_serve(s, s->a, "q/*", EDAI_SERVE_ECHO, &own));
    EDAI_STEP(edai_stage_serve(s, s->b, "q/*", EDAI_SERVE_ECHO, &other));
    EDAI_STEP(edai_stage_ready(s, s->b, s->a));
    EDAI_STEP(edai_stage_get(s, s->a, "q/1", true, EDAI_STAGE_LONG_MS, &got));
    EDAI_STEP(edai_stage_ended(s, got, EDA_OK));
    EDAI_EXPECT(
        edai_record_count(own, EDAI_SEEN_GET) == 0 && edai_record_count(got, EDAI_SEEN_ANSWER) == 1,
        "a session served its own get");
    return NULL;
}

const char *edai_case_get_pattern(edai_stage *s)
{
    edai_record *one;
    edai_record *two;
    edai_record *got;

    EDAI_STEP(edai_stage_serve(s, s->b, "q/1", EDAI_SERVE_ECHO, &one));
    EDAI_STEP(edai_stage_serve(s, s->b, "r/1", EDAI_SERVE_ECHO, &two));
    EDAI_STEP(edai_stage_ready(s, s->b, s->a));
    EDAI_STEP(edai_stage_get(s, s->a, "q/1", true, EDAI_STAGE_LONG_MS, &got));
    EDAI_STEP(edai_stage_ended(s, got, EDA_OK));
    edai_record *wide;
    EDAI_STEP(edai_stage_get(s, s->a, "q/*", true, EDAI_STAGE_LONG_MS, &wide));
    EDAI_STEP(edai_stage_ended(s, wide, EDA_OK));
    EDAI_EXPECT(
        edai_record_count(one, EDAI_SEEN_GET) == 2 && edai_record_count(two, EDAI_SEEN_GET) == 0,
        "a get of a pattern did not ask exactly the servers whose patterns meet it");
    edai_record *more[2];
    EDAI_STEP(edai_stage_serve(s, s->b, "p/*", EDAI_SERVE_SILENT, &more[0]));
    EDAI_STEP(edai_stage_serve(s, s->b, "p/1", EDAI_SERVE_SILENT, &more[1]));
    EDAI_STEP(edai_stage_ready(s, s->b, s->a));
    EDAI_STEP(edai_stage_get(s, s->a, "p/1", false, EDAI_STAGE_LONG_MS, &got));
    EDAI_STEP(edai_stage_ended(s, got, EDA_OK));
    EDAI_EXPECT(edai_record_count(more[0], EDAI_SEEN_GET) == 1 &&
                    edai_record_count(more[1], EDAI_SEEN_GET) == 1,
        "a get of one session did not ask each of its servers whose patterns meet the key");
    return NULL;
}

const char *edai_case_get_error(edai_stage *s)
{
    edai_record *server;
    edai_record *got;

    EDAI_STEP(edai_stage_serve(s, s->b, "q/*", EDAI_SERVE_REFUSE, &server));
    EDAI_STEP(edai_stage_ready(s, s->b, s->a));
    EDAI_STEP(edai_stage_get(s, s->a, "q/1", true, EDAI_STAGE_LONG_MS, &got));
    EDAI_STEP(edai_stage_ended(s, got, EDA_OK));
    EDAI_EXPECT(edai_record_count(got, EDAI_SEEN_ERROR) == 1 &&
                    edai_record_count(got, EDAI_SEEN_ANSWER) == 0,
        "an error answer did not arrive as one, once");
    const edai_seen *seen = edai_record_nth(got, EDAI_SEEN_ERROR, 0);
    EDAI_EXPECT(seen->parcel != NULL && is_text(seen->parcel->message.payload, "asked") &&
                    eda_str_equal(seen->parcel->message.encoding, EDA_STR("text/plain")),
        "encoding or payload of an error answer arrived changed");
    return NULL;
}

const char *edai_case_get_nobody(edai_stage *s)
{
    edai_record *server;
    edai_record *one;
    edai_record *all;

    EDAI_STEP(edai_stage_serve(s, s->b, "served", EDAI_SERVE_ECHO, &server));
    EDAI_STEP(edai_stage_ready(s, s->b, s->a));
    EDAI_STEP(edai_stage_get(s, s->a, "unserved", false, EDAI_STAGE_LONG_MS, &one));
    EDAI_STEP(edai_stage_get(s, s->a, "unserved", true, EDAI_STAGE_LONG_MS, &all));
    EDAI_STEP(edai_stage_ended(s, one, EDA_OK));
    EDAI_STEP(edai_stage_ended(s, all, EDA_OK));
    EDAI_EXPECT(one->len == 1 && all->len == 1, "a get that nobody serves was answered");
    return NULL;
}

const char *edai_case_get_silent(edai_stage *s)
{
    edai_record *server;
    edai_record *got;

    EDAI_STEP(edai_stage_serve(s, s->b, "q/*", EDAI_SERVE_SILENT, &server));
    EDAI_STEP(edai_stage_ready(s, s->b, s->a));
    EDAI_STEP(edai_stage_get(s, s->a, "q/1", true, EDAI_STAGE_LONG_MS, &got));
    EDAI_STEP(edai_stage_ended(s, got, EDA_OK));
    EDAI_EXPECT(got->len == 1, "a server that answered with NULL was heard to say something");
    return NULL;
}

/* --- time --- */

static void answer_kept(edai_record *server, uint32_t nth)
{
    const edai_seen *seen = edai_record_nth(server, EDAI_SEEN_GET, nth);

    if (seen->query != NULL && seen->parcel != NULL) {
        server->driver->answer(server->bus, seen->query, &seen->parcel->message, false);
    }
}

const char *edai_case_get_timeout(edai_stage *s)
{
    edai_record *server;
    edai_record *got;
    edai_record *after;

    EDAI_STEP(edai_stage_serve(s, s->b, "q/*", EDAI_SERVE_KEEP, &server));
    EDAI_STEP(edai_stage_ready(s, s->b, s->a));
    EDAI_STEP(edai_stage_get(s, s->a, "q/1", true, 1, &got));
    EDAI_STEP(edai_stage_ended(s, got, EDA_ETIMEOUT));
    EDAI_STEP(edai_stage_get(s, s->a, "q/2", true, EDAI_STAGE_LONG_MS, &after));
    EDAI_EXPECT(edai_record_wait(server, EDAI_SEEN_GET, 2, s->patience_ms),
        "a get did not reach its server");
    answer_kept(server, 0); /* too late */
    answer_kept(server, 1);
    EDAI_STEP(edai_stage_ended(s, after, EDA_OK));
    EDAI_EXPECT(edai_record_count(after, EDAI_SEEN_ANSWER) == 1,
        "a get after one that had timed out was not answered");
    EDAI_STEP(edai_record_fault(got));
    EDAI_EXPECT(got->len == 1, "an answer that came after the end of its get was told");
    return NULL;
}

static void *answer_first(void *arg)
{
    answer_kept(arg, 0);
    return NULL;
}

const char *edai_case_get_later(edai_stage *s)
{
    edai_record *server;
    edai_record *got;
    edai_thread thread;

    EDAI_STEP(edai_stage_serve(s, s->b, "q/*", EDAI_SERVE_KEEP, &server));
    EDAI_STEP(edai_stage_ready(s, s->b, s->a));
    EDAI_STEP(edai_stage_get(s, s->a, "q/1", true, EDAI_STAGE_LONG_MS, &got));
    EDAI_EXPECT(edai_record_wait(server, EDAI_SEEN_GET, 1, s->patience_ms),
        "a get did not reach its server");
    EDAI_EXPECT(edai_record_count(got, EDAI_SEEN_END) == 0,
        "a get ended before its server had answered and before its time was over");
    EDAI_EXPECT(edai_thread_start(&thread, answer_first, server, "conform") == EDA_OK,
        "the suite could not start its thread");
    (void)edai_thread_join(&thread);
    EDAI_STEP(edai_stage_ended(s, got, EDA_OK));
    EDAI_EXPECT(edai_record_count(got, EDAI_SEEN_ANSWER) == 1,
        "an answer given later, on a thread of the program's, did not arrive");
    return NULL;
}

/* --- the bound --- */

#define GETS_MAX 4096u

const char *edai_case_get_limit(edai_stage *s)
{
    edai_record *server;
    edai_record *got[2] = {edai_stage_record(s), edai_stage_record(s)};
    eda_bus_message request = {.key = edai_stage_key(s, "q/1")};
    eda_status status = EDA_OK;
    uint32_t len = 0;

    EDAI_EXPECT(got[0] != NULL && got[1] != NULL, "out of memory for what callbacks see");
    got[0]->is_shared = true;
    EDAI_STEP(edai_stage_serve(s, s->b, "q/*", EDAI_SERVE_KEEP, &server));
    EDAI_STEP(edai_stage_ready(s, s->b, s->a));
    while (len <= GETS_MAX && status == EDA_OK) {
        status =
            s->driver->get(s->a, &request, true, EDAI_STAGE_LONG_MS, edai_record_answer, got[0]);
        len += status == EDA_OK;
    }
    EDAI_EXPECT(status == EDA_EFULL && len == GETS_MAX,
        "with 4,096 gets under way the next was not refused with EDA_EFULL, or one before was");
    EDAI_EXPECT(edai_record_wait(server, EDAI_SEEN_GET, len, s->patience_ms),
        "of 4,096 gets not all reached their server");
    for (uint32_t i = 0; i < len; i++) {
        edai_mutex_lock(&server->mutex); /* what is seen moves as it grows */
        eda_bus_query *query = server->seen[i].query;
        edai_mutex_unlock(&server->mutex);
        s->driver->answer(s->b, query, NULL, false);
    }
    EDAI_EXPECT(edai_record_wait(got[0], EDAI_SEEN_END, len, s->patience_ms),
        "of 4,096 gets not all ended");
    EDAI_EXPECT(s->driver->get(s->a, &request, true, 1, edai_record_answer, got[1]) == EDA_OK,
        "after 4,096 gets had ended one more was refused");
    EDAI_EXPECT(edai_record_wait(got[1], EDAI_SEEN_END, 1, s->patience_ms), "a get did not end");
    EDAI_EXPECT(edai_record_count(got[0], EDAI_SEEN_END) == len, "some gets ended twice");
    return NULL;
}
