/* system.c - making, starting and freeing a system; waiting until it is idle. */
#include "core/system.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/entropy.h"
#include "base/log.h"
#include "base/memory.h"
#include "core/abroad.h"
#include "core/publish.h"
#include "message/linked.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The one table of defaults; docs/options.md is checked against it. */
static const eda_options defaults = {.name = "edacious",
    .mailbox_len_max = 1024,
    .turn_budget = 128,
    .idle_ms = 900000,
    .wait_ms = 30000,
    .stacks_max = 4096,
    .stack_size = 65536,
    .keys_max = 10000000,
    .new_keys_per_s = EDA_UNLIMITED,
    .outside_keys_per_s = 10000,
    .drain_ms = 30000,
    .slow_turn_ms = 1000,
    .cluster = "edacious"};

#define STACKS_MAX 1000000u /* of the option stacks_max */

#define CHECK(sys_)                                                                                \
    EDA_ASSERT((sys_) != NULL && (sys_)->magic == EDAI_SYSTEM_MAGIC, "a system that was not "      \
                                                                     "freed")

eda_status edai_system_fail(eda_system *sys, eda_status status, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    edai_mutex_lock(&sys->mutex);
    (void)vsnprintf(sys->error, sizeof(sys->error), format, list);
    edai_mutex_unlock(&sys->mutex);
    va_end(list);
    return status;
}

const char *eda_system_error(eda_system *sys)
{
    CHECK(sys);
    return sys->error;
}

void edai_system_log(eda_system *sys, const char *who, const char *format, ...)
{
    char line[EDAI_LOG_SIZE_MAX];
    const edai_port *port = sys->port; /* neither port nor name: options were refused */
    const edai_log_head head = {.at = port != NULL ? port->wall(port->self) : edai_clock_wall_ns(),
        .system = sys->name != NULL ? sys->name : sys->options.name,
        .who = who};
    va_list list;

    va_start(list, format);
    edai_log_format(line, sizeof(line), &head, format, list);
    va_end(list);
    edai_mutex_lock(&sys->mutex);
    if (sys->options.log != NULL) {
        sys->options.log(sys->options.log_arg, eda_str_from(line));
    } else {
        (void)fprintf(stderr, "%s\n", line);
    }
    edai_mutex_unlock(&sys->mutex);
}

/* --- options ------------------------------------------------------------------------------ */

static void fill_u32(uint32_t *option, uint32_t value)
{
    if (*option == 0) {
        *option = value;
    }
}

static uint32_t worker_per_core(void)
{
    uint32_t count = edai_cpu_count();

    return count < EDAI_WORKERS_MAX ? count : EDAI_WORKERS_MAX;
}

static eda_status check_options(eda_system *sys)
{
    const eda_options *options = &sys->options;

    if (options->pumped && options->workers != 1) {
        return edai_system_fail(
            sys, EDA_EINVAL, "workers is %u; a pumped system has 1", options->workers);
    }
    if (options->workers > EDAI_WORKERS_MAX) {
        return edai_system_fail(
            sys, EDA_EINVAL, "workers is %u; %u at most", options->workers, EDAI_WORKERS_MAX);
    }
    if (options->stack_size < EDAI_STACK_SIZE_MIN) {
        return edai_system_fail(sys, EDA_EINVAL, "stack_size is %u; %u at least",
            options->stack_size, (unsigned)EDAI_STACK_SIZE_MIN);
    }
    if (options->stacks_max > STACKS_MAX) {
        return edai_system_fail(
            sys, EDA_EINVAL, "stacks_max is %u; %u at most", options->stacks_max, STACKS_MAX);
    }
    return EDA_OK;
}

