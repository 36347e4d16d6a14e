/* record.h - what the callbacks of one declaration, or of one get, saw; the conformance suite waits
 * on these.
 *
 * Threads: callbacks from any; the rest from the suite's. Memory: copies all that it is told. */
#ifndef EDAI_RECORD_H
#define EDAI_RECORD_H

#include <edacious/bus.h>

#include "base/thread.h"
#include "bus/driver/parcel.h"

#define EDAI_RECORD_LEN_MAX 20000u

typedef enum edai_seen_kind {
    EDAI_SEEN_PUT,
    EDAI_SEEN_GET,
    EDAI_SEEN_ANSWER,
    EDAI_SEEN_ERROR, /* an error answer */
    EDAI_SEEN_END,
    EDAI_SEEN_CAME,
    EDAI_SEEN_WENT,
    EDAI_SEEN_HEARD,
    EDAI_SEEN_UNHEARD,
    EDAI_SEEN_KINDS
} edai_seen_kind;

typedef struct edai_seen {
    edai_seen_kind kind;
    edai_parcel *parcel;  /* owned; NULL if nothing came with it */
    eda_bus_query *query; /* of EDAI_SEEN_GET */
    eda_status end;       /* of EDAI_SEEN_END */
} edai_seen;

/* What a server does with a query. */
typedef enum edai_service {
    EDAI_SERVE_KEEP,   /* nothing yet */
    EDAI_SERVE_ECHO,   /* answers at once with what was asked */
    EDAI_SERVE_REFUSE, /* the same, as an error */
    EDAI_SERVE_SILENT  /* says nothing */
} edai_service;

typedef struct edai_record {
    struct edai_record *next; /* of the stage */
    edai_mutex mutex;
    edai_cond cond;
    edai_seen *seen; /* in order */
    size_t len;
    size_t cap;
    uint32_t counts[EDAI_SEEN_KINDS];
    const char *fault; /* the first thing that no callback may do; NULL: none */
    uint32_t inside;   /* callbacks that run */
    bool is_over;      /* from now on any callback is a fault */
    bool is_shared;    /* by several gets: each of them may end, also at once */
    bool is_shut;      /* puts wait inside until it is opened */
    edai_service service;
    const eda_bus_driver *driver; /* with whose answer, and of which session */
    eda_bus *bus;
} edai_record;

/* Returns owned; NULL: no memory. */
EDA_CHECK edai_record *edai_record_new(void);
/* NULL is fine. No callback may come any more. */
void edai_record_free(edai_record *record);

/* The callbacks; arg is the record. */
eda_bus_put_fn edai_record_put;
eda_bus_get_fn edai_record_get;
eda_bus_answer_fn edai_record_answer;
eda_bus_token_fn edai_record_token;
eda_bus_heard_fn edai_record_heard;

/* Waits until that many were seen, or the patience is over. */
EDA_CHECK bool edai_record_wait(
    edai_record *record, edai_seen_kind kind, uint32_t count, uint32_t patience_ms);
uint32_t edai_record_count(edai_record *record, edai_seen_kind kind);
/* Waits until a put with that text was seen. */
EDA_CHECK bool edai_record_wait_text(edai_record *record, const char *text, uint32_t patience_ms);
/* The payloads of all puts so far, joined by commas, are these. */
EDA_CHECK bool edai_record_is(edai_record *record, const char *texts);
/* The nth of a kind, 0 the first; NULL: there is none. Valid while nothing more comes. */
const edai_seen *edai_record_nth(edai_record *record, edai_seen_kind kind, uint32_t nth);

/* Callbacks that come from now on are faults; says if one runs right now. */
bool edai_record_end(edai_record *record);
/* Puts wait in the callback until opened. */
void edai_record_shut(edai_record *record, bool is_shut);
/* The first fault; NULL: none. */
const char *edai_record_fault(edai_record *record);

#endif
