/* inflow.c - see inflow.h. A pipe wakes the taker, since a signal's handler may write to one. */
#define _GNU_SOURCE 1 /* pipe2 */

#include "cli/inflow.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"

/* For the handler, which may run on any thread: who takes the inflow away waits until it is out. */
static _Atomic(edai_inflow *) caught;
static _Atomic unsigned in_handler;
static struct sigaction before_int;
static struct sigaction before_term;

eda_status edai_inflow_init(edai_inflow *inflow)
{
    *inflow = (edai_inflow){.size = 0};
    if (pipe2(inflow->pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
        return EDA_ELIMIT;
    }
    inflow->end = &inflow->first;
    edai_mutex_init(&inflow->mutex);
    return EDA_OK;
}

void edai_inflow_fini(edai_inflow *inflow)
{
    while (inflow->first != NULL) {
        edai_inflow_item *next = inflow->first->next;

        edai_free(inflow->first);
        inflow->first = next;
    }
    (void)close(inflow->pipe[0]);
    (void)close(inflow->pipe[1]);
    edai_mutex_fini(&inflow->mutex);
}

/* One byte in the pipe is enough. */
static void ring(edai_inflow *inflow)
{
    if (!atomic_exchange_explicit(&inflow->is_rung, true, memory_order_seq_cst)) {
        ssize_t written = write(inflow->pipe[1], "", 1);
        (void)written; /* the pipe is empty, so there is room */
    }
}

static void unring(edai_inflow *inflow)
{
    struct pollfd poll_for = {.fd = inflow->pipe[0], .events = POLLIN};
    char byte;

    if (poll(&poll_for, 1, -1) == 1) {
        ssize_t got = read(inflow->pipe[0], &byte, 1);
        (void)got;
        /* Cleared before the list is looked at: who appends later rings again. */
        atomic_store_explicit(&inflow->is_rung, false, memory_order_seq_cst);
    }
}

static uint8_t *append(uint8_t *at, const void *bytes, size_t len)
{
    if (len > 0) {
        memcpy(at, bytes, len);
    }
    return at + len;
}

static size_t size_of(const eda_bus_message *message)
{
    return sizeof(edai_inflow_item) + message->key.len + message->encoding.len +
           message->payload.len + message->attachment.len;
}

static edai_inflow_item *copy_message(const eda_bus_message *message)
{
    edai_inflow_item *item = edai_calloc(1, size_of(message));

    if (item == NULL) {
        return NULL;
    }
    uint8_t *at = (uint8_t *)(item + 1);
    item->at = edai_clock_wall_ns();
    item->key = (eda_str){.ptr = (const char *)at, .len = message->key.len};
    at = append(at, message->key.ptr, message->key.len);
    item->encoding = (eda_str){.ptr = (const char *)at, .len = message->encoding.len};
    at = append(at, message->encoding.ptr, message->encoding.len);
    item->payload = (eda_bytes){.ptr = at, .len = message->payload.len};
    at = append(at, message->payload.ptr, message->payload.len);
    item->attachment = (eda_bytes){.ptr = at, .len = message->attachment.len};
    (void)append(at, message->attachment.ptr, message->attachment.len);
    return item;
}

static size_t size_of_item(const edai_inflow_item *item)
{
    return sizeof *item + item->key.len + item->encoding.len + item->payload.len +
           item->attachment.len;
}

/* NULL: there was no memory for it. */
static void add(edai_inflow *inflow, edai_inflow_item *item)
{
    edai_mutex_lock(&inflow->mutex);
    if (item == NULL || inflow->size + size_of_item(item) > EDAI_INFLOW_SIZE_MAX) {
        inflow->dropped++;
        edai_mutex_unlock(&inflow->mutex);
        edai_free(item);
        return;
    }
    inflow->size += size_of_item(item);
    *inflow->end = item;
    inflow->end = &item->next;
    edai_mutex_unlock(&inflow->mutex);
    ring(inflow);
}

void edai_inflow_put(edai_inflow *inflow, const eda_bus_message *message)
{
    add(inflow, copy_message(message));
}

void edai_inflow_note(edai_inflow *inflow, edai_inflow_kind kind)
{
    edai_inflow_item *item = edai_calloc(1, sizeof *item);

    if (item != NULL) {
        item->kind = kind;
    }
    add(inflow, item);
}

void edai_inflow_stop(edai_inflow *inflow)
{
    atomic_store_explicit(&inflow->is_stopped, true, memory_order_seq_cst);
    ring(inflow);
}

static edai_inflow_item *try_take(edai_inflow *inflow)
{
    edai_mutex_lock(&inflow->mutex);
    edai_inflow_item *item = inflow->first;
    if (item != NULL) {
        inflow->first = item->next;
        if (item->next == NULL) {
            inflow->end = &inflow->first;
        }
        inflow->size -= size_of_item(item);
    }
    edai_mutex_unlock(&inflow->mutex);
    return item;
}

edai_inflow_item *edai_inflow_take(edai_inflow *inflow)
{
    for (;;) {
        bool is_stopped = atomic_load_explicit(&inflow->is_stopped, memory_order_seq_cst);
        edai_inflow_item *item = try_take(inflow);

        if (item != NULL || is_stopped) {
            return item;
        }
        unring(inflow);
    }
}

/* --- signals --- */

static void on_signal(int number)
{
    int error = errno;

    atomic_fetch_add_explicit(&in_handler, 1, memory_order_seq_cst);
    edai_inflow *inflow = atomic_load_explicit(&caught, memory_order_seq_cst);

    (void)number;
    if (inflow != NULL) {
        edai_inflow_stop(inflow);
    }
    atomic_fetch_sub_explicit(&in_handler, 1, memory_order_seq_cst);
    errno = error;
}

void edai_inflow_catch_signals(edai_inflow *inflow)
{
    struct sigaction action;

    if (inflow == NULL) {
        (void)sigaction(SIGINT, &before_int, NULL);
        (void)sigaction(SIGTERM, &before_term, NULL);
        atomic_store_explicit(&caught, NULL, memory_order_seq_cst);
        while (atomic_load_explicit(&in_handler, memory_order_seq_cst) > 0) {
            edai_thread_yield();
        }
        return;
    }
    atomic_store_explicit(&caught, inflow, memory_order_seq_cst);
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, &before_int);
    (void)sigaction(SIGTERM, &action, &before_term);
}
