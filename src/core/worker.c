/* worker.c - see worker.h: sending, receiving, and which activation runs next. */
#include "core/worker.h"

#include "base/assert.h"
#include "base/memory.h"
#include "base/planted.h"
#include "core/abroad.h"
#include "core/after.h"
#include "core/ask.h"
#include "core/fetch.h"
#include "core/held.h"
#include "core/mailbox.h"
#include "core/nest.h"
#include "core/publish.h"
#include "core/stop.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Envelopes admitted between two activations. */
#define DRAIN_MAX 256u
/* Of the gateway between two batches, while others are ready: it must be heard of, too. */
#define REST_MAX EDA_MS(1)
/* Freed blocks of another worker that wait to go home together; all go before a worker sleeps. */
#define RETURN_CHAIN_MIN 32u
/* Bytes of a key in an error text. */
#define KEY_SHOWN_MAX 80
/* Stacks kept back for turns that answer requests: without one, who waits for them would wait for
 * ever. */
#define RESERVE_DIVISOR 8u

/* --- making and ending -------------------------------------------------------------------- */

static eda_status init_holdings(edai_worker *worker)
{
    const eda_system *sys = worker->sys;
    uint32_t i;

    worker->holdings = edai_calloc(sys->actor_count + 1u, sizeof(*worker->holdings));
    if (worker->holdings == NULL) {
        return EDA_ENOMEM;
    }
    for (i = 0; i < sys->actor_count; i++) {
        edai_actor_type *type = sys->actors[i];
        edai_holding *holding = &worker->holdings[i];

        edai_pool_init(&holding->pool, type->actor->size,
            type->live_max != 0 || type->passivates_at_once || type->supervisor->on_idle != NULL,
            type->live_max != 0);
        holding->pool.type = type;
        holding->new_keys = (edai_bucket){.tokens = sys->options.new_keys_per_s, .at = worker->now};
        holding->outside_keys =
            (edai_bucket){.tokens = sys->options.outside_keys_per_s, .at = worker->now};
    }
    return EDA_OK;
}

eda_status edai_worker_init(edai_worker *worker, eda_system *sys, uint16_t index)
{
    worker->sys = sys;
    worker->port = sys->port;
    worker->is_watched = sys->port->event != NULL || sys->port->draw != NULL;
    worker->index = index;
    worker->now = edai_system_now(sys);
    edai_slab_init(&worker->slab);
    edai_timers_init(&worker->timers);
    edai_inbox_init(&worker->inbox);
    edai_random_seed(&worker->random, sys->options.seed + index);
    worker->outbox = edai_calloc(sys->worker_count, sizeof(*worker->outbox));
    worker->returns = edai_calloc(sys->worker_count, sizeof(*worker->returns));
    worker->tallies = edai_alloc_aligned(64, (sys->route_count + 1) * sizeof(*worker->tallies));
    if (worker->outbox == NULL || worker->returns == NULL || worker->tallies == NULL) {
        return EDA_ENOMEM;
    }
    memset(worker->tallies, 0, (sys->route_count + 1) * sizeof(*worker->tallies));
    EDA_TRY(edai_fans_init(worker));
    return init_holdings(worker);
}

void edai_worker_fini(edai_worker *worker)
{
    uint32_t i;

    if (worker->sys == NULL) {
        return;
    }
    edai_delayed_free_all(worker);
    for (i = 0; worker->holdings != NULL && i < worker->sys->actor_count; i++) {
        edai_directory_fini(&worker->holdings[i].directory);
        edai_pool_fini(&worker->holdings[i].pool);
    }
    edai_fans_fini(worker);
    edai_free(worker->holdings);
    edai_free(worker->outbox);
    edai_free(worker->returns);
    edai_free(worker->tallies);
    edai_timers_fini(&worker->timers);
    edai_slab_fini(&worker->slab);
}

/* --- sending ------------------------------------------------------------------------------ */

void edai_worker_send(edai_worker *worker, uint16_t to, edai_envelope *envelope)
{
    edai_chain_add(&worker->outbox[to], envelope);
    worker->out_count++;
}

