/* waitgraph.c - finds actors that wait for each other in a circle, and says so to one of them.
 *
 * Nothing is recorded while messages flow: a timer that runs only while somebody waits starts a
 * scan. Nodes are asks, mailboxes and holds; each edge is listed by the one worker that knows it:
 *
 *     ask -> ask          a turn that serves the first waits for the second
 *     ask -> mailbox      the request waits for its turn
 *     ask -> hold         the same, where the handler interleaves: open turns do not keep it
 * waiting mailbox -> ask      an open turn waits for it, and no other turn may begin meanwhile
 *     mailbox -> hold     the actor is held until what it published has found room
 *     hold -> mailbox     what it published waits for room there
 *
 * So an actor with several open turns is in a circle only through the turn that matters. In the
 * first phase every worker lists its edges; in the second, begun when all have, it lists them
 * again: a circle whose edges were all there at both looks was complete in between, and will never
 * open by itself. Threads: one scan at a time; a scan's parts are written by one worker each, and
 * read by the last. */
#include "base/assert.h"
#include "base/hash.h"
#include "base/memory.h"
#include "core/circle.h"
#include "core/mailbox.h"
#include "core/publish.h"
#include "core/suspend.h"
#include "core/system.h"

#include <stdio.h>
#include <string.h>

#define SCAN_DELAY EDA_MS(10)
#define EDGES_MAX 65536u
#define NAME_SIZE 96
#define ASK_NODE UINT64_C(0x61736b)
#define HOLD_NODE UINT64_C(0x686f6c64)

/* Who waits: the asking turn, or the held actor. */
typedef struct waiter {
    uint64_t node;
    uint64_t seq; /* of the ask; 0: held */
    int64_t since;
    edai_activation *activation;
    uint32_t generation;
    uint16_t worker;
    char name[NAME_SIZE];
} waiter;

typedef struct part {
    edai_edge *edges;
    size_t edge_count;
    size_t edge_capacity;
    waiter *waiters;
    size_t waiter_count;
    size_t waiter_capacity;
    edai_envelope envelope;
    edai_call call;
} part;

_Static_assert(offsetof(part, call) == offsetof(part, envelope) + sizeof(edai_envelope),
    "a call stands right behind its envelope");

typedef struct scan {
    eda_system *sys;
    _Atomic uint32_t left; /* workers that have not finished the phase */
    uint32_t phase;
    edai_edge **circle; /* alleged, in its order */
    size_t circle_len;
    char text[EDAI_ERROR_SIZE];
    part parts[];
} scan;

static void call_phase(edai_worker *worker, void *arg);

/* --- nodes and edges ----------------------------------------------------------------------------
 */

static uint64_t mailbox_node(const edai_actor_type *type, uint64_t identity)
{
    return edai_hash_join(type->hash, identity);
}

static uint64_t ask_node(uint16_t worker, uint64_t seq)
{
    return edai_hash_join(edai_hash_join(ASK_NODE, worker), seq);
}

static uint64_t hold_node(uint64_t mailbox)
{
    return edai_hash_join(HOLD_NODE, mailbox);
}

/* Room for one more. So many waits that some are left out leave a circle to a later, smaller scan,
 * or to a deadline. */
static bool has_room(void **array, size_t count, size_t *capacity, size_t size)
{
    size_t wanted = *capacity == 0 ? 16 : *capacity * 2;
    void *grown;

    if (count < *capacity) {
        return true;
    }
    if (count >= EDGES_MAX) {
        return false;
    }
    grown = edai_realloc(*array, wanted * size);
    if (grown == NULL) {
        return false;
    }
    *array = grown;
    *capacity = wanted;
    return true;
}

static void add_edge(part *to, edai_edge found)
{
    void *edges = to->edges;

    if (has_room(&edges, to->edge_count, &to->edge_capacity, sizeof(*to->edges))) {
        to->edges = edges;
        to->edges[to->edge_count++] = found;
    }
}

/* The name is filled in here. */
static void add_waiter(part *to, edai_activation *activation, waiter found)
{
    void *waiters = to->waiters;
    waiter *made;

    if (!has_room(&waiters, to->waiter_count, &to->waiter_capacity, sizeof(*to->waiters))) {
        return;
    }
    to->waiters = waiters;
    made = &to->waiters[to->waiter_count++];
    *made = found;
    made->activation = activation;
    made->generation = activation->generation;
    edai_activation_name(activation, made->name, sizeof(made->name));
}

