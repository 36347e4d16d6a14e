/* waitgraph.c - finds actors that wait for each other in a circle, and says so to one of them.
 *
 * Edges are what suspended asks and held publishers wait for. Nothing is recorded while messages
 * flow: a timer that runs only while somebody waits starts a scan. In its first phase every worker
 * lists its edges; in the second, begun when all have, the workers of an alleged circle look
 * whether each edge still stands. A reply sent before a worker listed its edges was handed over
 * before the second phase began, so it has arrived by then: an edge that still stands is real.
 * Threads: one scan at a time; a scan's parts are written by one worker each, and read by the last.
 */
#include "base/assert.h"
#include "base/hash.h"
#include "base/memory.h"
#include "core/mailbox.h"
#include "core/publish.h"
#include "core/system.h"

#include <stdio.h>
#include <string.h>

#define SCAN_DELAY EDA_MS(10)
#define EDGES_MAX 65536u
#define NAME_SIZE 96

typedef struct edge {
    uint64_t from; /* nodes: hash of actor type and identity */
    uint64_t to;
    uint64_t seq;                /* of the ask; 0: a held publisher */
    edai_activation *activation; /* who waits, or in whose line the publisher stands */
    uint32_t generation;
    uint16_t worker;
    bool is_wanted; /* part of an alleged circle */
    bool stands;
    char name[NAME_SIZE]; /* of from */
} edge;

typedef struct part {
    edge *edges;
    size_t len;
    size_t capacity;
    edai_envelope envelope;
    edai_call call;
} part;

_Static_assert(offsetof(part, call) == offsetof(part, envelope) + sizeof(edai_envelope),
    "a call stands right behind its envelope");

typedef struct scan {
    eda_system *sys;
    _Atomic uint32_t left; /* workers that have not finished the phase */
    uint32_t phase;
    char text[EDAI_ERROR_SIZE];
    part parts[];
} scan;

static void call_phase(edai_worker *worker, void *arg);

static uint64_t node(const edai_actor_type *type, uint64_t identity)
{
    return edai_hash_join(type->hash, identity);
}

/* The publisher may live on another worker: what is known of it came with the envelope. */
static uint64_t publisher_node(
    const eda_system *sys, const edai_envelope *envelope, const edai_ext *ext)
{
    return node(sys->actors[envelope->publisher], ext->held_identity);
}

static void add(part *to, const edge *found)
{
    if (to->len == to->capacity) {
        size_t capacity = to->capacity == 0 ? 16 : to->capacity * 2;
        edge *grown;

        if (to->len >= EDGES_MAX) {
            return; /* so many wait that the circle will be met in a later, smaller scan, or at a
                       deadline */
        }
        grown = edai_realloc(to->edges, capacity * sizeof(*grown));
        if (grown == NULL) {
            return;
        }
        to->edges = grown;
        to->capacity = capacity;
    }
    to->edges[to->len++] = *found;
}

static void list_asks(edai_worker *worker, edai_activation *activation, part *to)
{
    const eda_ctx *ctx;

    for (ctx = activation->extra->suspended; ctx != NULL; ctx = ctx->next_suspended) {
        edge found = {.activation = activation,
            .generation = activation->generation,
            .worker = worker->index,
            .seq = ctx->wait->seq};

        if (ctx->wait->kind != EDAI_WAIT_ASK || ctx->is_resumable) {
            continue;
        }
        found.from = node(activation->type, activation->identity);
        found.to = node(ctx->wait->target, ctx->wait->target_identity);
        edai_activation_name(activation, found.name, sizeof(found.name));
        add(to, &found);
    }
}

/* The line before a full mailbox: each publisher in it waits for the mailbox's owner. */
static void list_line(edai_worker *worker, edai_activation *activation, part *to)
{
    const edai_waiting *at;

    for (at = activation->extra->waiting; at != NULL; at = at->next) {
        const edai_ext *ext = edai_envelope_its_ext(at->envelope);
        edge found = {.activation = activation,
            .generation = activation->generation,
            .worker = worker->index,
            .to = node(activation->type, activation->identity)};

        if (ext->held == NULL) {
            continue;
        }
        found.from = publisher_node(worker->sys, at->envelope, ext);
        (void)snprintf(found.name, sizeof(found.name), "%s",
            worker->sys->actors[at->envelope->publisher]->actor->name);
        add(to, &found);
    }
}

static void list_edges(edai_worker *worker, part *to)
{
    uint32_t i;

    for (i = 0; i < worker->sys->actor_count; i++) {
        edai_activation *at = worker->holdings[i].pool.idle_first;

        for (; at != NULL; at = at->idle_next) {
            if (at->extra != NULL && at->extra->suspended != NULL) {
                list_asks(worker, at, to);
            }
            if (at->extra != NULL && at->extra->waiting != NULL) {
                list_line(worker, at, to);
            }
        }
    }
}