static eda_status fill_options(eda_system *sys, const eda_options *given)
{
    eda_options *options = &sys->options;

    if (given != NULL) {
        *options = *given;
    }
    if (options->name == NULL) {
        options->name = defaults.name;
    }
    if (options->cluster == NULL) {
        options->cluster = defaults.cluster;
    }
    fill_u32(&options->workers, options->pumped ? 1 : worker_per_core());
    fill_u32(&options->mailbox_len_max, defaults.mailbox_len_max);
    fill_u32(&options->turn_budget, defaults.turn_budget);
    fill_u32(&options->idle_ms, defaults.idle_ms);
    fill_u32(&options->wait_ms, defaults.wait_ms);
    fill_u32(&options->stacks_max, defaults.stacks_max);
    fill_u32(&options->stack_size, defaults.stack_size);
    fill_u32(&options->new_keys_per_s, defaults.new_keys_per_s);
    fill_u32(&options->outside_keys_per_s, defaults.outside_keys_per_s);
    fill_u32(&options->drain_ms, defaults.drain_ms);
    fill_u32(&options->slow_turn_ms, defaults.slow_turn_ms);
    if (options->keys_max == 0) {
        options->keys_max = defaults.keys_max;
    }
    if (options->seed == 0 && !edai_entropy(&options->seed, sizeof(options->seed))) {
        options->seed = (uint64_t)edai_clock_wall_ns(); /* not a secret: only spreads choices */
    }
    return check_options(sys);
}

static eda_status open_store(eda_system *sys)
{
    if (sys->options.store_object != NULL) {
        sys->store = sys->options.store_object;
        return sys->store->struct_size == sizeof(eda_store)
                   ? EDA_OK
                   : edai_system_fail(sys, EDA_EINVAL,
                         "store_object: its struct_size is %zu, not %zu",
                         (size_t)sys->store->struct_size, sizeof(eda_store));
    }
    if (sys->options.store == NULL) {
        return EDA_OK;
    }
    if (strcmp(sys->options.store, EDA_STORE_MEMORY) != 0) {
        return edai_system_fail(sys, EDA_EINVAL,
            "store '%.80s' is unknown; there is '" EDA_STORE_MEMORY
            "', others are given as store_object",
            sys->options.store);
    }
    sys->store = eda_store_memory_new();
    sys->is_store_owned = true;
    return sys->store != NULL ? EDA_OK : EDA_ENOMEM;
}

/* --- making and freeing ------------------------------------------------------------------- */

static void free_seats(eda_system *sys)
{
    uint32_t i;

    for (i = 0; i < atomic_load(&sys->seat_count); i++) {
        edai_seat_fini(sys->seats[i]);
        edai_free(sys->seats[i]);
    }
    edai_free(sys->seats);
}

static void system_free(eda_system *sys)
{
    uint16_t i;

    free_seats(sys);
    for (i = 0; sys->workers != NULL && i < sys->worker_count; i++) {
        edai_worker_fini(&sys->workers[i]);
    }
    edai_free(sys->workers);
    edai_abroad_free(sys);
    edai_clients_free(sys);
    edai_contract_free(sys);
    edai_free(sys->gateway_type); /* routes name it */
    edai_depend_free(sys);
    if (sys->is_store_owned) {
        eda_store_free(sys->store);
    }
    if (sys->executor != NULL) {
        sys->executor->free(sys->executor);
    }
    edai_free(sys->name);
    edai_mutex_fini(&sys->mutex);
    sys->magic = 0;
    edai_free(sys);
}

eda_status edai_system_new(
    const eda_options *options, edai_executor *executor, eda_system **ret_system)
{
    eda_system *sys = edai_calloc(1, sizeof(*sys));
    eda_status status;

    if (sys == NULL) {
        if (executor != NULL) {
            executor->free(executor);
        }
        return EDA_ENOMEM;
    }
    sys->magic = EDAI_SYSTEM_MAGIC;
    atomic_init(&sys->phase, EDAI_BUILDING);
    edai_mutex_init(&sys->mutex);
    sys->executor = executor;
    status = fill_options(sys, options);
    if (status == EDA_OK && executor == NULL) {
        sys->executor = sys->options.pumped ? edai_pump_new() : edai_threads_new();
    }
    sys->name = edai_alloc(strlen(sys->options.name) + 1);
    if (status == EDA_OK && (sys->executor == NULL || sys->name == NULL)) {
        status = EDA_ENOMEM;
    }
    if (sys->name != NULL) {
        memcpy(sys->name, sys->options.name, strlen(sys->options.name) + 1);
    }
    if (status == EDA_OK) {
        sys->port = &sys->executor->port;
        status = open_store(sys);
    }
    if (status != EDA_OK) {
        if (sys->error[0] != '\0') { /* there will be no system to ask */
            edai_system_log(sys, NULL, "option %s", sys->error);
        }
        system_free(sys);
        return status;
    }
    *ret_system = sys;
    return EDA_OK;
}

