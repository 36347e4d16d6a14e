/* fan.c - see fan.h. */
#include "core/fan.h"

#include "base/assert.h"
#include "base/memory.h"
#include "core/mailbox.h"
#include "core/publish.h"
#include "core/system.h"

/* Turns of one step; then it is somebody else's turn. */
#define STEP_TURNS 256u

/* --- making and ending -------------------------------------------------------------------- */

static eda_status init_line(edai_fan_line *line, const edai_fan *fan)
{
    line->fan = fan;
    line->places = edai_calloc(fan->count, sizeof(*line->places));
    line->apart = edai_calloc(fan->count, sizeof(*line->apart));
    return line->places != NULL && line->apart != NULL ? EDA_OK : EDA_ENOMEM;
}

eda_status edai_fans_init(edai_worker *worker)
{
    edai_fans *fans = &worker->fans;
    const edai_msg *msg;
    const edai_fan *fan;

    if (worker->sys->fan_count == 0) {
        return EDA_OK;
    }
    fans->lines = edai_calloc(worker->sys->fan_count, sizeof(*fans->lines));
    fans->stubs = edai_calloc(EDAI_FAN_BATCH, sizeof(*fans->stubs));
    if (fans->lines == NULL || fans->stubs == NULL) {
        return EDA_ENOMEM;
    }
    for (msg = worker->sys->first_msg; msg != NULL; msg = msg->next) {
        for (fan = msg->fans; fan != NULL; fan = fan->next) {
            if (fan->worker == worker->index) {
                EDA_TRY(init_line(&fans->lines[fan->index], fan));
            }
        }
    }
    return EDA_OK;
}

void edai_fans_fini(edai_worker *worker)
{
    edai_fans *fans = &worker->fans;
    uint32_t i;

    for (i = 0; fans->lines != NULL && i < worker->sys->fan_count; i++) {
        edai_free(fans->lines[i].places);
        edai_free(fans->lines[i].apart);
    }
    edai_free(fans->lines);
    edai_free(fans->stubs);
}

/* --- envelopes ---------------------------------------------------------------------------- */

edai_envelope *edai_fan_envelope(
    edai_worker *worker, const edai_route *route, edai_shared *shared, uint16_t publisher)
{
    uint16_t home = 0;
    uint8_t size_class = 0;
    edai_envelope *envelope =
        edai_worker_alloc(worker, sizeof(*envelope) + sizeof(shared), &home, &size_class);

    if (envelope == NULL) {
        return NULL;
    }
    *envelope = (edai_envelope){.route = route,
        .home = home,
        .size_class = size_class,
        .kind = EDAI_DELIVERY,
        .flags = EDAI_IS_SHARED,
        .publisher = publisher};
    *(edai_shared **)edai_envelope_payload(envelope) = shared;
    /* relaxed: who adds holds a reference. */
    atomic_fetch_add_explicit(&shared->refs, 1, memory_order_relaxed);
    return envelope;
}

bool edai_fan_is_stub(const edai_envelope *envelope)
{
    return envelope != NULL && envelope->home == EDAI_HOME_NOWHERE;
}

static edai_shared *shared_of(edai_envelope *bundle)
{
    return *(edai_shared **)edai_envelope_payload(bundle);
}

static edai_envelope *copy_of(eda_ctx *ctx)
{
    edai_envelope *stub = ctx->envelope;

    return edai_fan_envelope(ctx->worker, stub->route, shared_of(stub), stub->publisher);
}

void edai_fan_account(edai_worker *worker, const edai_fan_run *run, uint32_t handled)
{
    uint32_t begun = handled + (handled < run->end - run->first ? 1 : 0);

    if (handled > 0) {
        edai_tally_add_many(&worker->tallies[run->route->index], EDAI_HANDLED, handled);
    }
    run->place->done = run->number + run->first + begun - 1;
    worker->fans.run = NULL;
}

eda_status edai_fan_leave(eda_ctx *ctx)
{
    edai_fan_run *run = ctx->worker->fans.run;
    edai_envelope *copy = copy_of(ctx);

    EDA_ASSERT(run != NULL, "a turn in place runs");
    if (copy == NULL) {
        return EDA_ENOMEM;
    }
    edai_fan_account(ctx->worker, run, run->at - run->first);
    ctx->envelope = copy;
    return EDA_OK;
}

eda_status edai_fan_keep(eda_ctx *ctx)
{
    edai_envelope *copy = copy_of(ctx);

    if (copy == NULL) {
        return EDA_ENOMEM;
    }
    edai_worker_free(ctx->worker, ctx->envelope); /* a stub: only its reference goes */
    ctx->envelope = copy;
    return EDA_OK;
}

