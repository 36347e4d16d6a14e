/* wait.c - waiting until nodes are there, or all of them are idle; and the counts.
 *
 * All are idle if two rounds of pings, one after the other, find every node idle and none of them
 * has taken a message in between: a node is not idle while one of its messages is on its way to
 * another, so whatever moved would have shown in one of the two. */
#include "cluster/node.h"

#include "base/assert.h"
#include "base/memory.h"

#include <stdio.h>
#include <string.h>

#define AGAIN EDA_MS(2)

/* --- on the gateway ------------------------------------------------------------------------ */

static bool is_waited_for(edai_node *node, bool is_for_idle)
{
    const edai_node_wait *at;
    bool is_it = false;

    edai_mutex_lock(&node->mutex);
    for (at = node->waits; at != NULL; at = at->next) {
        is_it = is_it || ((at->nodes == 0) == is_for_idle && !at->is_met);
    }
    edai_mutex_unlock(&node->mutex);
    return is_it;
}

/* Wakes whoever waits for so many nodes; 0: for idleness. */
static void wake(edai_node *node, uint32_t nodes)
{
    const edai_port *port = node->sys->port;
    edai_node_wait *at;

    edai_mutex_lock(&node->mutex);
    for (at = node->waits; at != NULL; at = at->next) {
        if (nodes == 0 ? at->nodes == 0 : at->nodes != 0 && at->nodes <= nodes) {
            at->is_met = true;
            port->wake(port->self, &at->waiter);
        }
    }
    edai_mutex_unlock(&node->mutex);
}

bool edai_wait_all_agree(const edai_node *node)
{
    bool is_settled = !node->is_choice_due && edai_node_is_settled(node);
    uint16_t slot;

    for (slot = 1; slot < EDAI_MEMBERS_MAX && is_settled; slot++) {
        const edai_member *member = edai_view_at(node->view, slot);

        if (member != NULL && member->state != EDAI_LEAVING &&
            node->seen_members[slot] != node->members) {
            return false;
        }
    }
    return is_settled;
}

void edai_wait_check(edai_node *node)
{
    atomic_store_explicit(
        &node->counts.nodes, edai_view_usable_count(node->view), memory_order_relaxed);
    atomic_store_explicit(&node->counts.view, edai_view_number(node->view), memory_order_relaxed);
    if (is_waited_for(node, false) && edai_wait_all_agree(node)) {
        wake(node, edai_view_usable_count(node->view));
    }
}

static void begin_round(edai_node *node);

static void on_again(edai_worker *gateway, edai_timer *timer)
{
    edai_node *node = (edai_node *)(void *)((char *)timer - offsetof(edai_node, idle.again));

    (void)gateway;
    begin_round(node);
}

static void begin_later(edai_node *node)
{
    edai_timers *timers = &node->gateway->timers;

    edai_timers_disarm(timers, &node->idle.again);
    if (edai_timers_arm(timers, &node->idle.again, node->gateway->now + AGAIN, on_again) !=
        EDA_OK) {
        edai_system_log(node->sys, NULL, "out of memory: nobody sees when all is idle");
    }
}

static void begin_round(edai_node *node)
{
    edai_idle_round *idle = &node->idle;

    if (idle->is_running || node->is_ending || !is_waited_for(node, true)) {
        return;
    }
    if (!edai_system_is_idle(node->sys)) {
        idle->was_idle_before = false;
        begin_later(node);
        return;
    }
    idle->is_running = true;
    idle->is_all_idle = true;
    idle->answers = 0;
    idle->moved = atomic_load_explicit(&node->counts.arrived, memory_order_relaxed);
    idle->number++;
    edai_member_ask_all(node);
}

void edai_wait_heard(edai_node *node, const edai_hello *hello, eda_str id, uint64_t number)
{
    const edai_member *member = edai_view_find(node->view, id);

    if (member != NULL) {
        node->seen_members[member->slot] = hello->members;
        edai_wait_check(node);
    }
    if (node->idle.is_running && number == node->idle.number) {
        node->idle.answers++;
        node->idle.moved += hello->arrived;
        node->idle.is_all_idle = node->idle.is_all_idle && hello->is_idle;
    }
}

static uint32_t count_others(const edai_node *node)
{
    uint32_t count = 0;
    uint16_t slot;

    for (slot = 1; slot < EDAI_MEMBERS_MAX; slot++) {
        count += edai_view_at(node->view, slot) != NULL ? 1 : 0;
    }
    return count;
}