eda_status eda_system_new(const eda_options *options, eda_system **ret_system)
{
    return edai_system_new(options, NULL, ret_system);
}

void eda_system_free(eda_system *sys)
{
    if (sys == NULL) {
        return;
    }
    CHECK(sys);
    eda_system_stop(sys);
    eda_client_free(sys->own_client);
    system_free(sys);
}

/* --- building ----------------------------------------------------------------------------- */

eda_status edai_system_check_building(eda_system *sys)
{
    CHECK(sys);
    if (edai_system_phase(sys) != EDAI_BUILDING) {
        return edai_system_fail(
            sys, EDA_ESTATE, "the system was started; actors and dependencies come before");
    }
    sys->error[0] = '\0'; /* a status without a sentence does not get an older one's */
    return EDA_OK;
}

eda_status eda_add(eda_system *sys, eda_added added)
{
    EDA_TRY(edai_system_check_building(sys));
    return edai_contract_add(sys, added);
}

static bool has_actor(const eda_system *sys, const eda_actor *actor)
{
    const edai_actor_type *type = actor->name != NULL ? edai_contract_find(sys, actor->name) : NULL;

    return type != NULL && type->actor == actor;
}

eda_status eda_add_linked(eda_system *sys)
{
    const eda_linked *at;

    EDA_TRY(edai_system_check_building(sys));
    for (at = edai_linked_first(); at != NULL; at = at->next) {
        if (!has_actor(sys, at->actor)) {
            EDA_TRY(edai_contract_add(sys, (eda_added){.actor = at->actor}));
        }
    }
    return EDA_OK;
}

eda_status eda_declare(eda_system *sys, const eda_type *type)
{
    EDA_TRY(edai_system_check_building(sys));
    return edai_contract_declare(sys, type, NULL);
}

/* --- starting ----------------------------------------------------------------------------- */

static void place(eda_system *sys)
{
    uint32_t i;
    uint16_t dedicated = 0;

    sys->shard_workers = (uint16_t)sys->options.workers;
    for (i = 0; i < sys->actor_count; i++) {
        if (sys->actors[i]->actor->options.dedicated_thread && !sys->options.pumped) {
            sys->actors[i]->worker = (uint16_t)(sys->shard_workers + dedicated++);
        }
    }
    sys->worker_count = (uint16_t)(sys->shard_workers + dedicated);
    if (sys->abroad != NULL) {
        sys->gateway = sys->worker_count++;
        sys->gateway_type->worker = sys->gateway;
    }
    for (i = 0; i < sys->actor_count; i++) {
        if (sys->actors[i]->owners != NULL) {
            sys->actors[i]->own_worker = sys->actors[i]->worker;
            sys->actors[i]->worker = EDAI_PLACED;
        }
    }
    for (i = 0; i < EDAI_SHARDS; i++) {
        sys->owner_of_shard[i] = (uint16_t)(i % sys->shard_workers);
    }
}

static eda_status check_stores(eda_system *sys)
{
    uint32_t i;

    for (i = 0; i < sys->actor_count; i++) {
        if (sys->actors[i]->has_saves && sys->store == NULL) {
            return edai_system_fail(sys, EDA_EMISSING,
                "actor '%s' saves '%s', and no store is configured: set .store = EDA_STORE_MEMORY "
                "(gone with the process), or give a .store_object",
                sys->actors[i]->actor->name, sys->actors[i]->actor->saves->name);
        }
    }
    return EDA_OK;
}

static eda_status init_workers(eda_system *sys)
{
    uint16_t i;

    sys->workers = edai_alloc_aligned(64, sys->worker_count * sizeof(*sys->workers));
    if (sys->workers == NULL) {
        return EDA_ENOMEM;
    }
    memset(sys->workers, 0, sys->worker_count * sizeof(*sys->workers));
    for (i = 0; i < sys->worker_count; i++) {
        EDA_TRY(edai_worker_init(&sys->workers[i], sys, i));
    }
    return EDA_OK;
}