/* --- places --------------------------------------------------------------------------------- */

static edai_fan_place *place_of(edai_worker *worker, const edai_route *route)
{
    return &worker->fans.lines[route->fan->index].places[route->fan_at];
}

void edai_fan_set_places(
    edai_worker *worker, const edai_actor_type *type, edai_activation *activation)
{
    const edai_route *at;

    for (at = type->fanned; at != NULL; at = at->fan_next) {
        place_of(worker, at)->activation = activation;
    }
}

static void set_apart(edai_worker *worker, const edai_route *route)
{
    edai_fan_line *line = &worker->fans.lines[route->fan->index];

    line->apart[line->apart_count++] = route->fan_at;
    line->places[route->fan_at].apart_at = line->apart_count;
}

static void unset_apart(edai_worker *worker, const edai_route *route)
{
    edai_fan_line *line = &worker->fans.lines[route->fan->index];
    edai_fan_place *place = &line->places[route->fan_at];
    uint32_t last = line->apart[--line->apart_count];

    line->apart[place->apart_at - 1] = last;
    line->places[last].apart_at = place->apart_at;
    place->apart_at = 0;
    place->done = line->number; /* what came meanwhile went to its mailbox */
}

/* Idle, and nothing keeps it from running. */
static bool can_run_in_place(const edai_worker *worker, const edai_activation *activation)
{
    const unsigned asked = EDAI_IS_STARTED | EDAI_IS_STARTING | EDAI_IS_HELD | EDAI_IS_STARVED |
                           EDAI_IS_BACKING_OFF | EDAI_WANTS_RESTART | EDAI_WANTS_STOP;

    return activation != NULL && (activation->flags & asked) == EDAI_IS_STARTED &&
           activation->turn_count == 0 && activation->head == NULL &&
           (EDAI_LIKELY(!activation->type->asks) || edai_worker_has_spare_stack(worker));
}

/* There is none, or it has just been made. */
static bool is_startable(
    const edai_worker *worker, const edai_actor_type *type, const edai_activation *activation)
{
    const unsigned any = EDAI_IS_STARTED | EDAI_IS_STARTING | EDAI_IS_HELD | EDAI_IS_STARVED |
                         EDAI_IS_BACKING_OFF | EDAI_WANTS_RESTART | EDAI_WANTS_STOP |
                         EDAI_IS_QUEUED;

    return (activation == NULL || ((activation->flags & any) == 0 && activation->turn_count == 0 &&
                                      activation->head == NULL)) &&
           (!type->asks || edai_worker_has_spare_stack(worker));
}

/* --- spilling ------------------------------------------------------------------------------- */

/* One delivery of a bundle as an envelope, by the ordinary way. */
static void spill_one(edai_worker *worker, const edai_route *route, edai_envelope *bundle)
{
    edai_envelope *envelope =
        edai_fan_envelope(worker, route, shared_of(bundle), bundle->publisher);

    place_of(worker, route)->done = bundle->identity;
    if (envelope == NULL) {
        edai_tally_add(&worker->tallies[route->index], EDAI_SHED); /* as if for want of a mailbox */
        return;
    }
    edai_worker_dispatch(worker, envelope);
}

/* The type's route for a bundle; NULL: it is not for that type. */
static const edai_route *route_in(const edai_actor_type *type, const edai_envelope *bundle)
{
    const edai_route *at = type->fanned;

    while (at != NULL && at->fan != bundle->route->fan) {
        at = at->fan_next;
    }
    return at;
}

void edai_fan_part(edai_worker *worker, const edai_actor_type *type)
{
    const edai_route *at;
    edai_envelope *bundle;
    bool is_behind = false;

    if (place_of(worker, type->fanned)->apart_at != 0 || type == worker->fans.starting) {
        return; /* it has everything, or gets what is its first */
    }
    for (at = type->fanned; at != NULL; at = at->fan_next) {
        is_behind =
            is_behind || place_of(worker, at)->done < worker->fans.lines[at->fan->index].number;
        set_apart(worker, at);
    }
    if (!is_behind) {
        return;
    }
    /* In order over all fans: one publisher may have used several. */
    for (bundle = worker->fans.first; bundle != NULL; bundle = bundle->next) {
        at = route_in(type, bundle);
        if (at != NULL && place_of(worker, at)->done < bundle->identity) {
            spill_one(worker, at, bundle);
        }
    }
}

static void spill_all(edai_worker *worker, const edai_fan *fan)
{
    uint32_t i;

    for (i = 0; i < fan->count; i++) {
        edai_fan_part(worker, fan->routes[i]->actor);
    }
}

