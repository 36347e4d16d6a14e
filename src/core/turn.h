/* turn.h - one handler run: its effects, its end.
 *
 * An eda_ctx is a turn's or a client's. A turn's lies on the stack the handler runs on, so that a
 * suspended turn keeps it. Threads: the worker's (the client's) alone. */
#ifndef EDAI_TURN_H
#define EDAI_TURN_H

#include <edacious/ctx.h>

#include "base/port.h"
#include "core/activation.h"
#include "core/fan.h"
#include "core/seat.h"
#include "core/strand.h"

#include <string.h>

#define EDAI_CTX_MAGIC 0x0eda0c7cu
#define EDAI_EFFECTS_MAX 4096u
#define EDAI_SCRATCH_MAX ((size_t)1 << 20)
#define EDAI_ERROR_SIZE 256u

typedef enum edai_ctx_kind {
    EDAI_CTX_TURN = 1,
    EDAI_CTX_START,
    EDAI_CTX_STOP,
    EDAI_CTX_CLIENT
} edai_ctx_kind;

typedef struct edai_scratch {
    struct edai_scratch *next;
    _Alignas(16) unsigned char data[];
} edai_scratch;

struct eda_ctx {
    uint32_t magic;
    uint8_t kind;     /* edai_ctx_kind */
    bool has_replied; /* these four stand together: the marks of a turn */
    bool has_refused;
    bool asked_restart;
    bool is_state_lost; /* a commit failed: memory and store may differ */
    bool is_resumable;  /* in the worker's list of turns to be resumed */
    eda_system *sys;
    edai_worker *worker;
    edai_seat *seat; /* on which its handler runs; NULL: a client's, a start or stop function's */
    edai_activation *activation;
    const edai_actor_type *type; /* NULL: a client */
    edai_envelope *envelope;     /* NULL: start and stop */
    edai_envelope *effects;
    edai_envelope *effects_last;
    uint32_t effects_count;
    uint16_t publisher;
    edai_envelope *replies; /* received, kept until the turn ends */
    edai_scratch *scratch;
    size_t scratch_size;
    char *error; /* EDAI_ERROR_SIZE bytes, made when needed */
    eda_envelope *view;
    const void *answer; /* leaves in the request's own block, if the turn succeeds; NULL: none */
    /* While suspended. */
    struct edai_wait *wait;
    struct edai_strand *strand;
    edai_detached *detached;        /* its workers have left it alone; owned */
    struct eda_ctx *next_suspended; /* of the activation */
    struct eda_ctx *next_resumable; /* of the worker */
    struct edai_after *armed;       /* timers armed by this turn, undone if it fails */
    struct edai_delayed *delayed;   /* publishes that leave later, if it succeeds */
};

/* A ctx of a worker's, all zero but for what every one has. In pieces: as one, gcc 12 clears it by
 * a string instruction, which takes a tenth of a short turn. */
static inline void edai_ctx_init(
    eda_ctx *ctx, edai_ctx_kind kind, eda_system *sys, edai_worker *worker)
{
    size_t at;

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 8
#endif
    for (at = 0; at + 64 <= sizeof(*ctx); at += 64) {
        memset((char *)ctx + at, 0, 64);
    }
    memset((char *)ctx + at, 0, sizeof(*ctx) % 64);
    ctx->magic = EDAI_CTX_MAGIC;
    ctx->kind = (uint8_t)kind;
    ctx->sys = sys;
    ctx->worker = worker;
}

/* Makes a ctx in which a turn has ended fit for one of this activation: the end has left nothing
 * but marks. */
static inline void edai_ctx_renew(eda_ctx *ctx, edai_activation *activation)
{
    ctx->has_replied = false;
    ctx->has_refused = false;
    ctx->asked_restart = false;
    ctx->is_state_lost = false;
    ctx->effects_count = 0;
    ctx->answer = NULL;
    ctx->activation = activation;
    ctx->type = activation->type;
    ctx->publisher = activation->type->index;
}

/* For the turns of a run. */
void edai_turn_prepare(eda_ctx *ctx, edai_worker *worker);
/* Runs what waits for an activation that has been started, one turn after the other, until it has
 * no more or has had its share. False: the activation is gone. */
bool edai_turns_run(edai_worker *worker, eda_ctx *ctx, edai_activation *activation);
/* One turn, of one that is idle, within that of whoever asked it (nest.h). False: it is gone. */
bool edai_turn_run_within(edai_worker *worker, edai_activation *activation, edai_envelope *request);
/* The same as edai_turns_run with messages of bundles, in place; the ctx, of edai_ctx_init, may
 * have served other turns. False: the last of them was suspended meanwhile. */
bool edai_turn_run_in_place(eda_ctx *ctx, edai_activation *activation, edai_fan_run *run);
/* Runs the start function with the saved state loaded; false: refused, all waiting messages are
 * dead. */
bool edai_turn_start(edai_worker *worker, edai_activation *activation);
void edai_turn_stop(edai_worker *worker, edai_activation *activation, eda_stop_reason reason);

/* Sets the ctx's error text and returns the status. */
eda_status edai_ctx_fail(eda_ctx *ctx, eda_status status, const char *format, ...) EDA_PRINTF(3, 4);
void edai_ctx_check(const eda_ctx *ctx);
void edai_ctx_drop_effects(eda_ctx *ctx);
/* Appends a chain, oldest first. */
static inline void edai_ctx_add_effects(
    eda_ctx *ctx, edai_envelope *first, edai_envelope *last, uint32_t count)
{
    last->next = NULL;
    if (ctx->effects == NULL) {
        ctx->effects = first;
    } else {
        ctx->effects_last->next = first;
    }
    ctx->effects_last = last;
    ctx->effects_count += count;
}
void edai_ctx_free_chain(eda_ctx *ctx, edai_envelope *first);
void edai_ctx_release(eda_ctx *ctx); /* scratch, replies, error text */

#endif