static void push(edai_worker *to, edai_chain *chain)
{
    edai_seat *early = EDAI_PLANTED(EARLY_SEAT) ? edai_worker_seat(to) : NULL;

    if (!edai_inbox_push(&to->inbox, chain, to->port)) {
        return;
    }
    if (!EDAI_PLANTED(EARLY_SEAT)) {
        edai_seat_wake(to);
    } else if (early != NULL) {
        to->port->wake(to->port->self, &early->waiter);
    }
}

void edai_worker_post(edai_worker *worker, edai_envelope *envelope)
{
    edai_chain chain = {.newest = NULL};

    edai_chain_add(&chain, envelope);
    push(worker, &chain);
}

/* Blocks go home in chains, each of which costs a cache line's way there and back. */
static void return_chains(edai_worker *worker, uint32_t count_min)
{
    uint16_t i;

    for (i = 0; i < worker->sys->worker_count; i++) {
        edai_return_chain *chain = &worker->returns[i];

        if (chain->count >= count_min) {
            edai_slab_return(&worker->sys->workers[i].slab, chain->first, chain->last);
            worker->returns_count -= chain->count;
            *chain = (edai_return_chain){.first = NULL};
        }
    }
}

void edai_worker_return_all(edai_worker *worker)
{
    if (worker->returns_count > 0) {
        return_chains(worker, 1);
    }
}

void edai_worker_flush(edai_worker *worker)
{
    eda_system *sys = worker->sys;
    uint16_t i;

    if (worker->returns_count >= RETURN_CHAIN_MIN) {
        return_chains(worker, RETURN_CHAIN_MIN);
    }
    if (worker->out_count == 0) {
        return;
    }
    for (i = 0; i < sys->worker_count; i++) {
        if (worker->outbox[i].count > 0) {
            push(&sys->workers[i], &worker->outbox[i]);
        }
    }
    worker->out_count = 0;
}

/* --- receiving ---------------------------------------------------------------------------- */

/* Of an outsider, whoever asks for it. */
static void say_absent(edai_envelope *envelope, char text[static EDAI_ERROR_SIZE])
{
    const edai_actor_type *type = envelope->route->actor;
    char digits[24];
    eda_str key = {.ptr = digits};

    if ((envelope->flags & EDAI_IS_TEXT) != 0) {
        key = edai_publish_key(envelope);
    } else {
        int len = type->is_signed_key
                      ? snprintf(digits, sizeof(digits), "%" PRId64, (int64_t)envelope->identity)
                      : snprintf(digits, sizeof(digits), "%" PRIu64, envelope->identity);
        key.len = (size_t)len;
    }
    (void)snprintf(text, EDAI_ERROR_SIZE,
        "%.60s[%.*s] does not live, and outsiders do not bring it to life: declare "
        "spawns_for(outside)",
        type->actor->name, key.len > KEY_SHOWN_MAX ? KEY_SHOWN_MAX : (int)key.len, key.ptr);
}

/* There is no activation, and there will be none. Cold: the text takes room on the stack. */
static EDAI_COLD void refuse(edai_worker *worker, edai_envelope *envelope, eda_status status)
{
    char absent[EDAI_ERROR_SIZE] = "";
    const char *text = status == EDA_ENOMEM   ? "out of memory for a new activation"
                       : status == EDA_ENOENT ? absent
                                              : "the limit on new keys was reached";

    if (status == EDA_ENOENT && edai_envelope_ext(envelope) != NULL) {
        say_absent(envelope, absent);
    }
    edai_envelope_end(worker, envelope, EDAI_SHED, status == EDA_ELIMIT ? EDA_ESHED : status, text);
}

static void admit(edai_worker *worker, edai_envelope *envelope, uint64_t hash)
{
    eda_status status = EDA_OK;
    edai_activation *activation;

    if (EDAI_UNLIKELY(worker->is_ending)) {
        edai_envelope_end(worker, envelope, EDAI_STOPPED, EDA_ECANCELED, "the system stopped");
        return;
    }
    if (EDAI_UNLIKELY(worker->index == worker->sys->gateway)) {
        worker->sys->abroad->take(worker->sys->abroad, worker, envelope);
        return;
    }
    activation = edai_activation_get(worker, envelope->route, envelope, hash, &status);
    if (EDAI_UNLIKELY(activation == NULL)) {
        refuse(worker, envelope, status);
        return;
    }
    edai_mailbox_put(worker, activation, envelope);
}