/* --- listing ------------------------------------------------------------------------------------
 */

/* The ask that a request came from; false: a client's, which nobody waits for. */
static bool asked_by(edai_envelope *envelope, uint64_t *ret_node)
{
    const edai_ext *ext = envelope != NULL ? edai_envelope_ext(envelope) : NULL;

    if (ext == NULL || ext->asker == NULL) {
        return false;
    }
    *ret_node = ask_node(ext->asker_worker, ext->ask_seq);
    return true;
}

static void list_turns(edai_worker *worker, edai_activation *activation, uint64_t mailbox, part *to)
{
    const eda_ctx *ctx;

    for (ctx = activation->extra->suspended; ctx != NULL; ctx = ctx->next_suspended) {
        uint64_t asking = ask_node(worker->index, ctx->wait->seq);
        uint64_t served = 0;

        if (ctx->wait->kind != EDAI_WAIT_ASK || ctx->is_resumable) {
            continue;
        }
        add_waiter(to, activation,
            (waiter){.node = asking,
                .seq = ctx->wait->seq,
                .since = ctx->wait->since,
                .worker = worker->index});
        add_edge(to, (edai_edge){.from = mailbox, .to = asking, .worker = worker->index});
        if (ctx->kind == EDAI_CTX_START) { /* nothing interleaves with a start */
            add_edge(
                to, (edai_edge){.from = hold_node(mailbox), .to = asking, .worker = worker->index});
        }
        if (asked_by(ctx->envelope, &served)) {
            add_edge(to, (edai_edge){.from = served, .to = asking, .worker = worker->index});
        }
    }
}

static void list_requests(
    edai_worker *worker, edai_activation *activation, uint64_t mailbox, part *to)
{
    edai_envelope *at;
    uint64_t asking = 0;

    for (at = activation->head; at != NULL; at = at->next) {
        if (asked_by(at, &asking)) {
            add_edge(to, (edai_edge){.from = asking,
                             .to = at->route->handler->interleaves ? hold_node(mailbox) : mailbox,
                             .worker = worker->index});
        }
    }
}

/* The line before a full mailbox. */
static void list_line(edai_worker *worker, edai_activation *activation, uint64_t mailbox, part *to)
{
    const edai_waiting *at;

    if ((activation->flags & EDAI_IS_HELD) == 0 && edai_mailbox_has_interleaving(activation)) {
        return; /* that one runs, and makes room */
    }
    for (at = activation->extra->waiting; at != NULL; at = at->next) {
        const edai_rest *rest = edai_envelope_rest(at->envelope);
        edai_edge found = {.to = mailbox,
            .serial = at->serial,
            .line = activation,
            .generation = activation->generation,
            .worker = worker->index};

        if (rest != NULL && rest->held != NULL) {
            found.from = hold_node(
                mailbox_node(worker->sys->actors[at->envelope->publisher], rest->held_identity));
            add_edge(to, found);
        } else if (asked_by(at->envelope, &found.from)) {
            add_edge(to, found);
        }
    }
}

static void list_activation(edai_worker *worker, edai_activation *activation, part *to)
{
    uint64_t mailbox = mailbox_node(activation->type, activation->identity);
    bool is_held = (activation->flags & EDAI_IS_HELD) != 0;

    if (is_held) {
        add_waiter(to, activation, (waiter){.node = hold_node(mailbox), .worker = worker->index});
        add_edge(
            to, (edai_edge){.from = mailbox, .to = hold_node(mailbox), .worker = worker->index});
    }
    list_turns(worker, activation, mailbox, to);
    if (is_held || activation->extra->suspended != NULL) {
        list_requests(worker, activation, mailbox, to);
        list_line(worker, activation, mailbox, to);
    }
}

static void list_all(edai_worker *worker, part *to)
{
    uint32_t i;

    for (i = 0; i < worker->sys->actor_count; i++) {
        edai_pool_walk walk = {.chunk = NULL};
        edai_activation *at;

        while ((at = edai_pool_next(&worker->holdings[i].pool, &walk, UINT32_MAX)) != NULL) {
            if (at->extra != NULL) {
                list_activation(worker, at, to);
            }
        }
    }
}

/* --- the circle ---------------------------------------------------------------------------------
 */