edai_seat *edai_system_add_seat(eda_system *sys)
{
    uint32_t count = atomic_load_explicit(&sys->seat_count, memory_order_relaxed);
    edai_seat *seat;

    if (count == (uint32_t)sys->worker_count + EDAI_SPARE_SEATS_MAX) {
        return NULL;
    }
    seat = edai_alloc_aligned(64, sizeof(*seat));
    if (seat == NULL) {
        return NULL;
    }
    memset(seat, 0, sizeof(*seat));
    edai_seat_init(seat, sys, (uint16_t)count);
    sys->seats[count] = seat;
    atomic_store_explicit(&sys->seat_count, count + 1, memory_order_release);
    return seat;
}

/* All on the first seat, but for those with a thread of their own; the simulator draws. The
 * gateway, too: so the way to it costs nothing. */
static eda_status init_seats(eda_system *sys)
{
    uint32_t cpus = edai_cpu_count();
    uint16_t i;

    sys->seats = edai_calloc((size_t)sys->worker_count + EDAI_SPARE_SEATS_MAX, sizeof(edai_seat *));
    if (sys->seats == NULL) {
        return EDA_ENOMEM;
    }
    sys->spread_max = cpus < sys->shard_workers ? cpus : sys->shard_workers;
    for (i = 0; i < sys->worker_count; i++) {
        if (edai_system_add_seat(sys) == NULL) {
            return EDA_ENOMEM;
        }
    }
    for (i = 0; i < sys->worker_count; i++) {
        uint32_t at = i >= sys->shard_workers && i != sys->gateway ? i
                      : sys->port->draw != NULL
                          ? sys->port->draw(sys->port->self, sys->shard_workers)
                          : 0;

        edai_seat_place(sys->seats[at], &sys->workers[i]);
    }
    return EDA_OK;
}

static eda_status open_abroad(eda_system *sys)
{
    if (sys->abroad == NULL) {
        return EDA_OK;
    }
    sys->abroad->tallies = edai_calloc(sys->route_count + 1u, sizeof(*sys->abroad->tallies));
    return sys->abroad->tallies != NULL ? sys->abroad->open(sys->abroad) : EDA_ENOMEM;
}

/* The connection posts to workers, which do not run and will be freed. */
static void disconnect(eda_system *sys)
{
    if (sys->abroad != NULL) {
        sys->abroad->close(sys->abroad);
        edai_worker_end_calls(&sys->workers[sys->gateway]);
    }
}

eda_status eda_system_start(eda_system *sys)
{
    eda_status status;

    EDA_TRY(edai_system_check_building(sys));
    if (sys->workers != NULL || sys->topics != NULL) {
        return edai_system_fail(sys, EDA_ESTATE, "an earlier start failed; make a new system");
    }
    EDA_TRY(check_stores(sys));
    EDA_TRY(edai_depend_resolve(sys));
    EDA_TRY(edai_abroad_connect(sys));
    place(sys);
    EDA_TRY(edai_contract_seal(sys));
    EDA_TRY(init_workers(sys));
    EDA_TRY(init_seats(sys));
    status = open_abroad(sys);
    if (status == EDA_OK) {
        status = sys->executor->start(sys);
    }
    if (status != EDA_OK) {
        disconnect(sys);
        return status;
    }
    atomic_store_explicit(&sys->phase, EDAI_RUNNING, memory_order_release);
    status = eda_client_new(sys, &sys->own_client);
    if (status == EDA_OK && sys->abroad != NULL) {
        status = sys->abroad->start(sys->abroad);
    }
    if (status == EDA_OK && sys->started != NULL) {
        status = sys->started(sys);
    }
    if (status != EDA_OK) {
        eda_system_stop(sys); /* what did not start does not run */
    }
    return status;
}

eda_ctx *eda_system_client(eda_system *sys)
{
    CHECK(sys);
    return sys->own_client;
}

/* --- idle --------------------------------------------------------------------------------- */

typedef struct edai_idle_wait {
    struct edai_idle_wait *next;
    edai_waiter waiter;
} edai_idle_wait;