static void receive(edai_worker *worker, edai_envelope *envelope)
{
    switch ((edai_kind)envelope->kind) {
    case EDAI_DELIVERY:
        admit(worker, envelope, edai_publish_hash(envelope));
        break;
    case EDAI_BUNDLE:
        if (EDAI_UNLIKELY(worker->is_ending)) {
            edai_fan_stop_bundle(worker, envelope);
        } else {
            edai_fans_put(worker, envelope);
        }
        break;
    case EDAI_REPLY:
        edai_ask_answered(worker, envelope);
        break;
    case EDAI_ADMITTED: {
        edai_admitted *body = edai_envelope_body(envelope);

        edai_held_settle(worker, body->held, body->generation);
        edai_worker_free(worker, envelope);
        break;
    }
    case EDAI_CALL: {
        edai_call call = *(edai_call *)edai_envelope_body(envelope);

        edai_worker_free(worker, envelope);
        call.fn(worker, call.arg);
        break;
    }
    }
}

void edai_worker_end_calls(edai_worker *worker)
{
    edai_envelope *next = edai_inbox_take(&worker->inbox, worker->port);

    while (next != NULL) {
        edai_envelope *envelope = next;

        next = envelope->next;
        EDA_ASSERT(envelope->kind == EDAI_CALL, "who never ran was sent no messages");
        receive(worker, envelope);
    }
}

/* Puts a chain, oldest first, behind what has arrived: it must not overtake that. */
static void arrive(edai_worker *worker, edai_envelope *first)
{
    edai_envelope *last = worker->arrived_last != NULL ? worker->arrived_last : worker->arrived;

    if (worker->arrived == NULL) {
        worker->arrived = first;
    } else {
        while (last->next != NULL) {
            last = last->next;
        }
        last->next = first;
    }
    worker->arrived_last = first->next == NULL ? first : NULL;
}

/* To another worker: at once if it sits here, too. Only the thread that runs a worker takes it
 * elsewhere, so what is read here stays true. */
void edai_worker_hand_over(edai_worker *worker, uint16_t to, edai_envelope *envelope)
{
    edai_worker *other = &worker->sys->workers[to];

    if (edai_worker_seat(other) != edai_worker_seat(worker)) {
        edai_worker_send(worker, to, envelope);
    } else if (EDAI_LIKELY(other->arrived == NULL)) {
        receive(other, envelope);
    } else {
        if (envelope->kind == EDAI_REPLY) {
            edai_ask_told(edai_envelope_body(envelope));
        }
        envelope->next = NULL;
        arrive(other, envelope);
    }
}

/* The only one of its type, or one of the last messages' receivers, and here: no need to work out
 * whose it is, and to search. */
static inline bool deliver_again(edai_worker *sender, edai_worker *worker, edai_envelope *envelope)
{
    const edai_route *route = envelope->route;
    edai_activation *activation = edai_worker_recent(worker, route->actor, envelope->identity);

    if (activation == NULL || (envelope->flags & EDAI_IS_TEXT) != 0 || worker->is_ending) {
        return false;
    }
    if (EDAI_LIKELY(edai_mailbox_put_plainly(worker, activation, envelope))) {
        sender->put = (edai_put){.route = route,
            .identity = envelope->identity,
            .owner = worker,
            .activation = activation};
    } else {
        edai_mailbox_put(worker, activation, envelope);
    }
    return true;
}

/* The same by the hash, of an actor whose worker sits here: most stand where they belong. */
static inline bool deliver_home(
    edai_worker *sender, edai_worker *owner, edai_envelope *envelope, uint64_t hash)
{
    const edai_route *route = envelope->route;
    edai_activation *activation =
        edai_worker_at_home(owner, route->actor, envelope->identity, hash);

    if (EDAI_UNLIKELY(activation == NULL || (envelope->flags & EDAI_IS_TEXT) != 0 ||
                      owner->is_ending ||
                      !edai_mailbox_put_to_one_of_many(owner, activation, envelope))) {
        return false;
    }
    edai_worker_found(edai_worker_holding(owner, route->actor), activation);
    sender->put = (edai_put){
        .route = route, .identity = envelope->identity, .owner = owner, .activation = activation};
    return true;
}