void edai_wait_round_ended(edai_node *node, uint64_t number)
{
    edai_idle_round *idle = &node->idle;
    bool is_idle;

    if (number == node->first_round && !atomic_load(&node->is_known)) {
        atomic_store(&node->is_known, true);
        node->sys->port->wake(node->sys->port->self, &node->starter);
    }
    if (!idle->is_running || number != idle->number) {
        return;
    }
    idle->is_running = false;
    is_idle =
        idle->is_all_idle && idle->answers >= count_others(node) && edai_system_is_idle(node->sys);
    if (is_idle && idle->was_idle_before && idle->moved == idle->moved_before) {
        idle->was_idle_before = false;
        wake(node, 0);
        return;
    }
    idle->moved_before = idle->moved;
    idle->was_idle_before = is_idle;
    if (is_idle) {
        begin_round(node);
    } else {
        begin_later(node);
    }
}

static void on_wait(edai_worker *gateway, void *arg)
{
    edai_node *node = arg;

    (void)gateway;
    if (!node->is_ending) {
        edai_wait_check(node);
        begin_round(node);
    }
}

/* --- on whichever thread waits ------------------------------------------------------------- */

static void remove_wait(edai_node *node, edai_node_wait *wait)
{
    edai_node_wait **at;

    edai_mutex_lock(&node->mutex);
    for (at = &node->waits; *at != wait; at = &(*at)->next) {
    }
    *at = wait->next;
    edai_mutex_unlock(&node->mutex);
    edai_parker_fini(&wait->waiter.parker);
}

static bool is_met(edai_node *node, const edai_node_wait *wait)
{
    bool result;

    edai_mutex_lock(&node->mutex);
    result = wait->is_met;
    edai_mutex_unlock(&node->mutex);
    return result;
}

/* Until it is met or the time is over. EDA_ENOMEM, EDA_ETIMEOUT. */
static eda_status wait_for(edai_node *node, uint32_t nodes, uint32_t timeout_ms)
{
    eda_system *sys = node->sys;
    edai_node_wait wait = {.nodes = nodes};
    int64_t deadline =
        timeout_ms == EDA_FOREVER ? EDAI_NO_DEADLINE : edai_system_now(sys) + EDA_MS(timeout_ms);
    eda_status status;

    edai_parker_init(&wait.waiter.parker);
    edai_mutex_lock(&node->mutex);
    wait.next = node->waits;
    node->waits = &wait;
    edai_mutex_unlock(&node->mutex);
    status = edai_node_call(node, on_wait);
    while (status == EDA_OK && !is_met(node, &wait)) {
        if (edai_system_now(sys) >= deadline) {
            status = EDA_ETIMEOUT;
            break;
        }
        sys->port->park(sys->port->self, &wait.waiter, deadline);
    }
    remove_wait(node, &wait);
    return status;
}

static edai_node *node_of(eda_system *sys)
{
    EDA_ASSERT(sys != NULL && sys->magic == EDAI_SYSTEM_MAGIC, "a system that was not freed");
    return sys->abroad != NULL && edai_system_phase(sys) == EDAI_RUNNING ? edai_node_of(sys->abroad)
                                                                         : NULL;
}

static eda_status no_node(eda_system *sys)
{
    return edai_system_fail(
        sys, EDA_ESTATE, "the system is no node: start it with a bus in its options");
}

eda_status eda_cluster_wait_nodes(eda_system *sys, uint32_t count, uint32_t timeout_ms)
{
    edai_node *node = node_of(sys);
    eda_status status;

    if (node == NULL) {
        return no_node(sys);
    }
    status = wait_for(node, count > 0 ? count : 1, timeout_ms);
    return status == EDA_OK ? EDA_OK
                            : edai_system_fail(sys, status,
                                  "after %u ms there are %u nodes, not %u, or they do "
                                  "not see the same",
                                  timeout_ms, atomic_load(&node->counts.nodes), count);
}

eda_status eda_cluster_wait_idle(eda_system *sys, uint32_t timeout_ms)
{
    edai_node *node = node_of(sys);
    eda_status status;

    if (node == NULL) {
        return no_node(sys);
    }
    status = wait_for(node, 0, timeout_ms);
    return status == EDA_OK ? EDA_OK
                            : edai_system_fail(sys, status,
                                  "work was left on some node after %u ms", timeout_ms);
}

eda_cluster_counts eda_system_cluster(eda_system *sys)
{
    const edai_node_counts *from;
    uint64_t away;

    EDA_ASSERT(sys != NULL && sys->magic == EDAI_SYSTEM_MAGIC, "a system that was not freed");
    if (sys->abroad == NULL) {
        return (eda_cluster_counts){.nodes = 0};
    }
    from = &edai_node_of(sys->abroad)->counts;
    away = atomic_load(&from->turned_away);
    return (eda_cluster_counts){.nodes = atomic_load(&from->nodes),
        .view = atomic_load(&from->view),
        .sent = atomic_load(&from->sent),
        .arrived = atomic_load(&from->arrived),
        .missed = atomic_load(&from->missed),
        .moved = atomic_load(&from->moved),
        .given_up = atomic_load(&from->given_up),
        .seen = atomic_load(&from->seen) + away,
        .refused = atomic_load(&from->refused) + away,
        .shown = atomic_load(&from->shown)};
}
