/* case_life.c - drop and close: nothing is told afterwards, and everything has its end. */
#include "bus/conform/cases.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define TOO_LATE "a callback still ran when drop had returned"

/* --- drop --- */

#define FLOW_ROUNDS 30u

typedef struct flow {
    edai_stage *stage;
    eda_str key;
    _Atomic bool is_over;
} flow;

static void *put_for_ever(void *arg)
{
    flow *self = arg;
    eda_bus_message message = {.key = self->key, .payload = EDA_BYTES("flow")};

    /* Relaxed: only this flag is told by it. */
    while (!atomic_load_explicit(&self->is_over, memory_order_relaxed)) {
        (void)self->stage->driver->put(self->stage->a, &message); /* full is fine */
        edai_thread_yield();
    }
    return NULL;
}

static const char *drop_in_the_flow(edai_stage *s)
{
    edai_record *record;

    EDAI_STEP(edai_stage_subscribe(s, s->b, "flow", &record));
    EDAI_EXPECT(edai_record_wait(record, EDAI_SEEN_PUT, 3, s->patience_ms),
        "puts did not arrive at a new subscriber while they flow");
    edai_stage_drop_last(s);
    EDAI_EXPECT(!edai_record_end(record), TOO_LATE);
    return NULL;
}

const char *edai_case_drop_flow(edai_stage *s)
{
    flow self = {.stage = s, .key = edai_stage_key(s, "flow")};
    edai_thread thread;
    edai_record *record;
    const char *sentence = NULL;

    EDAI_STEP(edai_stage_subscribe(s, s->b, "last", &record));
    EDAI_STEP(edai_stage_ready(s, s->b, s->a));
    EDAI_EXPECT(edai_thread_start(&thread, put_for_ever, &self, "conform") == EDA_OK,
        "the suite could not start its thread");
    for (uint32_t i = 0; i < FLOW_ROUNDS && sentence == NULL; i++) {
        sentence = drop_in_the_flow(s);
    }
    atomic_store_explicit(&self.is_over, true, memory_order_relaxed);
    (void)edai_thread_join(&thread);
    EDAI_STEP(sentence);
    EDAI_STEP(edai_stage_put(s, s->a, "last", "last")); /* all before it has been told by then */
    EDAI_EXPECT(edai_record_wait_text(record, "last", s->patience_ms),
        "a put after the flow did not arrive");
    for (record = s->records; record != NULL; record = record->next) {
        EDAI_STEP(edai_record_fault(record));
    }
    return NULL;
}

const char *edai_case_drop_ends(edai_stage *s)
{
    edai_record *server;
    edai_record *got;
    edai_record *heard;
    edai_record *watch;

    s->driver->drop(s->a, UINT64_MAX); /* unknown: nothing */
    EDAI_STEP(edai_stage_watch(s, s->b, "t/1", &watch));
    EDAI_STEP(edai_stage_heard(s, s->b, "h/1", &heard));
    EDAI_STEP(edai_stage_serve(s, s->b, "q/*", EDAI_SERVE_ECHO, &server));
    EDAI_STEP(edai_stage_ready(s, s->b, s->a));
    edai_stage_drop_last(s);
    edai_stage_drop_last(s);
    edai_stage_drop_last(s);
    EDAI_EXPECT(
        !edai_record_end(server) && !edai_record_end(heard) && !edai_record_end(watch), TOO_LATE);
    EDAI_STEP(edai_stage_token(s, s->a, "t/1"));
    EDAI_STEP(edai_stage_subscribe(s, s->a, "h/1", &got));
    EDAI_STEP(edai_stage_ready(s, s->a, s->b));
    EDAI_STEP(edai_stage_ready(s, s->b, s->a));
    EDAI_STEP(edai_stage_get(s, s->a, "q/1", true, EDAI_STAGE_LONG_MS, &got));
    EDAI_STEP(edai_stage_ended(s, got, EDA_OK));
    EDAI_EXPECT(got->len == 1, "a server that was dropped answered");
    EDAI_STEP(edai_record_fault(server));
    EDAI_STEP(edai_record_fault(heard));
    return edai_record_fault(watch);
}