/* It belongs to that worker. */
void edai_worker_deliver_to(
    edai_worker *worker, uint16_t to, edai_envelope *envelope, uint64_t hash)
{
    edai_worker *owner = &worker->sys->workers[to];

    /* Not asked first whether it is this worker: which of those on the seat nobody can foretell. */
    if (EDAI_UNLIKELY(edai_worker_seat(owner) != edai_worker_seat(worker)) ||
        EDAI_UNLIKELY((owner->arrived != NULL) & (owner != worker))) {
        edai_worker_hand_over(worker, to, envelope);
    } else if (!deliver_again(worker, owner, envelope) &&
               !deliver_home(worker, owner, envelope, hash)) {
        admit(owner, envelope, hash);
    }
}

static void deliver(edai_worker *worker, edai_envelope *envelope)
{
    uint64_t hash;

    if (deliver_again(worker, worker, envelope)) {
        return;
    }
    hash = edai_publish_hash(envelope);
    edai_worker_deliver_to(
        worker, edai_system_owner(worker->sys, envelope->route->actor, hash), envelope, hash);
}

void edai_worker_dispatch(edai_worker *worker, edai_envelope *envelope)
{
    uint16_t to;

    if (EDAI_LIKELY(envelope->kind == EDAI_DELIVERY)) {
        deliver(worker, envelope);
        return;
    }
    if (envelope->kind == EDAI_BUNDLE) {
        to = envelope->route->fan->worker;
    } else {
        EDA_ASSERT(envelope->kind == EDAI_REPLY, "others are sent to a worker by number");
        const edai_reply *reply = edai_envelope_body(envelope);

        if (edai_nest_take(edai_worker_seat(worker), envelope)) {
            return;
        }
        to = reply->client != NULL ? worker->index : reply->worker;
    }
    if (to == worker->index) {
        receive(worker, envelope);
    } else {
        edai_worker_hand_over(worker, to, envelope);
    }
}

void edai_worker_take_inbox(edai_worker *worker)
{
    edai_envelope *first = edai_inbox_take(&worker->inbox, worker->port);

    if (first != NULL) {
        arrive(worker, first);
    }
}

/* A batch from another node counts as the messages in it, and others may then run for as long: what
 * cannot be handled yet is smaller in its batch, and what has just been taken is still near. */
static bool drain_gateway(edai_worker *gateway)
{
    const edai_seat *seat = edai_worker_seat(gateway);
    bool is_busy = gateway->arrived != NULL;
    int64_t begin = edai_system_now(gateway->sys);
    uint32_t count = 0;

    if (begin < gateway->rests_until && seat->ready != NULL) {
        return is_busy;
    }
    gateway->charged = 0;
    while (gateway->arrived != NULL && count + gateway->charged < DRAIN_MAX) {
        edai_envelope *envelope = gateway->arrived;

        gateway->arrived = envelope->next;
        receive(gateway, envelope);
        count++;
    }
    if (gateway->charged > 0) {
        int64_t end = edai_system_now(gateway->sys);
        int64_t took = end - begin < REST_MAX ? end - begin : REST_MAX;

        gateway->rests_until = end + took;
    }
    return is_busy;
}

/* Admits what has arrived, at most DRAIN_MAX envelopes: under a flood turns must run in between. */
static bool drain_inbox(edai_worker *worker)
{
    uint32_t left = DRAIN_MAX;
    edai_fetch fetch;

    if (worker->arrived == NULL) {
        edai_worker_take_inbox(worker);
    }
    if (EDAI_UNLIKELY(worker->index == worker->sys->gateway)) {
        return drain_gateway(worker);
    }
    fetch = edai_fetch_begin(worker, worker->arrived);
    while (worker->arrived != NULL && left > 0) {
        edai_envelope *envelope = worker->arrived;

        worker->arrived = envelope->next;
        edai_fetch_next(worker, &fetch);
        receive(worker, envelope);
        left--;
    }
    return left < DRAIN_MAX;
}

/* --- running ------------------------------------------------------------------------------ */

void edai_worker_queue(edai_worker *worker, edai_activation *activation)
{
    activation->run_next = NULL;
    if (worker->run_first == NULL) {
        worker->run_first = activation;
    } else {
        worker->run_last->run_next = activation;
    }
    worker->run_last = activation;
    edai_seat_ready(edai_worker_seat(worker), worker);
}