/* --- the circle
 * ---------------------------------------------------------------------------------------------------
 */

static edge *edge_from(scan *of, uint64_t from)
{
    uint16_t i;
    size_t at;

    for (i = 0; i < of->sys->worker_count; i++) {
        for (at = 0; at < of->parts[i].len; at++) {
            if (of->parts[i].edges[at].from == from) {
                return &of->parts[i].edges[at];
            }
        }
    }
    return NULL;
}

static size_t edge_count(const scan *of)
{
    size_t sum = 0;
    uint16_t i;

    for (i = 0; i < of->sys->worker_count; i++) {
        sum += of->parts[i].len;
    }
    return sum;
}

/* Follows the edges from one; true when they lead back to it, each marked. Who waits for several is
 * followed by the first of them: a circle through another is met when it is begun there. */
static bool mark_circle(scan *of, edge *first)
{
    size_t left = edge_count(of);
    edge *at;

    for (at = first; left > 0; left--) {
        if (at->to == first->from) {
            break;
        }
        at = edge_from(of, at->to);
        if (at == NULL) {
            return false;
        }
    }
    if (left == 0) {
        return false;
    }
    for (at = first; at != NULL; at = edge_from(of, at->to)) {
        at->is_wanted = true;
        if (at->to == first->from) {
            return true;
        }
    }
    return false; /* not reached: it was followed a moment ago */
}

static edge *find_circle(scan *of)
{
    uint16_t i;
    size_t at;

    for (i = 0; i < of->sys->worker_count; i++) {
        for (at = 0; at < of->parts[i].len; at++) {
            if (mark_circle(of, &of->parts[i].edges[at])) {
                return &of->parts[i].edges[at];
            }
        }
    }
    return NULL;
}

/* --- the phases
 * ---------------------------------------------------------------------------------------------------
 */

/* The first delivery in the line whose publisher is this edge's; NULL: none any more. */
static edai_waiting *find_in_line(const eda_system *sys, const edge *wanted)
{
    edai_waiting *at;

    if (wanted->activation->extra == NULL) {
        return NULL;
    }
    for (at = wanted->activation->extra->waiting; at != NULL; at = at->next) {
        const edai_ext *ext = edai_envelope_its_ext(at->envelope);

        if (ext->held != NULL && publisher_node(sys, at->envelope, ext) == wanted->from) {
            return at;
        }
    }
    return NULL;
}

/* Who else waits in that line is in no circle: room will come for them. */
static void leave_line(edai_worker *worker, const edge *wanted, const char *text)
{
    edai_waiting *at;

    while ((at = find_in_line(worker->sys, wanted)) != NULL) {
        edai_mailbox_refuse_one(worker, at, EDA_EDEADLOCK, text);
    }
}

static void look_again(const eda_system *sys, part *in)
{
    size_t i;

    for (i = 0; i < in->len; i++) {
        edge *wanted = &in->edges[i];

        if (!wanted->is_wanted || wanted->activation->generation != wanted->generation) {
            continue;
        }
        wanted->stands = wanted->seq != 0
                             ? edai_turn_by_ask(wanted->activation, wanted->seq) != NULL
                             : find_in_line(sys, wanted) != NULL;
    }
}

static void post_all(scan *of)
{
    uint16_t i;

    atomic_store(&of->left, of->sys->worker_count);
    for (i = 0; i < of->sys->worker_count; i++) {
        part *to = &of->parts[i];

        to->envelope = (edai_envelope){.kind = EDAI_CALL, .home = EDAI_HOME_NOWHERE};
        *(edai_call *)edai_envelope_body(&to->envelope) =
            (edai_call){.fn = call_phase, .arg = of, .worker = i};
        edai_worker_post(&of->sys->workers[i], &to->envelope);
    }
}

static void scan_free(scan *of)
{
    uint16_t i;

    for (i = 0; i < of->sys->worker_count; i++) {
        edai_free(of->parts[i].edges);
    }
    atomic_store(&of->sys->scan_is_running, 0);
    edai_free(of);
}

