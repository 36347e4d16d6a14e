/* activation.c - see activation.h: finding or making, running, restarting and ending activations.
 */
#include "core/activation.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/planted.h"
#include "core/after.h"
#include "core/fan.h"
#include "core/mailbox.h"
#include "core/publish.h"
#include "core/state.h"
#include "core/suspend.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static uint64_t hash_of(bool is_text, uint64_t identity)
{
    return is_text ? identity : edai_hash_u64(identity);
}

edai_extra *edai_activation_extra(edai_activation *activation)
{
    if (activation->extra == NULL) {
        activation->extra = edai_calloc(1, sizeof(*activation->extra));
    }
    return activation->extra;
}

edai_trouble *edai_activation_trouble(edai_activation *activation)
{
    edai_extra *extra = edai_activation_extra(activation);

    if (extra == NULL) {
        return NULL;
    }
    if (extra->trouble == NULL) {
        extra->trouble = edai_calloc(1, sizeof(*extra->trouble));
        if (extra->trouble != NULL) {
            extra->trouble->owner = activation;
        }
    }
    return extra->trouble;
}

static eda_status set_text_key(edai_activation *activation, eda_str key)
{
    edai_extra *extra = edai_activation_extra(activation);

    if (extra == NULL) {
        return EDA_ENOMEM;
    }
    extra->key = edai_alloc(key.len);
    if (extra->key == NULL) {
        edai_free(extra);
        activation->extra = NULL;
        return EDA_ENOMEM;
    }
    memcpy(extra->key, key.ptr, key.len);
    extra->key_len = key.len;
    activation->flags |= EDAI_IS_TEXT_KEY;
    return EDA_OK;
}

/* False: so many were taken within the last second. */
static bool take_token(edai_bucket *bucket, uint32_t per_s, int64_t now)
{
    if (per_s == EDA_UNLIMITED) {
        return true;
    }
    bucket->tokens += (double)(now - bucket->at) * (double)per_s / 1e9;
    bucket->at = now;
    if (bucket->tokens > per_s) {
        bucket->tokens = per_s;
    }
    if (bucket->tokens < 1.0) {
        return false;
    }
    bucket->tokens -= 1.0;
    return true;
}

/* The limits on new keys; only keyed types have them. */
static eda_status admit_new(
    edai_worker *worker, edai_actor_type *type, edai_holding *holding, bool is_outside)
{
    const eda_options *options = &worker->sys->options;

    if (!type->supervisor->has_keys) {
        return EDA_OK;
    }
    if (holding->pool.live_count >= type->keys_max ||
        (is_outside &&
            !take_token(&holding->outside_keys, options->outside_keys_per_s, worker->now)) ||
        !take_token(&holding->new_keys, options->new_keys_per_s, worker->now)) {
        return EDA_ELIMIT;
    }
    return EDA_OK;
}

static eda_status create(edai_worker *worker, const edai_route *route, edai_envelope *envelope,
    uint64_t hash, edai_activation **ret_activation)
{
    edai_actor_type *type = route->actor;
    edai_holding *holding = edai_worker_holding(worker, type);
    edai_activation *activation;
    eda_status status;

    EDA_TRY(admit_new(worker, type, holding, (envelope->flags & EDAI_FROM_OUTSIDE) != 0));
    activation = edai_pool_take(&holding->pool);
    if (activation == NULL) {
        return EDA_ENOMEM;
    }
    activation->type = type;
    activation->identity = envelope->identity;
    status = (envelope->flags & EDAI_IS_TEXT) != 0
                 ? set_text_key(activation, edai_publish_key(envelope))
                 : EDA_OK;
    if (status == EDA_OK &&
        !(EDAI_PLANTED(DOUBLE_ACTIVATION) && edai_worker_is_foreign(worker, envelope))) {
        status = edai_directory_add(&holding->directory, hash, activation);
        activation->flags |= status == EDA_OK ? EDAI_IS_IN_DIRECTORY : 0;
    }
    if (status != EDA_OK) {
        edai_activation_discard(worker, activation);
        return status;
    }
    edai_pool_link(&holding->pool, activation);
    if (holding->pool.live_count == EDAI_RECENT + 1) {
        memset(holding->recent, 0, sizeof(holding->recent));
    }
    activation->used_at = (uint32_t)(worker->now / 1000000);
    edai_bump(&holding->live);
    if (type->live_at != NULL) {
        atomic_fetch_add_explicit(
            &type->live_at[edai_system_partition(type, hash)], 1, memory_order_relaxed);
    }
    edai_fan_place_at(worker, type, activation);
    edai_passivate_scan(worker, type);
    *ret_activation = activation;
    return EDA_OK;
}

