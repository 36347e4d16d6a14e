/* case_token.c - tokens and their watches; whether somebody hears. */
#include "bus/conform/cases.h"

#include <stdio.h>
#include <string.h>

static bool is_key(edai_stage *s, const edai_seen *seen, const char *rest)
{
    return seen != NULL && seen->parcel != NULL &&
           eda_str_equal(seen->parcel->message.key, edai_stage_key(s, rest));
}

static const char *until(
    edai_stage *s, edai_record *record, edai_seen_kind kind, uint32_t count, const char *sentence)
{
    EDAI_EXPECT(edai_record_wait(record, kind, count, s->patience_ms), sentence);
    return NULL;
}

#define NOT_CAME "a watch was not told that a token came"
#define NOT_WENT "a watch was not told that a token went"

const char *edai_case_token_seen(edai_stage *s)
{
    edai_record *all;
    edai_record *one;

    EDAI_STEP(edai_stage_watch(s, s->a, "t/*", &all));
    EDAI_STEP(edai_stage_watch(s, s->a, "t/2", &one));
    EDAI_STEP(edai_stage_token(s, s->b, "t/1"));
    EDAI_STEP(until(s, all, EDAI_SEEN_CAME, 1, NOT_CAME));
    EDAI_STEP(edai_stage_token(s, s->b, "other"));
    EDAI_STEP(edai_stage_token(s, s->b, "t/2"));
    EDAI_STEP(until(s, all, EDAI_SEEN_CAME, 2, NOT_CAME));
    EDAI_STEP(until(s, one, EDAI_SEEN_CAME, 1, NOT_CAME));
    edai_stage_drop_last(s);
    EDAI_STEP(until(s, all, EDAI_SEEN_WENT, 1, NOT_WENT));
    EDAI_STEP(until(s, one, EDAI_SEEN_WENT, 1, NOT_WENT));
    EDAI_STEP(edai_stage_token(s, s->b, "t/2"));
    EDAI_STEP(until(s, one, EDAI_SEEN_CAME, 2, "a token that had gone did not come again"));
    EDAI_STEP(until(s, all, EDAI_SEEN_CAME, 3, "a token that had gone did not come again"));
    EDAI_EXPECT(is_key(s, edai_record_nth(all, EDAI_SEEN_CAME, 0), "t/1") &&
                    is_key(s, edai_record_nth(all, EDAI_SEEN_CAME, 1), "t/2") &&
                    is_key(s, edai_record_nth(all, EDAI_SEEN_WENT, 0), "t/2"),
        "a watch was told of a token of another key");
    EDAI_EXPECT(all->len == 4 && one->len == 3,
        "a watch was told twice of one token, or of one it does not want");
    return NULL;
}

const char *edai_case_token_before(edai_stage *s)
{
    edai_record *early;
    edai_record *late;

    EDAI_STEP(edai_stage_watch(s, s->a, "t/1", &early));
    EDAI_STEP(edai_stage_token(s, s->b, "t/1"));
    EDAI_STEP(until(s, early, EDAI_SEEN_CAME, 1, NOT_CAME));
    EDAI_STEP(edai_stage_watch(s, s->a, "t/*", &late));
    EDAI_STEP(
        until(s, late, EDAI_SEEN_CAME, 1, "a watch was not told of a token that was there before"));
    EDAI_EXPECT(is_key(s, edai_record_nth(late, EDAI_SEEN_CAME, 0), "t/1"),
        "a watch was told of a token of another key");
    return NULL;
}

