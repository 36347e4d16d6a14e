/* bus.h - the SPI behind which the network lies: one table of functions per driver.
 *
 * A bus carries puts (one-way, to every matching subscriber), gets (answered by servers) and tokens
 * (alive while their session is). Keys and patterns are Zenoh's key expressions (topic.h), checked
 * again by the driver. Delivery is at most once and in the order of each publishing session.
 *
 * Threads: every function may be called from any thread, but not from within a callback; but for
 * put, get and answer they may block for up to call_ms. Callbacks come from the driver's threads,
 * those of one declaration one at a time; they must not block, and what they get is borrowed for
 * the call. A session never hears its own puts, serves its own gets or sees its own tokens. */
#ifndef EDA_BUS_H
#define EDA_BUS_H

#include <edacious/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of the table below: grows when it changes. */
#define EDA_BUS_VERSION 2u
#define EDA_BUS_PAYLOAD_MAX (16u << 20) /* bytes; larger puts and gets: EDA_ERANGE */

typedef struct eda_bus eda_bus;             /* a session, the driver's own */
typedef struct eda_bus_query eda_bus_query; /* a get that waits for its answer, the driver's own */

/* What travels. All borrowed. */
typedef struct eda_bus_message {
    eda_str key;
    eda_str encoding; /* MIME type; empty: unknown */
    eda_bytes payload;
    eda_bytes attachment; /* empty: none */
    bool is_urgent;       /* put: before others; dropped rather than waited for */
} eda_bus_message;

/* A part of a payload that is given away: the driver reads it in place and calls `release` once,
 * when it no longer needs the bytes; from any thread, so it must not block, nor call the driver. */
typedef struct eda_bus_piece {
    eda_bytes bytes;
    void (*release)(void *arg);
    void *arg;
} eda_bus_piece;

/* A put has arrived. */
typedef void eda_bus_put_fn(void *arg, const eda_bus_message *message);
/* A get has arrived: `query` is owned, to be answered once, at any time. */
typedef void eda_bus_get_fn(void *arg, const eda_bus_message *request, eda_bus_query *query);
/* An answer to a get; `is_error` if it was refused. At the end, always once: answer NULL, and
 * EDA_OK, or EDA_ETIMEOUT if some are still missing, EDA_ECLOSED. */
typedef void eda_bus_answer_fn(
    void *arg, const eda_bus_message *answer, bool is_error, eda_status end);
/* A token came (also: was there before) or went. */
typedef void eda_bus_token_fn(void *arg, eda_str key, bool is_alive);
/* Somebody else began to subscribe to keys of the pattern, or nobody does any more. */
typedef void eda_bus_heard_fn(void *arg, bool is_heard);
/* The session was replaced: what was declared stands again, what was on its way may be lost. `text`
 * says why. */
typedef void eda_bus_replaced_fn(void *arg, eda_str text);
/* A line for the log. */
typedef void eda_bus_log_fn(void *arg, eda_str line);

/* How a session is opened; zero is the default. Borrowed for the call, but for arg. */
typedef struct eda_bus_options {
    const char *config;  /* the driver's own: a file's path, or text that begins with '{'; NULL:
                          * nothing beyond its safe defaults */
    uint32_t call_ms;    /* deadline of every call: 5,000 */
    uint32_t queue_size; /* bytes that wait to be sent, then put refuses: 8 MiB */
    eda_bus_replaced_fn *replaced; /* NULL: not told */
    eda_bus_log_fn *log;           /* NULL: nothing is logged */
    void *arg;                     /* of both; kept until close */
} eda_bus_options;

/* Why open failed, in a sentence. */
typedef struct eda_bus_problem {
    char text[256]; /* terminated */
} eda_bus_problem;