void edai_activation_discard(edai_worker *worker, edai_activation *activation)
{
    if (activation->extra != NULL) {
        edai_free(activation->extra->key);
        edai_free(activation->extra->trouble);
        edai_free(activation->extra);
        activation->extra = NULL;
    }
    edai_pool_give(&edai_worker_holding(worker, activation->type)->pool, activation);
}

edai_activation *edai_activation_find(
    edai_worker *worker, const edai_actor_type *type, uint64_t identity)
{
    const uint64_t hash = edai_hash_u64(identity);
    edai_activation *found = edai_worker_recent(worker, type, identity);

    if (EDAI_UNLIKELY(found == NULL)) {
        found = edai_worker_at_home(worker, type, identity, hash);
    }
    return EDAI_LIKELY(found != NULL)
               ? found
               : edai_directory_find(&edai_worker_holding(worker, type)->directory, hash, NULL);
}

edai_activation *edai_activation_get(edai_worker *worker, const edai_route *route,
    edai_envelope *envelope, uint64_t hash, eda_status *ret_status)
{
    edai_actor_type *type = route->actor;
    edai_holding *holding = edai_worker_holding(worker, type);
    edai_activation *activation;
    bool is_text = (envelope->flags & EDAI_IS_TEXT) != 0;
    eda_str key;

    if (is_text) {
        key = edai_publish_key(envelope);
    }
    activation = is_text ? NULL : edai_worker_at_home(worker, type, envelope->identity, hash);
    if (activation == NULL) {
        activation = edai_directory_find(&holding->directory, hash, is_text ? &key : NULL);
    }
    if (EDAI_LIKELY(activation != NULL)) {
        if (!is_text) {
            edai_worker_found(holding, activation);
        }
        return activation;
    }
    if (EDAI_UNLIKELY((envelope->flags & EDAI_FROM_OUTSIDE) != 0) && type->is_spread &&
        !type->actor->options.spawns_for_outside) {
        *ret_status = EDA_ENOENT;
        return NULL;
    }
    if (type->live_max != 0 && holding->pool.live_count >= type->live_max) {
        edai_passivate_limit(worker, type);
    }
    *ret_status = create(worker, route, envelope, hash, &activation);
    return *ret_status == EDA_OK ? activation : NULL;
}

void edai_activation_started(edai_worker *worker, edai_activation *activation)
{
    uint64_t hash;

    if (EDAI_PLANTED(DOUBLE_ACTIVATION) && (activation->flags & EDAI_IS_IN_DIRECTORY) == 0) {
        hash = hash_of((activation->flags & EDAI_IS_TEXT_KEY) != 0, activation->identity);
        if (edai_directory_add(&edai_worker_holding(worker, activation->type)->directory, hash,
                activation) == EDA_OK) {
            activation->flags |= EDAI_IS_IN_DIRECTORY;
        }
    }
}

void edai_activation_wake(edai_worker *worker, edai_activation *activation)
{
    if ((activation->flags & (EDAI_IS_QUEUED | EDAI_IS_STARVED)) != 0 ||
        !edai_mailbox_can_run(activation)) {
        return;
    }
    activation->flags |= EDAI_IS_QUEUED;
    edai_worker_queue(worker, activation);
}

void edai_activation_run(edai_worker *worker, eda_ctx *ctx, edai_activation *activation)
{
    activation->flags = (uint16_t)(activation->flags & ~EDAI_IS_QUEUED);
    activation->used_at = (uint32_t)(worker->now / 1000000);
    if (activation->type->live_max != 0) {
        edai_pool_touch(&edai_worker_holding(worker, activation->type)->pool, activation);
    }
    if (EDAI_UNLIKELY((activation->flags & EDAI_IS_STARTED) == 0) &&
        edai_mailbox_can_run(activation) && !edai_turn_start(worker, activation)) {
        return;
    }
    if (!edai_turns_run(worker, ctx, activation)) {
        return;
    }
    edai_activation_wake(worker, activation);
    edai_passivate_ran(worker, activation);
}

void edai_activation_drain(edai_worker *worker, edai_activation *activation, edai_outcome outcome,
    eda_status status, const char *reason)
{
    activation->turn_count++; /* busy: what ends here may be reported, and that may passivate
                                 somebody idle */
    for (;;) {
        edai_envelope *envelope =
            edai_mailbox_pop(worker, activation); /* lets in what stands in line */

        if (envelope == NULL) {
            break;
        }
        edai_envelope_end(worker, envelope, outcome, status, reason);
    }
    activation->turn_count--;
}

static void event(edai_worker *worker, edai_event kind, const edai_activation *activation)
{
    if (EDAI_UNLIKELY(worker->port->event != NULL)) {
        worker->port->event(
            worker->port->self, worker->sys, kind, activation->type->index, activation->identity);
    }
}