const char *edai_case_token_not_own(edai_stage *s)
{
    edai_record *before;
    edai_record *after;

    EDAI_STEP(edai_stage_watch(s, s->a, "t/*", &before));
    EDAI_STEP(edai_stage_token(s, s->a, "t/own"));
    EDAI_STEP(edai_stage_watch(s, s->a, "t/*", &after));
    EDAI_STEP(edai_stage_token(s, s->b, "t/other"));
    EDAI_STEP(until(s, before, EDAI_SEEN_CAME, 1, NOT_CAME));
    EDAI_STEP(until(s, after, EDAI_SEEN_CAME, 1, NOT_CAME));
    EDAI_EXPECT(is_key(s, edai_record_nth(before, EDAI_SEEN_CAME, 0), "t/other") &&
                    is_key(s, edai_record_nth(after, EDAI_SEEN_CAME, 0), "t/other"),
        "a session saw its own token");
    EDAI_EXPECT(before->len == 1 && after->len == 1, "a session saw its own token");
    return NULL;
}

const char *edai_case_token_closed(edai_stage *s)
{
    edai_record *watch;
    eda_bus *c;

    EDAI_STEP(edai_stage_watch(s, s->a, "t/*", &watch));
    EDAI_STEP(edai_stage_open(s, 0, &c));
    EDAI_STEP(edai_stage_token(s, c, "t/1"));
    EDAI_STEP(edai_stage_token(s, c, "t/2"));
    EDAI_STEP(until(s, watch, EDAI_SEEN_CAME, 2, NOT_CAME));
    edai_stage_close(s, c);
    EDAI_STEP(until(s, watch, EDAI_SEEN_WENT, 2,
        "a watch was not told that the tokens of a session went as it closed"));
    EDAI_EXPECT(watch->len == 4, "a watch was told twice of one token");
    return NULL;
}

/* --- heard --- */

const char *edai_case_heard_changes(edai_stage *s)
{
    edai_record *heard;
    edai_record *ignored;

    EDAI_STEP(edai_stage_heard(s, s->a, "h/*", &heard));
    EDAI_STEP(edai_stage_subscribe(s, s->b, "h/1", &ignored));
    EDAI_STEP(until(
        s, heard, EDAI_SEEN_HEARD, 1, "nobody was told that another session began to subscribe"));
    edai_stage_drop_last(s);
    EDAI_STEP(
        until(s, heard, EDAI_SEEN_UNHEARD, 1, "nobody was told that the last subscriber is gone"));
    EDAI_STEP(edai_stage_subscribe(s, s->b, "**", &ignored));
    EDAI_STEP(until(s, heard, EDAI_SEEN_HEARD, 2,
        "nobody was told that another session began to subscribe again, by a wider pattern"));
    EDAI_EXPECT(heard->len <= 4, "heard was told of changes that were none");
    return NULL;
}

const char *edai_case_heard_before(edai_stage *s)
{
    edai_record *heard;
    edai_record *ignored;

    EDAI_STEP(edai_stage_subscribe(s, s->b, "h/1", &ignored));
    EDAI_STEP(edai_stage_ready(s, s->b, s->a));
    EDAI_STEP(edai_stage_heard(s, s->a, "h/*", &heard));
    return until(
        s, heard, EDAI_SEEN_HEARD, 1, "nobody was told that another session had subscribed before");
}

const char *edai_case_heard_not_own(edai_stage *s)
{
    edai_record *own;
    edai_record *apart;
    edai_record *ignored;

    EDAI_STEP(edai_stage_heard(s, s->a, "h/*", &own));
    EDAI_STEP(edai_stage_heard(s, s->a, "elsewhere/*", &apart));
    EDAI_STEP(edai_stage_subscribe(s, s->a, "h/1", &ignored));
    EDAI_STEP(edai_stage_ready(s, s->a, s->b));
    EDAI_STEP(edai_stage_subscribe(s, s->b, "elsewhere/1", &ignored));
    EDAI_STEP(until(
        s, apart, EDAI_SEEN_HEARD, 1, "nobody was told that another session began to subscribe"));
    EDAI_EXPECT(edai_record_count(own, EDAI_SEEN_HEARD) == 0,
        "a session took itself, or a subscriber of other keys, for one who hears it");
    return NULL;
}
