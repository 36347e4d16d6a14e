/* stage.h - what a case of the conformance suite stands on: two sessions that reach each other,
 * keys of its own, and whatever it declares, which is taken down behind it.
 *
 * A case returns NULL, or the sentence that says what is wrong. Threads: one, but for callbacks. */
#ifndef EDAI_STAGE_H
#define EDAI_STAGE_H

#include "bus/conform/pieces.h"
#include "bus/conform/record.h"

#define EDAI_STAGE_KEYS_MAX 96u
#define EDAI_STAGE_KEY_SIZE 128u
#define EDAI_STAGE_DECLARED_MAX 64u
#define EDAI_STAGE_EXTRA_MAX 4u /* sessions of a case's own */

/* How long a get may last that is to end before: longer than the suite waits. */
#define EDAI_STAGE_LONG_MS 600000u

typedef struct edai_stage {
    const eda_bus_driver *driver;
    const char *config_a;
    const char *config_b;
    uint32_t patience_ms; /* how long what must come may take */
    eda_bus *a;
    eda_bus *b;
    char prefix[64]; /* of this run's and this case's keys */
    char keys[EDAI_STAGE_KEYS_MAX][EDAI_STAGE_KEY_SIZE];
    uint32_t keys_len;
    edai_record *records; /* of this case */
    edai_record *spent;   /* of those before: no callback may reach them any more */
    edai_pieces *pieces;  /* of all cases */
    struct {
        eda_bus *bus;
        uint64_t id;
    } declared[EDAI_STAGE_DECLARED_MAX];
    uint32_t declared_len;
    eda_bus *extra[EDAI_STAGE_EXTRA_MAX];
    uint32_t extra_len;
    char text[128]; /* for sentences with a name in them */
} edai_stage;

typedef const char *edai_case(edai_stage *stage);

/* Returns a sentence from the enclosing case. */
#define EDAI_EXPECT(condition_, sentence_)                                                         \
    do {                                                                                           \
        if (!(condition_)) {                                                                       \
            return sentence_;                                                                      \
        }                                                                                          \
    } while (0)
#define EDAI_STEP(call_)                                                                           \
    do {                                                                                           \
        const char *sentence_ = (call_);                                                           \
        if (sentence_ != NULL) {                                                                   \
            return sentence_;                                                                      \
        }                                                                                          \
    } while (0)

/* Drops and closes what the last case left; returns what its records found wrong. */
const char *edai_stage_clear(edai_stage *stage);
/* With all sessions closed: frees the records; returns what they found wrong since. */
const char *edai_stage_finish(edai_stage *stage);

/* A key or pattern of this case, borrowed until it ends. */
eda_str edai_stage_key(edai_stage *stage, const char *rest);
/* A record of this case; NULL: no memory. */
edai_record *edai_stage_record(edai_stage *stage);
/* A session more, of configuration b; queue_size 0: default. */
const char *edai_stage_open(edai_stage *stage, uint32_t queue_size, eda_bus **ret_bus);
/* Closes it, before the case ends. */
void edai_stage_close(edai_stage *stage, eda_bus *bus);

const char *edai_stage_subscribe(
    edai_stage *stage, eda_bus *bus, const char *pattern, edai_record **ret_record);
const char *edai_stage_serve(edai_stage *stage, eda_bus *bus, const char *pattern,
    edai_service service, edai_record **ret_record);
const char *edai_stage_token(edai_stage *stage, eda_bus *bus, const char *key);
const char *edai_stage_watch(
    edai_stage *stage, eda_bus *bus, const char *pattern, edai_record **ret_record);
const char *edai_stage_heard(
    edai_stage *stage, eda_bus *bus, const char *pattern, edai_record **ret_record);
/* Drops what was declared last. */
void edai_stage_drop_last(edai_stage *stage);

/* Puts a text. */
const char *edai_stage_put(edai_stage *stage, eda_bus *bus, const char *key, const char *text);
/* Asks with a text as payload. */
const char *edai_stage_get(edai_stage *stage, eda_bus *bus, const char *key, bool is_for_all,
    uint32_t timeout_ms, edai_record **ret_record);
/* Waits for the end of a get, and that it is this one. */
const char *edai_stage_ended(edai_stage *stage, edai_record *record, eda_status end);

/* Returns once what `from` has declared is known to `to`: a token declared after it was seen, and a
 * get answered. */
const char *edai_stage_ready(edai_stage *stage, eda_bus *from, eda_bus *to);

#endif