/* Those who are idle again wait in place from now on. */
static void rejoin(edai_worker *worker, edai_fan_line *line)
{
    uint32_t i = line->apart_count;

    while (i-- > 0) {
        uint32_t at = line->apart[i];
        const edai_route *route;

        if (can_run_in_place(worker, line->places[at].activation)) {
            for (route = line->fan->routes[at]->actor->fanned; route != NULL;
                 route = route->fan_next) {
                unset_apart(worker, route);
            }
        }
    }
}

void edai_fans_put(edai_worker *worker, edai_envelope *bundle)
{
    edai_fans *fans = &worker->fans;
    edai_fan_line *line = &fans->lines[bundle->route->fan->index];
    bool is_for_nobody;
    uint32_t i;

    rejoin(worker, line);
    if (EDAI_UNLIKELY(line->waiting >= line->fan->len_max)) {
        spill_all(worker, line->fan);
    }
    is_for_nobody = line->apart_count == line->fan->count;
    if (!is_for_nobody) {
        line->number++; /* those that wait are numbered without a gap */
    }
    bundle->identity = line->number;
    for (i = 0; i < line->apart_count; i++) {
        spill_one(worker, line->fan->routes[line->apart[i]], bundle);
    }
    if (is_for_nobody) {
        edai_worker_free(worker, bundle);
        return;
    }
    bundle->next = NULL;
    if (fans->first == NULL) {
        fans->first = bundle;
    } else {
        fans->last->next = bundle;
    }
    fans->last = bundle;
    line->waiting++;
    edai_seat_ready(edai_worker_seat(worker), worker);
}

/* --- running -------------------------------------------------------------------------------- */

/* The bundles of one fan at the head. */
static void begin_batch(edai_fans *fans)
{
    edai_envelope *at = fans->first;

    fans->line = &fans->lines[at->route->fan->index];
    fans->next = 0;
    for (; at != NULL && at->route == fans->first->route && fans->batch_len < EDAI_FAN_BATCH;
         at = at->next) {
        fans->stubs[fans->batch_len++] = (edai_fan_stub){.envelope = {.home = EDAI_HOME_NOWHERE,
                                                             .kind = EDAI_DELIVERY,
                                                             .flags = EDAI_IS_SHARED,
                                                             .publisher = at->publisher},
            .shared = shared_of(at)};
    }
}

static void drop_first(edai_worker *worker)
{
    edai_fans *fans = &worker->fans;
    edai_envelope *bundle = fans->first;

    fans->first = bundle->next;
    fans->lines[bundle->route->fan->index].waiting--;
    edai_worker_free(worker, bundle);
}

static void end_batch(edai_worker *worker)
{
    for (; worker->fans.batch_len > 0; worker->fans.batch_len--) {
        drop_first(worker);
    }
}

/* While one place runs, what the next one needs is asked of the memory: on each of many workers
 * they lie far apart. */
EDAI_ALWAYS_INLINE void fetch_next(const edai_worker *worker)
{
    const edai_fans *fans = &worker->fans;
    const edai_fan *fan = fans->line->fan;
    uint32_t next = fans->next + 1;

    if (next + 1 < fan->count) {
        const edai_activation *activation = fans->line->places[next].activation;

        if (activation != NULL) {
            __builtin_prefetch(activation, 1);
            __builtin_prefetch((const char *)activation + 64, 1);
        }
        __builtin_prefetch(&worker->tallies[fan->routes[next]->index], 1);
        __builtin_prefetch(fan->routes[next + 1]);
    }
}

/* Runs up to `turns` of the batch on the place's activation. False: its step is over, for the turn
 * was suspended meanwhile. */
static bool run_place(edai_worker *worker, eda_ctx *ctx, uint32_t turns)
{
    edai_fans *fans = &worker->fans;
    edai_fan_place *place = &fans->line->places[fans->next];
    uint64_t number = fans->first->identity;
    edai_fan_run run = {.route = fans->line->fan->routes[fans->next],
        .place = place,
        .stubs = fans->stubs,
        .number = number,
        .first = place->done < number ? 0 : (uint32_t)(place->done - number + 1),
        .end = fans->batch_len};

    if (run.end - run.first > turns) {
        run.end = run.first + turns;
    }
    fetch_next(worker);
    return edai_turn_run_in_place(ctx, place->activation, &run);
}

/* The bundle that the place is to have next. */
static edai_envelope *next_of(const edai_fans *fans, const edai_fan_place *place)
{
    edai_envelope *at = fans->first;

    while (at->identity <= place->done) {
        at = at->next;
    }
    return at;
}

/* A receiver that was not started is by its first message, at once and not by way of the run queue,
 * so that it is back for the rest. False: it is spilled to by the ordinary way. */