void edai_activation_reset(edai_worker *worker, edai_activation *activation)
{
    EDA_ASSERT(activation->turn_count == 0, "a suspended turn's state is never taken away");
    if ((activation->flags & EDAI_IS_STARTED) != 0) {
        event(worker, EDAI_EVENT_STOP, activation);
    }
    edai_after_cancel_all(worker, activation);
    edai_state_clear(activation);
    activation->flags = (uint16_t)(activation->flags & ~(EDAI_IS_STARTED | EDAI_IS_NEW |
                                                           EDAI_WANTS_RESTART | EDAI_WANTS_STOP));
}

void edai_activation_remove(edai_worker *worker, edai_activation *activation)
{
    edai_holding *holding = edai_worker_holding(worker, activation->type);
    uint64_t hash = hash_of((activation->flags & EDAI_IS_TEXT_KEY) != 0, activation->identity);

    edai_worker_forget(worker, activation);
    edai_fan_place_at(worker, activation->type, NULL);
    if (activation->extra != NULL) {
        if (activation->extra->trouble != NULL) {
            edai_timers_disarm(&worker->timers, &activation->extra->trouble->backoff);
        }
        if (activation->extra->holds > 0) {
            worker->held_count--;
        }
    }
    if ((activation->flags & EDAI_IS_IN_DIRECTORY) != 0) {
        edai_directory_remove(&holding->directory, hash, activation);
    }
    if (holding->recent[activation->identity % EDAI_RECENT] == activation) {
        holding->recent[activation->identity % EDAI_RECENT] = NULL;
    }
    edai_pool_unlink(&holding->pool, activation);
    if (activation->type->live_at != NULL) {
        atomic_fetch_sub_explicit(
            &activation->type->live_at[edai_system_partition(activation->type, hash)], 1,
            memory_order_relaxed);
    }
    atomic_store_explicit(&holding->live,
        atomic_load_explicit(&holding->live, memory_order_relaxed) - 1, memory_order_relaxed);
    edai_activation_discard(worker, activation);
}

/* What was saved lazily is written before the activation goes, whatever it goes for. False: it may
 * stay, and has to, since it was not written; counted by flush. A stale one can never be saved. */
static bool flush(edai_worker *worker, edai_activation *activation, bool may_stay)
{
    eda_status status = edai_state_flush(worker, activation);
    char who[320];

    if (status != EDA_OK && (!may_stay || status == EDA_ESTALE)) {
        edai_activation_name(activation, who, sizeof(who));
        edai_system_log(
            worker->sys, who, "what it saved lazily is lost: %s", eda_status_text(status));
        return true;
    }
    return status == EDA_OK;
}

bool edai_activation_stop(edai_worker *worker, edai_activation *activation, eda_stop_reason reason)
{
    const edai_actor_type *type = activation->type;
    bool is_passivation = reason == EDA_STOP_IDLE || reason == EDA_STOP_LIMIT;

    EDA_ASSERT(activation->turn_count == 0, "a suspended turn's state is never taken away");
    if ((activation->flags & EDAI_IS_STARTED) != 0) {
        if (!flush(worker, activation, is_passivation)) {
            return false; /* tried again at the next idle scan */
        }
        edai_turn_stop(worker, activation, reason);
    }
    edai_activation_reset(worker, activation);
    if (is_passivation) {
        edai_bump(&edai_worker_holding(worker, type)->passivations);
    }
    /* What the stop function sent to itself must not be lost. */
    if (activation->head != NULL && reason != EDA_STOP_SYSTEM) {
        edai_activation_wake(worker, activation);
        return false;
    }
    if (activation->head != NULL) {
        edai_activation_drain(
            worker, activation, EDAI_STOPPED, EDA_ECANCELED, "the system stopped");
    }
    edai_activation_remove(worker, activation);
    return true;
}

void edai_activation_drop(edai_worker *worker, edai_activation *activation)
{
    (void)flush(worker, activation, false);
    edai_turn_stop(worker, activation, EDA_STOP_RESTART);
    edai_activation_reset(worker, activation);
    edai_activation_wake(worker, activation);
}

static void on_backed_off(edai_worker *worker, edai_timer *timer)
{
    edai_trouble *trouble =
        (edai_trouble *)(void *)((char *)timer - offsetof(edai_trouble, backoff));
    edai_activation *activation = trouble->owner;

    activation->flags = (uint16_t)(activation->flags & ~EDAI_IS_BACKING_OFF);
    edai_activation_wake(worker, activation);
    edai_passivate_consider(worker, activation);
}

static bool kill_now(edai_worker *worker, edai_activation *activation, const char *reason)
{
    if ((activation->flags & EDAI_IS_STARTED) != 0) {
        (void)flush(worker, activation, false);
        edai_turn_stop(worker, activation, EDA_STOP_RESTART);
    }
    edai_activation_reset(worker, activation);
    edai_activation_drain(worker, activation, EDAI_DEAD, EDA_EDEAD, reason);
    edai_activation_remove(worker, activation);
    return false;
}