/* --- close --- */

#define CLOSE_PUTS 200u

const char *edai_case_close_sends(edai_stage *s)
{
    edai_record *record;
    eda_bus *c;
    char number[16];

    EDAI_STEP(edai_stage_open(s, 0, &c));
    EDAI_STEP(edai_stage_subscribe(s, s->a, "x", &record));
    EDAI_STEP(edai_stage_ready(s, s->a, c));
    for (uint32_t i = 0; i < CLOSE_PUTS; i++) {
        (void)snprintf(number, sizeof(number), "%u", i);
        EDAI_STEP(edai_stage_put(s, c, "x", number));
        s->keys_len--;
    }
    edai_stage_close(s, c);
    EDAI_EXPECT(edai_record_wait(record, EDAI_SEEN_PUT, CLOSE_PUTS, s->patience_ms),
        "puts that a session had queued when it was closed did not arrive");
    return NULL;
}

const char *edai_case_close_asker(edai_stage *s)
{
    edai_record *server;
    edai_record *got;
    edai_record *after;
    eda_bus *c;

    EDAI_STEP(edai_stage_open(s, 0, &c));
    EDAI_STEP(edai_stage_serve(s, s->a, "q/*", EDAI_SERVE_KEEP, &server));
    EDAI_STEP(edai_stage_ready(s, s->a, c));
    EDAI_STEP(edai_stage_get(s, c, "q/1", true, EDAI_STAGE_LONG_MS, &got));
    EDAI_EXPECT(edai_record_wait(server, EDAI_SEEN_GET, 1, s->patience_ms),
        "a get did not reach its server");
    edai_stage_close(s, c);
    EDAI_EXPECT(!edai_record_end(got) && edai_record_count(got, EDAI_SEEN_END) == 1,
        "a get was under way when its session was closed, and close returned before its end was "
        "told");
    EDAI_STEP(edai_stage_ended(s, got, EDA_ECLOSED));
    s->driver->answer(s->a, edai_record_nth(server, EDAI_SEEN_GET, 0)->query, NULL, false);
    /* The server goes on. */
    EDAI_STEP(edai_stage_ready(s, s->a, s->b));
    EDAI_STEP(edai_stage_get(s, s->b, "q/2", true, EDAI_STAGE_LONG_MS, &after));
    EDAI_EXPECT(edai_record_wait(server, EDAI_SEEN_GET, 2, s->patience_ms),
        "a get did not reach its server");
    s->driver->answer(s->a, edai_record_nth(server, EDAI_SEEN_GET, 1)->query, NULL, false);
    EDAI_STEP(edai_stage_ended(s, after, EDA_OK));
    return edai_record_fault(got);
}

const char *edai_case_close_server(edai_stage *s)
{
    edai_record *server;
    edai_record *got;
    eda_bus *c;

    EDAI_STEP(edai_stage_open(s, 0, &c));
    EDAI_STEP(edai_stage_serve(s, c, "q/*", EDAI_SERVE_KEEP, &server));
    EDAI_STEP(edai_stage_ready(s, c, s->a));
    EDAI_STEP(edai_stage_get(s, s->a, "q/1", true, s->patience_ms / 2, &got));
    EDAI_EXPECT(edai_record_wait(server, EDAI_SEEN_GET, 1, s->patience_ms),
        "a get did not reach its server");
    edai_stage_close(s, c);
    EDAI_EXPECT(edai_record_wait(got, EDAI_SEEN_END, 1, s->patience_ms),
        "a get whose server closed before it had answered did not end");
    EDAI_EXPECT(got->len == 1, "a server that closed was heard to answer");
    return NULL;
}

