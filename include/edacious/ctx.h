/* ctx.h - the verbs: what a handler, or a client outside the actors, does with messages.
 *
 * An eda_ctx is a publisher: a handler gets its own for the turn, a client keeps one per thread.
 * All calls are for the thread that runs the turn (after one it may be another) or owns the client.
 * Deadlines are milliseconds from now. */
#ifndef EDA_CTX_H
#define EDA_CTX_H

#include <edacious/actor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A publish that can be waited for. Zero before use; good until its client is freed. */
typedef struct eda_receipt {
    uint64_t id;
} eda_receipt;

/* An armed timer. */
typedef struct eda_timer {
    uint64_t id;
} eda_timer;

/* Message and metadata. Borrowed for the turn. */
typedef struct eda_envelope {
    const eda_type *type; /* NULL: a topic no type declares; data is then an eda_raw */
    const void *data;
    eda_str topic;          /* filled in */
    eda_str publisher;      /* name of the actor type, or "client 3" */
    eda_duration time_left; /* until the deadline; 0: none */
    uint32_t attempt;       /* 1: the first */
} eda_envelope;

/* What EDA_MESSAGE_RAW declares: a payload the library does not look into. */
typedef struct eda_raw {
    eda_str topic;
    eda_str encoding; /* MIME type; empty: unknown */
    eda_bytes payload;
} eda_raw;

/* Publishes a message; copies it. In a handler it leaves when the turn has succeeded. `receipt` may
 * be NULL; only a client may pass one (EDA_EPERM). Nobody handles the type: EDA_OK, counted
 * unheard. EDA_ERANGE, EDA_EINVAL: a field is out of range or not UTF-8. EDA_EKEY: a field cannot
 * form its topic chunk. EDA_EPERM: not in the actor's emits. EDA_EFULL: nothing was accepted, the
 * receiver is full (a client with EDA_WAIT: still full after the type's wait_ms). EDA_EDEADLOCK:
 * waiting would close a cycle. EDA_ECLOSED: the system stops. EDA_ELIMIT: over 4,096 effects in one
 * turn. EDA_ENOMEM. */
EDA_CHECK eda_status eda_publish(eda_ctx *ctx, eda_value message, eda_receipt *receipt);

/* Publishes JSON on a topic, as an outsider would; fields that are in the topic may be left out of
 * it. Besides the above: EDA_EKEY: the topic is no key. EDA_ENOTYPE: no declared type has it.
 * EDA_ESYNTAX: not JSON. EDA_EINVAL, EDA_ERANGE: not what the type declares. eda_error(ctx) names
 * the field. */
EDA_CHECK eda_status eda_publish_json(
    eda_ctx *ctx, eda_str topic, eda_str json, eda_receipt *receipt);

/* Publishes untouched bytes on a topic that no type or a raw type declares. `encoding`: MIME. */
EDA_CHECK eda_status eda_publish_raw(
    eda_ctx *ctx, eda_str topic, eda_str encoding, eda_bytes payload, eda_receipt *receipt);

/* Client: waits until every handler of the publish has returned and its effects were committed.
 * EDA_ETIMEOUT: one may wait again. Of at least one: EDA_EFAILED: it failed. EDA_ESHED, EDA_EDEAD:
 * it was. EDA_EUNKNOWN: the node that had it vanished. EDA_EIO: it was lost on the way. EDA_EINVAL,
 * EDA_ESYNTAX, EDA_ERANGE, EDA_ENOTYPE, EDA_ENOENT: another node could not take it, its
 * declarations differ. EDA_EPERM: a handler. */
EDA_CHECK eda_status eda_wait(eda_ctx *client, eda_receipt receipt, uint32_t timeout_ms);
EDA_CHECK eda_status eda_publish_wait(eda_ctx *client, eda_value message, uint32_t timeout_ms);

/* Asks and waits for the reply; a handler's turn is suspended meanwhile, its thread is not. The
 * reply is borrowed until the turn ends; a client's until its next ask. The request leaves at once.
 * EDA_ENOENT: nobody answers this type. EDA_ETIMEOUT: unknown outcome. EDA_EUNKNOWN: likewise, the
 * node that had it vanished. EDA_EIO: lost on the way, not handled. EDA_EREFUSED: see eda_error.
 * EDA_EDEADLOCK: the responder waits for us; eda_error names the cycle. EDA_ESHED, EDA_EDEAD.
 * EDA_ECANCELED: the actor stops or restarts; return. EDA_ELIMIT: too many suspended turns. The
 * responder's status if its handler failed. */