static bool find_circle(scan *of)
{
    edai_edge **edges;
    size_t count = 0;
    size_t e;
    uint16_t i;

    for (i = 0; i < of->sys->worker_count; i++) {
        count += of->parts[i].edge_count;
    }
    edges = edai_calloc(count + 1, sizeof(edai_edge *));
    of->circle = edai_calloc(count + 1, sizeof(edai_edge *));
    if (edges == NULL || of->circle == NULL) {
        edai_free(edges);
        return false;
    }
    count = 0;
    for (i = 0; i < of->sys->worker_count; i++) {
        for (e = 0; e < of->parts[i].edge_count; e++) {
            edges[count++] = &of->parts[i].edges[e];
        }
    }
    if (!edai_circle_find(edges, count, of->circle, &of->circle_len)) {
        of->circle_len = 0;
    }
    edai_free(edges);
    return of->circle_len > 0;
}

static const waiter *find_waiter(const scan *of, uint64_t node)
{
    uint16_t i;
    size_t at;

    for (i = 0; i < of->sys->worker_count; i++) {
        for (at = 0; at < of->parts[i].waiter_count; at++) {
            if (of->parts[i].waiters[at].node == node) {
                return &of->parts[i].waiters[at];
            }
        }
    }
    return NULL;
}

/* Whoever waits in it, in its order, and the first one again. */
static void describe(scan *of)
{
    const waiter *first = NULL;
    size_t len = 0;
    size_t i;

    for (i = 0; i < of->circle_len && len < sizeof(of->text); i++) {
        const waiter *at = find_waiter(of, of->circle[i]->from);

        if (at == NULL) {
            continue; /* a mailbox: its actor is told of by what it waits for */
        }
        len += (size_t)snprintf(
            of->text + len, sizeof(of->text) - len, "%s%s", first != NULL ? " -> " : "", at->name);
        first = first != NULL ? first : at;
    }
    if (first != NULL && len < sizeof(of->text)) {
        (void)snprintf(of->text + len, sizeof(of->text) - len, " -> %s", first->name);
    }
}

/* --- the phases ---------------------------------------------------------------------------------
 */

static bool is_in(const part *in, const edai_edge *wanted)
{
    size_t i;

    for (i = 0; i < in->edge_count; i++) {
        const edai_edge *at = &in->edges[i];

        if (at->from == wanted->from && at->to == wanted->to && at->serial == wanted->serial) {
            return true;
        }
    }
    return false;
}

static void part_free(part *at)
{
    edai_free(at->edges);
    edai_free(at->waiters);
}

static void look_again(edai_worker *worker, scan *of)
{
    part fresh = {.edges = NULL};
    size_t i;

    list_all(worker, &fresh);
    for (i = 0; i < of->circle_len; i++) {
        if (of->circle[i]->worker == worker->index) {
            of->circle[i]->stands = is_in(&fresh, of->circle[i]);
        }
    }
    part_free(&fresh);
}

static void post(scan *of, uint16_t to)
{
    part *at = &of->parts[to];

    at->envelope = (edai_envelope){.kind = EDAI_CALL, .home = EDAI_HOME_NOWHERE};
    *(edai_call *)edai_envelope_body(&at->envelope) =
        (edai_call){.fn = call_phase, .arg = of, .worker = to};
    edai_worker_post(&of->sys->workers[to], &at->envelope);
}

static void post_all(scan *of)
{
    uint16_t count = of->sys->worker_count; /* the scan may be over before the last one is posted */
    uint16_t i;

    atomic_store(&of->left, count);
    for (i = 0; i < count; i++) {
        post(of, i);
    }
}

static void scan_free(scan *of)
{
    eda_system *sys = of->sys;
    uint16_t i;

    for (i = 0; i < sys->worker_count; i++) {
        part_free(&of->parts[i]);
    }
    edai_free(of->circle);
    edai_free(of);
    atomic_store(&sys->scan_is_running, 0);
}

/* Nobody yet, or one who began to wait earlier. */
static bool is_later(const waiter *at, const waiter *than)
{
    return than == NULL || at->since > than->since ||
           (at->since == than->since && at->seq > than->seq);
}

/* Whoever asked last, and so closed the circle, hears of it; where nobody asks, a delivery that
 * waits for room is refused. */
static bool find_victim(const scan *of, const waiter **ret_asker, const edai_edge **ret_line)
{
    size_t i;

    for (i = 0; i < of->circle_len; i++) {
        const waiter *at = find_waiter(of, of->circle[i]->from);

        if (at != NULL && at->seq != 0 && is_later(at, *ret_asker)) {
            *ret_asker = at;
        }
        if (of->circle[i]->line != NULL && *ret_line == NULL) {
            *ret_line = of->circle[i];
        }
    }
    return *ret_asker != NULL || *ret_line != NULL;
}