static bool start_place(edai_worker *worker)
{
    edai_fans *fans = &worker->fans;
    edai_fan_place *place = &fans->line->places[fans->next];
    const edai_route *route = fans->line->fan->routes[fans->next];
    edai_envelope *bundle = next_of(fans, place);
    eda_status status = EDA_OK;
    edai_activation *activation;
    edai_envelope *envelope;
    eda_ctx ctx;

    if (!is_startable(worker, route->actor, place->activation)) {
        return false;
    }
    envelope = edai_fan_envelope(worker, route, shared_of(bundle), bundle->publisher);
    if (envelope == NULL) {
        return false;
    }
    activation = edai_activation_get(worker, route, envelope, edai_publish_hash(envelope), &status);
    if (activation == NULL) {
        edai_worker_free(worker, envelope);
        return false;
    }
    place->done = bundle->identity;
    activation->flags |= EDAI_IS_QUEUED; /* as taken from the queue just now */
    fans->starting = route->actor;
    edai_mailbox_put(worker, activation, envelope);
    fans->starting = NULL;
    edai_turn_prepare(&ctx, worker);
    edai_activation_run(worker, &ctx, activation);
    return true;
}

/* Beyond `turns_ever` of the seat it has run none. */
static uint32_t turns_of_step(const edai_seat *seat, uint64_t turns_ever)
{
    uint64_t used = seat->turns_ever - turns_ever;
    uint64_t turns = seat->turns_cap < STEP_TURNS ? seat->turns_cap : STEP_TURNS;

    turns = turns > used ? turns - used : 0;
    return (uint32_t)(seat->turns_stop - seat->turns_ever < turns
                          ? seat->turns_stop - seat->turns_ever
                          : turns);
}

/* Gives the place whose turn it is up to `turns` turns. False: the step is over. */
static bool step_place(edai_worker *worker, eda_ctx *ctx, uint32_t turns)
{
    edai_fans *fans = &worker->fans;

    if (can_run_in_place(worker, fans->line->places[fans->next].activation)) {
        return run_place(worker, ctx, turns);
    }
    if (start_place(worker)) {
        return false; /* perhaps on another stack by now */
    }
    edai_fan_part(worker, fans->line->fan->routes[fans->next]->actor);
    return true;
}

void edai_fans_step(edai_worker *worker)
{
    edai_fans *fans = &worker->fans;
    const edai_seat *seat = edai_worker_seat(worker);
    uint64_t turns_ever = seat->turns_ever;
    uint32_t looked_at = 0;
    uint64_t last;
    eda_ctx ctx;

    edai_ctx_init(&ctx, EDAI_CTX_TURN, worker->sys, worker);
    if (fans->batch_len == 0) {
        begin_batch(fans);
    }
    last = fans->first->identity + fans->batch_len - 1;
    while (fans->next < fans->line->fan->count && looked_at++ < STEP_TURNS) {
        uint32_t turns = turns_of_step(seat, turns_ever);

        if (fans->line->places[fans->next].done >= last) {
            fans->next++;
        } else if (turns == 0 || worker->is_ending || !step_place(worker, &ctx, turns)) {
            return;
        }
    }
    if (fans->next == fans->line->fan->count) {
        end_batch(worker);
    }
}

/* --- ending --------------------------------------------------------------------------------- */

void edai_fan_stop_bundle(edai_worker *worker, edai_envelope *bundle)
{
    const edai_fan *fan = bundle->route->fan;
    uint32_t i;

    for (i = 0; i < fan->count; i++) {
        edai_tally_add(&worker->tallies[fan->routes[i]->index], EDAI_STOPPED);
    }
    edai_worker_free(worker, bundle);
}

void edai_fans_stop(edai_worker *worker)
{
    edai_fans *fans = &worker->fans;
    uint32_t i;

    fans->batch_len = 0;
    while (fans->first != NULL) {
        const edai_fan_line *line = &fans->lines[fans->first->route->fan->index];

        for (i = 0; i < line->fan->count; i++) {
            if (line->places[i].done < fans->first->identity) {
                edai_tally_add(&worker->tallies[line->fan->routes[i]->index], EDAI_STOPPED);
            }
        }
        drop_first(worker);
    }
}

uint64_t edai_fans_count(const edai_worker *worker)
{
    const edai_envelope *at;
    uint64_t count = 0;
    uint32_t i;

    for (at = worker->fans.first; at != NULL; at = at->next) {
        const edai_fan_line *line = &worker->fans.lines[at->route->fan->index];

        for (i = 0; i < line->fan->count; i++) {
            count += line->places[i].done < at->identity ? 1 : 0;
        }
    }
    return count;
}
