/* local.h - the bus between the processes of one host: a session.
 *
 * Each session is a client of the hub, also the one whose process has it. What is declared stands
 * here, and is declared anew to whichever hub there is. One thread per session reads, calls back
 * and notices time; whoever sends writes to the connection himself if nothing waits before.
 * Threads: the mutex guards everything but what is said to be the thread's. */
#ifndef EDAI_LOCAL_H
#define EDAI_LOCAL_H

#include <edacious/bus.h>

#include "base/thread.h"
#include "bus/local/endpoint.h"
#include "bus/local/hub.h"
#include "bus/local/link.h"

#define EDAI_LOCAL_CALL_MS 5000u
#define EDAI_LOCAL_QUEUE_SIZE (8u << 20)
#define EDAI_LOCAL_GETS_MAX 4096u
#define EDAI_LOCAL_RETRY_MS 2 /* between attempts to reach a hub, doubling */
#define EDAI_LOCAL_RETRY_MAX_MS 250
#define EDAI_LOCAL_GONE_MS 500 /* for a guest, without anybody who listens; twice the above */

/* A token that a watch was told of. */
typedef struct edai_local_sighting {
    struct edai_local_sighting *next;
    uint64_t number; /* the same whichever hub tells */
    edai_block *key;
    bool is_confirmed; /* by the hub there is now */
} edai_local_sighting;

typedef struct edai_local_declaration {
    struct edai_local_declaration *next; /* by ascending id */
    uint64_t id;
    edai_frame_type type; /* EDAI_FRAME_SUBSCRIBE to EDAI_FRAME_HEARD */
    edai_block *key;      /* or pattern */
    edai_node *drop;      /* made beforehand, so that drop cannot fail */
    union {
        eda_bus_put_fn *put;
        eda_bus_get_fn *get;
        eda_bus_token_fn *token;
        eda_bus_heard_fn *heard;
    } fn;
    void *arg;
    edai_local_sighting *sightings; /* of a watch; the thread's */
    bool is_heard;                  /* as the hub says */
    bool was_heard;                 /* as was told */
} edai_local_declaration;

typedef struct edai_local_get {
    struct edai_local_get *next;
    uint64_t id;
    int64_t until_ns;
    eda_bus_answer_fn *fn;
    void *arg;
    edai_node *cancel; /* made beforehand */
} edai_local_get;

struct eda_bus_query {
    eda_bus_query *next; /* of its session */
    uint64_t number;
    uint32_t epoch;  /* of the connection it came by */
    edai_node *node; /* the answer that needs no memory */
};

struct eda_bus {
    uint32_t call_ms;
    uint32_t queue_size;
    eda_bus_replaced_fn *replaced;
    eda_bus_log_fn *log;
    void *arg;
    edai_endpoint at;
    uint64_t session;
    uint32_t fork_count;
    edai_hub *hub; /* the thread's, while it runs. NULL: another session's */
    edai_mutex mutex;
    edai_cond welcome;
    edai_cond rested; /* a callback has returned */
    edai_thread thread;
    const void *thread_self;
    int wake_fd;
    int64_t lost_ns; /* the thread's: since when there is no connection */
    edai_link link;  /* its reader is the thread's */
    uint32_t epoch;  /* counts connections */
    bool is_welcome;
    bool is_refused; /* by a hub of another version */
    bool is_closing;
    int64_t close_until_ns;
    uint64_t id_last;
    edai_local_declaration *declarations;
    const edai_local_declaration *running; /* whose callback runs */
    edai_local_get *gets;
    uint32_t gets_len;
    int64_t soonest_ns; /* no deadline of a get comes before */
    eda_bus_query *queries;
};

/* --- session.c --- */

bool edai_local_is_forked(const eda_bus *bus);
void edai_local_say(const eda_bus *bus, const char *line);
/* Under the mutex: adds the node, and sends what can be sent now. */
void edai_local_send(eda_bus *bus, edai_node *node);
/* The thread looks again at what it waits for. */
void edai_local_wake(const eda_bus *bus);

/* --- declare.c --- */

eda_status edai_local_subscribe(
    eda_bus *bus, eda_str pattern, eda_bus_put_fn *fn, void *arg, uint64_t *ret_id);
eda_status edai_local_serve(
    eda_bus *bus, eda_str pattern, eda_bus_get_fn *fn, void *arg, uint64_t *ret_id);
eda_status edai_local_token(eda_bus *bus, eda_str key, uint64_t *ret_id);
eda_status edai_local_watch(
    eda_bus *bus, eda_str pattern, eda_bus_token_fn *fn, void *arg, uint64_t *ret_id);
eda_status edai_local_heard(
    eda_bus *bus, eda_str pattern, eda_bus_heard_fn *fn, void *arg, uint64_t *ret_id);
void edai_local_drop(eda_bus *bus, uint64_t id);
/* With the thread ended. */
void edai_local_free_declarations(eda_bus *bus);
/* Under the mutex: the first declaration of that type after `id` whose pattern wants the key. */
edai_local_declaration *edai_local_next(
    const eda_bus *bus, edai_frame_type type, uint64_t id, eda_str key);
/* Under the mutex; NULL: dropped. */
edai_local_declaration *edai_local_find(const eda_bus *bus, edai_frame_type type, uint64_t id);
/* Under the mutex, by the thread, which gives it up in between: a callback runs. */
void edai_local_begin(eda_bus *bus, const edai_local_declaration *declaration);
void edai_local_end(eda_bus *bus);

/* --- told.c, by the thread, without the mutex --- */

/* What the hub tells. EDA_ENOMEM, EDA_ESYNTAX: the connection is to be closed. */
EDA_CHECK eda_status edai_local_told(eda_bus *bus, const edai_frame *frame);
/* Under the mutex: the hub is gone, so that nothing is known for certain. */
void edai_local_doubt(eda_bus *bus);
/* The sessions of the hub before have had their time: what is not there now has gone with it. */
void edai_local_settle(eda_bus *bus);

/* --- get.c --- */

eda_status edai_local_get_start(eda_bus *bus, const eda_bus_message *request, bool is_for_all,
    uint32_t timeout_ms, eda_bus_answer_fn *fn, void *arg);
void edai_local_answer(
    eda_bus *bus, eda_bus_query *query, const eda_bus_message *answer, bool is_error);
/* By the thread, without the mutex. Ends the gets whose time is over; returns when the next one's
 * is.
 */
int64_t edai_local_expire(eda_bus *bus);
void edai_local_end_all(eda_bus *bus, eda_status status);
void edai_local_answered(eda_bus *bus, const edai_frame *frame);
void edai_local_ended(eda_bus *bus, const edai_frame *frame);
EDA_CHECK eda_status edai_local_queried(eda_bus *bus, const edai_frame *frame);
void edai_local_free_queries(eda_bus *bus);

#endif