/* All wanted edges stand: writes the circle down. False: it has dissolved. */
static bool describe(scan *of)
{
    edge *first = NULL;
    edge *at;
    size_t len;
    uint16_t i;
    size_t e;

    for (i = 0; i < of->sys->worker_count; i++) {
        for (e = 0; e < of->parts[i].len; e++) {
            at = &of->parts[i].edges[e];
            if (at->is_wanted && !at->stands) {
                return false;
            }
            if (at->is_wanted && first == NULL) {
                first = at;
            }
        }
    }
    if (first == NULL) {
        return false;
    }
    len = (size_t)snprintf(of->text, sizeof(of->text), "%s", first->name);
    for (at = edge_from(of, first->to); at != NULL && len < sizeof(of->text);
         at = edge_from(of, at->to)) {
        len += (size_t)snprintf(of->text + len, sizeof(of->text) - len, " -> %s", at->name);
        if (at == first) {
            break;
        }
    }
    return true;
}

/* The victim is whoever waits along the first wanted edge of the lowest worker that has one. */
static void break_circle(scan *of, edai_worker *worker)
{
    size_t i;

    for (i = 0; i < of->parts[worker->index].len; i++) {
        edge *at = &of->parts[worker->index].edges[i];
        eda_ctx *ctx;

        if (!at->is_wanted || at->activation->generation != at->generation) {
            continue;
        }
        edai_system_log(of->sys, NULL, "actors wait for each other: %s", of->text);
        (void)edai_system_fail(of->sys, EDA_EDEADLOCK, "actors wait for each other: %s", of->text);
        if (at->seq == 0) {
            leave_line(worker, at, of->text);
            return;
        }
        ctx = edai_turn_by_ask(at->activation, at->seq);
        if (ctx != NULL) {
            ctx->wait->text = edai_alloc(strlen(of->text) + 1);
            if (ctx->wait->text != NULL) {
                memcpy(ctx->wait->text, of->text, strlen(of->text) + 1);
            }
            edai_turn_resume(ctx, EDA_EDEADLOCK);
        }
        return;
    }
}

static bool has_wanted(const part *in)
{
    size_t i;

    for (i = 0; i < in->len; i++) {
        if (in->edges[i].is_wanted) {
            return true;
        }
    }
    return false;
}

static void post_victim(scan *of)
{
    uint16_t i;

    for (i = 0; i < of->sys->worker_count; i++) {
        if (has_wanted(&of->parts[i])) {
            atomic_store(&of->left, 1);
            edai_worker_post(&of->sys->workers[i], &of->parts[i].envelope);
            return;
        }
    }
}

static void next_phase(scan *of)
{
    if (of->phase == 1 && find_circle(of) != NULL) {
        of->phase = 2;
        post_all(of);
        return;
    }
    if (of->phase == 2 && describe(of)) {
        of->phase = 3;
        post_victim(of);
        return;
    }
    scan_free(of);
}

static void call_phase(edai_worker *worker, void *arg)
{
    scan *of = arg;

    if (of->phase == 1) {
        edai_worker_flush(worker); /* replies sent so far arrive before the second phase begins */
        list_edges(worker, &of->parts[worker->index]);
    } else if (of->phase == 2) {
        look_again(of->sys, &of->parts[worker->index]);
    } else {
        break_circle(of, worker);
    }
    /* acq_rel: the last one reads what all others wrote. */
    if (atomic_fetch_sub_explicit(&of->left, 1, memory_order_acq_rel) == 1) {
        next_phase(of);
    }
}

void edai_waitgraph_scan(edai_worker *worker)
{
    eda_system *sys = worker->sys;
    uint32_t none = 0;
    scan *of;

    if (!atomic_compare_exchange_strong(&sys->scan_is_running, &none, 1)) {
        return; /* another worker's scan covers ours, or the next one does */
    }
    of = edai_calloc(1, sizeof(*of) + sys->worker_count * sizeof(part));
    if (of == NULL) {
        atomic_store(&sys->scan_is_running, 0);
        return;
    }
    of->sys = sys;
    of->phase = 1;
    post_all(of);
}

static void on_scan(edai_worker *worker, edai_timer *timer)
{
    (void)timer;
    if (worker->suspended_count == 0 && worker->held_count == 0) {
        return;
    }
    edai_waitgraph_scan(worker);
    worker->scan_delay = worker->scan_delay < EDA_SEC(1) ? worker->scan_delay * 2 : EDA_SEC(1);
    edai_waitgraph_arm(worker);
}

void edai_waitgraph_arm(edai_worker *worker)
{
    if (worker->deadlock_scan.index != 0) {
        return;
    }
    if (worker->scan_delay == 0 || worker->suspended_count + worker->held_count <= 1) {
        worker->scan_delay = SCAN_DELAY;
    }
    /* Out of memory: the next wait arms it. */
    (void)!edai_timers_arm(
        &worker->timers, &worker->deadlock_scan, worker->now + worker->scan_delay, on_scan);
}