static bool restart_now(edai_worker *worker, edai_activation *activation, eda_duration backoff)
{
    edai_trouble *trouble = edai_activation_trouble(activation);

    if (trouble == NULL) {
        return kill_now(worker, activation, "out of memory while restarting");
    }
    if ((activation->flags & EDAI_IS_STARTED) != 0) {
        (void)flush(worker, activation, false);
        edai_turn_stop(worker, activation, EDA_STOP_RESTART);
    }
    edai_activation_reset(worker, activation);
    edai_bump(&edai_worker_holding(worker, activation->type)->restarts);
    if (backoff > 0 && trouble->backoff.index == 0 &&
        edai_timers_arm(&worker->timers, &trouble->backoff, worker->now + backoff, on_backed_off) ==
            EDA_OK) {
        activation->flags |= EDAI_IS_BACKING_OFF;
    }
    edai_activation_wake(worker, activation);
    edai_passivate_consider(worker, activation);
    return true;
}

/* Counts restarts within the window that the options give. */
static uint32_t count_restart(edai_worker *worker, edai_activation *activation)
{
    edai_trouble *trouble = edai_activation_trouble(activation);
    uint32_t window_ms = activation->type->actor->options.restarts_ms;

    if (trouble == NULL) {
        return UINT32_MAX;
    }
    if (window_ms == 0) {
        window_ms = 30000;
    }
    if (trouble->restart_count == 0 || worker->now - trouble->restart_since > EDA_MS(window_ms)) {
        trouble->restart_count = 0;
        trouble->restart_since = worker->now;
    }
    return trouble->restart_count;
}

/* NULL: it had none. */
static edai_trouble *trouble_of(const edai_activation *activation)
{
    return activation->extra != NULL ? activation->extra->trouble : NULL;
}

bool edai_activation_failed(
    edai_worker *worker, edai_activation *activation, eda_status status, bool asked_restart)
{
    edai_actor_type *type = activation->type;
    eda_failure failure = {.actor = type->actor,
        .status = status,
        .asked_restart = asked_restart,
        .restart_count = count_restart(worker, activation),
        .now = worker->port->wall(worker->port->self),
        .random = edai_random_next(&worker->random)};
    edai_trouble *trouble;
    eda_verdict verdict = type->supervisor->on_failure != NULL
                              ? type->supervisor->on_failure(&failure)
                              : eda_supervise_failure(&failure);

    trouble = trouble_of(activation);
    if (verdict.decision == EDA_RESTART && trouble != NULL) {
        trouble->restart_count++;
        trouble->backoff_ns = verdict.backoff;
        activation->flags |= EDAI_WANTS_RESTART;
    } else if (verdict.decision == EDA_STOP || verdict.decision == EDA_RESTART) {
        activation->flags |= EDAI_WANTS_STOP;
    } else {
        return true;
    }
    if (activation->turn_count > 0) {
        edai_suspend_cancel_all(activation);
        return true;
    }
    return edai_activation_settle(worker, activation);
}

bool edai_activation_settle(edai_worker *worker, edai_activation *activation)
{
    const edai_trouble *trouble = trouble_of(activation);

    if ((activation->flags & EDAI_WANTS_STOP) != 0) {
        return kill_now(
            worker, activation, "its actor failed too often, or was stopped after a failure");
    }
    if ((activation->flags & EDAI_WANTS_RESTART) != 0) {
        return restart_now(worker, activation, trouble != NULL ? trouble->backoff_ns : 0);
    }
    return true;
}

eda_str edai_activation_key(const edai_activation *activation, char *buffer)
{
    int len;

    if ((activation->flags & EDAI_IS_TEXT_KEY) != 0) {
        return (eda_str){.ptr = activation->extra->key, .len = activation->extra->key_len};
    }
    if (activation->type->supervisor == &eda_supervisor_singleton) {
        return (eda_str){.ptr = "", .len = 0};
    }
    len = activation->type->is_signed_key
              ? snprintf(buffer, 24, "%" PRId64, (int64_t)activation->identity)
              : snprintf(buffer, 24, "%" PRIu64, activation->identity);
    return (eda_str){.ptr = buffer, .len = (size_t)len};
}

void edai_activation_name(const edai_activation *activation, char *buffer, size_t size)
{
    char digits[24];
    eda_str key = edai_activation_key(activation, digits);

    if (key.len == 0) {
        (void)snprintf(buffer, size, "%s", activation->type->actor->name);
    } else {
        (void)snprintf(buffer, size, "%s[%.*s]", activation->type->actor->name, EDA_STR_ARG(key));
    }
}