static uint64_t sum_ended(const edai_tally *tallies, uint32_t count)
{
    uint64_t sum = 0;
    uint32_t i;

    /* Written out: a system of many actor types has many of these, on each worker. */
    for (i = 0; i < count; i++) {
        const edai_tally *at = &tallies[i];

        sum += edai_tally_get(at, EDAI_HANDLED) + edai_tally_get(at, EDAI_FAILED) +
               edai_tally_get(at, EDAI_EXPIRED) + edai_tally_get(at, EDAI_SHED) +
               edai_tally_get(at, EDAI_DEAD) + edai_tally_get(at, EDAI_STOPPED);
    }
    return sum;
}

static uint64_t sum_accepted(const eda_system *sys, const edai_tally *tallies)
{
    uint64_t sum = 0;
    uint32_t i;

    for (i = 0; i < sys->route_count; i++) {
        sum += edai_tally_get(&tallies[i], EDAI_ACCEPTED) * edai_route_weight(sys->routes[i]);
    }
    return sum;
}

bool edai_system_is_idle(eda_system *sys)
{
    uint64_t ended = edai_far_ended(sys);
    uint64_t accepted = 0;
    edai_client *client;
    uint16_t i;

    /* Outcomes first, acceptances second: both only grow, so if they are equal there was a moment
     * between the two readings at which everything accepted had ended. */
    for (i = 0; i < sys->worker_count; i++) {
        ended += sum_ended(sys->workers[i].tallies, sys->route_count);
    }
    for (i = 0; i < sys->worker_count; i++) {
        accepted += sum_accepted(sys, sys->workers[i].tallies);
    }
    edai_mutex_lock(&sys->mutex);
    for (client = sys->clients; client != NULL; client = client->next) {
        accepted += sum_accepted(sys, client->tallies);
    }
    edai_mutex_unlock(&sys->mutex);
    return ended == accepted;
}

void edai_system_idle_check(eda_system *sys)
{
    edai_idle_wait *wait;

    /* Added to, and not read, as by who begins to wait: one of the two comes first. If that is us,
     * the other, who looks at the tallies next, sees ours; a load could be made before our last
     * tally is seen by anybody. */
    if (EDAI_LIKELY(atomic_fetch_add_explicit(&sys->idle_waiters, 0, memory_order_acq_rel) == 0) ||
        !edai_system_is_idle(sys)) {
        return;
    }
    edai_mutex_lock(&sys->mutex);
    for (wait = sys->idle_waits; wait != NULL; wait = wait->next) {
        sys->port->wake(sys->port->self, &wait->waiter);
    }
    edai_mutex_unlock(&sys->mutex);
}

static void idle_wait_remove(eda_system *sys, edai_idle_wait *wait)
{
    edai_idle_wait **at;

    edai_mutex_lock(&sys->mutex);
    for (at = &sys->idle_waits; *at != wait; at = &(*at)->next) {
    }
    *at = wait->next;
    atomic_fetch_sub(&sys->idle_waiters, 1);
    edai_mutex_unlock(&sys->mutex);
    edai_parker_fini(&wait->waiter.parker);
}

eda_status eda_wait_idle(eda_system *sys, uint32_t timeout_ms)
{
    edai_idle_wait wait = {.next = NULL};
    int64_t deadline;
    bool is_idle;

    CHECK(sys);
    if (edai_system_phase(sys) == EDAI_BUILDING || edai_system_phase(sys) == EDAI_ENDED) {
        return EDA_OK;
    }
    deadline =
        timeout_ms == EDA_FOREVER ? EDAI_NO_DEADLINE : edai_system_now(sys) + EDA_MS(timeout_ms);
    edai_parker_init(&wait.waiter.parker);
    edai_mutex_lock(&sys->mutex);
    wait.next = sys->idle_waits;
    sys->idle_waits = &wait;
    /* Pairs with the addition in idle_check: a worker that parks after our look below sees us
     * waiting, and what one that parked before had counted we see. */
    atomic_fetch_add(&sys->idle_waiters, 1);
    edai_mutex_unlock(&sys->mutex);
    while (!(is_idle = edai_system_is_idle(sys)) && edai_system_now(sys) < deadline) {
        sys->port->park(sys->port->self, &wait.waiter, deadline);
    }
    idle_wait_remove(sys, &wait);
    return is_idle ? EDA_OK
                   : edai_system_fail(sys, EDA_ETIMEOUT, "work was left after %u ms", timeout_ms);
}