EDA_CHECK eda_status eda_ask(eda_ctx *ctx, eda_request request, uint32_t timeout_ms);

/* As eda_ask with no deadline of its own: only what the turn itself has. Ends at the latest with
 * the system. */
#define EDA_FOREVER UINT32_MAX

/* Text of the last failed call on this ctx; empty if none, or NULL. Borrowed until the next call.
 */
eda_str eda_error(eda_ctx *ctx);

/* --- in a handler --- */

/* Answers the request being handled, from an on() handler; copies. EDA_EINVAL: another type.
 * EDA_ESTATE: no request. */
EDA_CHECK eda_status eda_reply(eda_ctx *ctx, eda_value reply);
/* Answers with EDA_EREFUSED and a text; return its result. Not a failure: the turn happens. */
eda_status eda_refuse(eda_ctx *ctx, const char *format, ...) EDA_PRINTF(2, 3);
/* Fails the turn and asks for a restart, with a text; returns `status` to be returned. */
eda_status eda_fail(eda_ctx *ctx, eda_status status, const char *format, ...) EDA_PRINTF(3, 4);

/* Sends the actor itself a record handled by on_self, `delay` after the call, if the turn succeeds.
 * It dies with the activation, which an armed timer does not keep beyond idle_ms: for longer
 * eda_publish_after, see docs/ctx.md. `ret_timer` may be NULL. Late, it fires once. EDA_ELIMIT: 64
 * timers armed. */
EDA_CHECK eda_status eda_after(
    eda_ctx *ctx, eda_value record, eda_duration delay, eda_timer *ret_timer);
/* The same, every `period`. Catch-up: missed ticks are dropped, the next one keeps the phase. */
EDA_CHECK eda_status eda_every(
    eda_ctx *ctx, eda_value record, eda_duration period, eda_timer *ret_timer);
/* Disarms, also if the turn then fails: the record is not handled, even if already due. Unknown or
 * fired timers are ignored. */
void eda_timer_cancel(eda_ctx *ctx, eda_timer timer);
/* Publishes `delay` after the call, if the turn succeeds; 0 or less: at once. Outlives the
 * activation, not the stop; counted when it leaves. Also in start, and for clients (EDA_EFULL: too
 * much of theirs is on its way). */
EDA_CHECK eda_status eda_publish_after(eda_ctx *ctx, eda_value message, eda_duration delay);
/* Suspends the turn. EDA_ECANCELED, EDA_ELIMIT as eda_ask. */
EDA_CHECK eda_status eda_sleep(eda_ctx *ctx, eda_duration time);
/* Runs fn(arg) on a blocking thread while the turn is suspended; fn must not use ctx. EDA_ECANCELED
 * only before fn began. EDA_ELIMIT as eda_ask. */
EDA_CHECK eda_status eda_blocking(eda_ctx *ctx, void (*fn)(void *arg), void *arg);
/* Commits the saved fields now, before the turn ends; they stand even if it fails. On failure
 * return the status: the activation is dropped with the turn. EDA_ESTATE: nothing to save, or in
 * start. */
EDA_CHECK eda_status eda_save(eda_ctx *ctx);

/* Key of the activation as text (integers in decimal; empty for singletons); may fill a field of
 * its own messages. Borrowed for the turn. */
eda_str eda_key(eda_ctx *ctx);
/* The activation's first ever: no saved record was there. */
bool eda_ctx_is_new(eda_ctx *ctx);
const eda_envelope *eda_envelope_of(eda_ctx *ctx);
/* The system's clock: real, or the simulator's. Also for clients. */
eda_time eda_now(eda_ctx *ctx);
/* Random number from the system's seeded source. */
uint64_t eda_random(eda_ctx *ctx);
/* Memory until the turn ends; zeroed, aligned for anything. NULL: none, or over 1 MiB in a turn. */
void *eda_scratch(eda_ctx *ctx, size_t size);
/* Replaces an owned text of the state by a copy. EDA_ENOMEM: unchanged. EDA_ERANGE: over 64 KiB. */
EDA_CHECK eda_status eda_text_set(eda_ctx *ctx, eda_text *text, eda_str value);
/* One line to the system's log, with actor and key. */
void eda_log(eda_ctx *ctx, const char *format, ...) EDA_PRINTF(2, 3);

#ifdef __cplusplus
}
#endif
#endif