/* A driver: constant, and stays loaded. Identifiers are not 0 and belong to their session. */
typedef struct eda_bus_driver {
    uint32_t struct_size; /* sizeof(eda_bus_driver) */
    uint32_t version;     /* EDA_BUS_VERSION */
    const char *name;
    const char *about; /* what it stands on, with its version */
    /* Returns a session whose own side is ready. EDA_EINVAL: the configuration. EDA_EIO: nobody
     * there, no port. EDA_ETIMEOUT, EDA_ENOMEM. */
    eda_status (*open)(
        const eda_bus_options *options, eda_bus **ret_bus, eda_bus_problem *ret_problem);
    /* Sends what is queued, up to call_ms, undeclares, frees. Its queries need no answer then; no
     * callback runs after it. */
    void (*close)(eda_bus *bus);

    /* Queues; copies. EDA_EFULL: queue_size waits. EDA_EKEY: no key. EDA_ERANGE. EDA_ECLOSED: sick,
     * or forked. EDA_ENOMEM. */
    eda_status (*put)(eda_bus *bus, const eda_bus_message *message);
    /* Declarations; all end by drop. EDA_EKEY, EDA_ETIMEOUT, EDA_ENOMEM. */
    eda_status (*subscribe)(
        eda_bus *bus, eda_str pattern, eda_bus_put_fn *fn, void *arg, uint64_t *ret_id);
    eda_status (*serve)(
        eda_bus *bus, eda_str pattern, eda_bus_get_fn *fn, void *arg, uint64_t *ret_id);
    eda_status (*token)(eda_bus *bus, eda_str key, uint64_t *ret_id);
    eda_status (*watch)(
        eda_bus *bus, eda_str pattern, eda_bus_token_fn *fn, void *arg, uint64_t *ret_id);
    eda_status (*heard)(
        eda_bus *bus, eda_str pattern, eda_bus_heard_fn *fn, void *arg, uint64_t *ret_id);
    /* Ends a declaration; returns when its callback neither runs nor will. Unknown: nothing. */
    void (*drop)(eda_bus *bus, uint64_t id);

    /* Asks one session that serves matching patterns, each of its servers of such, or all sessions,
     * and returns at once; `fn` is called until its end. The key may be a pattern. Nobody serves
     * it: ends without an answer, without waiting. EDA_EFULL: 4,096 are under way. EDA_EKEY,
     * EDA_ERANGE, EDA_ECLOSED, EDA_ENOMEM. */
    eda_status (*get)(eda_bus *bus, const eda_bus_message *request, bool is_for_all,
        uint32_t timeout_ms, eda_bus_answer_fn *fn, void *arg);
    /* Answers; takes the query. answer NULL: says nothing. Any thread, also in the callback. */
    void (*answer)(
        eda_bus *bus, eda_bus_query *query, const eda_bus_message *answer, bool is_error);

    /* What spares copies of large payloads. NULL: the driver copies. */

    /* As put, but the payload is `count` pieces in a row, not the message's own. Takes them on
     * EDA_OK: each is released by the end of close, unless the driver is stuck. */
    eda_status (*put_pieces)(
        eda_bus *bus, const eda_bus_message *message, const eda_bus_piece *pieces, size_t count);
    /* Only in a callback of subscribe, with the very message it was given, once: its payload stays
     * until release, also after close. NULL: it does not, for want of memory or any other reason.
     */
    void *(*keep)(eda_bus *bus, const eda_bus_message *message);
    /* Of what keep returned; from any thread. NULL if keep is. */
    void (*release)(void *kept);
} eda_bus_driver;

/* What a driver's shared library exports, under this name: its table. */
#define EDA_BUS_SYMBOL "eda_bus_driver_table"
typedef const eda_bus_driver *eda_bus_driver_fn(void);

/* Between systems of one process, and between the processes of one host (Unix sockets). */
extern const eda_bus_driver eda_bus_inproc;
extern const eda_bus_driver eda_bus_local;

/* Finds a driver: "inproc", "local", a name ("zenoh": libedacious-zenoh.so beside this library or
 * program, in the folder lib beside that, or in the loader's path), or a path. Libraries stay
 * loaded. EDA_ENOENT: not found. EDA_EINVAL: no driver, or of another version. `ret_problem` says
 * which. */
EDA_CHECK eda_status eda_bus_find(
    const char *name, const eda_bus_driver **ret_driver, eda_bus_problem *ret_problem);

/* Runs the conformance suite on sessions that can reach each other, opened with these
 * configurations: one with the first, up to three at a time with the second, each of which reaches
 * the first. EDA_OK, or EDA_EFAILED with the sentence in `ret_problem`. */
EDA_CHECK eda_status eda_bus_conform(const eda_bus_driver *driver, const char *config_a,
    const char *config_b, eda_bus_problem *ret_problem);

#ifdef __cplusplus
}
#endif
#endif
