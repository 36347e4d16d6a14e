/* inproc.h - the bus between sessions of one process: what its files share.
 *
 * A network has one mutex for everything; each session has one thread, which tells it what waits in
 * its queue. A put appends to the queues of the sessions that subscribe, so the order of each
 * publisher is that of the queue. Callbacks run without the mutex.
 * Memory: whatever must be told later without fail (an end, a token that went) has its notice made
 * beforehand. */
#ifndef EDAI_INPROC_H
#define EDAI_INPROC_H

#include <edacious/bus.h>

#include "base/thread.h"
#include "bus/driver/parcel.h"

#define EDAI_INPROC_NAME_SIZE 256u /* of a network, with the final 0 */
#define EDAI_INPROC_GETS_MAX 4096u /* under way, per session */
#define EDAI_INPROC_QUEUE_SIZE (8u << 20)

typedef enum edai_inproc_kind {
    EDAI_INPROC_SUBSCRIBE,
    EDAI_INPROC_SERVE,
    EDAI_INPROC_TOKEN,
    EDAI_INPROC_WATCH,
    EDAI_INPROC_HEARD
} edai_inproc_kind;

typedef struct edai_inproc_declaration edai_inproc_declaration;
typedef struct edai_inproc_notice edai_inproc_notice;
typedef struct edai_inproc_sighting edai_inproc_sighting;
typedef struct edai_inproc_asking edai_inproc_asking;

typedef enum edai_inproc_what {
    EDAI_INPROC_TELL_PUT,
    EDAI_INPROC_TELL_GET,
    EDAI_INPROC_TELL_ANSWER,
    EDAI_INPROC_TELL_END,
    EDAI_INPROC_TELL_TOKEN,
    EDAI_INPROC_TELL_HEARD
} edai_inproc_what;

/* What waits in a session's queue to be told. */
struct edai_inproc_notice {
    edai_inproc_notice *next;
    edai_inproc_what what;
    edai_inproc_declaration *to; /* NULL: an answer or an end, which belong to a get */
    union {
        struct {
            edai_parcel *parcel; /* one owner's share */
            eda_bus *sender;     /* in whose queue it counts */
        } put;
        eda_bus_query *query; /* TELL_GET, TELL_ANSWER */
        edai_inproc_asking *asking;
        edai_inproc_sighting *sighting;
    } of;
};

/* Notices in order; urgent ones go before all others. */
typedef struct edai_inproc_queue {
    edai_inproc_notice *first;
    edai_inproc_notice **end;
} edai_inproc_queue;

struct edai_inproc_declaration {
    edai_inproc_declaration *next; /* of its session */
    eda_bus *session;
    uint64_t id;
    edai_inproc_kind kind;
    edai_parcel *key; /* or pattern */
    union {
        eda_bus_put_fn *put;
        eda_bus_get_fn *get;
        eda_bus_token_fn *token;
        eda_bus_heard_fn *heard;
    } fn;
    void *arg;
    /* EDAI_INPROC_HEARD: whether somebody subscribes, what was told last, and the one notice. */
    bool is_heard;
    bool was_heard;
    bool is_queued;
    edai_inproc_notice notice;
};

/* A token that a watch has seen, until it was told that the token went. */
struct edai_inproc_sighting {
    edai_inproc_sighting *next; /* of the network */
    edai_inproc_declaration *watch;
    edai_inproc_declaration *token; /* NULL: went */
    edai_parcel *key;
    edai_inproc_notice came;
    edai_inproc_notice went;
};

/* A get under way, and until its last query is answered. */
struct edai_inproc_asking {
    edai_inproc_asking *next; /* of its session, while it has not ended */
    eda_bus *session;         /* gone once it has ended */
    eda_bus_answer_fn *fn;
    void *arg;
    int64_t until_ns;
    uint32_t open_len; /* queries that were neither answered nor given up */
    bool is_missing;   /* of one nobody knows whether it was handled */
    bool has_ended;    /* its end is queued */
    bool is_told;      /* and was told */
    edai_inproc_notice end;
    eda_status status; /* of the end */
};

struct eda_bus_query {
    eda_bus_query *next; /* of its server, while held there */
    eda_bus *server;
    edai_inproc_asking *asking;
    edai_parcel *request;
    edai_parcel *answer; /* NULL before */
    bool is_error;
    edai_inproc_notice asked;
    edai_inproc_notice answered;
};

typedef struct edai_inproc_network {
    struct edai_inproc_network *next; /* under the registry's mutex, as the next two */
    uint32_t sessions_open;
    uint32_t fork_count; /* under which it was made */
    edai_mutex mutex;    /* of all that follows, and of its sessions */
    eda_bus *sessions;
    edai_inproc_sighting *sightings;
    char name[EDAI_INPROC_NAME_SIZE];
} edai_inproc_network;