static void tell_asker(const scan *of, const waiter *victim)
{
    eda_ctx *ctx = victim->activation->generation == victim->generation
                       ? edai_suspend_by_ask(victim->activation, victim->seq)
                       : NULL;

    if (ctx == NULL) {
        return; /* answered or timed out a moment ago */
    }
    ctx->wait->text = edai_alloc(strlen(of->text) + 1);
    if (ctx->wait->text != NULL) {
        memcpy(ctx->wait->text, of->text, strlen(of->text) + 1);
    }
    edai_suspend_end(ctx, EDA_EDEADLOCK);
}

static bool is_from(edai_worker *worker, const edai_waiting *at, uint64_t node)
{
    const edai_rest *rest = edai_envelope_rest(at->envelope);
    const edai_actor_type *type;

    if (rest == NULL || rest->held == NULL) {
        return false;
    }
    type = worker->sys->actors[at->envelope->publisher];
    return hold_node(mailbox_node(type, rest->held_identity)) == node;
}

/* Refuses all that this publisher has in the line. Who else waits there is in no circle: room will
 * come for them. */
static void leave_line(edai_worker *worker, const edai_edge *victim, const char *text)
{
    edai_waiting *at;

    if (victim->line->generation != victim->generation || victim->line->extra == NULL) {
        return;
    }
    at = victim->line->extra->waiting;
    while (at != NULL) {
        edai_waiting *next = at->next;

        if (is_from(worker, at, victim->from)) {
            edai_mailbox_refuse_one(worker, at, EDA_EDEADLOCK, text);
        }
        at = next;
    }
}

static void break_circle(edai_worker *worker, const scan *of)
{
    const waiter *asker = NULL;
    const edai_edge *line = NULL;

    if (!find_victim(of, &asker, &line)) {
        return;
    }
    edai_system_log(of->sys, NULL, "actors wait for each other: %s", of->text);
    (void)edai_system_fail(of->sys, EDA_EDEADLOCK, "actors wait for each other: %s", of->text);
    if (asker != NULL) {
        tell_asker(of, asker);
    } else {
        leave_line(worker, line, of->text);
    }
    /* Where one circle was there may be more: the next look comes soon again. */
    edai_timers_disarm(&worker->timers, &worker->deadlock_scan);
    worker->scan_delay = SCAN_DELAY;
    edai_waitgraph_arm(worker);
}

static bool stands(const scan *of)
{
    size_t i;

    for (i = 0; i < of->circle_len; i++) {
        if (!of->circle[i]->stands) {
            return false;
        }
    }
    return true;
}

static void next_phase(scan *of)
{
    const waiter *asker = NULL;
    const edai_edge *line = NULL;

    if (of->phase == 1 && find_circle(of)) {
        of->phase = 2;
        post_all(of);
        return;
    }
    if (of->phase == 2 && stands(of) && find_victim(of, &asker, &line)) {
        describe(of);
        of->phase = 3;
        atomic_store(&of->left, 1);
        post(of, asker != NULL ? asker->worker : line->worker);
        return;
    }
    scan_free(of);
}

static void call_phase(edai_worker *worker, void *arg)
{
    scan *of = arg;

    if (of->phase == 1) {
        list_all(worker, &of->parts[worker->index]);
    } else if (of->phase == 2) {
        look_again(worker, of);
    } else {
        break_circle(worker, of);
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

static void on_scan(edai_worker *worker, edai_timer *timer);

static void arm(edai_worker *worker)
{
    /* Out of memory: the next wait arms it. */
    (void)!edai_timers_arm(
        &worker->timers, &worker->deadlock_scan, worker->now + worker->scan_delay, on_scan);
}

static void on_scan(edai_worker *worker, edai_timer *timer)
{
    (void)timer;
    if (worker->suspended_count == 0 && worker->held_count == 0) {
        return;
    }
    edai_waitgraph_scan(worker);
    worker->scan_delay = worker->scan_delay < EDA_SEC(1) ? worker->scan_delay * 2 : EDA_SEC(1);
    if (worker->deadlock_scan.index == 0) {
        arm(worker);
    }
}

void edai_waitgraph_arm(edai_worker *worker)
{
    if (worker->deadlock_scan.index != 0) {
        return;
    }
    if (worker->scan_delay == 0 || worker->suspended_count + worker->held_count <= 1) {
        worker->scan_delay = SCAN_DELAY;
    }
    arm(worker);
}
