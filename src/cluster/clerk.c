/* clerk.c - see clerk.h. */
#include "cluster/clerk.h"

#include "base/clock.h"
#include "cluster/node.h"

/* After what the bus refused, until it is tried again. */
#define AGAIN EDA_MS(100)

void edai_clerk_init(edai_clerk *clerk)
{
    edai_mutex_init(&clerk->mutex);
    edai_cond_init(&clerk->changed);
}

void edai_clerk_fini(edai_clerk *clerk)
{
    edai_cond_fini(&clerk->changed);
    edai_mutex_fini(&clerk->mutex);
}

static void on_entered(edai_worker *gateway, void *arg)
{
    (void)gateway;
    edai_member_entered(arg);
}

static void on_served(edai_worker *gateway, void *arg)
{
    (void)gateway;
    edai_member_served(arg);
}

/* False: to be done again. */
static bool enter_anew(edai_node *node)
{
    eda_status status;

    edai_node_withdraw(node);
    status = edai_node_enter(node);
    if (status == EDA_OK) {
        status = edai_node_show(node);
    }
    if (status == EDA_OK) {
        status = edai_node_call(node, on_entered);
    }
    if (status != EDA_OK) {
        edai_system_log(
            node->sys, NULL, "%s is not on the bus yet: %s", node->id, eda_status_text(status));
    }
    return status == EDA_OK;
}

static bool serve(edai_node *node)
{
    return edai_outside_serve(node) && edai_node_call(node, on_served) == EDA_OK;
}

/* Does one thing, the mutex given up meanwhile; it is due again if it fails, or is asked for. */
static void work(edai_node *node, bool *due, bool (*fn)(edai_node *node))
{
    edai_clerk *clerk = &node->clerk;
    bool is_done;

    *due = false;
    edai_mutex_unlock(&clerk->mutex);
    is_done = fn(node);
    edai_mutex_lock(&clerk->mutex);
    if (!is_done && !clerk->is_ending) {
        *due = true;
        (void)edai_cond_wait_until(
            &clerk->changed, &clerk->mutex, edai_clock_monotonic_ns() + AGAIN);
    }
}

static void *run(void *arg)
{
    edai_node *node = arg;
    edai_clerk *clerk = &node->clerk;

    edai_mutex_lock(&clerk->mutex);
    while (!clerk->is_ending) {
        if (clerk->is_entry_due) {
            work(node, &clerk->is_entry_due, enter_anew);
        } else if (clerk->is_serving_due) {
            work(node, &clerk->is_serving_due, serve);
        } else {
            edai_cond_wait(&clerk->changed, &clerk->mutex);
        }
    }
    edai_mutex_unlock(&clerk->mutex);
    return NULL;
}

eda_status edai_clerk_begin(edai_node *node)
{
    EDA_TRY(edai_thread_start(&node->clerk.thread, run, node, "eda-clerk"));
    node->clerk.is_running = true;
    return EDA_OK;
}

static void tell(edai_clerk *clerk, bool *what)
{
    edai_mutex_lock(&clerk->mutex);
    *what = true;
    edai_cond_signal(&clerk->changed);
    edai_mutex_unlock(&clerk->mutex);
}

void edai_clerk_end(edai_node *node)
{
    edai_clerk *clerk = &node->clerk;

    tell(clerk, &clerk->is_ending);
    if (clerk->is_running) {
        (void)edai_thread_join(&clerk->thread);
        clerk->is_running = false;
    }
}

void edai_clerk_enter(edai_node *node)
{
    tell(&node->clerk, &node->clerk.is_entry_due);
}

void edai_clerk_serve(edai_node *node)
{
    tell(&node->clerk, &node->clerk.is_serving_due);
}