/* Every kind of thing is open, in both directions. */
const char *edai_case_close_open(edai_stage *s)
{
    edai_record *records[6];
    eda_bus *c;

    EDAI_STEP(edai_stage_open(s, 0, &c));
    EDAI_STEP(edai_stage_subscribe(s, c, "x/**", &records[0]));
    EDAI_STEP(edai_stage_serve(s, c, "q/**", EDAI_SERVE_KEEP, &records[1]));
    EDAI_STEP(edai_stage_watch(s, c, "t/**", &records[2]));
    EDAI_STEP(edai_stage_heard(s, c, "h/**", &records[3]));
    EDAI_STEP(edai_stage_token(s, c, "t/c"));
    EDAI_STEP(edai_stage_serve(s, s->a, "kept", EDAI_SERVE_KEEP, &records[4]));
    EDAI_STEP(edai_stage_ready(s, s->a, c));
    EDAI_STEP(edai_stage_ready(s, c, s->a));
    EDAI_STEP(edai_stage_get(s, c, "kept", true, EDAI_STAGE_LONG_MS, &records[5]));
    edai_record *got;
    EDAI_STEP(edai_stage_get(s, s->a, "q/1", true, s->patience_ms / 2, &got));
    EDAI_EXPECT(edai_record_wait(records[4], EDAI_SEEN_GET, 1, s->patience_ms) &&
                    edai_record_wait(records[1], EDAI_SEEN_GET, 1, s->patience_ms),
        "a get did not reach its server");
    edai_stage_close(s, c);
    for (uint32_t i = 0; i < 6; i++) {
        EDAI_EXPECT(
            i == 4 || !edai_record_end(records[i]), "a callback still ran when close had returned");
    }
    EDAI_EXPECT(edai_record_wait(got, EDAI_SEEN_END, 1, s->patience_ms),
        "a get whose server closed before it had answered did not end");
    s->driver->answer(s->a, edai_record_nth(records[4], EDAI_SEEN_GET, 0)->query, NULL, false);
    EDAI_STEP(edai_stage_put(s, s->a, "x/1", "after"));
    EDAI_STEP(edai_stage_token(s, s->a, "t/a"));
    EDAI_STEP(edai_stage_ready(s, s->a, s->b));
    for (uint32_t i = 0; i < 6; i++) {
        EDAI_STEP(edai_record_fault(records[i]));
    }
    return NULL;
}

const char *edai_case_close_peer(edai_stage *s)
{
    edai_record *record;
    edai_record *heard;
    edai_record *got;
    eda_bus *c;

    EDAI_STEP(edai_stage_open(s, 0, &c));
    EDAI_STEP(edai_stage_heard(s, s->a, "x", &heard));
    EDAI_STEP(edai_stage_subscribe(s, c, "x", &record));
    EDAI_STEP(edai_stage_serve(s, c, "q", EDAI_SERVE_ECHO, &record));
    EDAI_STEP(edai_stage_ready(s, c, s->a));
    EDAI_EXPECT(edai_record_wait(heard, EDAI_SEEN_HEARD, 1, s->patience_ms),
        "nobody was told that another session began to subscribe");
    edai_stage_close(s, c);
    EDAI_EXPECT(edai_record_wait(heard, EDAI_SEEN_UNHEARD, 1, s->patience_ms),
        "nobody was told that the last subscriber is gone, whose session closed");
    EDAI_STEP(edai_stage_put(s, s->a, "x", "to nobody"));
    EDAI_STEP(edai_stage_get(s, s->a, "q", true, s->patience_ms / 2, &got));
    EDAI_EXPECT(edai_record_wait(got, EDAI_SEEN_END, 1, s->patience_ms),
        "a get after its only server had closed did not end");
    EDAI_EXPECT(got->len == 1, "a server that had closed answered");
    return NULL;
}

#define OPEN_ROUNDS 10u

const char *edai_case_open_again(edai_stage *s)
{
    eda_bus *c;

    for (uint32_t i = 0; i < OPEN_ROUNDS; i++) {
        EDAI_STEP(edai_stage_open(s, 0, &c));
        EDAI_STEP(edai_stage_ready(s, c, s->a));
        EDAI_STEP(edai_stage_ready(s, s->a, c));
        edai_stage_close(s, c);
    }
    EDAI_STEP(edai_stage_ready(s, s->a, s->b));
    return edai_stage_ready(s, s->b, s->a);
}