/* A session. */
struct eda_bus {
    eda_bus *next; /* of the network */
    edai_inproc_network *network;
    uint32_t refs;       /* itself, and each of its puts that waits somewhere */
    uint32_t queue_size; /* bytes */
    size_t waiting_size; /* of its puts, in the queues of others */
    uint64_t id_last;
    edai_inproc_declaration *declarations;
    edai_inproc_queue queue;
    edai_inproc_queue urgent;
    edai_inproc_asking *askings;
    uint32_t askings_len;                   /* and those whose end is not told */
    int64_t soonest_ns;                     /* no deadline of a get comes before */
    eda_bus_query *held;                    /* queries that were told and not answered */
    const edai_inproc_declaration *running; /* whose callback runs */
    edai_cond changed;                      /* something to tell, or closing */
    edai_cond rested;                       /* a callback has returned */
    edai_thread thread;
    const void *thread_self;
    bool is_closing;
};

/* --- network.c --- */

/* Finds or makes the network. EDA_ENOMEM. */
EDA_CHECK eda_status edai_inproc_network_open(const char *name, edai_inproc_network **ret_network);
void edai_inproc_network_close(edai_inproc_network *network);
/* The session was made before a fork, so that it is not this process's. */
bool edai_inproc_is_forked(const eda_bus *bus);

/* --- queue.c, under the mutex --- */

void edai_inproc_queue_init(edai_inproc_queue *queue);
/* Appends to the session's queue and wakes its thread. */
void edai_inproc_tell(eda_bus *bus, edai_inproc_notice *notice);
/* Takes what is next; NULL: nothing. */
edai_inproc_notice *edai_inproc_take(eda_bus *bus);
/* Takes out what is for that declaration, and lets go of it. */
void edai_inproc_forget(eda_bus *bus, const edai_inproc_declaration *to);
/* A notice was told, or will not be: lets go of it and of what it holds. */
void edai_inproc_dispose(edai_inproc_notice *notice);
/* Frees the session once nobody needs its account any more. */
void edai_inproc_release(eda_bus *bus);

/* --- declare.c --- */

eda_status edai_inproc_subscribe(
    eda_bus *bus, eda_str pattern, eda_bus_put_fn *fn, void *arg, uint64_t *ret_id);
eda_status edai_inproc_serve(
    eda_bus *bus, eda_str pattern, eda_bus_get_fn *fn, void *arg, uint64_t *ret_id);
eda_status edai_inproc_token(eda_bus *bus, eda_str key, uint64_t *ret_id);
eda_status edai_inproc_watch(
    eda_bus *bus, eda_str pattern, eda_bus_token_fn *fn, void *arg, uint64_t *ret_id);
eda_status edai_inproc_heard(
    eda_bus *bus, eda_str pattern, eda_bus_heard_fn *fn, void *arg, uint64_t *ret_id);
void edai_inproc_drop(eda_bus *bus, uint64_t id);
/* The rest under the mutex. Of a session that closes: takes all its declarations from the network;
 * returns them, to be freed when its thread has ended. */
edai_inproc_declaration *edai_inproc_retire_all(eda_bus *bus);
void edai_inproc_free_all(edai_inproc_network *network, edai_inproc_declaration *retired);
/* The declaration of that kind wants what has this key. */
bool edai_inproc_wants(
    const edai_inproc_declaration *declaration, edai_inproc_kind kind, const edai_parcel *key);

/* --- get.c --- */

eda_status edai_inproc_get(eda_bus *bus, const eda_bus_message *request, bool is_for_all,
    uint32_t timeout_ms, eda_bus_answer_fn *fn, void *arg);
void edai_inproc_answer(
    eda_bus *bus, eda_bus_query *query, const eda_bus_message *answer, bool is_error);
/* The rest under the mutex. Ends the gets whose time is over; returns when the next one's is. */
int64_t edai_inproc_expire(eda_bus *bus);
/* Ends all gets: the session closes. */
void edai_inproc_end_all(eda_bus *bus);
/* The query was told to its server, which holds it from now on. */
void edai_inproc_hold(eda_bus_query *query);
/* Nobody will answer; is_missing: perhaps somebody has handled it. Frees the query. */
void edai_inproc_give_up(eda_bus_query *query, bool is_missing);
/* The answer was told, or the end was. */
void edai_inproc_query_free(eda_bus_query *query);
void edai_inproc_ended(edai_inproc_asking *asking);

#endif