/* Beyond those kept back. A stack always goes to whoever finds that no other turn holds one. */
bool edai_worker_has_spare_stack(const edai_worker *worker)
{
    uint32_t max = worker->sys->options.stacks_max;

    return worker->suspended_count == 0 ||
           worker->suspended_count + max / RESERVE_DIVISOR + 1 < max;
}

EDAI_NOINLINE static bool has_request(const edai_activation *activation)
{
    const edai_envelope *at;
    const edai_waiting *waiting;

    for (at = activation->head; at != NULL; at = at->next) {
        if ((at->flags & EDAI_IS_REQUEST) != 0) {
            return true;
        }
    }
    for (waiting = activation->extra != NULL ? activation->extra->waiting : NULL; waiting != NULL;
         waiting = waiting->next) {
        if ((waiting->envelope->flags & EDAI_IS_REQUEST) != 0) {
            return true;
        }
    }
    return false;
}

/* Who was asked may use what was kept back, also for what stands before the request. */
static inline bool has_stack_for(const edai_worker *worker, const edai_activation *activation)
{
    return EDAI_LIKELY(!activation->type->asks) || edai_worker_has_spare_stack(worker) ||
           has_request(activation);
}

static void starve(edai_worker *worker, edai_activation *activation)
{
    activation->flags = (uint16_t)((activation->flags & ~EDAI_IS_QUEUED) | EDAI_IS_STARVED);
    activation->run_next = NULL;
    if (worker->starved == NULL) {
        worker->starved = activation;
    } else {
        worker->starved_last->run_next = activation;
    }
    worker->starved_last = activation;
}

/* Removes from a list by run_next; false: it is not there. */
static bool list_remove(
    edai_activation **first, edai_activation **last, const edai_activation *activation)
{
    edai_activation *before = NULL;
    edai_activation *at;

    for (at = *first; at != activation; before = at, at = at->run_next) {
        if (at == NULL) {
            return false;
        }
    }
    if (before == NULL) {
        *first = at->run_next;
    } else {
        before->run_next = at->run_next;
    }
    if (*last == at) {
        *last = before;
    }
    at->run_next = NULL;
    return true;
}

void edai_worker_unstarve(edai_worker *worker, edai_activation *activation)
{
    bool was_there = list_remove(&worker->starved, &worker->starved_last, activation);

    EDA_ASSERT(was_there, "who is flagged as starved is in the list");
    activation->flags = (uint16_t)(activation->flags & ~EDAI_IS_STARVED);
    edai_activation_wake(worker, activation);
    edai_passivate_consider(worker, activation);
}

static edai_links *links_of(edai_worker *worker, edai_activation *activation)
{
    return edai_pool_links(&edai_worker_holding(worker, activation->type)->pool, activation);
}

void edai_worker_forget(edai_worker *worker, edai_activation *activation)
{
    edai_activation **at;

    if ((activation->flags & EDAI_IS_QUEUED) != 0) {
        (void)list_remove(&worker->run_first, &worker->run_last, activation);
    }
    if ((activation->flags & EDAI_IS_STARVED) != 0) {
        (void)list_remove(&worker->starved, &worker->starved_last, activation);
    }
    if ((activation->flags & EDAI_IS_LISTED) != 0) {
        for (at = &worker->listed; *at != NULL; at = &links_of(worker, *at)->listed_next) {
            if (*at == activation) {
                *at = links_of(worker, activation)->listed_next;
                break;
            }
        }
    }
}

/* Of many that were dispatched in a batch the first have left the nearer caches when they run. */
EDAI_ALWAYS_INLINE void fetch_next(const edai_activation *next)
{
    if (next == NULL) {
        return;
    }
    __builtin_prefetch(next->head);
    if (next->run_next != NULL) {
        __builtin_prefetch(next->run_next, 1);
        __builtin_prefetch((const char *)next->run_next + 64, 1);
    }
}

static inline edai_activation *take_first(edai_worker *worker)
{
    edai_activation *activation = worker->run_first;

    worker->run_first = activation->run_next;
    activation->run_next = NULL;
    fetch_next(worker->run_first);
    return activation;
}

/* Between two activations nothing is to be done but to run the next: the way by the seat's loop,
 * which looks at all there is, can be left out. */
static inline bool may_go_on(const edai_worker *worker, const edai_activation *next)
{
    const uintptr_t others = (uintptr_t)worker->resumable | (uintptr_t)worker->starved |
                             (uintptr_t)worker->fans.first | (uintptr_t)worker->arrived;

    return others == 0 && !worker->has_resumed && edai_inbox_is_empty(&worker->inbox) &&
           worker->sys->gateway == EDAI_NO_GATEWAY && has_stack_for(worker, next) &&
           edai_seat_may_run_another(edai_worker_seat(worker));
}

/* One ctx serves them all. */
static void run_queued(edai_worker *worker)
{
    edai_activation *activation = take_first(worker);
    eda_ctx ctx;

    if (EDAI_UNLIKELY(!has_stack_for(worker, activation))) {
        starve(worker, activation);
        return;
    }
    edai_turn_prepare(&ctx, worker);
    edai_activation_run(worker, &ctx, activation);
    while (worker->run_first != NULL && may_go_on(worker, worker->run_first)) {
        worker->window_runs++;
        edai_activation_run(worker, &ctx, take_first(worker));
    }
}

static bool has_ready(const edai_worker *worker)
{
    return worker->run_first != NULL || worker->fans.first != NULL;
}

/* The run queue and the fans take turns. */
static void run_some(edai_worker *worker)
{
    bool is_fans =
        worker->fans.first != NULL && (worker->run_first == NULL || !worker->fans.was_last);

    worker->fans.was_last = is_fans;
    if (is_fans) {
        edai_fans_step(worker);
    } else {
        run_queued(worker);
    }
}

static bool fire_timers(edai_worker *worker)
{
    bool is_busy = false;
    edai_timer *timer;

    while ((timer = edai_timers_due(&worker->timers, worker->now)) != NULL) {
        timer->fire(worker, timer);
        is_busy = true;
    }
    return is_busy;
}

bool edai_worker_is_overdrawn(const edai_worker *worker)
{
    const eda_system *sys = worker->sys;
    uint16_t i;

    for (i = 0; i < sys->worker_count; i++) {
        if (edai_worker_seat(&sys->workers[i]) != edai_worker_seat(worker) &&
            edai_inbox_pending(&sys->workers[i].inbox) > EDAI_PENDING_MAX) {
            return true;
        }
    }
    return false;
}

bool edai_worker_has_work(const edai_worker *worker)
{
    return has_ready(worker) || worker->resumable != NULL ||
           (EDAI_UNLIKELY(worker->starved != NULL) && edai_worker_has_spare_stack(worker));
}

bool edai_worker_begin_round(edai_worker *worker)
{
    bool is_busy = drain_inbox(worker);

    if (EDAI_UNLIKELY(worker->is_ending)) {
        edai_stop_step(worker);
    }
    return fire_timers(worker) || is_busy;
}

void edai_worker_run_next(edai_worker *worker)
{
    if (EDAI_UNLIKELY(worker->resumable != NULL) && (!worker->has_resumed || !has_ready(worker))) {
        eda_ctx *ctx = worker->resumable;

        worker->has_resumed = true;
        worker->resumable = ctx->next_resumable;
        ctx->is_resumable = false;
        edai_seat_go_on(edai_worker_seat(worker), ctx);
    }
    worker->has_resumed = false;
    worker->window_runs++;
    if (EDAI_UNLIKELY(worker->starved != NULL) && edai_worker_has_spare_stack(worker)) {
        edai_worker_unstarve(worker, worker->starved);
    }
    if (has_ready(worker)) {
        run_some(worker);
    }
    if (worker->arrived != NULL || !edai_inbox_is_empty(&worker->inbox)) {
        (void)drain_inbox(worker);
    }
}

void edai_worker_end_round(edai_worker *worker)
{
    if (worker->listed != NULL) {
        edai_passivate_listed(worker);
    }
    if (worker->young != NULL) {
        edai_ask_settle(worker, edai_system_now(worker->sys));
    }
    if (EDAI_UNLIKELY(worker->index == worker->sys->gateway)) {
        worker->sys->abroad->end_round(worker->sys->abroad, worker);
    }
}
